"""Is anybody sending? Judged from outside the worker, from what the database shows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from casework.followup import heartbeats
from casework.followup.delivery import breaker
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.settling import clock
from casework.followup.models import Message, Priority

AWAY = "provider_away"
LOOKED_AT = 5.0  # seconds for which a page believes what another page of this process saw
_last: dict[str, Any] = {"until": 0.0, "standing": []}

# What each alarm means and what to do about it; docs/operator.md says more.
WORDS: Mapping[str, tuple[Any, Any]] = {
    "late": (
        _("Messages are not leaving"),
        _(
            "Some have been due for more than five minutes and nobody has taken them. Ask whoever runs this "
            "installation to look at the sender, and call those who wait for a word today."
        ),
    ),
    "behind": (
        _("Messages are leaving late"),
        _(
            "Some have waited for more than five minutes for their turn or for another try. The list of what is "
            "late says which; call where it cannot wait."
        ),
    ),
    AWAY: (
        _("A carrier cannot be reached"),
        _(
            "What is due for it is held and goes by itself when the carrier is back. Call those whom it would "
            "reach too late."
        ),
    ),
    "no_worker": (
        _("The sender has not been seen for a while"),
        _(
            "The watchman sends in its place, a few seconds later. Ask whoever runs this installation to start "
            "the sender again."
        ),
    ),
    "no_beat": (
        _("The clock of the sender has not been seen for a while"),
        _(
            "The watchman sends in its place, a few seconds later. Ask whoever runs this installation to start "
            "the clock again."
        ),
    ),
    "no_watch": (
        _("The watchman has not been seen for a while"),
        _(
            "Messages still leave, but nobody would notice if they did not. Ask whoever runs this installation to "
            "start the watchman again."
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What can be seen of delivery at one moment. Ages and lateness in seconds; None: never seen."""

    at: datetime
    lateness: float  # of the oldest that is due and that nobody has taken
    behind: float  # of the oldest that waits only for its turn, a carrier or another try
    backlog: Mapping[int, int]  # due and not taken, by priority
    unclear: int
    oldest_unclear: float
    away: tuple[Route, ...]
    ages: Mapping[str, float | None]

    @property
    def due(self) -> int:
        """How many are due and not taken."""
        return sum(self.backlog.values())


def vitals() -> Vitals:
    """Take the pulse, by the database's clock; six small queries."""
    at = clock()
    # The priorities are named so that the index of what waits is bounded by the due time.
    waiting = Message.objects.waiting()
    due = waiting.filter(priority__in=Priority.values, due_at__lte=at).order_by("priority")
    rows = list(due.values_list("priority").annotate(first=Min("due_at"), number=Count("pk")))
    kept = waiting.filter(ready_at__isnull=False).aggregate(first=Min("ready_at"))["first"]
    unknown = Message.objects.filter(status=Message.Status.UNKNOWN)
    unclear = unknown.aggregate(number=Count("pk"), first=Min("ready_at"))
    return Vitals(
        at=at,
        lateness=_age(at, min((first for _priority, first, _number in rows), default=None)),
        behind=_age(at, kept),
        backlog={priority: number for priority, _first, number in rows},
        unclear=unclear["number"],
        oldest_unclear=_age(at, unclear["first"]),
        away=tuple(breaker.away()),
        ages=heartbeats.ages(at=at),
    )


def _age(at: datetime, since: datetime | None) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0


def alarms(seen: Vitals | None = None) -> list[str]:
    """The alarms that stand now, words of WORDS: nobody sends, a carrier is away, or somebody has been silent."""
    seen = seen or vitals()
    standing = {
        "late": seen.lateness > settings.FOLLOWUP_DEAD_MAN,
        AWAY: bool(seen.away),
        "behind": seen.behind > settings.FOLLOWUP_DEAD_MAN and not seen.away,
    }
    return [name for name, stands in standing.items() if stands] + [
        f"no_{name}" for name, age in seen.ages.items() if age is None or age > settings.FOLLOWUP_SILENCE
    ]


def lately() -> list[str]:
    """The same for pages: looked up once in a few seconds by each process, however many people look."""
    if time.monotonic() >= _last["until"]:
        _last["standing"] = alarms()
        _last["until"] = time.monotonic() + LOOKED_AT
    return list(_last["standing"])


def told(standing: list[str]) -> list[tuple[Any, Any]]:
    """Alarms in words: what happened, and what to do."""
    return [WORDS[name] for name in standing]

"""Is anybody sending? Judged from outside the worker, from what the database shows."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min

from casework.followup import heartbeats
from casework.followup.delivery.settling import clock
from casework.followup.models import Message


@dataclass(frozen=True, slots=True)
class Vitals:
    """What can be seen of delivery at one moment. Ages and lateness in seconds; None: never seen."""

    at: datetime
    lateness: float
    due: int
    unclear: int
    ages: dict[str, float | None]


def vitals() -> Vitals:
    """Take the pulse, by the database's clock."""
    at = clock()
    due = Message.objects.waiting().filter(due_at__lte=at).aggregate(first=Min("due_at"), number=Count("pk"))
    return Vitals(
        at=at,
        lateness=(at - due["first"]).total_seconds() if due["first"] else 0.0,
        due=due["number"],
        unclear=Message.objects.filter(status=Message.Status.UNKNOWN).count(),
        ages=heartbeats.ages(at=at),
    )


def alarms(seen: Vitals | None = None) -> list[str]:
    """The alarms that stand now: `late`, and `no_…` for whoever has been silent too long."""
    seen = seen or vitals()
    standing = ["late"] if seen.lateness > settings.FOLLOWUP_DEAD_MAN else []
    return standing + [
        f"no_{name}" for name, age in seen.ages.items() if age is None or age > settings.FOLLOWUP_SILENCE
    ]

"""What goes out, what is held, what did not arrive and what is unclear: the lists of the follow-up page.

Every number is the length of the list that it opens, of the clients whom the person may see.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Prefetch, Q
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup.messages.reasons import words
from casework.followup.models import Message, Priority, ToDo
from casework.followup.models.messages import MessageQuerySet
from casework.followup.wording import TONES, purpose
from clients.access import Role
from clients.models import CareTeamMember, Client

Rows = MessageQuerySet
DAY = timedelta(hours=24)
LATE = timedelta(minutes=5)
KEPT = timedelta(days=30)  # what did not arrive is shown for so long
# Held for these it goes by itself when the clock says so; held for anything else nobody can say when.
BY_THE_CLOCK = ("quiet_hours", "cap_day", "cap_week", "rate", "provider_slow")


def _next(rows: Rows, now: datetime) -> Rows:
    certain = Q(status__in=[Message.Status.PLANNED, Message.Status.FAILED]) | Q(reason_code__in=BY_THE_CLOCK)
    # The priorities are named so that the index of what waits is bounded by the due time.
    soon = rows.waiting().filter(priority__in=Priority.values, due_at__lte=now + DAY)
    return soon.filter(certain).order_by("due_at", "pk")


def _held(rows: Rows, now: datetime) -> Rows:
    return rows.filter(status=Message.Status.HELD).order_by("due_at", "pk")


def _late(rows: Rows, now: datetime) -> Rows:
    due = Q(priority__in=Priority.values, due_at__lte=now - LATE)
    late = rows.waiting().filter(due | Q(ready_at__lte=now - LATE))
    return late.annotate(since=Coalesce(F("ready_at"), F("due_at"))).order_by("since", "pk")


def _unclear(rows: Rows, now: datetime) -> Rows:
    return rows.filter(status=Message.Status.UNKNOWN).order_by("due_at", "pk")


def _lost(rows: Rows, now: datetime) -> Rows:
    ended = rows.filter(closed_at__gt=now - KEPT)
    asked = ToDo.objects.filter(message__isnull=False, step_key__startswith="UNSENT-")
    return ended.filter(Q(status=Message.Status.DEAD) | Q(pk__in=asked.values("message"))).order_by(
        "-closed_at", "-pk"
    )


@dataclass(frozen=True)
class Listing:
    """One list, and the number that opens it."""

    key: str
    label: str | Promise
    meaning: str | Promise
    empty: str | Promise
    rows: Callable[[Rows, datetime], Rows]
    tone: str = "plain"


LISTINGS = (
    Listing(
        "next",
        gettext_lazy("Next 24 hours"),
        gettext_lazy("goes out by itself when its time comes"),
        gettext_lazy("Nothing is due in the next 24 hours."),
        _next,
    ),
    Listing(
        "held",
        gettext_lazy("Held"),
        gettext_lazy("waits for something else than its time"),
        gettext_lazy("Nothing is held."),
        _held,
        "attention",
    ),
    Listing(
        "late",
        gettext_lazy("Late"),
        gettext_lazy("should have gone more than five minutes ago"),
        gettext_lazy("Nothing is late."),
        _late,
        "attention",
    ),
    Listing(
        "unclear",
        gettext_lazy("Being checked"),
        gettext_lazy("the carrier gave no clear answer and is asked"),
        gettext_lazy("Nothing waits for an answer of the carrier."),
        _unclear,
        "attention",
    ),
    Listing(
        "lost",
        gettext_lazy("Did not arrive"),
        gettext_lazy("of the last 30 days; each became a call to make"),
        gettext_lazy("Everything of the last 30 days arrived, or was meant not to go."),
        _lost,
        "attention",
    ),
)
BY_KEY: Mapping[str, Listing] = {one.key: one for one in LISTINGS}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the address asks for; anything else than what there is counts as not asked."""

    show: str = "next"
    counselor: str = ""
    kind: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        counselor, kind = query.get("counselor", ""), query.get("kind", "")
        return cls(
            show=query.get("show", "") if query.get("show", "") in BY_KEY else "next",
            counselor=counselor if counselor.isdecimal() and len(counselor) < 10 else "",
            kind=kind if kind in Message.Kind.values else "",
        )


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message as a row of a list."""

    message: Message
    what: str
    why: str
    tone: str
    at: datetime
    todo: ToDo | None = None


def narrowed(user: Any, wanted: Wanted, now: datetime) -> Rows:
    """The messages of the clients whom the person may see, by the filters."""
    rows = Message.objects.visible_to(user, at=now)
    if wanted.counselor:
        team = CareTeamMember.objects.in_force(now).filter(user=wanted.counselor)
        rows = rows.filter(client__in=team.values("client"))
    return rows.filter(kind=wanted.kind) if wanted.kind else rows


def numbers(rows: Rows, now: datetime) -> list[tuple[Listing, int]]:
    """How long each list is."""
    return [(one, one.rows(rows, now).count()) for one in LISTINGS]


def listed(rows: Rows, wanted: Wanted, now: datetime) -> Rows:
    """The list that is asked for, with what its lines tell."""
    todos = Prefetch("todos", ToDo.objects.order_by("-pk"), to_attr="asked")
    shown = BY_KEY[wanted.show].rows(rows, now).defer("body")
    return shown.select_related("client__summary", "plan").prefetch_related(todos)


def lines(messages: Iterable[Message], now: datetime) -> list[Line]:
    """Each with its why."""
    return [_line(message, now) for message in messages]


def _line(message: Message, now: datetime) -> Line:
    asked: list[ToDo] = message.asked  # type: ignore[attr-defined]
    return Line(
        message=message,
        what=subject(message),
        why=words(message, tz=message.tz, now=now) if message.reason_code else "",
        tone=TONES[message.status],
        at=message.closed_at or message.due_at,
        todo=asked[0] if asked else None,
    )


def subject(message: Message) -> str:
    """Why there is such a message, and what it is for; once where both say the same."""
    why, what = cause(message), purpose(message.template_key)
    if message.kind == Message.Kind.REMINDER:
        return what
    return why if what.casefold() == why.casefold() else f"{why}: {what}"


def cause(message: Message) -> str:
    """Why there is such a message at all: the plan and its day, the visit, the answer."""
    if message.plan is None:
        return str(message.get_kind_display()).capitalize()
    return _("Plan, day %(day)d") % {"day": max(0, (message.local_date - message.plan.started_on).days)}


def counselors(user: Any, now: datetime) -> list[tuple[str, str]]:
    """Whom the list can be narrowed to: those who care for somebody in it. A counselor has nobody to choose."""
    if user.role == Role.COUNSELOR:
        return []
    seen = Client.objects.visible_to(user, at=now)
    team = CareTeamMember.objects.in_force(now).filter(client__in=seen, role=CareTeamMember.Role.PRIMARY)
    people = team.order_by("user__full_name", "user").values_list("user", "user__full_name").distinct()
    return [(str(pk), name) for pk, name in people]

"""To-dos for what the record itself says is due: a plan's review, a co-signature, a consent when a minor comes of age.

Found by looking, once a minute; each is opened once and closed when nothing is left to do. It may be run twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.followup import schedule, summary, todos
from casework.followup.models import ToDo
from casework.followup.people import supervisor_of
from casework.followup.plan_templates import ToDoKind
from casework.followup.planner import END_OF_WORK
from clients.actions import locked
from clients.models import Client, Practice
from sessions.models import Note, TreatmentPlan

OF_AGE = 18
LOOKS_BACK = timedelta(days=30)  # older birthdays were seen to, or the client came to us afterwards
NEAR = timedelta(days=2)  # a co-signature is asked for when it is due so soon
WITHIN = timedelta(days=7)
REVIEW, COSIGN, COMES_OF_AGE = "REVIEW-", "COSIGN-", "OF-AGE-"


@dataclass(frozen=True)
class Wanted:
    """A to-do that should be open, or have been."""

    client_id: int
    kind: ToDoKind
    due_at: datetime
    owner: Any = None


def look(now: datetime) -> int:
    """Open what is due and close what is done. Returns how many changed."""
    today = timezone.localdate(now, Practice.current().zone)
    reviews, cosignatures = _reviews(today), _cosignatures(now)
    closed = _close(ToDoKind.PLAN_REVIEW, reviews, now) + _close(ToDoKind.COSIGN, cosignatures, now)
    return closed + _open({**reviews, **cosignatures, **_of_age(today, now)}, now)


def _reviews(today: date) -> dict[str, Wanted]:
    plans = TreatmentPlan.objects.all().review_due(today).select_related("client")
    return {
        f"{REVIEW}{plan.pk}-{plan.next_review_on:%Y%m%d}": Wanted(
            plan.client_id,
            ToDoKind.PLAN_REVIEW,
            schedule.resolve(max(plan.next_review_on, today), END_OF_WORK, plan.client.zone),
        )
        for plan in plans
    }


def _cosignatures(now: datetime) -> dict[str, Wanted]:
    waiting = Note.objects.filter(state=Note.State.NEEDS_COSIGN, cosign_due_at__lte=now + NEAR)
    notes = waiting.select_related("client", "author").order_by("cosign_due_at", "pk").without_words()
    return {
        f"{COSIGN}{note.pk}-{note.version}": Wanted(
            note.client_id,
            ToDoKind.COSIGN,
            note.cosign_due_at or now,
            supervisor_of(note.client, note.author, now),
        )
        for note in notes
    }


def _of_age(today: date, now: datetime) -> dict[str, Wanted]:
    """Clients who were minors when they came to us and are not any more."""
    first, last = _years_before(today - LOOKS_BACK), _years_before(today)
    people = Client.objects.filter(
        date_of_birth__gt=first, date_of_birth__lte=last, state__in=[Client.State.ACTIVE, Client.State.PAUSED]
    )
    return {
        f"{COMES_OF_AGE}{client.pk}": Wanted(
            client.pk,
            ToDoKind.OF_AGE,
            schedule.resolve(now.astimezone(client.zone).date() + WITHIN, END_OF_WORK, client.zone),
        )
        for client in people.order_by("pk")
        if client.date_of_birth and client.registered_at.date() < birthday(client.date_of_birth)
    }


def birthday(born: date) -> date:
    """The day on which somebody comes of age; who was born on a leap day does on the first of March."""
    try:
        return born.replace(year=born.year + OF_AGE)
    except ValueError:
        return date(born.year + OF_AGE, 3, 1)


def _years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - OF_AGE)
    except ValueError:
        return date(day.year - OF_AGE, 2, 28)


def _open(wanted: Mapping[str, Wanted], now: datetime) -> int:
    known = set(ToDo.objects.filter(step_key__in=wanted).order_by("pk").values_list("step_key", flat=True))
    new = [(key, one) for key, one in wanted.items() if key not in known]
    for key, one in new:
        _ask(key, one, now)
    return len(new)


@transaction.atomic
def _ask(key: str, wanted: Wanted, now: datetime) -> ToDo:
    client = locked(wanted.client_id)
    title = ""
    if wanted.kind is ToDoKind.OF_AGE:
        title = _("%(first)s has come of age: go through the consent again") % {"first": client.first_name}
    return todos.open_todo(
        client=client,
        kind=wanted.kind,
        title=title,
        due_at=wanted.due_at,
        now=now,
        owner=wanted.owner,
        step_key=key,
    )


def _close(kind: ToDoKind, wanted: Iterable[str], now: datetime) -> int:
    """What was reviewed or co-signed meanwhile is done."""
    over = ToDo.objects.open().filter(kind=kind).exclude(step_key__in=list(wanted))
    rows = list(over.order_by("pk").values_list("pk", "client"))
    for pk, client_id in rows:
        _finish(pk, client_id, now)
    return len(rows)


@transaction.atomic
def _finish(todo_id: int, client_id: int, now: datetime) -> None:
    client = locked(client_id)
    todos.finish(ToDo.objects.open().filter(pk=todo_id).order_by("pk"), by=None, now=now, outcome=_("Done"))
    summary.refresh(client.pk)

"""What a client said to a reminder of a visit, and what the practice says to a client who was reminded.

The answer belongs to the time that was told: a visit that has moved since was confirmed by nobody (clinical.md §5.3).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from casework.followup import summary, todos
from casework.followup.models import Message, NamedVisit, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit, hours
from clients.models import Client
from sessions.models import Session

CHANGE = "CHANGE-"  # a step key begins so when its to-do looks for another time for a visit
BEFORE_THE_VISIT = timedelta(hours=1)
AT_LEAST = timedelta(minutes=30)


def latest_reminder(client: Client, *, at: datetime) -> Message | None:
    """The newest reminder that had left by then and tells of a visit still ahead, whatever became of it since."""
    ahead = NamedVisit.objects.filter(
        message__client__in=client.record_ids, message__sent_at__lte=at, starts_at__gt=at
    )
    named = ahead.select_related("message").order_by("-message__sent_at", "-message", "pk").first()
    return named.message if named is not None else None


def named_in(message: Message | None, *, at: datetime) -> list[NamedVisit]:
    """The visits that a reminder names and that were to come at that moment, earliest first."""
    if message is None:
        return []
    rows = message.visits.select_related("session").filter(starts_at__gt=at)
    return list(rows.order_by("starts_at", "pk"))


def standing(named: Iterable[NamedVisit]) -> list[NamedVisit]:
    """Those still to be held at the time that was told."""
    return [visit for visit in named if visit.stands]


def confirm(client: Client, named: Sequence[NamedVisit], *, at: datetime) -> None:
    """C: the client will come. Said twice it is said once; said after R it takes that back. The client is held."""
    for visit in named:
        if visit.confirmed_at is None:
            visit.confirmed_at, visit.change_asked_at = at, None
            visit.save(update_fields=["confirmed_at", "change_asked_at"])
            audit.record("visit.confirmed", by=None, at=at, client_id=client.pk, target=visit.session)
    asked = _asked_for(client, [visit.session for visit in named])
    _finish(client, asked, by=None, now=at, outcome=_("The client will come after all"))


def ask_for_change(
    client: Client, named: Sequence[NamedVisit], *, inbound: Any, at: datetime, **more: Any
) -> ToDo:
    """R: the session stays booked, and its counselor looks for another time; one to-do however often it is said."""
    for visit in named:
        if visit.change_asked_at is None:
            visit.confirmed_at, visit.change_asked_at = None, at
            visit.save(update_fields=["confirmed_at", "change_asked_at"])
            audit.record("visit.change_asked", by=None, at=at, client_id=client.pk, target=visit.session)
    first = named[0].session
    there: ToDo | None = _asked_for(client, [first]).order_by("pk").first()
    return there or todos.open_todo(
        client=client,
        kind=ToDoKind.ANSWER,
        title=_("%(first)s wants another time for the visit") % {"first": client.first_name},
        due_at=due_before(first.starts_at, at),
        now=at,
        inbound=inbound,
        step_key=f"{_key(first)}{inbound.pk}",
    )


def due_before(starts_at: datetime, at: datetime) -> datetime:
    """The next close of a working day, but while the visit is still ahead; half an hour at the least."""
    return max(min(hours.next_business_close(at), starts_at - BEFORE_THE_VISIT), at + AT_LEAST)


def _key(session: Session) -> str:
    return f"{CHANGE}{session.pk}-"


def _asked_for(client: Client, sessions: Sequence[Session]) -> Any:
    keys = [Q(step_key__startswith=_key(session)) for session in sessions]
    return client.todos.open().filter(Q(*keys, _connector=Q.OR) if keys else Q(pk__in=[]))


def settle_changes(client: Client, sessions: Sequence[Session], *, by: Any, now: datetime) -> None:
    """Another time was found, or the visit was called off: nothing is left to look for."""
    changed = [session for session in sessions if not _stands_as_told(session)]
    _finish(client, _asked_for(client, changed), by=by, now=now, outcome=_("Another time was found"))


def _stands_as_told(session: Session) -> bool:
    """Whether a time that the client wants to change is still the session's."""
    asked = NamedVisit.objects.filter(session=session, change_asked_at__isnull=False)
    return session.state == Session.State.SCHEDULED and asked.filter(starts_at=session.starts_at).exists()


def _finish(client: Client, found: Any, *, by: Any, now: datetime, outcome: str) -> None:
    rows = list(found.order_by("pk"))
    if rows:
        todos.finish(rows, by=by, now=now, outcome=outcome)
        summary.refresh(client.pk)


def ask_to_tell(client: Client, sessions: Sequence[Session], *, by: Any, now: datetime) -> None:
    """Somebody tells the client whom a reminder told of a visit that is off or moved, unless it was their own wish."""
    if not client.is_in_touch:
        return
    told = NamedVisit.objects.filter(
        session__in=[session.pk for session in sessions],
        message__sent_at__isnull=False,
        starts_at__gt=now,
        change_asked_at=None,
    ).exclude(session__state=Session.State.SCHEDULED, session__starts_at=F("starts_at"))
    for visit in told.select_related("session").order_by("pk"):
        if _wished_by_client(visit.session):
            continue
        todos.open_todo(
            client=client,
            kind=ToDoKind.CALL,
            title=_("Tell %(first)s: the visit of our reminder is off or has moved")
            % {"first": client.first_name},
            due_at=due_before(visit.starts_at, now),
            now=now,
            by=by,
            step_key=f"TELL-{visit.pk}",
        )


def _wished_by_client(session: Session) -> bool:
    """Whether the last change of plans was the client's wish: then they know."""
    if session.cancelled_for:
        return session.cancelled_for == Session.CancelledBy.CLIENT
    last = session.changes.order_by("-at", "-pk").first()
    return last is not None and last.wished_by == Session.CancelledBy.CLIENT

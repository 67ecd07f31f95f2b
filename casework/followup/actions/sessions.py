"""Sessions and what follows from them: an attended one is a contact, a missed one asks somebody to reach out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import reminders, summary, todos, visits
from casework.followup.actions.contacts import contact_made
from casework.followup.models import ToDo
from casework.followup.plan_templates import ToDoKind
from clients.actions import locked
from clients.models import Client
from sessions.actions import lower
from sessions.models import Session

REACH_OUT_WITHIN = timedelta(hours=24)


def missed_key(session: Session) -> str:
    """The step key of the to-do that a missed session opens, once."""
    return f"MISSED-{session.pk}"


@transaction.atomic
def schedule_session(*, client_id: int, by: Any, now: datetime, **planned: Any) -> Session:
    """Plan a session; one still to come answers the offer of a visit. `planned`: as sessions' schedule takes it."""
    client = locked(client_id)
    session = lower.schedule(client=client, by=by, now=now, **planned)
    after_planning(client, [session], by=by, now=now)
    return session


def after_planning(client: Client, sessions: Sequence[Session], *, by: Any, now: datetime) -> None:
    """What new or moved sessions bring: one still to come answers the offer of a visit and has its reminder."""
    if any(session.starts_at > now for session in sessions):
        _finish(client, client.todos.open().filter(kind=ToDoKind.VISIT_OFFER), by=by, now=now)
    _follow_plans(client, sessions, by=by, now=now)


def after_calling_off(client: Client, sessions: Sequence[Session], *, by: Any, now: datetime) -> None:
    """What sessions bring that are called off: nobody is reminded of them, and who was is told."""
    _follow_plans(client, sessions, by=by, now=now)


def _follow_plans(client: Client, sessions: Sequence[Session], *, by: Any, now: datetime) -> None:
    """Reminders say what is planned now. Who asked for another time has it; who was told the old one is called."""
    visits.settle_changes(client, sessions, by=by, now=now)
    reminders.keep(client.pk, now=now)
    visits.ask_to_tell(client, sessions, by=by, now=now)


@transaction.atomic
def reschedule_session(*, session_id: int, by: Any, now: datetime, **planned: Any) -> Session:
    """Move a session that has not begun, and its reminder with it. `planned`: as sessions' reschedule takes it."""
    client = locked(_client_of(session_id))
    session = lower.reschedule(session_id=session_id, by=by, now=now, **planned)
    after_planning(client, [session], by=by, now=now)
    return session


@transaction.atomic
def cancel_session(
    *, session_id: int, cancelled_for: str, by: Any, now: datetime, reason: str = ""
) -> Session:
    """Call a session off. A client's late cancellation asks nobody to reach out: they have spoken."""
    client = locked(_client_of(session_id))
    session = lower.cancel(session_id=session_id, cancelled_for=cancelled_for, reason=reason, by=by, now=now)
    after_calling_off(client, [session], by=by, now=now)
    return session


@transaction.atomic
def close_session(
    *,
    session_id: int,
    outcome: str,
    by: Any,
    now: datetime,
    began_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Session:
    """Say how the session went.

    Attended: it is a contact (clinical.md §7.3), and the visit that a plan asked for. Missed: a to-do to reach out.
    A group's session is a contact too, but not the talk or the visit that somebody was asked for.
    """
    client = locked(_client_of(session_id))
    session = lower.close(
        session_id=session_id, outcome=outcome, began_at=began_at, ended_at=ended_at, by=by, now=now
    )
    if session.state == Session.State.ATTENDED:
        _held(client, session, by=by, now=now)
    else:
        _missed(client, session, by=by, now=now)
    reminders.keep(client.pk, now=now)
    return session


def _client_of(session_id: int) -> int:
    client_id: int = Session.objects.values_list("client_id", flat=True).get(pk=session_id)
    return client_id


def _held(client: Client, session: Session, *, by: Any, now: datetime) -> None:
    in_group = session.kind == Session.Kind.GROUP
    contact_made(client, at=session.over_at, by=by, now=now, in_group=in_group)
    asked_for = [] if in_group else [ToDoKind.VISIT, ToDoKind.VISIT_OFFER]
    asked_before = client.todos.open().filter(kind__in=asked_for, opened_at__lte=session.begins_at)
    reach_out = client.todos.open().filter(step_key=missed_key(session))
    _finish(client, asked_before | reach_out, by=by, now=now)


def _finish(client: Client, found: Any, *, by: Any, now: datetime) -> None:
    todos.finish(found.order_by("pk"), by=by, now=now, outcome=_("A session"))
    summary.refresh(client.pk)


def _missed(client: Client, session: Session, *, by: Any, now: datetime) -> ToDo | None:
    if client.state == Client.State.DECEASED:
        return None
    return todos.open_todo(
        client=client,
        kind=ToDoKind.CALL,
        title=_("Missed session: reach out to %(first)s") % {"first": client.first_name},
        due_at=now + REACH_OUT_WITHIN,
        now=now,
        by=by,
        owner=session.counselor,
        step_key=missed_key(session),
    )

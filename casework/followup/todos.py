"""Opening and closing to-dos. No right is asked for here: actions do; the deliverer and the inbox are the system."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from casework.followup import schedule, summary
from casework.followup.hours import timing_of
from casework.followup.models import Message, ToDo, ToDoState
from casework.followup.people import counselor_of, supervisor_of
from casework.followup.plan_templates import FOR_SUPERVISOR, ToDoKind
from clients import audit
from clients.models import Client, Practice

# A message that does not leave for one of these reasons becomes a call; the others are meant, or the client's wish.
BECOMES_CALL = frozenset(
    {
        "no_permission",
        "no_contact",
        "number_bad",
        "shared_not_reviewed",
        "opted_out",
        "telling_word",
        "too_long",
        "no_text",
        "provider_refused",
        "unreachable_number",
        "provider_blocked",
        "dead_too_many_attempts",
        "too_late",
        "not_provable",
    }
)

# Nobody calls to say that texts have ended or go on, or that nobody was here: then a to-do to answer is open already.
NO_CALL_FOR = frozenset(
    {Message.Kind.STOP_REPLY, Message.Kind.START_REPLY, Message.Kind.AWAY_REPLY, Message.Kind.CHANGE_REPLY}
)
# Nobody is called for want of a permission to remind, nor to be reminded of what has begun.
WITHOUT_CALL = frozenset({"no_permission", "opted_out"})


@transaction.atomic
def open_todo(
    *,
    client: Client,
    kind: ToDoKind,
    due_at: datetime,
    now: datetime,
    by: Any = None,
    title: str = "",
    owner: Any = None,
    **links: Any,
) -> ToDo:
    """Ask somebody to do something. With a `step_key` a second call gives back the first one's row.

    The counselor owns it, or the supervisor where the kind is theirs. `links`: plan, report, message, inbound,
    step_key, urgent, grace. What concerns a merged record is asked about the one that stands for it.
    """
    client = client.survivor
    key = links.get("step_key", "")
    if key:
        there = (
            ToDo.objects.filter(client=client, plan=links.get("plan"), step_key=key).order_by("pk").first()
        )
        if there is not None:
            return there
    todo = ToDo.objects.create(
        client=client,
        kind=kind,
        title=title or str(ToDoKind(kind).label),
        due_at=due_at,
        opened_at=now,
        owner=owner or owner_for(kind, client, now),
        **links,
    )
    note_opened(todo, by=by, now=now)
    summary.refresh(client.pk)
    return todo


def note_opened(todo: ToDo, *, by: Any, now: datetime) -> None:
    """The trail of a to-do that was asked for by something that happened."""
    audit.record("todo.opened", by=by, at=now, client_id=todo.client_id, target=todo, kind=str(todo.kind))


def owner_for(kind: ToDoKind, client: Client, at: datetime) -> Any:
    """The counselor; the supervisor for what is theirs."""
    counselor = counselor_of(client, at)
    return (supervisor_of(client, counselor, at) or counselor) if kind in FOR_SUPERVISOR else counselor


def close(todos: QuerySet[ToDo], *, state: ToDoState, reason: str) -> int:
    """Cancel or supersede those still open. The caller audits what it does and refreshes the summary."""
    return todos.filter(state=ToDoState.OPEN).update(state=state, cancelled_reason=reason)


def finish(todos: Iterable[ToDo], *, by: Any, now: datetime, outcome: str = "") -> None:
    """Mark as done. The caller audits what it does and refreshes the summary."""
    for todo in todos:
        todo.move_to(ToDoState.DONE)
        todo.done_at, todo.done_by, todo.outcome = now, by, outcome
        todo.save(update_fields=["state", "done_at", "done_by", "outcome"])


def _is_behind(reminder: Message, now: datetime) -> bool:
    return reminder.session is not None and reminder.session.starts_at <= now


@transaction.atomic
def message_failed(*, message: Message, reason: str, now: datetime) -> ToDo | None:
    """A message that cannot leave becomes a call the same day, once (clinical.md §4.5). Nobody calls who has died."""
    client = message.client
    if client.state == Client.State.DECEASED or message.kind in NO_CALL_FOR:
        return None
    if message.kind == Message.Kind.REMINDER and (reason in WITHOUT_CALL or _is_behind(message, now)):
        return None
    return open_todo(
        client=client,
        kind=ToDoKind.CALL,
        title=_("Call %(first)s: a message did not get through") % {"first": client.first_name},
        due_at=schedule.same_day(now, client.zone, timing_of(Practice.current())),
        now=now,
        message=message,
        step_key=f"UNSENT-{message.pk}",
        urgent=message.kind == Message.Kind.CRISIS_REPLY,
    )

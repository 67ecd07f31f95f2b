"""Doing a to-do, taking that back, and opening one by hand."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import answering, summary, tasks, todos
from casework.followup.models import EmergencyRecord, Message, ToDo, ToDoState
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_if_done
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput

# These are done by an act of their own, which leaves more than a tick behind.
DONE_BY_ITS_OWN_ACT = frozenset(
    {
        ToDoKind.SAFETY_CHECKLIST,
        ToDoKind.FIRST_CONTACT,
        ToDoKind.SILENT,
        ToDoKind.DECISION,
        ToDoKind.LETTER,
        ToDoKind.LEARNING_REVIEW,
    }
)
FOR_SILENCE = frozenset({ToDoKind.SILENT, ToDoKind.DECISION})


def locked_todo(todo_id: int) -> ToDo:
    """The to-do, held until the transaction ends; its client first, as everywhere."""
    locked(ToDo.objects.values_list("client_id", flat=True).get(pk=todo_id))
    return (
        ToDo.objects.select_for_update(of=("self",))
        .select_related("plan", "client", "inbound")
        .get(pk=todo_id)
    )


@transaction.atomic
def complete_todo(*, todo_id: int, by: Any, now: datetime, outcome: str = "") -> ToDo:
    """Mark as done. Doing it twice changes nothing. An emergency closes only with its record (`record_emergency`)."""
    require(by, Verb.COMPLETE_TODO)
    todo = locked_todo(todo_id)
    if todo.state == ToDoState.DONE:
        return todo
    _check_done(todo, outcome)
    settle(todo, by=by, now=now, outcome=outcome.strip())
    return todo


def settle(todo: ToDo, *, by: Any, now: datetime, outcome: str = "") -> None:
    """Close a to-do and what hangs on it: the texts that opened it, the plan's end, what was held for a crisis.

    The caller holds the client and the to-do, and has asked whether it may close.
    """
    todos.finish([todo], by=by, now=now, outcome=outcome)
    answering.settle_inbound([todo], by=by, now=now)
    audit.record("todo.done", by=by, at=now, client_id=todo.client_id, target=todo, kind=todo.kind)
    if todo.kind == ToDoKind.CRISIS:
        _release_held(todo, now)
    if todo.plan is not None:
        complete_if_done(todo.plan, now)
    summary.refresh(todo.client_id)


def _check_done(todo: ToDo, outcome: str) -> None:
    if todo.kind == ToDoKind.SAFETY_CHECKLIST:
        raise InvalidInput(_("Fill in the safety checklist; that closes this."))
    if todo.kind == ToDoKind.FIRST_CONTACT:
        raise InvalidInput(_("Log the contact; a talk with the client closes this."))
    if todo.kind == ToDoKind.LEARNING_REVIEW:
        raise InvalidInput(
            _("Look back together and finish it; that closes this. Or drop the step, with a reason.")
        )
    if todo.kind in FOR_SILENCE:
        raise InvalidInput(_("A supervisor decides this, on its own page; that closes it."))
    if todo.kind == ToDoKind.LETTER:
        raise InvalidInput(_("Print the letter and mark it as sent; that closes this."))
    if todo.is_alarm:
        _check_recorded(todo, outcome)


def _check_recorded(todo: ToDo, outcome: str) -> None:
    """One that was opened again keeps its record, and closes with a word on what was done since."""
    if not EmergencyRecord.objects.filter(todo=todo).exists():
        raise InvalidInput(
            _(
                "Write the emergency record first: when it was noticed is missing, what was done, and what came of"
                " it. Was it a false alarm? Dismiss it with a reason."
            ),
            field="noticed_at",
        )
    if not outcome.strip():
        raise InvalidInput(_("Say what was done, and by whom."), field="outcome")


def _release_held(todo: ToDo, now: datetime) -> None:
    """With the last open crisis cleared, what was held for it is looked at again."""
    if todo.client.todos.open().filter(kind=ToDoKind.CRISIS).exists():
        return
    held = Message.objects.filter(
        client=todo.client_id, status=Message.Status.HELD, reason_code="crisis_open"
    )
    if held.update(due_at=now, reason_code="crisis_cleared", reason_params={}):
        transaction.on_commit(tasks.wake)


@transaction.atomic
def reopen_todo(*, todo_id: int, by: Any, now: datetime) -> ToDo:
    """Take back a tick. Raises Conflict when its plan has ended meanwhile."""
    require(by, Verb.COMPLETE_TODO)
    todo = locked_todo(todo_id)
    if todo.plan is not None and not todo.plan.is_running:
        raise Conflict(_("The plan has ended meanwhile; its to-dos stay as they are."))
    if todo.kind in FOR_SILENCE:
        raise Conflict(_("What was decided stays as it is; the next rung asks again."))
    todo.move_to(ToDoState.OPEN)
    todo.done_at, todo.done_by, todo.outcome, todo.false_alarm = None, None, "", False
    todo.save(update_fields=["state", "done_at", "done_by", "outcome", "false_alarm"])
    if todo.kind == ToDoKind.CRISIS:
        Message.objects.filter(client=todo.client_id).recall()  # what was let go is held again
    audit.record("todo.reopened", by=by, at=now, client_id=todo.client_id, target=todo, kind=todo.kind)
    summary.refresh(todo.client_id)
    return todo


@transaction.atomic
def add_todo(
    *, client_id: int, title: str, due_at: datetime, by: Any, now: datetime, inbound: Any = None
) -> ToDo:
    """Open a to-do by hand, perhaps from a message. Raises InvalidInput without words."""
    require(by, Verb.COMPLETE_TODO)
    client = locked(client_id)
    if not title.strip():
        raise InvalidInput(_("Say what is to be done."), field="title")
    return todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER,
        title=title.strip(),
        due_at=due_at,
        now=now,
        by=by,
        inbound=inbound,
    )

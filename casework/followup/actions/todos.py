"""Doing a to-do, taking that back, and opening one by hand."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import answering, summary, tasks, todos
from casework.followup.models import Message, ToDo, ToDoState
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_if_done
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput

# These are done by an act of their own, which leaves more than a tick behind.
DONE_BY_ITS_OWN_ACT = frozenset({ToDoKind.SAFETY_CHECKLIST, ToDoKind.FIRST_CONTACT})
ASKS_WHAT_WAS_DONE = frozenset({ToDoKind.CRISIS, ToDoKind.EMERGENCY})


def _locked(todo_id: int) -> ToDo:
    locked(ToDo.objects.values_list("client_id", flat=True).get(pk=todo_id))
    return (
        ToDo.objects.select_for_update(of=("self",))
        .select_related("plan", "client", "inbound")
        .get(pk=todo_id)
    )


@transaction.atomic
def complete_todo(*, todo_id: int, by: Any, now: datetime, outcome: str = "") -> ToDo:
    """Mark as done. Doing it twice changes nothing; a crisis asks what was done, and lets held messages go again."""
    require(by, Verb.COMPLETE_TODO)
    todo = _locked(todo_id)
    if todo.state == ToDoState.DONE:
        return todo
    _check_done(todo, outcome)
    todos.finish([todo], by=by, now=now, outcome=outcome.strip())
    answering.settle_inbound([todo], by=by, now=now)
    audit.record("todo.done", by=by, at=now, client_id=todo.client_id, target=todo, kind=todo.kind)
    if todo.kind == ToDoKind.CRISIS:
        _release_held(todo, now)
    if todo.plan is not None:
        complete_if_done(todo.plan, now)
    summary.refresh(todo.client_id)
    return todo


def _check_done(todo: ToDo, outcome: str) -> None:
    if todo.kind == ToDoKind.SAFETY_CHECKLIST:
        raise InvalidInput(_("Fill in the safety checklist; that closes this."))
    if todo.kind == ToDoKind.FIRST_CONTACT:
        raise InvalidInput(_("Log the contact; a talk with the client closes this."))
    if todo.kind in ASKS_WHAT_WAS_DONE and not outcome.strip():
        raise InvalidInput(_("Say what was done, and by whom; or why it was a false alarm."), field="outcome")


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
    todo = _locked(todo_id)
    if todo.plan is not None and not todo.plan.is_running:
        raise Conflict(_("The plan has ended meanwhile; its to-dos stay as they are."))
    todo.move_to(ToDoState.OPEN)
    todo.done_at, todo.done_by, todo.outcome = None, None, ""
    todo.save(update_fields=["state", "done_at", "done_by", "outcome"])
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

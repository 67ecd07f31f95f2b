"""Which steps of one client's plan a person may move or drop."""

from typing import Any

from django.utils.translation import gettext as _

from casework.followup.models import Message, ToDo
from casework.followup.plan_templates import FOR_SUPERVISOR, PREFIX, SAFETY, ToDoKind
from clients.access import Role

DROPPED = "step_dropped"  # the reason of a message or a to-do that was left out
ADDED = "ADDED-"  # the keys of steps added by hand begin so
MAY_MOVE = (Message.Status.PLANNED, Message.Status.HELD)
STEPS = (ADDED, *(f"{prefix}-" for prefix in PREFIX.values()))
STANDS = SAFETY | {ToDoKind.FIRST_CONTACT}


def is_own(key: str) -> bool:
    """Whether a to-do is a step of a plan, another stage's too that gave way in a merge.

    What answers something that happened is not.
    """
    return key.startswith(STEPS)


def is_movable(todo: ToDo) -> bool:
    """Whether anybody may move or drop it; of a supervisor's step only a supervisor."""
    return todo.plan is not None and is_own(todo.step_key) and todo.kind not in STANDS


def why_it_stands(todo: ToDo, by: Any) -> str:
    """Why this person cannot move or drop a to-do, in words; empty when they can."""
    if todo.kind in STANDS:
        return _("This is about safety: it stays, and stays on its day.")
    if todo.kind in FOR_SUPERVISOR and getattr(by, "role", Role.SUPERVISOR) != Role.SUPERVISOR:
        return _("This is the supervisor's step: ask them to change it.")
    return ""

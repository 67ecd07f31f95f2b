"""A plan as a person reads it: every step with its day, its state, and in words why it stands so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup.messages.reasons import words
from casework.followup.models import FollowUpPlan, Message, StepChange, ToDo
from casework.followup.plan_steps import DROPPED, MAY_MOVE, is_movable
from casework.followup.plan_templates import FOR_SUPERVISOR
from casework.followup.wording import TODO_REASONS, TODO_TONES, TONES, purpose
from clients.together import read_together

MESSAGE, TODO = "message", "todo"
# Waiting without anything to tell: the day says it all.
QUIET = frozenset({""})
SOON = timedelta(minutes=10)
JUST_NOW = timedelta(minutes=15)
SETTLES_WITHIN = timedelta(minutes=2)  # how long a provider's word that it was delivered is worth waiting for


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row of a plan."""

    kind: str
    title: str
    at: datetime
    state: str
    tone: str
    url: str
    why: str = ""
    late: bool = False
    todo: ToDo | None = None
    answered_at: datetime | None = None
    key: str = ""  # its name in the plan, for what can be moved or dropped
    supervisors: bool = False  # and only by a supervisor
    changed: str = ""  # who added, moved or dropped it, and why


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """The plan, what is next, and what lies behind."""

    plan: FollowUpPlan
    ahead: Sequence[Step]
    behind: Sequence[Step] = field(default_factory=list)
    just: Sequence[Step] = field(default_factory=list)  # messages that went while one may have looked
    moving: bool = False  # something is being sent, or will be while one looks

    @property
    def all(self) -> list[Step]:
        return [*self.just, *self.ahead, *self.behind]

    @property
    def done(self) -> int:
        return len(self.behind)

    @property
    def steps(self) -> int:
        return len(self.ahead) + len(self.behind) + len(self.just)


def view_of(plan: FollowUpPlan, now: datetime) -> PlanView:
    """Both halves of a plan in the order of their times; one query."""
    made = plan.changes.select_related("by").order_by("at", "pk")
    messages = plan.messages.order_by("due_at", "pk")
    todos = plan.todos.select_related("owner", "client").order_by("due_at", "pk")
    read_together(made, messages, todos)
    changes = _last_changes(made)
    ahead: list[Step] = []
    behind: list[Step] = []
    for message in messages:
        (ahead if _may_still_go(message) else behind).append(
            message_step(message, now, changes.get(("message", message.pk)))
        )
    for todo in todos:
        (ahead if todo.is_open else behind).append(todo_step(todo, now, changes.get(("todo", todo.pk))))
    moving = any(_is_moving(message, now) for message in messages)
    just = [step for step in behind if step.kind == MESSAGE and timedelta() <= now - step.at < JUST_NOW]
    behind = [step for step in behind if step not in just]
    return PlanView(
        plan=plan, ahead=_in_order(ahead), behind=_in_order(behind), just=_in_order(just), moving=moving
    )


def _is_moving(message: Message, now: datetime) -> bool:
    if message.status == Message.Status.SENT:
        return message.sent_at is not None and now - message.sent_at < SETTLES_WITHIN
    return _may_still_go(message) and message.due_at <= now + SOON


def _in_order(steps: list[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: (step.at, step.kind == MESSAGE))


def _may_still_go(message: Message) -> bool:
    return message.status in {*Message.WAITING, Message.Status.CLAIMED, Message.Status.UNKNOWN}


def _last_changes(made: Iterable[StepChange]) -> dict[tuple[str, int | None], StepChange]:
    """What was last done by hand to each step."""
    return {
        ("message", change.message_id) if change.message_id else ("todo", change.todo_id): change
        for change in made
    }


CHANGED = {
    StepChange.Act.ADDED: gettext_lazy("Added by %(who)s: %(why)s"),
    StepChange.Act.MOVED: gettext_lazy("Moved by %(who)s: %(why)s"),
    StepChange.Act.DROPPED: gettext_lazy("Dropped by %(who)s: %(why)s"),
}


def _changed(change: StepChange | None) -> str:
    if change is None:
        return ""
    return str(CHANGED[StepChange.Act(change.act)]) % {"who": _owner(change.by), "why": change.reason}


def message_step(message: Message, now: datetime, change: StepChange | None = None) -> Step:
    """A message with its state and why."""
    state = str(message.get_status_display()).capitalize()
    why = words(message, now=now)
    if (
        why.rstrip(".") == state
        or message.reason_code == DROPPED
        or (message.reason_code in QUIET and message.status == Message.Status.PLANNED)
    ):
        why = ""  # the state, or the day, says it all
    return Step(
        kind=MESSAGE,
        title=purpose(message.template_key),
        at=message.sent_at or message.due_at,
        state=state,
        tone=TONES[message.status],
        url=reverse("followup:message", kwargs={"uid": message.uid}),
        why=why,
        answered_at=message.answered_at,
        key=message.step_key if message.status in MAY_MOVE else "",
        changed=_changed(change),
    )


def todo_step(todo: ToDo, now: datetime, change: StepChange | None = None) -> Step:
    """A to-do with its state, and whose it is."""
    late = todo.is_overdue(now)
    return Step(
        kind=TODO,
        title=todo.said,
        at=todo.done_at or todo.due_at,
        state=_("Overdue") if late else str(todo.get_state_display()),
        tone="attention" if late else TODO_TONES[todo.state],
        url=reverse("followup:todo", kwargs={"uid": todo.uid}),
        why=_why(todo),
        late=late,
        todo=todo,
        key=todo.step_key if todo.is_open and is_movable(todo) else "",
        supervisors=todo.kind in FOR_SUPERVISOR,
        changed=_changed(change),
    )


def _why(todo: ToDo) -> str:
    if todo.outcome:
        return todo.outcome_said
    if todo.cancelled_reason == DROPPED:
        return ""
    return str(TODO_REASONS.get(todo.cancelled_reason, "")) or _owner(todo.owner)


def _owner(owner: Any) -> str:
    return owner.short_name if owner is not None else ""

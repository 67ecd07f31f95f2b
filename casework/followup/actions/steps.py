"""A counselor fits one client's plan: a step more, another day, or one less; each with a reason (clinical.md §4.3).

What is about safety is never moved or dropped, nor is a supervisor's step by a counselor.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import outbox, plan_caps, plan_texts, schedule, summary
from casework.followup.hours import timing_of
from casework.followup.messages.policy import intended
from casework.followup.models import FollowUpPlan, Message, PlanState, StepChange, ToDo, ToDoState
from casework.followup.plan_steps import ADDED, DROPPED, MAY_MOVE, is_own, why_it_stands
from casework.followup.plan_templates import DAY, ChannelRule, ToDoKind
from casework.followup.plan_upkeep import can_still_message, complete_if_done, declines_calls
from casework.followup.planner import END_OF_WORK, PlannedMessage
from casework.followup.schedule import Moment, Timing
from casework.followup.todos import owner_for
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client, Practice

FARTHEST = timedelta(days=365)
# What can be added by hand; a title of its own goes with the last.
ADDABLE = (
    ToDoKind.CALL,
    ToDoKind.LETTER,
    ToDoKind.VISIT_OFFER,
    ToDoKind.VISIT,
    ToDoKind.LEARNING_REVIEW,
    ToDoKind.REASSESSMENT,
    ToDoKind.SUPERVISOR_REVIEW,
    ToDoKind.OTHER,
)
AUTOMATED_WAYS = (ChannelRule.PREFERRED, ChannelRule.SMS, ChannelRule.EMAIL)


@transaction.atomic
def add_message_step(
    *, plan_id: int, on: date, text: str, reason: str, by: Any, now: datetime, channel: str = ""
) -> StepChange:
    """One more text on a day of the client's. Raises InvalidInput, the day named, where it would be one too many."""
    require(by, Verb.RUN_PLAN)
    plan = _running(plan_id, reason)
    client = plan.client
    if plan.state == PlanState.MESSAGES_OFF or not can_still_message(client, now):
        raise Conflict(_("%(first)s has agreed to no messages. Add a call.") % {"first": client.first_name})
    if text not in plan_texts.wordings():
        raise InvalidInput(_("Choose one of the texts."), field="text")
    if channel not in AUTOMATED_WAYS:
        raise InvalidInput(_("A message goes by text or by e-mail."), field="channel")
    when = _when(client, on, now)
    _check_caps(client, when, now)
    step = PlannedMessage(
        key=_free_key(plan, f"{ADDED}{on:%y%m%d}-MSG"),
        text=text,
        channel=ChannelRule(channel),
        asks=text.startswith("checkin"),
        on=when.on,
        at=when.at,
        due_at=when.instant,
    )
    outbox.write_plan(plan, [step])
    message = plan.messages.get(step_key=step.key)
    return _note(plan, StepChange.Act.ADDED, message, to_at=when.instant, reason=reason, by=by, now=now)


@transaction.atomic
def add_todo_step(
    *, plan_id: int, on: date, kind: str, reason: str, by: Any, now: datetime, title: str = ""
) -> StepChange:
    """One more thing to do in the plan, due at the end of that day where the client lives."""
    require(by, Verb.RUN_PLAN)
    plan = _running(plan_id, reason)
    client = plan.client
    if kind not in ADDABLE:
        raise InvalidInput(_("Choose what is to be done."), field="kind")
    if kind == ToDoKind.OTHER and not title.strip():
        raise InvalidInput(_("Say what is to be done."), field="title")
    if kind == ToDoKind.CALL and declines_calls(client, now):
        raise InvalidInput(_("%(first)s wants no calls.") % {"first": client.first_name}, field="kind")
    due_at = _end_of(client, on, now)
    key = f"{ADDED}{on:%y%m%d}-{ToDoKind(kind).replace('_', '-').upper()}"
    if kind != ToDoKind.OTHER and plan.todos.open().filter(step_key__startswith=key).exists():
        raise Conflict(_("The plan has this step on that day already."), field="on")
    todo = ToDo.objects.create(
        client=client,
        plan=plan,
        step_key=_free_key(plan, key),
        kind=kind,
        title=title.strip() or str(ToDoKind(kind).label),
        due_at=due_at,
        grace=DAY,
        owner=owner_for(ToDoKind(kind), client, now),
        opened_at=now,
    )
    return _note(plan, StepChange.Act.ADDED, todo, to_at=due_at, reason=reason, by=by, now=now)


@transaction.atomic
def move_step(*, plan_id: int, key: str, on: date, reason: str, by: Any, now: datetime) -> StepChange:
    """Put a step that has not happened yet on another day. The caps are asked again; the way and the words stay."""
    require(by, Verb.RUN_PLAN)
    plan = _running(plan_id, reason)
    step = _step(plan, key, by)
    before = step.due_at
    if isinstance(step, Message):
        before, after = intended(step), _when(plan.client, on, now)
        _check_caps(plan.client, after, now, but_for=step.pk)
        _redate(step, after)
        due_at = after.instant
    else:
        due_at = step.due_at = _end_of(plan.client, on, now)
        step.save(update_fields=["due_at"])
        if step.message is not None:  # the call stands for it: given permission again, it goes on the new day
            _redate(step.message, schedule.on_day(on, Timing().send_at, plan.client.zone))
    return _note(
        plan, StepChange.Act.MOVED, step, from_at=before, to_at=due_at, reason=reason, by=by, now=now
    )


@transaction.atomic
def drop_step(*, plan_id: int, key: str, reason: str, by: Any, now: datetime) -> StepChange:
    """Leave a step out. It stays readable with its reason, and nothing brings it back."""
    require(by, Verb.RUN_PLAN)
    plan = _running(plan_id, reason)
    step = _step(plan, key, by)
    due_at = step.due_at
    if isinstance(step, Message):
        due_at = intended(step)
        Message.objects.filter(pk=step.pk).withdraw(reason=DROPPED, at=now)
    else:
        step.move_to(ToDoState.CANCELLED)
        step.cancelled_reason = DROPPED
        step.save(update_fields=["state", "cancelled_reason"])
    change = _note(plan, StepChange.Act.DROPPED, step, from_at=due_at, reason=reason, by=by, now=now)
    complete_if_done(plan, now)
    return change


# --- finding and checking ---------------------------------------------------------------------------------------------
def _running(plan_id: int, reason: str) -> FollowUpPlan:
    client = locked(FollowUpPlan.objects.values_list("client_id", flat=True).get(pk=plan_id))
    plan = FollowUpPlan.objects.select_for_update(of=("self",)).get(pk=plan_id)
    if not plan.is_running:
        raise Conflict(_("This plan runs no more, so there is nothing to change."))
    if not reason.strip():
        raise InvalidInput(_("Say why, so that others understand the plan."), field="reason")
    plan.client = client
    return plan


def _step(plan: FollowUpPlan, key: str, by: Any) -> Message | ToDo:
    """The step, held. Raises InvalidInput for none such, Conflict for one that is done, on its way or not to change."""
    message = plan.messages.select_for_update(of=("self",)).filter(step_key=key).first()
    if message is not None:
        if message.status not in MAY_MOVE:
            raise Conflict(_("This message has gone, is on its way, or was called off. Reload the page."))
        return message
    todo = plan.todos.select_for_update(of=("self",)).filter(step_key=key).first() if is_own(key) else None
    if todo is None:
        raise InvalidInput(_("The plan has no such step."), field="key")
    if not todo.is_open:
        raise Conflict(_("This has been done or called off meanwhile. Reload the page."))
    why_not = why_it_stands(todo, by)
    if why_not:
        raise Conflict(why_not)
    return todo


def _check_day(client: Client, on: date, now: datetime) -> None:
    today = schedule.moment(now, client.zone).on
    if on < today:
        raise InvalidInput(_("Choose today or a day to come."), field="on")
    if on - today > FARTHEST:
        raise InvalidInput(_("Choose a day within a year."), field="on")


def _when(client: Client, on: date, now: datetime) -> Moment:
    """Ten in the morning there; later today, as soon as the window allows."""
    _check_day(client, on, now)
    timing = timing_of(Practice.current())
    meant = schedule.on_day(on, timing.send_at, client.zone)
    if meant.instant > now:
        return meant
    opening = schedule.moment(schedule.next_open(now, client.zone, timing), client.zone)
    if opening.on != on:
        raise InvalidInput(_("Messages go no more today. Choose tomorrow."), field="on")
    return opening


def _end_of(client: Client, on: date, now: datetime) -> datetime:
    _check_day(client, on, now)
    due_at = schedule.resolve(on, END_OF_WORK, client.zone)
    if due_at <= now:
        raise InvalidInput(_("The working day is over there. Choose tomorrow."), field="on")
    return due_at


def _check_caps(client: Client, when: Moment, now: datetime, but_for: int | None = None) -> None:
    says = plan_caps.says_too_many(client, when.instant, now=now, but_for=but_for)
    if says:
        raise InvalidInput(says, field="on")


def _redate(message: Message, when: Moment) -> None:
    zone = message.client.zone
    Message.objects.filter(pk=message.pk).put_on(when.on, when.at, when.instant, tz=zone.key)


def _free_key(plan: FollowUpPlan, key: str) -> str:
    """The key, numbered where an earlier step of that day, dropped perhaps, has it."""
    taken = {
        *plan.messages.filter(step_key__startswith=key).values_list("step_key", flat=True),
        *plan.todos.filter(step_key__startswith=key).values_list("step_key", flat=True),
    }
    numbered = (f"{key}-{number}" if number else key for number in range(1, len(taken) + 2))
    return key if key not in taken else next(one for one in numbered if one not in taken)


def _note(
    plan: FollowUpPlan,
    act: StepChange.Act,
    step: Message | ToDo,
    *,
    reason: str,
    by: Any,
    now: datetime,
    **times: datetime,
) -> StepChange:
    which: Mapping[str, Any] = {"message": step} if isinstance(step, Message) else {"todo": step}
    change = StepChange.objects.create(
        plan=plan, act=act, reason=reason.strip(), at=now, by=by, **which, **times
    )
    audit.record(
        f"plan.step_{act}",
        by=by,
        at=now,
        client_id=plan.client_id,
        target=plan,
        change=change.pk,
        step=step.step_key,
    )
    summary.refresh(plan.client_id)
    return change

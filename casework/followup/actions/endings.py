"""The client has died, leaves, or wants to be left alone: everything that waits follows at once (clinical.md §4.6)."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from casework.followup import optout, reminders, summary, todos
from casework.followup.models import Message, PlanState, ToDoState
from casework.followup.plan_start import close_plan, running_plan
from casework.followup.plan_templates import ToDoKind
from clients import audit, lower
from clients.access import Verb, require
from clients.models import Client, Permission
from sessions.actions import lower as sessions
from sessions.actions import lower_groups
from sessions.models import LeaveReason

REVIEW_WITHIN = timedelta(hours=72)
# A discharge ends no emergency, no letter that is to be written, and no decision on how to leave the door open.
STAYS_OPEN = (
    Q(kind__in=[ToDoKind.CRISIS, ToDoKind.EMERGENCY])
    | Q(kind=ToDoKind.LETTER, message=None)
    | Q(step_key__startswith="U4-")
)
ALL_MESSAGES = "messages"


@transaction.atomic
def record_death(*, client_id: int, on: date, by: Any, now: datetime, note: str = "") -> Client:
    """Stop everything for ever: messages, plan, to-dos, sessions. The supervisor looks after those who knew them."""
    require(by, Verb.RECORD_DEATH)
    client = lower.record_death(client_id=client_id, on=on, by=by, now=now, note=note)
    _close_running(client, PlanState.CLOSED_DECEASED, reason="client_deceased", by=by, now=now)
    Message.objects.filter(client=client).withdraw(reason="client_deceased", at=now)
    todos.close(client.todos.all(), state=ToDoState.CANCELLED, reason="client_deceased")
    sessions.cancel_upcoming(client_id=client_id, by=by, now=now)
    lower_groups.leave_all(client=client, reason=LeaveReason.DECEASED, by=by, now=now)
    todos.open_todo(
        client=client,
        kind=ToDoKind.DEATH_REVIEW,
        due_at=now + REVIEW_WITHIN,
        now=now,
        by=by,
        step_key="DEATH-REVIEW",
    )
    return client


@transaction.atomic
def discharge(*, client_id: int, reason: str, on: date, by: Any, now: datetime, note: str = "") -> Client:
    """End care. Messages stop, unless the client agreed to be written to afterwards; an open emergency stays open."""
    require(by, Verb.DISCHARGE_CLIENT)
    client = lower.discharge(client_id=client_id, reason=reason, on=on, by=by, now=now, note=note)
    _close_running(client, PlanState.CLOSED_DISCHARGED, reason="client_discharged", by=by, now=now)
    after = Permission.objects.of(client).in_force(now).filter(channel=Permission.Channel.POST_DISCHARGE)
    if not after.exists():
        Message.objects.filter(client=client).withdraw(reason="client_discharged", at=now)
    Message.objects.filter(client=client).recall()
    ends = client.todos.exclude(STAYS_OPEN)
    todos.close(ends, state=ToDoState.CANCELLED, reason="client_discharged")
    sessions.cancel_upcoming(client_id=client_id, by=by, now=now)
    lower_groups.leave_all(client=client, reason=LeaveReason.DISCHARGED, by=by, now=now)
    reminders.keep(client_id, now=now)
    summary.refresh(client_id)
    return client


def _close_running(client: Client, state: PlanState, *, reason: str, by: Any, now: datetime) -> None:
    plan = running_plan(client)
    if plan is not None:
        close_plan(plan, state, reason=reason, now=now)
        audit.record("plan.closed", by=by, at=now, client_id=client.pk, target=plan, reason=reason)


@transaction.atomic
def withdraw_permission(
    *, client_id: int, channel: str, by: Any, now: datetime, how: str = "staff"
) -> list[Permission]:
    """The client no longer wants to be reached this way; `messages` is every automated way at once."""
    require(by, Verb.MANAGE_PERMISSIONS)
    if channel == ALL_MESSAGES:
        return optout.withdraw_all_messages(client_id=client_id, by=by, now=now, how=how)
    taken = optout.withdraw(client_id=client_id, channel=channel, by=by, now=now, how=how)
    return [taken] if taken is not None else []

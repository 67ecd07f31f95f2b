"""A client cannot be reached for a while, and comes back (clinical.md §4.6).

A pause keeps the calendar: the steps stay on their dates, and nothing goes out. What a long pause has left behind is
left out when it ends, so that nobody comes home to a burst of messages.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import ladder, summary, tasks, todos
from casework.followup.messages.policy import intended
from casework.followup.models import FollowUpPlan, LadderRung, Message, PlanState
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import declines_calls
from casework.followup.schedule import TOO_LATE
from clients import audit, lower
from clients.models import Client

CONTACT_WITHIN = timedelta(hours=24)
BACK = "BACK-"  # a step key begins so when its to-do asks for the first talk after a pause
HELD_BY_PAUSE = ("client_paused", "plan_paused")


@transaction.atomic
def pause_client(*, client_id: int, reason: str, on: date, by: Any, now: datetime) -> Client:
    """Hold every message until the client is back, those included that a sender holds. To-dos and sessions stay.

    Raises InvalidInput for an unknown reason or a day to come, InvalidTransition for a client who is not active.
    """
    client = lower.pause(client_id=client_id, reason=reason, on=on, by=by, now=now)
    plan = running_plan(client)
    if plan is not None and plan.state == PlanState.ACTIVE:  # one without messages has nothing to hold
        _move(plan, PlanState.PAUSED, verb="plan.paused", by=by, now=now)
    Message.objects.filter(client=client).recall()
    summary.refresh(client_id)
    return client


@transaction.atomic
def resume_client(*, client_id: int, on: date, by: Any, now: datetime) -> Client:
    """Go on where the calendar stands; leave out what it passed by more than two days; ask for a talk within a day.

    Raises Conflict for a client who is not paused, InvalidInput for a day to come or before the pause.
    """
    client = lower.resume(client_id=client_id, on=on, by=by, now=now)
    plan = running_plan(client)
    if plan is not None and plan.state == PlanState.PAUSED:
        _move(plan, PlanState.ACTIVE, verb="plan.resumed", by=by, now=now)
    if plan is not None:
        ladder.start_over(plan, at=now, why=LadderRung.End.PAUSED)
    _let_go(client, now)
    _ask_for_contact(client, by=by, now=now)
    summary.refresh(client_id)
    transaction.on_commit(tasks.wake)
    return client


def _move(plan: FollowUpPlan, state: PlanState, *, verb: str, by: Any, now: datetime) -> None:
    plan.move_to(state)
    plan.save(update_fields=["state"])
    audit.record(verb, by=by, at=now, client_id=plan.client_id, target=plan)


def _let_go(client: Client, now: datetime) -> None:
    """Skip what is too late, and have the rest that was held looked at now; policy keeps hours and caps."""
    waiting = Message.objects.filter(client=client, in_reply_to=None).waiting()
    passed = [message.pk for message in waiting.defer("body") if now - intended(message) > TOO_LATE]
    Message.objects.filter(pk__in=passed).leave_out(reason="passed_in_pause", at=now)
    held = waiting.filter(status=Message.Status.HELD, reason_code__in=HELD_BY_PAUSE)
    held.update(due_at=now, reason_code="resumed", reason_params={})


def _ask_for_contact(client: Client, *, by: Any, now: datetime) -> None:
    """A call; for somebody who wants no calls, whatever else the counselor finds."""
    returned = client.status_changes.order_by("-pk").values_list("pk", flat=True)[0]
    todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER if declines_calls(client, now) else ToDoKind.CALL,
        title=_("%(first)s is back: get in touch") % {"first": client.first_name},
        due_at=now + CONTACT_WITHIN,
        now=now,
        by=by,
        step_key=f"{BACK}{returned}",
    )

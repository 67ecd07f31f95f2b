"""What becomes of a running plan: done, or its messages go another way. Each act may be run twice."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import summary
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.models import FollowUpPlan, Message, PlanState, ToDo
from casework.followup.plan_start import close_plan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_versions import template_for
from casework.followup.todos import owner_for
from clients import audit
from clients.models import Client, Permission
from clients.stage import Stage

OPEN_MESSAGES = (*Message.WAITING, Message.Status.CLAIMED, Message.Status.UNKNOWN)


def complete_finished(now: datetime) -> int:
    """Close the running plans whose last day has passed with nothing left to send or to do. Returns how many."""
    done = 0
    plans = FollowUpPlan.objects.filter(state__in=[PlanState.ACTIVE, PlanState.MESSAGES_OFF])
    idle = plans.exclude(messages__status__in=OPEN_MESSAGES).exclude(todos__state="open")
    for plan_id in idle.order_by("pk").values_list("pk", flat=True):
        done += _complete(plan_id, now)
    return done


@transaction.atomic
def _complete(plan_id: int, now: datetime) -> bool:
    client_id = FollowUpPlan.objects.values_list("client_id", flat=True).get(pk=plan_id)
    Client.objects.select_for_update(of=("self",)).get(pk=client_id)
    plan = FollowUpPlan.objects.select_for_update(of=("self",)).select_related("client").get(pk=plan_id)
    return complete_if_done(plan, now)


def complete_if_done(plan: FollowUpPlan, now: datetime) -> bool:
    """Close this plan if its last day has come and nothing is open. The caller holds it."""
    last_day = plan.starts_at + timedelta(days=template_for(Stage(plan.stage), plan.template_version).days)
    if not plan.is_running or plan.state == PlanState.PAUSED or now < last_day:
        return False
    if plan.messages.filter(status__in=OPEN_MESSAGES).exists() or plan.todos.open().exists():
        return False
    close_plan(plan, PlanState.COMPLETED, reason="completed", now=now)
    audit.record("plan.completed", by=None, at=now, client_id=plan.client_id, target=plan)
    summary.refresh(plan.client_id)
    return True


def can_still_message(client: Client, now: datetime) -> bool:
    """Whether a permission for some automated way is left."""
    return (
        Permission.objects.in_force(now).filter(client=client, channel__in=PERMISSION_FOR.values()).exists()
    )


def declines_calls(client: Client, now: datetime) -> bool:
    """Whether the client has taken back the permission to be called, and not given it again."""
    calls = Permission.objects.filter(client=client, channel=Permission.Channel.CALL)
    return calls.exists() and not calls.in_force(now).exists()


def turn_messages_into_calls(plan: FollowUpPlan, *, reason: str, now: datetime, **params: Any) -> int:
    """Cancel what waits and ask the counselor to call on those days instead. Returns how many became calls."""
    waiting = list(plan.messages.waiting().order_by("due_at", "pk"))
    Message.objects.filter(plan=plan).withdraw(reason=reason, at=now, params=params)
    owner = owner_for(ToDoKind.CALL, plan.client, now)
    title = _("Call %(first)s instead of a message") % {"first": plan.client.first_name}
    calls = [
        ToDo(
            client_id=plan.client_id,
            plan=plan,
            message=message,
            step_key=f"{message.step_key}-CALL",
            kind=ToDoKind.CALL,
            title=title,
            due_at=message.due_at,
            grace=timedelta(days=1),
            owner=owner,
            opened_at=now,
        )
        for message in waiting
    ]
    return len(ToDo.objects.bulk_create(calls, ignore_conflicts=True))

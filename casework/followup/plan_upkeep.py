"""What becomes of a running plan: done, or its messages go another way. Each act may be run twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import summary
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.models import FollowUpPlan, LadderRung, Message, PlanState, ToDo, ToDoState
from casework.followup.plan_start import close_plan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_versions import template_for
from casework.followup.todos import owner_for
from clients import audit
from clients.models import Client, Permission
from clients.stage import Stage

INSTEAD = {
    ToDoKind.CALL: lambda: _("Call %(first)s instead of a message"),
    ToDoKind.LETTER: lambda: _("Write %(first)s a letter instead of a message"),
}
# A to-do that ended so was not done: the message it stood for is still to be said, the one way or the other.
NOT_DONE = ("messages_again", "calls_declined")
OPEN_MESSAGES = (*Message.WAITING, Message.Status.CLAIMED, Message.Status.UNKNOWN)


def complete_finished(now: datetime) -> int:
    """Close the running plans whose last day has passed with nothing left to send or to do. Returns how many."""
    done = 0
    plans = FollowUpPlan.objects.filter(state__in=[PlanState.ACTIVE, PlanState.MESSAGES_OFF])
    idle = plans.exclude(messages__status__in=OPEN_MESSAGES).exclude(todos__state="open")
    idle = idle.exclude(pk__in=LadderRung.objects.open().values("plan"))
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
    if plan.rungs.open().exists():  # nobody is let go of in a silence: a supervisor decides that
        return False
    close_plan(plan, PlanState.COMPLETED, reason="completed", now=now)
    audit.record("plan.completed", by=None, at=now, client_id=plan.client_id, target=plan)
    summary.refresh(plan.client_id)
    return True


def can_still_message(client: Client, now: datetime) -> bool:
    """Whether a permission for some automated way is left."""
    given = Permission.objects.of(client).in_force(now)
    return given.filter(channel__in=PERMISSION_FOR.values()).exists()


def declines_calls(client: Client, now: datetime) -> bool:
    """Whether the client has taken back the permission to be called, and not given it again."""
    calls = Permission.objects.of(client).filter(channel=Permission.Channel.CALL)
    return calls.exists() and not calls.in_force(now).exists()


def way_by_hand(client: Client, now: datetime) -> ToDoKind | None:
    """What a person does where no message may go: call, else write, else nothing (clinical.md §4.3)."""
    if not declines_calls(client, now):
        return ToDoKind.CALL
    letters = Permission.objects.of(client).in_force(now).filter(channel=Permission.Channel.LETTER)
    return ToDoKind.LETTER if letters.exists() else None


def do_by_hand(
    plan: FollowUpPlan, kind: ToDoKind, *, reason: str, now: datetime, only: str = "", **params: Any
) -> int:
    """Cancel what waits and ask the counselor to call or write on those days instead. Returns how many there are.

    With `only`, just the messages that may go that one way.
    """
    messages = plan.messages.filter(channel_rule=only) if only else plan.messages.all()
    waiting = list(messages.waiting().order_by("due_at", "pk"))
    messages.withdraw(reason=reason, at=now, params=params)
    owner = owner_for(kind, plan.client, now)
    title = INSTEAD[kind]() % {"first": plan.client.first_name}
    again = _asked_again(plan, kind, {message.pk: message.due_at for message in waiting}, owner=owner)
    todos = [
        ToDo(
            client_id=plan.client_id,
            plan=plan,
            message=message,
            step_key=f"{message.step_key}-{kind.upper()}",
            kind=kind,
            title=title,
            due_at=message.due_at,
            grace=timedelta(days=1),
            owner=owner,
            opened_at=now,
        )
        for message in waiting
        if message.pk not in again
    ]
    return len(again) + len(ToDo.objects.bulk_create(todos, ignore_conflicts=True))


def _asked_again(
    plan: FollowUpPlan, kind: ToDoKind, due: Mapping[int, datetime], *, owner: Any
) -> set[int | None]:
    """Those whose to-do was opened once before and ended undone are open again. Returns the messages they stand for."""
    ended = plan.todos.select_for_update(of=("self",)).filter(
        message__in=due, kind=kind, state=ToDoState.CANCELLED, cancelled_reason__in=NOT_DONE
    )
    todos = list(ended.order_by("pk"))
    for todo in todos:
        todo.due_at, todo.owner = due[todo.message_id or 0], owner
    ToDo.objects.bulk_update(todos, ["due_at", "owner"])
    ToDo.objects.filter(pk__in=[todo.pk for todo in todos]).update(state=ToDoState.OPEN, cancelled_reason="")
    return {todo.message_id for todo in todos}

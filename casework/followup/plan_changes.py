"""What a running plan has to follow while it runs: a permission given again, and a client who has moved.

Both are found by looking, once a minute, whoever changed the record and by which door. Each may be run twice.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Value, When

from casework.followup import schedule, summary
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.models import Message, PlanState, ToDo, ToDoState
from casework.followup.plan_start import running_plan
from casework.followup.plan_upkeep import NOT_DONE, can_still_message
from casework.followup.todos import close
from clients import audit
from clients.actions import locked
from clients.models import Client, Permission, Practice

LOOKS_BACK = timedelta(hours=1)  # far longer than a pause between two looks
FOR_WANT_OF_PERMISSION = ("opted_out", "no_permission", "messages_off")
WITHOUT = (PlanState.ACTIVE, PlanState.PAUSED, PlanState.MESSAGES_OFF)


def follow_changes(now: datetime) -> None:
    """Look for both, client by client."""
    for client_id in _permitted_again(now):
        write_again(client_id, now)
    for client_id in _moved():
        follow_the_move(client_id)


def _permitted_again(now: datetime) -> list[int]:
    granted = Permission.objects.in_force(now).filter(channel__in=PERMISSION_FOR.values())
    recent = granted.filter(granted_at__gt=now - LOOKS_BACK).order_by("client")
    return list(recent.values_list("client", flat=True).distinct())


@transaction.atomic
def write_again(client_id: int, now: datetime) -> int:
    """What became a call for want of a permission, or was stopped, and is still to come, goes as a message after all.

    A plan that ran without messages has them again. What its days have passed stays as it is.
    """
    client = locked(client_id)
    plan = running_plan(client)
    if (
        plan is None
        or plan.state not in WITHOUT
        or not client.is_in_touch
        or not can_still_message(client, now)
    ):
        return 0
    if plan.state == PlanState.MESSAGES_OFF:
        plan.move_to(PlanState.PAUSED if client.state == Client.State.PAUSED else PlanState.ACTIVE)
        plan.save(update_fields=["state"])
        audit.record("plan.messages_again", by=None, at=now, client_id=client.pk, target=plan)
    instead = ToDo.objects.filter(message=OuterRef("pk")).exclude(state=ToDoState.OPEN)
    called = instead.exclude(cancelled_reason__in=NOT_DONE)
    lost = plan.messages.filter(~Exists(called), reason_code__in=FOR_WANT_OF_PERMISSION, due_at__gt=now)
    found = lost.write_again()
    close(ToDo.objects.filter(message__in=found), state=ToDoState.CANCELLED, reason="messages_again")
    summary.refresh(client.pk)
    return len(found)


def _moved() -> list[int]:
    lives = Case(
        When(client__time_zone="", then=Value(Practice.current().zone.key)), default=F("client__time_zone")
    )
    elsewhere = _planned().exclude(tz=lives)
    return list(elsewhere.order_by("client").values_list("client", flat=True).distinct())


def _planned() -> models.QuerySet[Message]:
    return Message.objects.filter(
        kind=Message.Kind.PLAN, status=Message.Status.PLANNED, plan__state=PlanState.ACTIVE
    )


@transaction.atomic
def follow_the_move(client_id: int) -> int:
    """Ten in the morning stays ten in the morning, where the client now lives."""
    client = locked(client_id)
    zone: ZoneInfo = client.zone
    waiting = _planned().filter(client=client).exclude(tz=zone.key).defer("body")
    messages = list(waiting.order_by("pk").select_for_update(of=("self",)))
    for message in messages:
        message.tz = zone.key
        message.due_at = schedule.resolve(message.local_date, message.local_time, zone)
    return Message.objects.bulk_update(messages, ["tz", "due_at"])

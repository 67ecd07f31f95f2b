"""A client no longer wants to be reached in one way (clinical.md §4.6): at once, and whoever says it.

Below the actions, because the deliverer needs it too: a carrier may know of a STOP before we do.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from casework.followup import summary
from casework.followup.messages.policy import PERMISSION_FOR, REPLIES
from casework.followup.models import Message, PlanState, ToDoState
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import BY_CALL
from casework.followup.plan_upkeep import can_still_message, do_by_hand, way_by_hand
from casework.followup.todos import close
from clients import audit, lower
from clients.actions import locked
from clients.models import Client, Permission

# Answers that a STOP overtakes: "you will get messages again", and what invites another word.
NOT_AFTER_STOP = (
    Message.Kind.START_REPLY,
    Message.Kind.AWAY_REPLY,
    Message.Kind.CHANGE_REPLY,
    Message.Kind.PLAN_REPLY,
)
WITH_MESSAGES = (PlanState.ACTIVE, PlanState.PAUSED)


@transaction.atomic
def withdraw(*, client_id: int, channel: str, by: Any, now: datetime, how: str) -> Permission | None:
    """Take back one permission and let the running plan follow. Withdrawing what is not in force changes nothing."""
    permission = lower.withdraw_permission(client_id=client_id, channel=channel, by=by, now=now, how=how)
    if permission is not None:
        follow(client_id=client_id, channel=channel, now=now)
    return permission


def follow(*, client_id: int, channel: str, now: datetime) -> None:
    """What a withdrawal does to what waits: another permitted way takes over; without one the texts become calls."""
    client = locked(client_id)
    plan = running_plan(client)
    if channel == Permission.Channel.CALL:
        todos = client.todos.filter(kind__in=BY_CALL)
        close(todos, state=ToDoState.CANCELLED, reason="calls_declined")
    elif channel in PERMISSION_FOR.values():
        told = {"channel": "email" if channel == Permission.Channel.EMAIL else "sms", "at": now.isoformat()}
        other_way = can_still_message(client, now)
        by_hand = way_by_hand(client, now)
        if plan is not None and plan.state in WITH_MESSAGES and by_hand is not None:
            only = told["channel"] if other_way else ""
            do_by_hand(plan, by_hand, reason="opted_out", now=now, only=only, **told)
        if not other_way:
            _cancel_automated(client, now, told)
        if channel == Permission.Channel.TEXT:
            overtaken = Message.objects.filter(client=client, kind__in=NOT_AFTER_STOP)
            overtaken.withdraw(reason="opted_out", at=now, params=told)
    Message.objects.filter(client=client).recall()
    summary.refresh(client.pk)


def _cancel_automated(client: Client, now: datetime, told: dict[str, Any]) -> None:
    kinds = [Message.Kind.PLAN, Message.Kind.REMINDER, Message.Kind.WELCOME]
    Message.objects.filter(client=client, kind__in=kinds).withdraw(reason="opted_out", at=now, params=told)


@transaction.atomic
def withdraw_all_messages(*, client_id: int, by: Any, now: datetime, how: str) -> list[Permission]:
    """The client wants no messages of any kind: the plan goes on without, its to-dos stay (clinical.md §4.6)."""
    client = locked(client_id)
    plan = running_plan(client)
    if plan is not None and plan.can_move_to(PlanState.MESSAGES_OFF):
        plan.move_to(PlanState.MESSAGES_OFF)
        plan.save(update_fields=["state"])
        audit.record("plan.messages_off", by=by, at=now, client_id=client_id, target=plan)
    ours = Message.objects.filter(client=client).exclude(kind__in=REPLIES - {*NOT_AFTER_STOP})
    ours.withdraw(reason="messages_off", at=now)
    taken = [
        lower.withdraw_permission(client_id=client_id, channel=channel, by=by, now=now, how=how)
        for channel in PERMISSION_FOR.values()
    ]
    Message.objects.filter(client=client).recall()
    summary.refresh(client_id)
    return [permission for permission in taken if permission is not None]


def provider_blocked(*, client_id: int, now: datetime) -> bool:
    """The carrier refuses because the client has stopped us there: it counts as if they had told us.

    Returns whether a permission was in force until now.
    """
    taken = withdraw(
        client_id=client_id, channel=Permission.Channel.TEXT, by=None, now=now, how=Permission.How.PROVIDER
    )
    return taken is not None

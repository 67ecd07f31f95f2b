"""Writing messages: rows in the transaction that decides on them. Sending is for `delivery`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from casework.followup import schedule
from casework.followup.models import FollowUpPlan, InboundMessage, Message, Priority
from casework.followup.planner import PlannedMessage
from casework.followup.risk import RiskTier
from clients.models import Client
from clients.rows import insert_alike

ANSWER_IN_TIME = timedelta(hours=2)  # an answer to a message makes no sense the day after
PRIORITY_OF_REPLY = {Message.Kind.CRISIS_REPLY: Priority.CRISIS}
TEXT_OF_REPLY = {
    Message.Kind.CRISIS_REPLY: "crisis",
    Message.Kind.STOP_REPLY: "stop",
    Message.Kind.START_REPLY: "start",
    Message.Kind.HELP_REPLY: "help",
    Message.Kind.AWAY_REPLY: "away",
    Message.Kind.CHANGE_REPLY: "change",
    Message.Kind.PLAN_REPLY: "noplan",
}


def write_plan(plan: FollowUpPlan, steps: Iterable[PlannedMessage]) -> int:
    """The plan's messages in one statement. Writing them again changes nothing. Returns how many were written."""
    planned = list(steps)
    if not planned:
        return 0
    like = Message(
        client_id=plan.client_id,
        plan=plan,
        kind=Message.Kind.PLAN,
        tz=plan.tz,
        priority=Priority.USUAL if plan.risk_tier == RiskTier.GREEN else Priority.HIGH,
    )
    each: dict[str, list[Any]] = {
        "step_key": [step.key for step in planned],
        "template_key": [step.text for step in planned],
        "channel_rule": [step.channel for step in planned],
        "local_date": [step.on for step in planned],
        "local_time": [step.at for step in planned],
        "due_at": [step.due_at for step in planned],
        "dedupe_key": [f"plan:{plan.uid}:{step.key}" for step in planned],
    }
    return len(insert_alike(like, each, ignore_conflicts=True))


def answer(
    inbound: InboundMessage, kind: Message.Kind, *, client: Client, now: datetime, body: str = ""
) -> Message:
    """The one automatic answer of a kind to a message. Asking twice gives back the first.

    With a `body` it has words of its own, such as a link that nobody can tell a second time.
    """
    local = schedule.moment(now, client.zone)
    message, _created = Message.objects.get_or_create(
        dedupe_key=f"inbound:{inbound.uid}:{kind}",
        defaults=_fields(client, local, now)
        | {
            "kind": kind,
            "template_key": "" if body else TEXT_OF_REPLY[kind],
            "body": body,
            "in_reply_to": inbound,
            "priority": PRIORITY_OF_REPLY.get(kind, Priority.ANSWER),
            "useful_until": now + ANSWER_IN_TIME,
        },
    )
    return message


def by_hand(
    client: Client, body: str, *, by: Any, due_at: datetime, useful_until: datetime, dedupe_key: str
) -> Message:
    """A text that somebody of the staff sends; its words stand already."""
    local = schedule.moment(due_at, client.zone)
    return Message.objects.create(
        **_fields(client, local, due_at),
        kind=Message.Kind.MANUAL,
        channel_rule="sms",
        body=body,
        written_by=by,
        useful_until=useful_until,
        priority=Priority.HIGH,
        dedupe_key=dedupe_key,
    )


def _fields(client: Client, local: schedule.Moment, now: datetime) -> dict[str, Any]:
    return {
        "client": client,
        "local_date": local.on,
        "local_time": local.at,
        "tz": client.zone.key,
        "due_at": now,
    }

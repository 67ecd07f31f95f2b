"""Automatic answers that promise a person: that nobody is here just now, that another time is looked for.

They go by text alone, to somebody who has not stopped our texts, and seldom (clinical.md §5.3).
"""

from datetime import datetime, timedelta

from casework.followup import outbox
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.models import InboundMessage, Message
from clients import hours
from clients.models import Client, Permission

ONE_IN = timedelta(hours=12)


def answer(client: Client, inbound: InboundMessage, *, now: datetime) -> Message | None:
    """Say that nobody reads texts just now, outside staffed hours. Quiet hours do not hold it: it answers a message."""
    if hours.is_staffed(now):
        return None
    return say(client, inbound, Message.Kind.AWAY_REPLY, now=now)


def say(client: Client, inbound: InboundMessage, kind: Message.Kind, *, now: datetime) -> Message | None:
    """Write such an answer, each kind at most once in 12 hours; None where none goes."""
    if inbound.channel != "sms" or client.state == Client.State.DECEASED:
        return None
    if not Permission.objects.of(client).in_force(now).filter(channel=PERMISSION_FOR["sms"]).exists():
        return None
    told = Message.objects.filter(client=client, kind=kind, due_at__gt=now - ONE_IN)
    if told.exists():
        return None
    return outbox.answer(inbound, kind, client=client, now=now)

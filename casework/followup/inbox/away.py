"""Somebody writes while nobody is here: an honest answer that says so, with the lines that are (clinical.md §5.3)."""

from datetime import datetime, timedelta

from casework.followup import outbox
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.models import InboundMessage, Message
from clients import hours
from clients.models import Client, Permission

ONE_IN = timedelta(hours=12)


def answer(client: Client, inbound: InboundMessage, *, now: datetime) -> Message | None:
    """Say that nobody reads texts just now, at most once in 12 hours.

    Only outside staffed hours, only by text, and only to somebody who has not stopped our texts. Quiet hours do not
    hold it: it answers a message.
    """
    if inbound.channel != "sms" or client.state == Client.State.DECEASED or hours.is_staffed(now):
        return None
    if not Permission.objects.of(client).in_force(now).filter(channel=PERMISSION_FOR["sms"]).exists():
        return None
    told = Message.objects.filter(client=client, kind=Message.Kind.AWAY_REPLY, due_at__gt=now - ONE_IN)
    if told.exists():
        return None
    return outbox.answer(inbound, Message.Kind.AWAY_REPLY, client=client, now=now)

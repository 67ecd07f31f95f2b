"""What an answer settles: the check-in it answers, and the inbox entry that a to-do came from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from casework.followup.messages.policy import AUTOMATED
from casework.followup.models import InboundMessage, Message, ToDo
from clients.models import Client


def newest_unanswered(client: Client, at: datetime) -> Message | None:
    """The latest automated message that had left by then and still waits for an answer."""
    gone = [Message.Status.SENT, Message.Status.DELIVERED]
    waiting = Message.objects.filter(
        client=client, kind__in=AUTOMATED, status__in=gone, sent_at__lte=at, answered_at=None
    )
    return waiting.order_by("-sent_at", "-pk").first()


def mark_answered(client: Client, *, at: datetime) -> Message | None:
    """Any word from the client, or a talk with them, answers the latest check-in (clinical.md §4.5)."""
    message = newest_unanswered(client, at)
    if message is not None:
        Message.objects.filter(pk=message.pk, answered_at=None).update(answered_at=at)
    return message


def settle_inbound(todos: Iterable[ToDo], *, by: Any, now: datetime) -> None:
    """What the client wrote is handled when the to-do that it opened is done."""
    ids = {todo.inbound_id for todo in todos if todo.inbound_id}
    InboundMessage.objects.filter(pk__in=ids, read_at=None).update(read_at=now, read_by=by)
    InboundMessage.objects.filter(pk__in=ids, handled_at=None).update(handled_at=now, handled_by=by)

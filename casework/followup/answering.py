"""What an answer settles: the check-in it answers, and the inbox entry that a to-do came from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from casework.followup import ladder, visits
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
    """A word from the client, or a talk, answers the latest check-in and ends a silence (clinical.md §4.5)."""
    message = newest_unanswered(client, at)
    if message is not None:
        Message.objects.filter(pk=message.pk, answered_at=None).update(answered_at=at)
    ladder.heard_from(client, at=at)
    return message


def reminder_answered(client: Client, *, at: datetime) -> Message | None:
    """The latest reminder of a visit still ahead is answered; None when none has left (clinical.md §5.3)."""
    message = visits.latest_reminder(client, at=at)
    if message is not None:
        Message.objects.filter(pk=message.pk, answered_at=None).update(answered_at=at)
        ladder.heard_from(client, at=at)
    return message


def settle_inbound(todos: Iterable[ToDo], *, by: Any, now: datetime) -> None:
    """What the client wrote is handled when the to-do that it opened is done."""
    settled = list(todos)
    opened = Q(pk__in=[todo.inbound_id for todo in settled if todo.inbound_id])
    texts = InboundMessage.objects.filter(opened | Q(alarm__in=[todo.pk for todo in settled]))
    texts.filter(read_at=None).update(read_at=now, read_by=by)
    texts.filter(handled_at=None).update(handled_at=now, handled_by=by)

"""What a provider tells later. Told ten times or in the wrong order, it changes a message once and only forwards."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from casework.followup import channels
from casework.followup.delivery import breaker, retry
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.settling import clock, lock_clients, tell
from casework.followup.models import Attempt, Message, ProviderEvent

log = structlog.get_logger(__name__)

RANK = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}
NOT_ARRIVED = {"undelivered", "failed", "canceled"}
ARRIVED = {"delivered", "read"}
CROWDED_PAUSE = 10.0  # seconds for which a route rests when the carriers say that it sends too much


def record_status(*, attempt_id: UUID, provider: str, provider_id: str, status: str, code: str = "") -> bool:
    """Take one callback; return whether it moved anything. Unknown words, attempts and ids of others move nothing."""
    attempt = _record(
        attempt_id=attempt_id, provider=provider, provider_id=provider_id, status=status, code=code
    )
    channel = channels.by_provider(provider)
    if attempt is not None and channel is not None and code in channel.crowded:
        # Its own transaction: nobody may wait for a breaker while holding messages.
        breaker.failed(Route(provider, attempt.channel), code=code, failures=0, asked=CROWDED_PAUSE)
    return attempt is not None


@transaction.atomic
def _record(*, attempt_id: UUID, provider: str, provider_id: str, status: str, code: str) -> Attempt | None:
    found = (
        Attempt.objects.filter(pk=attempt_id, provider=provider)
        .values_list("message__client", "message")
        .first()
    )
    if found is None or status not in RANK:
        return None
    lock_clients([found[0]])
    message = Message.objects.select_for_update(of=("self",)).get(pk=found[1])
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    if attempt.provider_id not in ("", provider_id):
        log.warning("callback_for_another_message", attempt=str(attempt_id))
        return None
    now = clock()
    _event, is_new = ProviderEvent.objects.get_or_create(
        provider=provider,
        provider_id=provider_id,
        status=status,
        defaults={"attempt": attempt, "error_code": code, "at": now},
    )
    if not is_new or RANK[status] <= RANK.get(attempt.provider_status, 0):
        return None
    _note_attempt(attempt, provider_id=provider_id, status=status, code=code, now=now)
    if message.attempt_id != attempt.pk:
        _old_attempt_arrived(message, status=status, now=now)
    elif status in NOT_ARRIVED:
        _did_not_arrive(message, attempt, code=code, now=now)
    else:
        _arrived(message, status=status, now=now)
    return attempt


def _note_attempt(attempt: Attempt, *, provider_id: str, status: str, code: str, now: datetime) -> None:
    """A callback proves that the provider had accepted, whatever we believed."""
    attempt.outcome = Attempt.Outcome.ACCEPTED
    attempt.provider_id, attempt.provider_status = provider_id, status
    attempt.error_code = code
    attempt.settled_at = attempt.settled_at or now
    attempt.save(update_fields=["outcome", "provider_id", "provider_status", "error_code", "settled_at"])


def _free(message: Message) -> None:
    """Take the message from whoever holds it: what they would write is older than what we know."""
    message.fence += 1
    message.lease_owner, message.lease_until, message.recalled = "", None, ""


def _arrived(message: Message, *, status: str, now: datetime) -> None:
    if message.status == Message.Status.DELIVERED:
        return
    _free(message)
    message.sent_at = message.sent_at or now
    message.closed_at = None
    if status in ARRIVED:
        message.status, message.reason_code, message.delivered_at = Message.Status.DELIVERED, "delivered", now
    else:
        message.status, message.reason_code = Message.Status.SENT, "sent"
    message.reason_params = {}
    message.save()


def _did_not_arrive(message: Message, attempt: Attempt, *, code: str, now: datetime) -> None:
    """Accepted, and then not delivered: a certain failure, for good or for now."""
    if message.status not in {Message.Status.SENT, Message.Status.CLAIMED, Message.Status.UNKNOWN}:
        return
    channel = channels.by_provider(attempt.provider)
    error = channel.later_failure(code) if channel else channels.DeliveryError(code, permanent=True)
    following = retry.after_error(error, attempts=message.attempts_made)
    withdrawn = message.recalled == Message.Recall.CANCEL
    _free(message)
    message.status, message.reason_code, message.reason_params = (
        following.status,
        following.reason,
        following.params,
    )
    message.sent_at = message.ready_at = None  # what follows is late by the phone, not by us
    if withdrawn and following.status == Message.Status.FAILED:
        message.status, message.reason_code, message.closed_at = (
            Message.Status.CANCELLED,
            message.recall_reason,
            now,
        )
    elif following.status == Message.Status.DEAD:
        message.closed_at = now
    else:
        message.due_at = now + timedelta(seconds=following.delay or 0.0)
    message.save()
    if message.status == Message.Status.DEAD:
        tell(message, reason=following.reason, about=error.about, recipient=attempt.recipient)


def _old_attempt_arrived(message: Message, *, status: str, now: datetime) -> None:
    """An attempt we had given up turns out accepted: send no more, or own up to having sent twice."""
    if status in NOT_ARRIVED:
        return
    if message.status in {*Message.WAITING, Message.Status.UNKNOWN} and not message.possible_duplicate:
        message.possible_duplicate = (
            message.status == Message.Status.UNKNOWN
        )  # the newer one may have arrived too
        _arrived(message, status=status, now=now)
        return
    message.possible_duplicate = True
    message.save(update_fields=["possible_duplicate"])

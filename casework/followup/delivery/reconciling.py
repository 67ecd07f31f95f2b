"""Attempts without a clear end: leases that ran out, answers that never came. Look first, and only then try again."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import connection

from casework.followup import channels
from casework.followup.channels import DeliveryError, Outgoing, Trace
from casework.followup.delivery import callbacks, retry
from casework.followup.delivery.retry import Next
from casework.followup.delivery.settling import Result, clock, settle
from casework.followup.models import Attempt, Message

log = structlog.get_logger(__name__)

# The last call of an expired lease began at least one provider time-out before its end.
EXPIRE = """
WITH expired AS (
    SELECT id FROM followup_message
     WHERE status = 'claimed' AND lease_until < statement_timestamp()
     ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE followup_message AS m
       SET status = 'unknown', fence = m.fence + 1, reason_code = 'interrupted', reason_params = '{}',
           ready_at = coalesce(m.ready_at, m.due_at),
           due_at = greatest(statement_timestamp(),
                             m.lease_until + make_interval(secs => %(delay)s - %(timeout)s)),
           lease_owner = '', lease_until = NULL
      FROM expired WHERE m.id = expired.id
    RETURNING m.id, m.attempt_id
)
UPDATE followup_attempt AS a
   SET outcome = 'unknown', settled_at = statement_timestamp(), error_code = 'interrupted'
  FROM freed
 WHERE a.id = freed.attempt_id AND a.outcome = 'started'
"""

# A look-up holds its messages by fence and by moving their next look; a reconciler that dies costs one such wait.
TAKE = """
UPDATE followup_message AS m
   SET fence = m.fence + 1, due_at = statement_timestamp() + make_interval(secs => %(hold)s)
  FROM (SELECT id FROM followup_message
         WHERE status = 'unknown' AND due_at <= statement_timestamp()
         ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED) AS due
 WHERE m.id = due.id
RETURNING m.id
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message whose last attempt has no known end."""

    message: Message
    attempt: Attempt


def expire() -> int:
    """Free what a vanished sender held: its attempts are unknown from now on. Return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            EXPIRE, {"delay": settings.FOLLOWUP_LOOKUP_DELAY, "timeout": settings.FOLLOWUP_PROVIDER_TIMEOUT}
        )
        return cursor.rowcount


def look_up(*, pool: Executor) -> int:
    """Settle the unknown attempts whose time to be looked up has come. Return how many were looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE, {"hold": settings.FOLLOWUP_PROVIDER_TIMEOUT * 3 + 5, "batch": settings.FOLLOWUP_SENDERS * 4}
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0
    messages = list(
        Message.objects.filter(pk__in=ids, status=Message.Status.UNKNOWN).order_by("due_at", "pk")
    )
    attempts = Attempt.objects.in_bulk([message.attempt_id for message in messages])
    doubts = [Doubt(message, attempts[message.attempt_id]) for message in messages]
    answers = list(pool.map(ask, doubts))
    seen: set[str] = set()
    results = [
        _result(doubt, _conclude(doubt, answer, seen)) for doubt, answer in zip(doubts, answers, strict=True)
    ]
    settle(results, held_as=Message.Status.UNKNOWN)
    _pass_on_what_was_learned(doubts, answers)
    return len(doubts)


def _result(doubt: Doubt, following: Next) -> Result:
    return Result(doubt.message, doubt.message.fence, doubt.attempt.pk, doubt.attempt.recipient, following)


def ask(doubt: Doubt) -> list[Trace] | DeliveryError | None:
    """What the provider remembers; None where it cannot be asked. Runs in a thread and touches no database."""
    if doubt.attempt.outcome == Attempt.Outcome.ACCEPTED:
        return []
    channel = channels.by_provider(doubt.attempt.provider)
    if channel is None or not channel.can_look_up:
        return None
    try:
        return channel.find(
            Outgoing(
                attempt_id=doubt.attempt.pk,
                recipient=doubt.attempt.recipient,
                subject="",
                body=doubt.message.body,
                started_at=doubt.attempt.started_at,
            )
        )
    except DeliveryError as error:
        return error


def _conclude(doubt: Doubt, answer: list[Trace] | DeliveryError | None, seen: set[str]) -> Next:
    """Accepted, absent, still unclear, or beyond proof."""
    message, attempt = doubt.message, doubt.attempt
    if attempt.outcome == Attempt.Outcome.ACCEPTED:
        return retry.after_acceptance(attempt.provider_id)
    if isinstance(answer, DeliveryError):
        return _ask_again(message)
    if answer is None:
        return _beyond_proof(message, attempt)
    trace = _unclaimed(answer, attempt, seen)
    if trace is not None:
        seen.add(trace.provider_id)
        return retry.after_acceptance(trace.provider_id)
    return _at_once(retry.again(Attempt.Outcome.ABSENT, attempts=message.attempts_made))


def _at_once(following: Next) -> Next:
    """Proven absent: the wait has been had already."""
    if following.status != Message.Status.FAILED:
        return following
    return Next(following.outcome, following.status, following.reason, 0.0, params=following.params)


def _ask_again(message: Message) -> Next:
    """The provider cannot be asked now. While the message is of use keep asking, then leave it to the counselor."""
    if message.useful_until is not None and message.useful_until <= clock():
        return Next(Attempt.Outcome.UNKNOWN, Message.Status.DEAD, "not_provable")
    return Next(
        Attempt.Outcome.UNKNOWN,
        Message.Status.UNKNOWN,
        "checking_provider",
        delay=settings.FOLLOWUP_LOOKUP_DELAY,
    )


def _beyond_proof(message: Message, attempt: Attempt) -> Next:
    """Nothing can prove it: once more, flagged, and never a third time. A call that never began is no doubt."""
    if attempt.called_at is None:
        return _at_once(retry.again(Attempt.Outcome.ABSENT, attempts=message.attempts_made))
    if message.possible_duplicate:
        return Next(Attempt.Outcome.UNKNOWN, Message.Status.DEAD, "not_provable")
    return Next(Attempt.Outcome.UNKNOWN, Message.Status.FAILED, "resent_possible_duplicate", delay=0.0)


def _unclaimed(traces: Sequence[Trace], attempt: Attempt, seen: set[str]) -> Trace | None:
    """The first that no other attempt of ours accounts for."""
    known = set(
        Attempt.objects.filter(
            provider=attempt.provider, provider_id__in=[trace.provider_id for trace in traces]
        )
        .exclude(pk=attempt.pk)
        .values_list("provider_id", flat=True)
    )
    return next((trace for trace in traces if trace.provider_id not in known | seen), None)


def _pass_on_what_was_learned(
    doubts: Sequence[Doubt], answers: Sequence[list[Trace] | DeliveryError | None]
) -> None:
    """A trace also says how far the message got; tell it as a callback would have."""
    for doubt, answer in zip(doubts, answers, strict=True):
        traces = {trace.provider_id: trace for trace in answer} if isinstance(answer, list) else {}
        attempt = Attempt.objects.get(pk=doubt.attempt.pk)
        trace = traces.get(attempt.provider_id)
        if trace is not None:
            callbacks.record_status(
                attempt_id=attempt.pk,
                provider=attempt.provider,
                provider_id=trace.provider_id,
                status=trace.status,
            )

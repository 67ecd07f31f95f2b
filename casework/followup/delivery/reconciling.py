"""Attempts without a clear end: leases that ran out, answers that never came. Look first, and only then try again."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread, current_thread

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from casework.followup import channels
from casework.followup.channels import DeliveryError, Outgoing, Trace
from casework.followup.delivery import breaker, callbacks, retry
from casework.followup.delivery.retry import Next
from casework.followup.delivery.settling import Result, clock, settle
from casework.followup.messages import policy
from casework.followup.models import Attempt, Message
from casework.followup.schedule import TOO_LATE

log = structlog.get_logger(__name__)
BREATH = 0.2  # seconds between two looks for what has become due to be asked

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

TRACES = 0x74726163  # first half of an advisory lock's number; the second is the provider's
ONE_AT_A_TIME = """
SELECT count(pg_advisory_xact_lock(%(lane)s, hashtext(provider))) FROM unnest(%(providers)s::text[]) AS provider
"""


Answer = list[Trace] | DeliveryError | None


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


class Asking:
    """The look-ups under way: each question has a thread of its own, and nobody waits for a provider that is silent."""

    def __init__(self) -> None:
        self._asked: dict[Thread, tuple[Doubt, float]] = {}
        self._answered: SimpleQueue[tuple[Thread, Answer]] = SimpleQueue()
        # By provider that is away: who waits for the answer to the first.
        self._behind: dict[str, list[Doubt]] = defaultdict(list)
        self._look_again = 0.0

    @property
    def idle(self) -> bool:
        """No question is open."""
        return not self._asked

    @property
    def _room(self) -> int:
        return settings.FOLLOWUP_SENDERS - len(self._asked) - sum(map(len, self._behind.values()))

    def begin(self) -> int:
        """Ask about the unknown attempts whose time has come; a provider that is away is asked once. How many."""
        self._look_again = time.monotonic() + BREATH
        doubts = _take(self._room)
        away = {route.provider for route in breaker.away()} if doubts else set()
        for doubt in doubts:
            provider = doubt.attempt.provider
            asked = any(other.attempt.provider == provider for other, _at in self._asked.values())
            if asked and provider in away:
                self._behind[provider].append(doubt)
            else:
                self._start(doubt)
        return len(doubts)

    def _start(self, doubt: Doubt) -> None:
        thread = Thread(target=self._ask, args=[doubt], name="asker", daemon=True)
        self._asked[thread] = doubt, time.monotonic()
        thread.start()

    def _follow(self, came: Sequence[tuple[Doubt, Answer]]) -> None:
        """A provider that is away and yet answers is asked the rest; of one that does not nothing more is asked now."""
        for doubt, answer in came:
            rest = self._behind.pop(doubt.attempt.provider, [])
            if isinstance(answer, DeliveryError):
                later = [_result(other, _ask_again(other.message)) for other in rest]
                settle(later, held_as=Message.Status.UNKNOWN)
            else:
                for other in rest:
                    self._start(other)

    def go_on(self, *, seconds: float = 0.0) -> int:
        """Settle what was answered, waiting for the first so long, and ask about more. Return how many were settled."""
        settled = self.collect(seconds=seconds)
        if self._room > 0 and (settled or time.monotonic() >= self._look_again):
            self.begin()
        return settled

    def _ask(self, doubt: Doubt) -> None:
        """Runs in a thread of its own and touches no database."""
        try:
            answer = ask(doubt)
        except Exception as error:  # noqa: BLE001 whatever it is, it stays unclear and is looked at again
            log.error("look_up_failed", error=type(error).__name__)
            answer = DeliveryError("lookup_failed", ambiguous=True)
        self._answered.put((current_thread(), answer))

    def collect(self, *, seconds: float = 0.0) -> int:
        """Settle what was answered, waiting for the first so long; give up what hangs. Return how many were settled."""
        came: list[tuple[Doubt, Answer]] = []
        wait = bool(self._asked) and seconds > 0
        try:
            while self._asked:
                thread, answer = self._answered.get(block=wait, timeout=seconds or None)
                wait = False
                if thread in self._asked:
                    came.append((self._asked.pop(thread)[0], answer))
        except Empty:
            pass
        longest = time.monotonic() - settings.FOLLOWUP_PROVIDER_TIMEOUT - 1
        hanging = [thread for thread, (_doubt, at) in self._asked.items() if at < longest]
        silence = DeliveryError("timeout", ambiguous=True)
        came += [(self._asked.pop(thread)[0], silence) for thread in hanging]
        _settle(came)
        self._follow(came)
        return len(came)

    def finish(self) -> None:
        """Wait for what is open."""
        while not self.idle:
            self.collect(seconds=0.1)


def _take(number: int) -> list[Doubt]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"hold": settings.FOLLOWUP_PROVIDER_TIMEOUT * 2 + 5, "batch": number})
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    try:
        return _doubts(ids)
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001 one that no key opens must not stop the others
        return [doubt for pk in ids for doubt in _doubts_alone(pk)]


def _doubts(ids: Sequence[int]) -> list[Doubt]:
    unclear = Message.objects.filter(pk__in=ids, status=Message.Status.UNKNOWN).order_by("due_at", "pk")
    messages = list(unclear)
    attempts = Attempt.objects.in_bulk([message.attempt_id for message in messages])
    return [Doubt(message, attempts[message.attempt_id]) for message in messages]


def _doubts_alone(pk: int) -> list[Doubt]:
    try:
        return _doubts([pk])
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 nobody can be asked about it; somebody reads the log
        log.error("message_not_readable", message=pk, error=type(error).__name__)
        _leave_unread(pk)
        return []


def _leave_unread(pk: int) -> None:
    """While it is of use its key may come back; then it is the counselor's, like all that stays unclear."""
    message = Message.objects.filter(pk=pk, status=Message.Status.UNKNOWN).defer("body").first()
    if message is not None and message.attempt_id is not None:
        following = _ask_again(message)
        result = Result(message, message.fence, message.attempt_id, "", following)
        settle([result], held_as=Message.Status.UNKNOWN)


def _settle(came: Sequence[tuple[Doubt, Answer]]) -> None:
    if not came:
        return
    with transaction.atomic():
        _one_at_a_time(came)
        seen: set[str] = set()
        results = [_result(doubt, _conclude(doubt, answer, seen)) for doubt, answer in came]
        settle(results, held_as=Message.Status.UNKNOWN)
    _pass_on_what_was_learned(came)


def _one_at_a_time(came: Sequence[tuple[Doubt, Answer]]) -> None:
    """Of two processes that found the same trace, for two like texts to one number, the second sees it taken.

    Only where there is a trace to take. Look-ups alone take these locks, in one order and before anything else.
    """
    providers = {doubt.attempt.provider for doubt, answer in came if isinstance(answer, list) and answer}
    if providers:
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME, {"lane": TRACES, "providers": sorted(providers)})


def _result(doubt: Doubt, following: Next) -> Result:
    return Result(doubt.message, doubt.message.fence, doubt.attempt.pk, doubt.attempt.recipient, following)


def ask(doubt: Doubt) -> Answer:
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


def _conclude(doubt: Doubt, answer: Answer, seen: set[str]) -> Next:
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
    useful_until = message.useful_until or policy.intended(message) + TOO_LATE
    if useful_until <= clock():
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


def _pass_on_what_was_learned(came: Sequence[tuple[Doubt, Answer]]) -> None:
    """A trace also says how far the message got; tell it as a callback would have."""
    for doubt, answer in came:
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

"""The network calls: some at a time for each route, each checked just before, none inside a transaction.

One thread speaks with the database; the others call providers and touch nothing else. Every route has its own calls
in the air, so a provider that is slow to answer keeps nobody waiting but its own messages.
"""

import time
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import inf
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Self

import structlog
from django.conf import settings
from django.db import connection

from casework.followup.channels import DeliveryError
from casework.followup.delivery import arrays, breaker, retry
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Claimed, Held
from casework.followup.delivery.retry import Next
from casework.followup.delivery.settling import Result, settle
from casework.followup.delivery.tally import Tally

log = structlog.get_logger(__name__)

FRESH = 0.02  # seconds for which "still ours" is believed: what is withdrawn meanwhile may still go
STALE = 0.3  # the same for the first of a flight: a thread needs a moment to begin
QUICK = 0.05  # a thread that was done sooner is given more at a time
MOST_AT_A_TIME = 32
STUCK = 1.0  # seconds without an answer after which nobody waits for a route any more
LINGER = 0.05  # seconds that an outcome waits for others, to be written down with them
MOST_TO_SETTLE = 250
GRACE = 1.0  # seconds beyond the provider's time-out that a call may take before it is given up

STILL_OURS = """
SELECT m.id
  FROM unnest(%(messages)s::bigint[], %(fences)s::bigint[]) AS t(message_id, fence)
  JOIN followup_message AS m ON m.id = t.message_id
 WHERE m.fence = t.fence AND m.status = 'claimed' AND m.recalled = ''
   AND m.lease_until > statement_timestamp() + make_interval(secs => %(timeout)s)
"""

# Where nobody can be asked afterwards, the attempt itself says whether the call had begun.
CALLING = """
UPDATE followup_attempt SET called_at = statement_timestamp() WHERE id = ANY(%(attempts)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A message in our hands; `until` is the monotonic end of its lease."""

    one: Held
    until: float

    @property
    def closes(self) -> float:
        """When (monotonic) it is of no use any more, or the client's night begins: counted from its claim."""
        useful_for = self.one.outgoing.useful_for
        return (
            inf if useful_for is None else self.until - settings.FOLLOWUP_LEASE + useful_for.total_seconds()
        )


@dataclass(eq=False, slots=True)
class Flight:
    """A few messages of one route with a thread of their own. `came` grows as answers come."""

    route: Route
    jobs: Sequence[Job]
    began: float = field(default_factory=time.monotonic)
    came: list[Next] = field(default_factory=list)
    took: float = 0.0
    given_up: bool = False
    hung: Job | None = None  # the one whose answer was not waited for

    @property
    def age(self) -> float:
        """Seconds in the air."""
        return time.monotonic() - self.began


LATE: SimpleQueue[Flight] = SimpleQueue()  # given up, and then they did come; of all drains of this process


@dataclass(slots=True)
class News:
    """What a route's answers of the last moments say of its provider."""

    failures: int = 0  # since the last success
    code: str = ""
    asked: float = 0.0
    answered: bool = False
    tried: bool | None = None  # how the one try of a provider that was away came out


class Sending:
    """What one process has in its hands: what still waits, what is in the air, and what came of it."""

    def __init__(self) -> None:
        self.sent = 0
        self.tally = Tally()
        self._waiting: dict[Route, deque[Job]] = defaultdict(deque)
        self._flying: dict[Route, set[Flight]] = defaultdict(set)
        self._landed: SimpleQueue[Flight] = SimpleQueue()
        self._at_a_time: dict[Route, int] = defaultdict(lambda: 1)
        self._results: list[tuple[Job, Next]] = []
        self._oldest_result = 0.0
        self._doubted: set[Route] = set()  # routes whose breaker counts something

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()

    @property
    def idle(self) -> bool:
        """Nothing in our hands."""
        return not (any(self._waiting.values()) or any(self._flying.values()) or self._results)

    def stuck(self) -> set[Route]:
        """Routes that have owed an answer for too long to wait for them."""
        return {route for route, flights in self._flying.items() if any(one.age > STUCK for one in flights)}

    def take(self, claimed: Claimed, *, until: float) -> None:
        """Receive what a claim leased until then (monotonic)."""
        self._doubted |= {route for route, seen in claimed.gates.breakers.items() if not seen.is_clean}
        for one in claimed.held:
            self._waiting[one.route].append(Job(one, until))

    def run(self, *, seconds: float = 0.0) -> None:
        """Hand over until nothing is left but what stuck routes keep; of that wait for at most `seconds`."""
        enough = time.monotonic() + seconds
        while not self.idle:
            self._start()
            self._collect(LINGER)
            self._give_up_what_hangs()
            self._settle_if_due()
            stuck = self.stuck()
            if all(route in stuck for route in self._at_work()) and time.monotonic() >= enough:
                break
        self._settle()

    def finish(self) -> None:
        """Start nothing more, wait for what is in the air, and give back the rest."""
        self._collect(0.0)
        self._withhold_all()
        while any(self._flying.values()):
            self._collect(LINGER)
            self._give_up_what_hangs()
            self._withhold_all()  # what a flight brings back unsent
            self._settle_if_due()
        while self._results:  # a breaker that opens by them gives more back
            self._settle()
        settle_late()
        self.tally.write()

    def _at_work(self) -> set[Route]:
        waiting = {route for route, jobs in self._waiting.items() if jobs}
        return waiting | {route for route, flights in self._flying.items() if flights}

    # --- taking off ---

    def _start(self) -> None:
        """Fill every route's free threads with what is still ours."""
        flights = []
        for route, waiting in self._waiting.items():
            free = settings.FOLLOWUP_SENDERS - len(self._flying[route])
            while waiting and free > 0:
                number = min(self._at_a_time[route], len(waiting))
                flights.append((route, [waiting.popleft() for _ in range(number)]))
                free -= 1
        if not flights:
            return
        jobs = [job for _route, some in flights for job in some]
        ours = _still_ours([job.one for job in jobs])
        _mark_calling([job.one for job in jobs if job.one.message.pk in ours])
        for route, some in flights:
            for job in some:
                if job.one.message.pk not in ours:
                    self._note(job, retry.withheld())
            going = [job for job in some if job.one.message.pk in ours]
            if going:
                flight = Flight(route, going)
                self._flying[route].add(flight)
                Thread(target=self._fly, args=[flight], name="sender", daemon=True).start()

    def _fly(self, flight: Flight) -> None:
        """Runs in a thread of its own and touches no database. What is no longer fresh is left for the next flight."""
        for job in flight.jobs:
            # The first may have been kept waiting too, by a machine that stood still.
            if flight.given_up or flight.age > (FRESH if flight.came else STALE):
                break
            flight.came.append(call(job))
        flight.took = flight.age
        (LATE if flight.given_up else self._landed).put(flight)

    # --- landing ---

    def _collect(self, seconds: float) -> None:
        """Take in whoever has landed; wait for the first one, but not for long."""
        try:
            if any(self._flying.values()):
                self._land(self._landed.get(timeout=seconds))
            while True:
                self._land(self._landed.get_nowait())
        except Empty:
            return

    def _land(self, flight: Flight) -> None:
        if flight.given_up:
            self._hear_late(flight)
            return
        self._flying[flight.route].discard(flight)
        self._take_in(flight, list(flight.came))
        quick = flight.took < QUICK
        usual = self._at_a_time[flight.route]
        self._at_a_time[flight.route] = min(MOST_AT_A_TIME, usual * 2) if quick else max(1, usual // 2)

    def _hear_late(self, flight: Flight) -> None:
        """It was given up, and the provider took it after all: that is the truth about the attempt."""
        for job, following in zip(flight.jobs, flight.came, strict=False):
            if job is flight.hung and following.outcome == retry.Outcome.ACCEPTED:
                self._note(job, following)

    def _give_up_what_hangs(self) -> None:
        """A provider that drips its answer, or a server that stalls at every step, is not waited for."""
        longest = settings.FOLLOWUP_PROVIDER_TIMEOUT + GRACE
        for route, flights in self._flying.items():
            for flight in [one for one in flights if one.age > longest]:
                flight.given_up = True
                flights.discard(flight)
                came = list(flight.came)
                flight.hung = flight.jobs[len(came)] if len(came) < len(flight.jobs) else None
                if flight.hung is not None:
                    one = flight.hung.one
                    log.warning("call_given_up", attempt=str(one.outgoing.attempt_id), **route.named)
                    hanging = DeliveryError("timeout", ambiguous=True)
                    came.append(retry.after_error(hanging, attempts=one.n, is_try=one.is_try))
                self._take_in(flight, came)

    def _take_in(self, flight: Flight, came: Sequence[Next]) -> None:
        for job, following in zip(flight.jobs, came, strict=False):
            self._note(job, following)
        self._waiting[flight.route].extendleft(reversed(flight.jobs[len(came) :]))

    def _note(self, job: Job, following: Next) -> None:
        if not self._results:
            self._oldest_result = time.monotonic()
        self._results.append((job, following))

    # --- writing down ---

    def _settle_if_due(self) -> None:
        waited = time.monotonic() - self._oldest_result
        # What may open a breaker is told before the next call takes off.
        bad_news = any(following.provider_away for _job, following in self._results)
        enough = bad_news or len(self._results) >= MOST_TO_SETTLE or waited >= LINGER
        if self._results and (enough or not any(self._flying.values())):
            self._settle()

    def _settle(self) -> None:
        """First what it says of the provider, so that nothing goes back into a broken one's queue; then the rest."""
        some, self._results = self._results, []
        if not some:
            return
        self._tell_breakers(some)
        for _job, following in some:
            self.sent += following.status == "sent"
        settle([_result(job.one, following) for job, following in some])
        for job, following in some:
            self.tally.count(
                job.one, following, held_for=time.monotonic() - job.until + settings.FOLLOWUP_LEASE
            )
        self.tally.write_if_due()

    def _tell_breakers(self, some: Sequence[tuple[Job, Next]]) -> None:
        for route, told in _news(some).items():
            if told.answered and (told.tried or route in self._doubted):
                breaker.succeeded(route, probing=told.tried is True)
                self._doubted.discard(route)
            if told.failures or told.tried is False:
                self._doubted.add(route)
                if breaker.failed(
                    route,
                    code=told.code,
                    failures=told.failures,
                    asked=told.asked,
                    probing=told.tried is False,
                ):
                    self._withhold(route)
        for job, following in some:
            if job.one.is_try and following.outcome == retry.Outcome.WITHHELD:
                breaker.give_back(job.one.route)

    def _withhold_all(self) -> None:
        for route in list(self._waiting):
            self._withhold(route)

    def _withhold(self, route: Route) -> None:
        """Give back what has not left."""
        waiting = self._waiting.pop(route, None) or ()
        for job in waiting:
            self._note(job, retry.withheld())


def settle_late() -> int:
    """Write down what calls brought that nobody waited for any more: the provider has the message after all.

    It changes no message that somebody else has taken; if it went twice, it is flagged. Return how many.
    """
    late: list[Result] = []
    try:
        while True:
            flight = LATE.get_nowait()
            for job, following in zip(flight.jobs, flight.came, strict=False):
                if job is flight.hung and following.outcome == retry.Outcome.ACCEPTED:
                    late.append(_result(job.one, following))
    except Empty:
        settle(late)
    return len(late)


def send(claimed: Claimed, *, until: float) -> int:
    """Send what a claim took, and wait for all of it; `until` is the monotonic end of the lease. How many went."""
    with Sending() as sending:
        sending.take(claimed, until=until)
        sending.run(seconds=settings.FOLLOWUP_PROVIDER_TIMEOUT + GRACE)
    return sending.sent


def _news(some: Sequence[tuple[Job, Next]]) -> dict[Route, News]:
    news: dict[Route, News] = defaultdict(News)
    for job, following in some:
        if following.outcome == retry.Outcome.WITHHELD:
            continue
        told = news[job.one.route]
        if following.provider_away:
            told.failures += 1
            told.code, told.asked = following.code, max(told.asked, following.asked)
        else:
            told.failures, told.answered = 0, True
        if job.one.is_try:
            told.tried = not following.provider_away
    return news


def _result(one: Held, following: Next) -> Result:
    return Result(one.message, one.fence, one.outgoing.attempt_id, one.outgoing.recipient, following)


def _still_ours(some: Sequence[Held]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            STILL_OURS,
            {
                "messages": arrays.numbers(one.message.pk for one in some),
                "fences": arrays.numbers(one.fence for one in some),
                "timeout": settings.FOLLOWUP_PROVIDER_TIMEOUT,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def _mark_calling(some: Collection[Held]) -> None:
    attempts = [one.outgoing.attempt_id for one in some if not one.channel.can_look_up]
    if attempts:
        with connection.cursor() as cursor:
            cursor.execute(CALLING, {"attempts": attempts})


def call(job: Job) -> Next:
    """Hand one message to its provider, and tell it how long the message is still of use.

    A process that was frozen past its lease finds out here: the monotonic clock ran on without it. So does one that
    had so many in its hands that the window closed meanwhile.
    """
    one, now = job.one, time.monotonic()
    if now >= min(job.until - settings.FOLLOWUP_PROVIDER_TIMEOUT, job.closes):
        return retry.withheld()
    left = None if job.closes == inf else timedelta(seconds=job.closes - now)
    try:
        return retry.after_acceptance(one.channel.send(replace(one.outgoing, useful_for=left)))
    except DeliveryError as error:
        return retry.after_error(error, attempts=one.n, is_try=one.is_try)
    except Exception as error:  # noqa: BLE001 whatever a channel raises, the provider may have the message
        log.error(
            "channel_broke_its_promise", attempt=str(one.outgoing.attempt_id), error=type(error).__name__
        )
        unclear = DeliveryError("internal", ambiguous=True, provider_away=False)
        return retry.after_error(unclear, attempts=one.n)

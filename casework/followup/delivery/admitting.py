"""The last gates of a claim: what may go now by its route, and until when the rest is held.

Policy has said that a message may go and by which way. Here it waits while the provider is away or slow, or has its
fill for this second. Nobody is blocked by those who wait: they get another time, and the claim goes on behind them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from casework.followup import channels
from casework.followup.channels import Channel
from casework.followup.delivery import breaker, pace
from casework.followup.delivery.breaker import Route, Seen
from casework.followup.delivery.callbacks import NOT_ARRIVED
from casework.followup.delivery.due import Due
from casework.followup.messages.policy import DID_NOT_ARRIVE, Verdict
from casework.followup.messages.render import Rendered
from casework.followup.models import Attempt, Priority

AWAY, RATE, SLOW = "provider_away", "rate", "provider_slow"
# Held for these, or tried in vain, a message waits for nobody but us and the provider.
KEPT_BY_US = frozenset({"", "due", "retrying", AWAY, RATE, SLOW, "interrupted", "checking_provider"})
TURNS = (RATE, SLOW)  # a moment in a queue: seen while it lasts, and not kept in the message's history
SOFT_FAILURES = 2  # on one way: then the client's next way is taken (clinical.md §4.5)
SLOW_PAUSE = timedelta(seconds=2)

READ = """
SELECT provider, channel, '' AS sender, state, failures, away_since, until FROM followup_breaker
 UNION ALL
SELECT provider, channel, sender, '', 0, NULL, NULL FROM followup_pace
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go, with its way and its words."""

    message: Due
    verdict: Verdict
    channel: Channel
    text: Rendered


@dataclass(frozen=True, slots=True)
class Gates:
    """What one claim knows of the routes."""

    breakers: Mapping[Route, Seen] = field(default_factory=dict)
    paced: Collection[tuple[Route, str]] = frozenset()
    busy: Collection[Route] = frozenset()  # this process has its hands full with these

    def breaker_of(self, route: Route) -> Seen:
        return self.breakers.get(route, Seen())


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays for now, why, and when it is looked at again."""

    one: Ready
    reason: str
    until: datetime


@dataclass(slots=True)
class Admission:
    """What goes, in the order it came; what stays; which of those that go is the one try of its route."""

    going: list[Ready] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    tries: set[int] = field(default_factory=set)  # primary keys of messages


def read(*, busy: Collection[Route] = frozenset()) -> Gates:
    """Take notice of all breakers and of who is paced, in one query."""
    breakers: dict[Route, Seen] = {}
    paced: set[tuple[Route, str]] = set()
    with connection.cursor() as cursor:
        cursor.execute(READ)
        for provider, channel, sender, *rest in cursor.fetchall():
            route = Route(provider, channel)
            if sender:
                paced.add((route, sender))
            else:
                breakers[route] = Seen(*rest)
    return Gates(breakers, paced, busy)


@dataclass(slots=True)
class Past:
    """How often the provider took a message over and could not deliver it: in all, and by way where it was soft."""

    not_arrived: int = 0
    soft: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def pasts(messages: Sequence[Due]) -> dict[int, Past]:
    """By primary key, of those that were tried before and did not arrive."""
    tried = [message.pk for message in messages if message.attempts_made]
    if not tried:
        return {}
    crowded = {
        (channels.route(kind).provider, code)
        for kind in channels.kinds()
        for code in channels.route(kind).crowded
    }
    found: dict[int, Past] = defaultdict(Past)
    rows = Attempt.objects.filter(message__in=tried, provider_status__in=NOT_ARRIVED).order_by("pk")
    for pk, kind, provider, code in rows.values_list("message_id", "channel", "provider", "error_code"):
        found[pk].not_arrived += 1
        found[pk].soft[kind] += (provider, code) not in crowded
    return found


def closed_ways(
    messages: Sequence[Due], gates: Gates, past: Mapping[int, Past], at: datetime
) -> dict[int, dict[str, str]]:
    """For the messages that have any: the ways they may not take now, and why.

    Two soft failures close a way to a message for good. A provider that has been away for long closes its way to
    whatever certainly never reached it.
    """
    ways = [Route(channels.route(kind).provider, kind) for kind in channels.kinds()]
    away = breaker.long_away(gates.breakers, ways, at)
    closed: dict[int, dict[str, str]] = defaultdict(dict)
    if away:
        for message in messages:
            if not message.possible_duplicate:
                closed[message.pk].update(dict.fromkeys(away, AWAY))
    for pk, told in past.items():
        for kind, number in told.soft.items():
            if number >= SOFT_FAILURES:
                closed[pk][kind] = DID_NOT_ARRIVE
    return closed


def admit(ready: Iterable[Ready], gates: Gates, at: datetime) -> Admission:
    """Let through what its route can take now. Call it in the claim's transaction, most urgent first."""
    by_route: dict[Route, list[Ready]] = defaultdict(list)
    for one in ready:
        by_route[Route(one.channel.provider, one.verdict.channel)].append(one)
    admission: Admission = Admission()
    for route in sorted(by_route):  # rows are locked in one order everywhere
        rows, seen = by_route[route], gates.breaker_of(route)
        if seen.state != breaker.State.CLOSED:
            rows = _one_try(route, rows, seen, at, admission)
        elif route in gates.busy:
            admission.kept += [Kept(one, SLOW, at + SLOW_PAUSE) for one in rows]
            continue
        if rows and (route, rows[0].channel.sender) in gates.paced:
            rows = _paced(route, rows, admission)
        admission.going += rows
    admission.tries &= {one.message.pk for one in admission.going}
    admission.going.sort(key=lambda one: one.message.priority)
    return admission


def _one_try(route: Route, rows: list[Ready], seen: Seen, at: datetime, admission: Admission) -> list[Ready]:
    """One message goes where its time has come and no other process was quicker; the rest is held."""
    trying = []
    if seen.until is not None and seen.until <= at and breaker.may_try(route):
        trying, rows = rows[:1], rows[1:]
        admission.tries.add(trying[0].message.pk)
    admission.kept += [Kept(one, AWAY, breaker.look_again(seen, at)) for one in rows]
    return trying


def _paced(route: Route, rows: list[Ready], admission: Admission) -> list[Ready]:
    """As many as there are tokens; the rest gets a turn. A try of the route is never kept from going."""
    tokens = pace.bucket(route, rows[0].channel.sender)
    if tokens is None:
        return rows
    going = []
    for one in rows:
        if tokens.take() or one.message.pk in admission.tries:
            going.append(one)
        else:
            turn = tokens.turn(
                urgent=one.message.priority < Priority.USUAL, again=one.message.reason_code == RATE
            )
            admission.kept.append(Kept(one, RATE, turn))
    tokens.close()
    return going

"""All that bears on the messages of a batch, read in a fixed number of statements.

A batch is hundreds of messages, and thousands may wait: the rows are light tuples, not model instances. They name what
the rules ask for as the models do, so that a rule reads the same for either.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection

from casework.followup.hours import timing_of
from casework.followup.messages.visits import Visit
from casework.followup.models import Message
from casework.followup.schedule import TOO_LATE, WEEK, Timing, closing, next_open
from clients.models import Practice
from sessions.models import Session

KIND = Message.Kind
REPLIES = frozenset(
    {
        KIND.CRISIS_REPLY,
        KIND.STOP_REPLY,
        KIND.START_REPLY,
        KIND.HELP_REPLY,
        KIND.AWAY_REPLY,
        KIND.CHANGE_REPLY,
        KIND.PLAN_REPLY,
    }
)
PLANNED = str(Session.State.SCHEDULED)
AUTOMATED = frozenset({KIND.PLAN, KIND.REMINDER, KIND.WELCOME})  # the caps count these

PLANS = "SELECT id, state FROM followup_followupplan WHERE id = ANY(%(ids)s::bigint[])"
# The same rules as Permission.holds and ContactPoint.is_usable. But what was taken back is taken back: its moment is of
# the clock of whoever heard it, and that clock may run ahead of the database's.
PERMISSIONS = """
SELECT client_id, channel, granted_at <= %(at)s AND withdrawn_at IS NULL, withdrawn_at
  FROM clients_permission
 WHERE client_id = ANY(%(ids)s::bigint[])
 ORDER BY id
"""
POINTS = """
SELECT client_id, id, kind, normalized, state, state <> 'bad' AND (NOT is_shared OR shared_reviewed_at IS NOT NULL)
  FROM clients_contactpoint
 WHERE client_id = ANY(%(ids)s::bigint[]) AND retired_at IS NULL
 ORDER BY position, id
"""
# What left within the week was due not long before: the bound on due_at lets an index leave out the years before.
SENT = """
SELECT client_id, id, sent_at
  FROM followup_message
 WHERE client_id = ANY(%(ids)s::bigint[]) AND due_at >= %(looked_at)s AND kind = ANY(%(kinds)s)
   AND ((status IN ('sent', 'delivered') AND sent_at >= %(week)s)
        OR (status IN ('claimed', 'unknown') AND (sent_at IS NULL OR sent_at >= %(week)s)))
 ORDER BY id
"""
LONGEST_LATE = 3 * TOO_LATE
IN_CRISIS = """
SELECT DISTINCT client_id
  FROM followup_todo
 WHERE client_id = ANY(%(ids)s::bigint[]) AND state = 'open' AND kind = 'crisis'
"""
# Only a welcome asks: the days on which something else has to be said.
SPOKEN_FOR = """
SELECT client_id, local_date
  FROM followup_message
 WHERE client_id = ANY(%(ids)s::bigint[]) AND kind IN ('plan', 'reminder')
   AND status IN ('planned', 'held', 'failed', 'claimed')
"""
# Only a reminder asks: the visits that it names, and whether they still stand.
VISITS = """
SELECT named.message_id, named.starts_at, visit.state = %(planned)s AND visit.starts_at = named.starts_at
  FROM followup_namedvisit AS named JOIN counseling_session AS visit ON visit.id = named.session_id
 WHERE named.message_id = ANY(%(ids)s::bigint[])
 ORDER BY named.starts_at, named.id
"""
INBOUND = "SELECT id, channel, from_normalized FROM followup_inboundmessage WHERE id = ANY(%(ids)s::bigint[])"


class Agreed(NamedTuple):
    """A permission."""

    channel: str
    holds: bool  # at the moment that is asked about
    withdrawn_at: datetime | None


class Point(NamedTuple):
    """A number or an address that is not retired."""

    pk: int
    kind: str
    normalized: str
    state: str
    is_usable: bool


class Asked(NamedTuple):
    """By which way, and from where, the client wrote what a message answers."""

    channel: str
    address: str


class Hours(NamedTuple):
    """What the clock says in one zone: worked out once for all clients of a batch who live there."""

    zone: ZoneInfo
    today: date
    opens: datetime  # the moment that is asked about, while messages may go
    closes: datetime


@dataclass(slots=True, kw_only=True)
class Facts:
    """All that bears on one message."""

    client: Any
    plan_state: str
    permissions: Sequence[Agreed]
    contact_points: Sequence[Point]
    sent: Sequence[datetime]
    crisis_open: bool
    hours: Hours
    timing: Timing
    asked: Asked | None = None
    visits: Sequence[Visit] = ()  # for a reminder: what it names
    spoken_for: Set[date] = frozenset()  # for a welcome: the client's days that other texts wait for
    closed: Mapping[str, str] = field(default_factory=dict)  # ways that delivery found closed, and why


class World:
    """What is known of the clients of a batch, one statement a kind of fact."""

    def __init__(
        self, messages: Sequence[Any], at: datetime, closed: Mapping[int, Mapping[str, str]]
    ) -> None:
        self.at, self.closed = at, closed
        self.practice = Practice.current()
        self.timing = timing_of(self.practice)
        clients: dict[int, Any] = {message.client_id: message.client for message in messages}
        # By each of a person's records, the one that stands for them.
        self.person = {pk: client.pk for client in clients.values() for pk in client.record_ids}
        people = list(self.person)
        self.plans = dict(_rows(PLANS, _given(message.plan_id for message in messages)))
        self.permissions = self._by_person(PERMISSIONS, people, Agreed)
        self.contact_points = self._by_person(POINTS, people, Point)
        self.sent = self._sends(people)
        self.allowed: dict[int, list[datetime]] = defaultdict(list)
        self.in_crisis = {row[0] for row in _rows(IN_CRISIS, list(clients))}
        asked = _rows(INBOUND, _given(message.in_reply_to_id for message in messages))
        self.asked = {pk: Asked(channel, address) for pk, channel, address in asked}
        self.visits: dict[int, list[Visit]] = defaultdict(list)
        for message_id, starts_at, stands in _rows(VISITS, _reminding(messages), planned=PLANNED):
            self.visits[message_id].append(Visit(starts_at, stands))
        self.hours: dict[str, Hours] = {}
        self.spoken_for: dict[int, set[date]] = defaultdict(set)
        for client_id, day in _rows(SPOKEN_FOR, _welcomed(messages)):
            self.spoken_for[client_id].add(day)

    def _by_person(self, sql: str, people: list[int], kind: Any) -> dict[int, list[Any]]:
        grouped: dict[int, list[Any]] = defaultdict(list)
        for row in _rows(sql, people, at=self.at):
            grouped[self.person[row[0]]].append(kind(*row[1:]))
        return grouped

    def _sends(self, people: list[int]) -> dict[int, list[tuple[int, datetime]]]:
        """When automated messages left in the last week. One that a worker holds, or of unknown fate, counts as now."""
        week = self.at - WEEK
        looked_at = week - LONGEST_LATE
        sends: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
        rows = _rows(SENT, people, looked_at=looked_at, week=week, kinds=sorted(AUTOMATED))
        for client_id, pk, sent_at in rows:
            sends[self.person[client_id]].append((pk, sent_at or self.at))
        return sends

    def facts(self, message: Any) -> Facts:
        """What bears on this one."""
        client = message.client
        pk = client.pk
        return Facts(
            client=client,
            plan_state=self.plans[message.plan_id] if message.plan_id else "",
            permissions=self.permissions.get(pk, ()),
            contact_points=self.contact_points.get(pk, ()),
            sent=self._sent_before(message, pk),
            crisis_open=pk in self.in_crisis,
            hours=self._hours(client),
            timing=self.timing,
            asked=self.asked.get(message.in_reply_to_id),
            visits=self.visits.get(message.pk, ()),
            spoken_for=self.spoken_for[pk] if message.kind == KIND.WELCOME else frozenset(),
            closed=self.closed.get(message.pk, {}),
        )

    def _sent_before(self, message: Any, person: int) -> list[datetime]:
        """Also what others hold at this moment or ask about: it may be on the client's phone already."""
        earlier = [when for pk, when in self.sent.get(person, ()) if pk != message.pk]
        return earlier + self.allowed[person] if person in self.allowed else earlier

    def _hours(self, client: Any) -> Hours:
        found = self.hours.get(client.time_zone)
        if found is None:
            at, zone = self.at, zone_of(client, self.practice)
            found = self.hours[client.time_zone] = Hours(
                zone,
                at.astimezone(zone).date(),
                next_open(at, zone, self.timing),
                closing(at, zone, self.timing),
            )
        return found


def zone_of(client: Any, practice: Practice) -> ZoneInfo:
    """The client's zone, else the practice's."""
    try:
        return ZoneInfo(client.time_zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):  # "America" is a folder
        return practice.zone


def _reminding(messages: Sequence[Any]) -> list[int]:
    return _given(message.pk for message in messages if message.kind == KIND.REMINDER)


def _welcomed(messages: Sequence[Any]) -> list[int]:
    return _given(message.client_id for message in messages if message.kind == KIND.WELCOME)


def _given(numbers: Iterable[int | None]) -> list[int]:
    return list({number for number in numbers if number})


def _rows(sql: str, ids: list[int], **given: Any) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": "{" + ",".join(map(str, ids)) + "}", **given})
        return cursor.fetchall()

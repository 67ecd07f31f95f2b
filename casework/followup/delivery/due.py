"""What is due, taken in order and locked: light rows, for there may be thousands of them.

A row has the names of Message's fields that clearing and sending ask for, and its client's as `client`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock_time
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from casework.followup.delivery import arrays
from casework.followup.models import Message, Priority
from clients.models import Client

# Volatile functions cannot bound an index scan; statement_timestamp() is stable and still moves within a transaction.
DUE = """
SELECT array_agg(taken.id), statement_timestamp()
  FROM (
       SELECT m.id
         FROM unnest(%(priorities)s::int[], %(since)s::timestamptz[]) AS walk(priority, since)
        CROSS JOIN LATERAL (
              SELECT id
                FROM followup_message
               WHERE priority = walk.priority
                 AND status IN ('planned', 'held', 'failed')
                 AND due_at >= walk.since
                 AND due_at <= statement_timestamp() - make_interval(secs => %(grace)s)
               ORDER BY due_at
               LIMIT %(batch)s
                 FOR UPDATE SKIP LOCKED
              ) AS m
        LIMIT %(batch)s
       ) AS taken
"""

# The rows are ours by the lock above. Only words that a person wrote are read; the others are filled in anew.
LOAD = """
SELECT m.id, m.uid, m.client_id, m.plan_id, m.in_reply_to_id, m.kind, m.template_key, m.channel_rule, m.local_date,
       m.local_time, m.tz, extract(epoch FROM m.due_at)::float8, m.ready_at, m.useful_until, m.priority, m.fence,
       m.attempts_made, m.reason_code,
       m.possible_duplicate, CASE WHEN m.template_key = '' THEN m.body END,
       c.state, c.preferred_channel, c.language, c.time_zone,
       CASE WHEN c.chosen_name = '' THEN c.given_name ELSE c.chosen_name END, c.absorbed, c.merged_into_id
  FROM followup_message AS m JOIN clients_client AS c ON c.id = m.client_id
 WHERE m.id = ANY(%s::bigint[])
"""
OF_MESSAGE = 20  # columns; the rest are the client's
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
BODY: Any = Message._meta.get_field("body")


class Person(NamedTuple):
    """What is asked about the client of a message that is due."""

    pk: int
    state: str
    preferred_channel: str
    language: str
    time_zone: str
    first_name: str
    record_ids: list[int]


@dataclass(slots=True)
class Due:
    """A message that is due, in our hands until the claim commits."""

    pk: int
    uid: UUID
    client_id: int
    plan_id: int | None
    in_reply_to_id: int | None
    kind: str
    template_key: str
    channel_rule: str
    local_date: date
    local_time: clock_time
    tz: str
    due_since: float  # seconds since 1970: a driver takes long over instants, and this one is in every row
    ready_at: datetime | None
    useful_until: datetime | None
    priority: int
    fence: int
    attempts_made: int
    reason_code: str
    possible_duplicate: bool
    sealed: bytes | None
    client: Any = None  # a Person; the model where two records were merged
    letterhead: Any = None
    named: Any = None  # a reminder's visits, as its words say them

    @property
    def due_at(self) -> datetime:
        """When it was due, to the microsecond."""
        return datetime.fromtimestamp(self.due_since, UTC)

    @property
    def body(self) -> str:
        """What a person wrote; empty where a template fills it in. Raises InvalidToken when no key opens it."""
        return BODY.from_db_value(self.sealed, None, None) or ""


@dataclass(slots=True)
class Watermark:
    """How far each priority has been drained, so that a claim does not walk over the dead rows of the last one.

    It only skips what this drain has taken; it forgets after 30 s, and `reset` makes the last claim of a drain see all.
    """

    since: dict[int, datetime] = field(default_factory=dict)
    until: float = 0.0

    def bounds(self) -> list[datetime]:
        if time.monotonic() > self.until:
            self.reset()
        return [self.since.get(priority, BEGINNING) for priority in Priority.values]

    def advance(self, messages: Sequence[Due]) -> None:
        """What a claim took, in its order: of each priority the last is the latest."""
        for message in {message.priority: message for message in messages}.values():
            since = self.since.get(message.priority, BEGINNING)
            self.since[message.priority] = max(since, message.due_at)

    def reset(self) -> None:
        self.since.clear()
        self.until = time.monotonic() + 30

    @property
    def raised(self) -> bool:
        return bool(self.since)


def take_due(watermark: Watermark, *, grace: float, batch: int) -> tuple[list[Due], datetime]:
    """Lock up to `batch` of what is due, most urgent first, and say when that was. In the claim's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            DUE, {"priorities": Priority.values, "since": watermark.bounds(), "grace": grace, "batch": batch}
        )
        ids, at = cursor.fetchone()
    messages = load(ids) if ids else []
    watermark.advance(messages)
    return messages, at


def load(ids: Sequence[int]) -> list[Due]:
    """The rows of these messages, in this order."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD, [arrays.numbers(ids)])
        found = {row[0]: row for row in cursor.fetchall()}
    return [_due(found[pk]) for pk in ids]


def _due(row: Sequence[Any]) -> Due:
    message = Due(*row[:OF_MESSAGE])
    state, channel, language, zone, name, absorbed, merged_into = row[OF_MESSAGE:]
    pk = message.client_id
    if merged_into is None:
        message.client = Person(pk, state, channel, language, zone, name, [pk, *absorbed])
    else:
        message.client = Client.objects.get(pk=pk)
    return message

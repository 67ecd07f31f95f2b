"""Taking what is due: lock, clear, render, and in one statement lease the messages and record the attempts.

The transaction holds no network call. Rows stay locked from the first SELECT to the commit, so a withdrawal, an opt-out
or a second claimer is ordered strictly before or after it.
"""

import json
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from casework.followup import channels, todos
from casework.followup.channels import Channel, Outgoing
from casework.followup.delivery import retry
from casework.followup.delivery.admitting import (
    KEPT_BY_US,
    Admission,
    Gates,
    Kept,
    Past,
    Ready,
    admit,
    closed_ways,
    pasts,
    read,
)
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.settling import clock, lock_clients, tell
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision, Verdict
from casework.followup.messages.render import RenderRefused, render
from casework.followup.models import Attempt, Message, Priority

log = structlog.get_logger(__name__)

# Volatile functions cannot bound an index scan; statement_timestamp() is stable and still moves within a transaction.
DUE = """
SELECT m.id, statement_timestamp()
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
"""

LEASE = """
WITH going AS (
    SELECT *
      FROM unnest(%(messages)s::bigint[], %(attempts)s::uuid[], %(channels)s::text[], %(providers)s::text[],
                  %(recipients)s::bytea[], %(bodies)s::bytea[])
           AS t(message_id, attempt_id, channel, provider, recipient, body)
), leased AS (
    UPDATE followup_message AS m
       SET status = 'claimed', lease_owner = %(owner)s, fence = m.fence + 1, attempts_made = m.attempts_made + 1,
           lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
           attempt_id = going.attempt_id, body = going.body, recalled = '', recall_reason = '',
           reason_code = 'due', reason_params = '{}'
      FROM going
     WHERE m.id = going.message_id
    RETURNING m.id, m.fence, m.attempts_made, going.attempt_id, going.channel, going.provider, going.recipient
)
INSERT INTO followup_attempt (id, message_id, n, fence, channel, provider, recipient, started_at, outcome,
                              provider_id, provider_status, error_code)
SELECT attempt_id, id, attempts_made, fence, channel, provider, recipient, statement_timestamp(), 'started', '', '', ''
  FROM leased
RETURNING message_id, fence, n, started_at
"""

PUT_ASIDE = """
UPDATE followup_message AS m
   SET status = t.status, reason_code = t.reason, reason_params = t.params,
       due_at = CASE WHEN t.until IS NULL THEN m.due_at
                     WHEN t.ours THEN t.until
                     ELSE greatest(t.until, statement_timestamp() + interval '1 second') END,
       ready_at = CASE WHEN t.ours THEN coalesce(m.ready_at, m.due_at)
                       WHEN t.status = 'held' THEN NULL ELSE m.ready_at END,
       closed_at = CASE WHEN t.status = 'held' THEN NULL ELSE statement_timestamp() END,
       attempts_made = m.attempts_made + t.tried
  FROM unnest(%(messages)s::bigint[], %(statuses)s::text[], %(reasons)s::text[], %(params)s::jsonb[],
              %(untils)s::timestamptz[], %(tried)s::int[], %(ours)s::bool[])
       AS t(message_id, status, reason, params, until, tried, ours)
 WHERE m.id = t.message_id AND m.status IN ('planned', 'held', 'failed')
"""

RECIPIENT, BODY = Attempt._meta.get_field("recipient"), Message._meta.get_field("body")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ON_THE_WAY = timedelta(hours=4)  # a check-in that comes later than that comes out of the blue


@dataclass(frozen=True, slots=True)
class Held:
    """A message under our lease, ready for its channel."""

    message: Message
    fence: int
    n: int
    channel: Channel
    outgoing: Outgoing
    route: Route
    is_try: bool = False  # the one by which a provider that was away is tried again


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

    def advance(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.since[message.priority] = max(self.since.get(message.priority, BEGINNING), message.due_at)

    def reset(self) -> None:
        self.since.clear()
        self.until = time.monotonic() + 30

    @property
    def raised(self) -> bool:
        return bool(self.since)


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that will not leave now, and what becomes of it."""

    message: Message
    status: str
    reason: str
    params: dict[str, Any]
    until: datetime | None = None
    tried: int = 0

    @property
    def needs_todo(self) -> bool:
        """Whether somebody has to reach the client in another way now."""
        if self.status == Message.Status.HELD:
            return False
        stale = self.reason == "late" and self.message.reason_code in KEPT_BY_US
        return stale or self.status == Message.Status.DEAD or self.reason in todos.BECOMES_CALL

    @property
    def is_ours(self) -> bool:
        """Whether only we or the provider keep it back: it is late from its first due time on."""
        return self.status == Message.Status.HELD and self.reason in KEPT_BY_US


@dataclass(slots=True)
class Claimed:
    """What one claim took: how many rows it looked at, those to send, and those that end here with a to-do."""

    taken: int
    gates: Gates = field(default_factory=Gates)
    held: list[Held] = field(default_factory=list)
    ended: list[Aside] = field(default_factory=list)


def claim(
    *,
    owner: str,
    watermark: Watermark,
    grace: float = 0.0,
    batch: int | None = None,
    busy: Collection[Route] = frozenset(),
) -> Claimed:
    """Take up to `batch` due messages, most urgent first, and commit; `grace` seconds are left to others.

    `busy`: routes for which the caller has its hands full; what is due for them is looked at again soon.
    """
    wanted = batch or settings.FOLLOWUP_BATCH
    try:
        claimed = _claim(owner=owner, watermark=watermark, grace=grace, batch=wanted, busy=busy)
    except DoesNotClear as poison:
        # One message that policy or its text cannot digest must not stop the others: set it aside, alone.
        log.error("message_not_clearable", message=poison.message.pk, error=type(poison.__cause__).__name__)
        _set_poison_aside(poison.message)
        return Claimed(1)
    for aside in claimed.ended:
        _end(aside)
    return claimed


class DoesNotClear(Exception):
    """Clearing or rendering one message raised what nobody foresaw."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.pk)
        self.message = message


@transaction.atomic
def _claim(*, owner: str, watermark: Watermark, grace: float, batch: int, busy: Collection[Route]) -> Claimed:
    with connection.cursor() as cursor:
        cursor.execute(
            DUE, {"priorities": Priority.values, "since": watermark.bounds(), "grace": grace, "batch": batch}
        )
        rows = cursor.fetchall()
    if not rows:
        return Claimed(0)
    messages = _load([row[0] for row in rows])
    watermark.advance(messages)
    at, gates = rows[0][1], read(busy=busy)
    past = pasts(messages)
    ready, aside = _sort(messages, closed_ways(messages, gates, past, at), at=at)
    admission = admit(ready, gates, at)
    aside += [_kept(kept) for kept in admission.kept]
    _put_aside([row for row in aside if not row.needs_todo])
    held = _lease(admission, past, owner=owner)
    return Claimed(len(messages), gates, held, [row for row in aside if row.needs_todo])


def _load(ids: Sequence[int]) -> list[Message]:
    wanted = Message.objects.select_related("client", "plan", "in_reply_to")
    try:
        by_id = wanted.in_bulk(ids)
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001 one that no key opens must not stop the others
        return [_load_alone(pk) for pk in ids]
    return [by_id[pk] for pk in ids]


def _load_alone(pk: int) -> Message:
    try:
        return Message.objects.select_related("client", "plan", "in_reply_to").get(pk=pk)
    except DatabaseError:
        raise
    except Exception as error:
        raise DoesNotClear(Message.objects.defer("body").get(pk=pk)) from error


def _sort(
    messages: Sequence[Message], closed: Mapping[int, Mapping[str, str]], *, at: datetime
) -> tuple[list[Ready], list[Aside]]:
    """Ask policy about all at once and keep apart what goes and what stays."""
    try:
        verdicts = policy.may_send_many(messages, at, closed=closed)
    except DatabaseError:
        raise
    except Exception as error:
        if len(messages) == 1:
            raise DoesNotClear(messages[0]) from error
        verdicts = {message.pk: _verdict_alone(message, closed, at) for message in messages}
    sorted_out = [_prepare(message, verdicts[message.pk], at) for message in messages]
    ready = [one for one in sorted_out if isinstance(one, Ready)]
    return ready, [one for one in sorted_out if isinstance(one, Aside)]


def _prepare(message: Message, verdict: Verdict, at: datetime) -> Ready | Aside:
    """Find the way and the words for what may go."""
    if verdict.decision is not Decision.SEND:
        return _aside(message, verdict)
    if message.useful_until is not None and message.useful_until <= at:
        return Aside(message, Message.Status.DEAD, "too_late", {})
    if message.template_key:
        message.body = ""  # the words of an earlier try may have been for another channel
    try:
        text = render(message, channel=verdict.channel)
    except RenderRefused as refusal:
        return Aside(message, Message.Status.DEAD, refusal.code, dict(refusal.params))
    except DatabaseError:
        raise
    except Exception as error:
        raise DoesNotClear(message) from error
    return Ready(message, verdict, channels.route(verdict.channel), text)


def _verdict_alone(message: Message, closed: Mapping[int, Mapping[str, str]], at: datetime) -> Verdict:
    try:
        return policy.may_send(message, at, closed=closed)
    except DatabaseError:
        raise
    except Exception as error:
        raise DoesNotClear(message) from error


STAYS = {
    Decision.HOLD: Message.Status.HELD,
    Decision.CANCEL: Message.Status.CANCELLED,
    Decision.SKIP: Message.Status.SKIPPED,
    Decision.GIVE_UP: Message.Status.DEAD,
}


def _aside(message: Message, verdict: Verdict) -> Aside:
    until = verdict.until if verdict.decision is Decision.HOLD else None
    return Aside(message, STAYS[verdict.decision], verdict.reason, dict(verdict.params), until)


def _kept(kept: Kept) -> Aside:
    """Held by its route; not for longer than it is of use."""
    useful = kept.one.message.useful_until
    until = kept.until if useful is None else min(kept.until, useful)
    return Aside(kept.one.message, Message.Status.HELD, kept.reason, {"until": until.isoformat()}, until)


def _put_aside(rows: Sequence[Aside]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            PUT_ASIDE,
            {
                "messages": [row.message.pk for row in rows],
                "statuses": [str(row.status) for row in rows],
                "reasons": [row.reason for row in rows],
                "params": [json.dumps(row.params, default=str) for row in rows],
                "untils": [row.until for row in rows],
                "tried": [row.tried for row in rows],
                "ours": [row.is_ours for row in rows],
            },
        )


@transaction.atomic
def _end(aside: Aside) -> None:
    """Close a message that will not leave and leave its to-do, client locked first as everywhere.

    Whoever came between decides anew: the message is then no longer waiting, or due again.
    """
    lock_clients([aside.message.client_id])
    waiting = Message.objects.select_for_update(of=("self",)).waiting().defer("body")
    locked = waiting.filter(pk=aside.message.pk, fence=aside.message.fence).first()
    if locked is not None:
        _put_aside([aside])
        tell(locked, reason=aside.reason)


def _set_poison_aside(message: Message) -> None:
    """Count the failure and try again later, or give up and tell the counselor."""
    tries = message.attempts_made + 1
    if tries >= settings.FOLLOWUP_ATTEMPTS:
        _end(Aside(message, Message.Status.DEAD, "dead_too_many_attempts", {"attempts": tries}, tried=1))
        return
    until = clock() + timedelta(seconds=retry.backoff(tries))
    _put_aside([Aside(message, Message.Status.HELD, "retrying", {"attempts": tries}, until, tried=1)])


def _lease(admission: Admission, past: Mapping[int, Past], *, owner: str) -> list[Held]:
    """Lease the messages and insert their attempts, in one statement."""
    rows = admission.going
    if not rows:
        return []
    ids = {row.message.pk: uuid.uuid4() for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(
            LEASE,
            {
                "messages": [row.message.pk for row in rows],
                "attempts": [ids[row.message.pk] for row in rows],
                "channels": [row.verdict.channel for row in rows],
                "providers": [row.channel.provider for row in rows],
                "recipients": [RECIPIENT.get_prep_value(row.verdict.address) for row in rows],
                "bodies": [BODY.get_prep_value(row.text.body) for row in rows],
                "owner": owner,
                "lease": settings.FOLLOWUP_LEASE,
            },
        )
        leased = {message_id: rest for message_id, *rest in cursor.fetchall()}
    held = []
    for row in rows:
        fence, n, started_at = leased[row.message.pk]
        outgoing = Outgoing(
            attempt_id=ids[row.message.pk],
            recipient=row.verdict.address,
            subject=row.text.subject,
            body=row.text.body,
            started_at=started_at,
            useful_for=_useful_for(row, started_at),
            idempotency_key=_idempotency_key(row.message, past),
        )
        route = Route(row.channel.provider, row.verdict.channel)
        is_try = row.message.pk in admission.tries
        held.append(Held(row.message, fence, n, row.channel, outgoing, route, is_try))
    return held


def _idempotency_key(message: Message, past: Mapping[int, Past]) -> str:
    """The same for every attempt, so that a provider that knows such keys takes one; another after a proven failure."""
    return f"{message.uid}:{past[message.pk].not_arrived if message.pk in past else 0}"


def _useful_for(row: Ready, at: datetime) -> timedelta:
    """How long the provider may keep it back: never into the quiet hours, never until it is of no use."""
    ends = [at + LONGEST_ON_THE_WAY, row.message.useful_until, row.verdict.arrive_by]
    return min(end for end in ends if end is not None) - at

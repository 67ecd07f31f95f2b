"""Taking what is due: lock, clear, render, and in one statement lease the messages and record the attempts.

The transaction holds no network call. Rows stay locked from the first SELECT to the commit, so a withdrawal, an opt-out
or a second claimer is ordered strictly before or after it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from casework.followup import channels
from casework.followup.channels import Channel, Outgoing
from casework.followup.delivery import arrays, retry
from casework.followup.delivery.admitting import (
    Admission,
    Gates,
    Past,
    Ready,
    admit,
    closed_ways,
    pasts,
    read,
)
from casework.followup.delivery.aside import Aside, by_policy, by_route, end, put_aside
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.due import Due, Watermark, take_due
from casework.followup.delivery.settling import clock
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision, Verdict
from casework.followup.messages.render import RenderRefused, render
from casework.followup.models import Attempt, Message
from clients.encryption import box

__all__ = ["Claimed", "Held", "Watermark", "claim"]

log = structlog.get_logger(__name__)

# The statement makes the attempts' ids itself: it is quicker at that than we.
LEASE = """
WITH going AS (
    SELECT t.message_id, gen_random_uuid() AS attempt_id, r.channel, r.provider,
           decode(t.recipient, 'hex') AS recipient, decode(t.body, 'hex') AS body
      FROM unnest(%(messages)s::bigint[], %(routes)s::int[], %(recipients)s::text[], %(bodies)s::text[])
           AS t(message_id, route, recipient, body)
      JOIN unnest(%(channels)s::text[], %(providers)s::text[]) WITH ORDINALITY
           AS r(channel, provider, number) ON r.number = t.route
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
SELECT attempt_id, id, attempts_made, fence, channel, provider, recipient, %(at)s, 'started', '', '', ''
  FROM leased
RETURNING message_id, fence, n, id
"""

CAPS = 0x63617073  # first half of an advisory lock's number; the second is the client's
ONE_AT_A_TIME = """
SELECT count(pg_advisory_xact_lock(%(lane)s, (person %% 2147483647)::int))
  FROM unnest(%(people)s::bigint[]) AS person
"""

RECIPIENT: Any = Attempt._meta.get_field("recipient")
BODY: Any = Message._meta.get_field("body")
LONGEST_ON_THE_WAY = timedelta(hours=4)  # a check-in that comes later than that comes out of the blue


@dataclass(slots=True)
class Held:
    """A message under our lease, ready for its channel."""

    message: Due
    fence: int
    n: int
    channel: Channel
    outgoing: Outgoing
    route: Route
    is_try: bool = False  # the one by which a provider that was away is tried again


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
        end(aside)
    return claimed


class DoesNotClear(Exception):
    """Clearing or rendering one message raised what nobody foresaw."""

    def __init__(self, message: Due) -> None:
        super().__init__(message.pk)
        self.message = message


@transaction.atomic
def _claim(*, owner: str, watermark: Watermark, grace: float, batch: int, busy: Collection[Route]) -> Claimed:
    messages, at = take_due(watermark, grace=grace, batch=batch)
    if not messages:
        return Claimed(0)
    _one_at_a_time(messages)
    gates, past = read(busy=busy), pasts(messages)
    ready, aside = _sort(messages, closed_ways(messages, gates, past, at), at=at)
    admission = admit(ready, gates, at)
    aside += [by_route(kept) for kept in admission.kept]
    put_aside([row for row in aside if not row.needs_todo])
    held = _lease(admission, past, owner=owner, at=at)
    return Claimed(len(messages), gates, held, [row for row in aside if row.needs_todo])


def _one_at_a_time(messages: Sequence[Due]) -> None:
    """Let no other claim decide on the same clients until this one has committed, so that each counts the other's.

    Only where caps hold. Claims alone take these locks, in one order, and ask for no message's row afterwards.
    """
    people = {pk for one in messages if one.kind in policy.AUTOMATED for pk in one.client.record_ids}
    if people:
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME, {"lane": CAPS, "people": arrays.numbers(sorted(people))})


def _sort(
    messages: Sequence[Due], closed: Mapping[int, Mapping[str, str]], *, at: datetime
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


def _prepare(message: Due, verdict: Verdict, at: datetime) -> Ready | Aside:
    """Find the way and the words for what may go."""
    if verdict.decision is not Decision.SEND:
        return by_policy(message, verdict, at)
    if message.useful_until is not None and message.useful_until <= at:
        return Aside(message, Message.Status.DEAD, "too_late", {})
    try:
        text = render(message, channel=verdict.channel)
    except RenderRefused as refusal:
        return Aside(message, Message.Status.DEAD, refusal.code, dict(refusal.params))
    except DatabaseError:
        raise
    except Exception as error:
        raise DoesNotClear(message) from error
    return Ready(message, verdict, channels.route(verdict.channel), text)


def _verdict_alone(message: Due, closed: Mapping[int, Mapping[str, str]], at: datetime) -> Verdict:
    try:
        return policy.may_send(message, at, closed=closed)
    except DatabaseError:
        raise
    except Exception as error:
        raise DoesNotClear(message) from error


def _set_poison_aside(message: Due) -> None:
    """Count the failure and try again later, or give up and tell the counselor."""
    tries = message.attempts_made + 1
    if tries >= settings.FOLLOWUP_ATTEMPTS:
        end(Aside(message, Message.Status.DEAD, "dead_too_many_attempts", {"attempts": tries}, tried=1))
        return
    until = clock() + timedelta(seconds=retry.backoff(tries))
    put_aside([Aside(message, Message.Status.HELD, "retrying", {"attempts": tries}, until, tried=1)])


def _lease(admission: Admission, past: Mapping[int, Past], *, owner: str, at: datetime) -> list[Held]:
    """Lease the messages and insert their attempts, in one statement."""
    rows = admission.going
    if not rows:
        return []
    routes = {kind: Route(channels.route(kind).provider, kind) for kind in channels.kinds()}
    place = {kind: number for number, kind in enumerate(routes, start=1)}
    secret = box()
    with connection.cursor() as cursor:
        cursor.execute(
            LEASE,
            {
                "messages": arrays.numbers(row.message.pk for row in rows),
                "routes": arrays.numbers(place[row.verdict.channel] for row in rows),
                "channels": list(routes),
                "providers": [route.provider for route in routes.values()],
                "recipients": arrays.hexes(
                    secret.seal_all([row.verdict.address for row in rows], RECIPIENT.context)
                ),
                "bodies": arrays.hexes(secret.seal_all([row.text.body for row in rows], BODY.context)),
                "owner": owner,
                "lease": settings.FOLLOWUP_LEASE,
                "at": at,
            },
        )
        leased = {message_id: rest for message_id, *rest in cursor.fetchall()}
    held = []
    for row in rows:
        message, verdict, text = row.message, row.verdict, row.text
        fence, n, attempt_id = leased[message.pk]
        outgoing = Outgoing(
            attempt_id=attempt_id,
            recipient=verdict.address,
            subject=text.subject,
            body=text.body,
            started_at=at,
            useful_for=_useful_for(row, at),
            idempotency_key=_idempotency_key(message, past),
        )
        is_try = message.pk in admission.tries
        held.append(Held(message, fence, n, row.channel, outgoing, routes[verdict.channel], is_try))
    return held


def _idempotency_key(message: Due, past: Mapping[int, Past]) -> str:
    """The same for every attempt, so that a provider that knows such keys takes one; another after a proven failure."""
    return f"{message.uid}:{past[message.pk].not_arrived if message.pk in past else 0}"


def _useful_for(row: Ready, at: datetime) -> timedelta:
    """How long the provider may keep it back: never into the quiet hours, never until it is of no use."""
    ends = [at + LONGEST_ON_THE_WAY, row.message.useful_until, row.verdict.arrive_by]
    return min(end for end in ends if end is not None) - at

"""Writing down what came of an attempt, by the holder of the fence only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from casework.followup import optout, todos
from casework.followup.channels import About
from casework.followup.contact_points import mark_contact
from casework.followup.delivery import arrays
from casework.followup.delivery.retry import Next
from casework.followup.models import Message
from clients.models import Client, ContactPoint

log = structlog.get_logger(__name__)

SETTLE = """
WITH done AS (
    SELECT t.message_id, t.fence, t.attempt_id, t.provider_id, n.*
      FROM unnest(%(messages)s::bigint[], %(fences)s::bigint[], %(attempts)s::uuid[], %(provider_ids)s::text[],
                  %(nexts)s::int[])
           AS t(message_id, fence, attempt_id, provider_id, next)
      JOIN unnest(%(numbers)s::int[], %(outcomes)s::text[], %(codes)s::text[], %(statuses)s::text[],
                  %(reasons)s::text[], %(params)s::jsonb[], %(delays)s::float8[], %(counts)s::bool[])
           AS n(number, outcome, code, status, reason, params, delay, counts) ON n.number = t.next
), locked AS MATERIALIZED (
    SELECT id, recalled FROM followup_message WHERE id = ANY(%(messages)s::bigint[]) ORDER BY id FOR UPDATE
), decided AS (
    SELECT done.*, locked.recalled = 'cancel' AND done.status IN ('planned', 'failed') AS stops
      FROM done JOIN locked ON locked.id = done.message_id
), settled AS (
    UPDATE followup_message AS m
       SET status = CASE WHEN d.stops THEN 'cancelled' ELSE d.status END,
           reason_code = CASE WHEN d.stops THEN m.recall_reason ELSE d.reason END,
           reason_params = d.params,
           due_at = CASE WHEN d.delay IS NULL OR d.stops THEN m.due_at
                         ELSE statement_timestamp() + make_interval(secs => d.delay) END,
           ready_at = CASE WHEN d.status IN ('planned', 'failed', 'unknown') THEN coalesce(m.ready_at, m.due_at)
                           ELSE m.ready_at END,
           sent_at = CASE WHEN d.status = 'sent' THEN statement_timestamp() ELSE m.sent_at END,
           closed_at = CASE WHEN d.stops OR d.status = 'dead' THEN statement_timestamp() ELSE m.closed_at END,
           attempts_made = m.attempts_made - CASE WHEN d.counts THEN 0 ELSE 1 END,
           possible_duplicate = m.possible_duplicate OR d.reason = 'resent_possible_duplicate',
           recalled = CASE WHEN d.status = 'unknown' THEN m.recalled ELSE '' END,
           lease_owner = '', lease_until = NULL
      FROM decided AS d
     WHERE m.id = d.message_id AND m.fence = d.fence AND m.status = %(held_as)s
    RETURNING m.id, m.status
)
UPDATE followup_attempt AS a
   SET outcome = done.outcome, error_code = done.code, settled_at = statement_timestamp(),
       provider_id = CASE WHEN done.provider_id = '' THEN a.provider_id ELSE done.provider_id END
  FROM done LEFT JOIN settled ON settled.id = done.message_id
 WHERE a.id = done.attempt_id
   AND (settled.id IS NOT NULL OR (done.outcome = 'accepted' AND a.outcome <> 'accepted'))
RETURNING a.message_id, settled.status
"""

# A sender that lost its fence still tells the truth about its own attempt; the message may by then have gone twice.
FLAG_LATE = """
UPDATE followup_message AS m
   SET possible_duplicate = true
 WHERE m.id = ANY(%(messages)s::bigint[])
   AND 1 < (SELECT count(*) FROM followup_attempt AS a
             WHERE a.message_id = m.id AND a.outcome IN ('accepted', 'unknown', 'started'))
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt, whose it is, and what follows."""

    message: Any  # a row of Message, or the light one of a claim
    fence: int
    attempt_id: UUID
    recipient: str
    next: Next


def settle(results: Sequence[Result], *, held_as: str = Message.Status.CLAIMED) -> list[int]:
    """Write outcomes where the fence is still ours; return the ids of the messages that were settled."""
    if not results:
        return []
    gave_up = [result for result in results if result.next.status == Message.Status.DEAD]
    with transaction.atomic():
        if gave_up:
            lock_clients([result.message.client_id for result in gave_up])
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {**_columns(results), "held_as": str(held_as)})
            rows = dict(cursor.fetchall())
            late = [message_id for message_id, status in rows.items() if status is None]
            if late:
                cursor.execute(FLAG_LATE, {"messages": late})
        settled = [message_id for message_id, status in rows.items() if status is not None]
        for result in gave_up:
            if rows.get(result.message.pk) == Message.Status.DEAD:
                tell(
                    Message.objects.select_related("client").defer("body").get(pk=result.message.pk),
                    reason=result.next.reason,
                    about=result.next.about,
                    recipient=result.recipient,
                )
    if late:
        log.warning("settled_after_losing_the_fence", messages=late)
    return settled


def _columns(results: Sequence[Result]) -> dict[str, Any]:
    """One row a result, which names what follows by its number: most of a batch have the same before them."""
    numbers: dict[tuple[object, ...], int] = {}
    nexts = [numbers.setdefault(_outline(result.next), len(numbers)) for result in results]
    outcomes, codes, statuses, reasons, params, delays, counts = map(list, zip(*numbers, strict=True))
    return {
        "messages": arrays.numbers(result.message.pk for result in results),
        "fences": arrays.numbers(result.fence for result in results),
        "attempts": arrays.uuids(result.attempt_id for result in results),
        "provider_ids": [result.next.provider_id for result in results],
        "nexts": arrays.numbers(nexts),
        "numbers": list(numbers.values()),
        "outcomes": outcomes,
        "codes": codes,
        "statuses": statuses,
        "reasons": reasons,
        "params": params,
        "delays": delays,
        "counts": counts,
    }


def _outline(following: Next) -> tuple[object, ...]:
    """All that two outcomes may have in common."""
    return (
        str(following.outcome),
        following.code,
        str(following.status),
        following.reason,
        json.dumps(following.params) if following.params else "{}",
        None if following.delay is None else float(following.delay),  # a setting may be a whole number
        following.counts,
    )


def clock() -> datetime:
    """The database's time, which alone decides."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def lock_clients(ids: Sequence[int]) -> None:
    """Take the clients before their messages, the order that every action keeps."""
    list(
        Client.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk").values_list("pk", flat=True)
    )


def tell(message: Message, *, reason: str, about: About = About.MESSAGE, recipient: str = "") -> None:
    """Leave the counselor a to-do for a message that will not arrive, and draw the consequence for its address.

    Call it with the client locked, in the transaction that closes the message.
    """
    now = clock()
    todos.message_failed(message=message, reason=reason, now=now)
    if about is About.RECIPIENT:
        for point in ContactPoint.objects.current().filter(client=message.client_id, normalized=recipient):
            mark_contact(contact_id=point.pk, state=ContactPoint.State.BAD, by=None, now=now)
    if about is About.OPT_OUT:
        optout.provider_blocked(client_id=message.client_id, now=now)

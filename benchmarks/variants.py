"""The ways to drain what is due: the product's own, the same four writes by hand, and one row at a time."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.world import World
from casework.followup import delivery
from casework.followup.models import Attempt, Message

CLAIM = """
WITH due AS (
    SELECT id FROM followup_message
     WHERE status IN ('planned', 'held', 'failed') AND priority = %(priority)s
       AND due_at >= %(since)s AND due_at <= statement_timestamp()
     ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE followup_message AS m
       SET status = 'claimed', lease_owner = 'bench', fence = m.fence + 1, attempts_made = m.attempts_made + 1,
           lease_until = statement_timestamp() + interval '60 seconds', attempt_id = gen_random_uuid()
      FROM due WHERE m.id = due.id
    RETURNING m.id, m.fence, m.attempts_made, m.attempt_id, m.due_at
), begun AS (
    INSERT INTO followup_attempt (id, message_id, n, fence, channel, provider, recipient, started_at, outcome,
                                  provider_id, provider_status, error_code)
    SELECT attempt_id, id, attempts_made, fence, 'sms', 'nowhere', %(recipient)s, statement_timestamp(), 'started',
           '', '', ''
      FROM leased
)
SELECT id, fence, attempt_id, due_at FROM leased
"""

SETTLE = """
WITH done AS (
    SELECT * FROM unnest(%(messages)s::bigint[], %(fences)s::bigint[], %(attempts)s::uuid[], %(ids)s::text[])
        AS t(message_id, fence, attempt_id, provider_id)
), settled AS (
    UPDATE followup_message AS m
       SET status = 'sent', sent_at = statement_timestamp(), lease_owner = '', lease_until = NULL
      FROM done WHERE m.id = done.message_id AND m.fence = done.fence AND m.status = 'claimed'
    RETURNING m.id
)
UPDATE followup_attempt AS a
   SET outcome = 'accepted', settled_at = statement_timestamp(), provider_id = done.provider_id
  FROM done JOIN settled ON settled.id = done.message_id WHERE a.id = done.attempt_id
"""

RECIPIENT = b"x" * 60
BEGINNING = "1970-01-01"


def timed(drain: Callable[[World], None], world: World, number: int) -> float:
    """Rows a second. Raises AssertionError unless every due message was sent, by one attempt."""
    began = time.perf_counter()
    drain(world)
    seconds = time.perf_counter() - began
    sent = Message.objects.filter(pk__lte=number, status="sent").count()
    attempts = Attempt.objects.filter(message__lte=number, outcome="accepted").count()
    assert (sent, attempts) == (number, number), f"{sent} sent by {attempts} attempts, {number} wanted"
    return number / seconds


def ours(world: World) -> None:
    """The product's own function, as the sweep calls it: claim, policy, words, attempt, call, settle."""
    while delivery.deliver_due():
        pass


def by_hand(world: World, batch: int = 500) -> None:
    """The same four writes in hand-written SQL, and nothing between them: no policy, no words, no call."""
    with psycopg.connect(world.admin, autocommit=True) as line:
        for priority in (20, 50):
            since: Any = BEGINNING
            while True:
                rows = line.execute(
                    CLAIM, {"priority": priority, "since": since, "batch": batch, "recipient": RECIPIENT}
                ).fetchall()
                if not rows:
                    break
                since = max(row[3] for row in rows)
                line.execute(
                    SETTLE,
                    {
                        "messages": [row[0] for row in rows],
                        "fences": [row[1] for row in rows],
                        "attempts": [row[2] for row in rows],
                        "ids": [f"N{row[0]}" for row in rows],
                    },
                )


def one_by_one(world: World) -> None:
    """A row at a time through the ORM, each step committed, as most queues of this kind do it."""
    while True:
        with transaction.atomic():
            due = Message.objects.waiting().filter(due_at__lte=timezone.now()).order_by("priority", "due_at")
            message = due.select_for_update(skip_locked=True).first()
            if message is None:
                return
            attempt = Attempt(
                id=uuid.uuid4(), message=message, n=1, fence=message.fence + 1, channel="sms", provider="nowhere",
                recipient="+16020000001", started_at=timezone.now(),
            )  # fmt: skip
            message.status, message.fence, message.attempt_id = "claimed", message.fence + 1, attempt.pk
            message.lease_owner, message.lease_until = "bench", timezone.now()
            message.save()
            attempt.save()
        with transaction.atomic():
            attempt.outcome, attempt.settled_at, attempt.provider_id = "accepted", timezone.now(), "N"
            attempt.save()
            message.status, message.sent_at, message.lease_owner = "sent", timezone.now(), ""
            message.lease_until = None
            message.save()


def fresh_connection() -> None:
    """A fresh connection, so that no variant inherits another's prepared statements."""
    connection.close()

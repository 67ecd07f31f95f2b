"""What is due and does not leave now: held for later, or ended, and then somebody reaches the client in another way."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from casework.followup import todos
from casework.followup.delivery.admitting import KEPT_BY_US, TURNS, Kept
from casework.followup.delivery.settling import lock_clients, tell
from casework.followup.messages.policy import Decision, Verdict
from casework.followup.models import Message

# A hold is kept in the message's history when its reason is new; a moment in a queue is not.
PUT_ASIDE = """
WITH t AS (
    SELECT *
      FROM unnest(%(messages)s::bigint[], %(statuses)s::text[], %(reasons)s::text[], %(params)s::jsonb[],
                  %(untils)s::timestamptz[], %(tried)s::int[], %(ours)s::bool[])
           AS t(message_id, status, reason, params, until, tried, ours)
), moved AS (
    UPDATE followup_message AS m
       SET status = t.status, reason_code = t.reason, reason_params = t.params,
           due_at = CASE WHEN t.until IS NULL THEN m.due_at
                         WHEN t.ours THEN t.until
                         ELSE greatest(t.until, statement_timestamp() + interval '1 second') END,
           ready_at = CASE WHEN t.ours THEN coalesce(m.ready_at, m.due_at)
                           WHEN t.status = 'held' THEN NULL ELSE m.ready_at END,
           closed_at = CASE WHEN t.status = 'held' THEN NULL ELSE statement_timestamp() END,
           attempts_made = m.attempts_made + t.tried
      FROM t
     WHERE m.id = t.message_id AND m.status IN ('planned', 'held', 'failed')
)
INSERT INTO followup_messagehold (message_id, reason_code, reason_params, at, until)
SELECT was.id, t.reason, t.params, statement_timestamp(), t.until
  FROM t JOIN followup_message AS was ON was.id = t.message_id
 WHERE t.status = 'held' AND t.reason <> ALL(%(turns)s::text[])
   AND was.status IN ('planned', 'held', 'failed') AND (was.status <> 'held' OR was.reason_code <> t.reason)
"""

# Whatever it was held for before: after a standstill of ours nobody can say that it would not have gone.
OVERSLEPT = timedelta(hours=1)

STAYS = {
    Decision.HOLD: Message.Status.HELD,
    Decision.CANCEL: Message.Status.CANCELLED,
    Decision.SKIP: Message.Status.SKIPPED,
    Decision.GIVE_UP: Message.Status.DEAD,
}


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that will not leave now, and what becomes of it."""

    message: Any
    status: str
    reason: str
    params: dict[str, Any]
    until: datetime | None = None
    tried: int = 0
    overslept: bool = False  # nobody looked at it when its time came

    @property
    def needs_todo(self) -> bool:
        """Whether somebody has to reach the client in another way now."""
        if self.status == Message.Status.HELD:
            return False
        stale = self.reason == "late" and (self.overslept or self.message.reason_code in KEPT_BY_US)
        return stale or self.status == Message.Status.DEAD or self.reason in todos.BECOMES_CALL

    @property
    def is_ours(self) -> bool:
        """Whether only we or the provider keep it back: it is late from its first due time on."""
        return self.status == Message.Status.HELD and self.reason in KEPT_BY_US


def by_policy(message: Any, verdict: Verdict, at: datetime) -> Aside:
    """As policy decided."""
    until = verdict.until if verdict.decision is Decision.HOLD else None
    overslept = at - message.due_at > OVERSLEPT
    return Aside(
        message, STAYS[verdict.decision], verdict.reason, dict(verdict.params), until, overslept=overslept
    )


def by_route(kept: Kept) -> Aside:
    """Held by its route; not for longer than it is of use."""
    useful = kept.one.message.useful_until
    until = kept.until if useful is None else min(kept.until, useful)
    return Aside(kept.one.message, Message.Status.HELD, kept.reason, {"until": until.isoformat()}, until)


def put_aside(rows: Sequence[Aside]) -> None:
    """Write it down, in one statement."""
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
                "turns": list(TURNS),
            },
        )


@transaction.atomic
def end(aside: Aside) -> None:
    """Close a message that will not leave and leave its to-do, client locked first as everywhere.

    Whoever came between decides anew: the message is then no longer waiting, or due again.
    """
    lock_clients([aside.message.client_id])
    waiting = Message.objects.select_for_update(of=("self",)).waiting().defer("body")
    locked = waiting.filter(pk=aside.message.pk, fence=aside.message.fence).first()
    if locked is not None:
        put_aside([aside])
        tell(locked, reason=aside.reason)

"""The network calls: some at a time, each checked again just before, none inside a transaction."""

import time
from collections.abc import Sequence
from concurrent.futures import Executor

import structlog
from django.conf import settings
from django.db import connection

from casework.followup.channels import DeliveryError
from casework.followup.delivery import retry
from casework.followup.delivery.claiming import Held
from casework.followup.delivery.retry import Next
from casework.followup.delivery.settling import Result, settle

log = structlog.get_logger(__name__)

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


def send(held: Sequence[Held], *, until: float, pool: Executor) -> int:
    """Send what is ours, a handful at a time; `until` is the monotonic end of the lease. Return how many went."""
    accepted = 0
    for start in range(0, len(held), settings.FOLLOWUP_SENDERS):
        some = held[start : start + settings.FOLLOWUP_SENDERS]
        ours = _still_ours(some)
        _mark_calling([one for one in some if one.message.pk in ours])
        futures = [
            (one, pool.submit(call, one, until=until - settings.FOLLOWUP_PROVIDER_TIMEOUT))
            for one in some
            if one.message.pk in ours
        ]
        outcomes = {one.message.pk: future.result() for one, future in futures}
        results = [_result(one, outcomes.get(one.message.pk) or retry.withheld()) for one in some]
        settle(results)
        accepted += sum(result.next.status == "sent" for result in results)
    return accepted


def _result(one: Held, following: Next) -> Result:
    return Result(one.message, one.fence, one.outgoing.attempt_id, one.outgoing.recipient, following)


def _still_ours(some: Sequence[Held]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            STILL_OURS,
            {
                "messages": [one.message.pk for one in some],
                "fences": [one.fence for one in some],
                "timeout": settings.FOLLOWUP_PROVIDER_TIMEOUT,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def _mark_calling(some: Sequence[Held]) -> None:
    attempts = [one.outgoing.attempt_id for one in some if not one.channel.can_look_up]
    if attempts:
        with connection.cursor() as cursor:
            cursor.execute(CALLING, {"attempts": attempts})


def call(one: Held, *, until: float) -> Next:
    """Hand one message to its provider. Runs in a thread of its own and touches no database.

    A process that was frozen past its lease finds out here: the monotonic clock ran on without it.
    """
    if time.monotonic() >= until:
        return retry.withheld()
    try:
        return retry.after_acceptance(one.channel.send(one.outgoing))
    except DeliveryError as error:
        return retry.after_error(error, attempts=one.n)
    except Exception as error:  # noqa: BLE001 whatever a channel raises, the provider may have the message
        log.error(
            "channel_broke_its_promise", attempt=str(one.outgoing.attempt_id), error=type(error).__name__
        )
        return retry.after_error(DeliveryError("internal", ambiguous=True), attempts=one.n)

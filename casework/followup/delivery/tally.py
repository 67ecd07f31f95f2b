"""Sums for those who watch from outside: how late messages left, and what came of each attempt.

They are added up in memory and written every few seconds, so that counting costs the messages nothing. A process that
dies takes its last seconds of counting along; the messages and attempts themselves are in their rows.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict

from django.db import connection

from casework.followup.delivery.claiming import Held
from casework.followup.delivery.retry import Next
from casework.followup.models import Message

STEPS = (
    0.5,
    1.0,
    2.0,
    5.0,
    12.0,
    30.0,
    60.0,
    300.0,
    900.0,
    3600.0,
)  # seconds; what is later is in the last step
ATTEMPT, LATENESS = "attempt", "lateness"
EVERY = 5.0

Key = tuple[str | int, ...]  # the measure, and what its label is made of

ADD = """
INSERT INTO followup_tally AS t (measure, label, number, total)
SELECT * FROM unnest(%(measures)s::text[], %(labels)s::text[], %(numbers)s::bigint[], %(totals)s::float8[])
ON CONFLICT (measure, label) DO UPDATE
   SET number = t.number + excluded.number, total = t.total + excluded.total, at = statement_timestamp()
"""


class Tally:
    """What one process has counted and not yet written."""

    def __init__(self) -> None:
        self._numbers: Counter[Key] = Counter()
        self._totals: dict[Key, float] = defaultdict(float)
        self._next = time.monotonic() + EVERY

    def count(self, one: Held, following: Next, *, held_for: float) -> None:
        """One attempt, and when it was accepted how late. `held_for`: seconds since the claim."""
        route = one.route
        self._numbers[ATTEMPT, route.provider, route.channel, following.outcome] += 1
        if following.status == Message.Status.SENT:
            ready = one.message.ready_at
            due = one.message.due_since if ready is None else ready.timestamp()
            late = max(0.0, one.outgoing.started_at.timestamp() - due) + held_for
            key = (LATENESS, one.message.priority, bisect_left(STEPS, late))
            self._numbers[key] += 1
            self._totals[key] += late

    def write_if_due(self) -> None:
        """Write what has come together for some seconds."""
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Add it to the sums, in one order, so that two who write do not wait for each other for ever."""
        self._next = time.monotonic() + EVERY
        keys = sorted(self._numbers, key=str)
        if not keys:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                ADD,
                {
                    "measures": [measure for measure, *_label in keys],
                    "labels": [":".join(map(str, label)) for _measure, *label in keys],
                    "numbers": [self._numbers[key] for key in keys],
                    "totals": [self._totals.get(key, 0.0) for key in keys],
                },
            )
        self._numbers.clear()
        self._totals.clear()

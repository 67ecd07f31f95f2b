"""How fast a sender may hand messages over: a bucket of tokens in the database, filled by the database's clock.

A token is taken in the transaction of the claim, so however many processes claim, no more leave than the rate allows.
What finds no token is given its turn and looked at again then; the urgent take theirs before the usual.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest, Now

from casework.followup.delivery.breaker import Route
from casework.followup.models import Pace

OPEN = """
SELECT id, per_second, statement_timestamp(), booked_until, urgent_until,
       least(greatest(1.0, per_second / 4),
             tokens + per_second * greatest(0, extract(epoch FROM statement_timestamp() - filled_at))::float8)
  FROM followup_pace
 WHERE provider = %s AND channel = %s AND sender = %s
   FOR UPDATE
"""

CLOSE = """
UPDATE followup_pace
   SET tokens = %(tokens)s, filled_at = greatest(filled_at, %(at)s),
       booked_until = %(booked)s, urgent_until = %(urgent)s
 WHERE id = %(id)s
"""


@dataclass(slots=True)
class Bucket:
    """A sender's tokens under our lock, until the claim commits."""

    id: int
    per_second: float
    at: datetime
    booked_until: datetime
    urgent_until: datetime
    tokens: float
    repeated: int = 0

    def take(self) -> bool:
        """One token, if there is a whole one."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def turn(self, *, urgent: bool, again: bool) -> datetime:
        """When whoever found no token is looked at next. `again`: it has had a turn, and somebody took its token."""
        if again:
            self.repeated += 1
            return self.at + timedelta(seconds=self.repeated / self.per_second)
        gap = timedelta(seconds=1 / self.per_second)
        if urgent:
            self.urgent_until = max(self.urgent_until, self.at) + gap
            return self.urgent_until
        self.booked_until = max(self.booked_until, self.urgent_until, self.at) + gap
        return self.booked_until

    def close(self) -> None:
        """Write back what is left."""
        with connection.cursor() as cursor:
            cursor.execute(
                CLOSE,
                {
                    "id": self.id,
                    "tokens": self.tokens,
                    "at": self.at,
                    "booked": self.booked_until,
                    "urgent": self.urgent_until,
                },
            )


def bucket(route: Route, sender: str) -> Bucket | None:
    """Lock the sender's bucket; None where nobody limits it. Call it in the claim's transaction, and close it there."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN, [route.provider, route.channel, sender])
        row = cursor.fetchone()
    return Bucket(*row) if row else None


def introduce(route: Route, sender: str, per_second: float) -> None:
    """Give a sender its usual rate, unless the installation has said another one."""
    if Pace.objects.filter(**route.named, sender=sender).exists():
        return  # asked at every drain: nothing is written but once
    Pace.objects.bulk_create(
        [Pace(**route.named, sender=sender, per_second=per_second)], ignore_conflicts=True
    )


def limit(route: Route, sender: str, per_second: float) -> Pace:
    """Let this sender hand over so many messages a second. Raises ValueError unless it is a positive number."""
    if not (per_second > 0 and math.isfinite(per_second)):
        raise ValueError(per_second)
    pace, _created = Pace.objects.update_or_create(
        provider=route.provider,
        channel=route.channel,
        sender=sender,
        defaults={"per_second": per_second},
    )
    return pace


def next_turn() -> float | None:
    """Seconds between two turns of the fastest sender that somebody waits for; None when nobody waits."""
    queued = Pace.objects.filter(per_second__gt=0).annotate(last=Greatest("booked_until", "urgent_until"))
    fastest = (
        queued.filter(last__gt=Now()).order_by(-F("per_second")).values_list("per_second", flat=True).first()
    )
    return 1 / fastest if fastest else None

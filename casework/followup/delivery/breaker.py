"""Is the provider there? One row per route answers for every process; all its times are the database's.

Closed: in service. So many failures of the provider's own in a row, or its wish that we wait, open it: nothing is
claimed for the route, and what is due for it is held. After a rest one process may try one message (half open); its
success closes the breaker, its failure lets it rest longer.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import connection, transaction

from casework.followup.models import Breaker

log = structlog.get_logger(__name__)
State = Breaker.State

# Seconds, but for the first; an installation may say otherwise in FOLLOWUP_BREAKER.
DEFAULTS = {
    "failures": 5,  # in a row open it
    "rest": 15.0,  # before the first try; doubles with each that fails
    "rest_cap": 120.0,
    "asked_cap": 900.0,  # the longest Retry-After that is believed
    "other_way_after": 600.0,  # away for longer: what never reached this provider takes the client's next way
}

KNOWN = "INSERT INTO followup_breaker (provider, channel, state, failures, rests, code) "
KNOWN += "VALUES (%(provider)s, %(channel)s, 'closed', 0, 0, '') ON CONFLICT DO NOTHING"

FAILED = """
UPDATE followup_breaker AS b
   SET failures = b.failures + %(failures)s, code = %(code)s,
       state = CASE WHEN now.opens THEN 'open' ELSE b.state END,
       rests = b.rests + CASE WHEN now.opens THEN 1 ELSE 0 END,
       away_since = CASE WHEN now.opens THEN coalesce(b.away_since, statement_timestamp()) ELSE b.away_since END,
       until = CASE WHEN now.opens OR (b.state = 'open' AND %(asked)s > 0)
                    THEN greatest(b.until, statement_timestamp() + make_interval(secs => greatest(%(asked)s,
                                  %(jitter)s * least(%(cap)s, %(rest)s * 2 ^ least(b.rests, 10)))))
                    ELSE b.until END,
       changed_at = CASE WHEN now.opens THEN statement_timestamp() ELSE b.changed_at END
  FROM (SELECT id, CASE state WHEN 'closed' THEN failures + %(failures)s >= %(limit)s OR %(asked)s > 0
                              WHEN 'half_open' THEN %(probing)s
                              ELSE false END AS opens
          FROM followup_breaker WHERE provider = %(provider)s AND channel = %(channel)s FOR UPDATE) AS now
 WHERE b.id = now.id
RETURNING now.opens, b.state
"""

SUCCEEDED = """
UPDATE followup_breaker
   SET state = 'closed', failures = 0, rests = 0, away_since = NULL, until = NULL, code = '',
       changed_at = CASE WHEN state = 'closed' THEN changed_at ELSE statement_timestamp() END
 WHERE provider = %(provider)s AND channel = %(channel)s
   AND ((state = 'closed' AND failures > 0) OR (state = 'half_open' AND %(probing)s))
RETURNING state
"""

# Whoever locks the row first has the try; the next one then finds a time that has not come.
TRY = """
UPDATE followup_breaker
   SET state = 'half_open', until = statement_timestamp() + make_interval(secs => %(lease)s),
       changed_at = statement_timestamp()
 WHERE provider = %(provider)s AND channel = %(channel)s AND state <> 'closed' AND until <= statement_timestamp()
"""

GIVE_BACK = """
UPDATE followup_breaker SET state = 'open', until = statement_timestamp(), changed_at = statement_timestamp()
 WHERE provider = %(provider)s AND channel = %(channel)s AND state = 'half_open'
"""


class Route(NamedTuple):
    """A provider on a channel."""

    provider: str
    channel: str

    @property
    def named(self) -> dict[str, str]:
        """Its parts by name, as columns and log lines have them."""
        return {"provider": self.provider, "channel": self.channel}


@dataclass(frozen=True, slots=True)
class Seen:
    """A breaker as one claim saw it."""

    state: str = State.CLOSED
    failures: int = 0
    away_since: datetime | None = None
    until: datetime | None = None

    @property
    def is_clean(self) -> bool:
        return self.state == State.CLOSED and not self.failures


def rule(name: str) -> float:
    """A number of DEFAULTS, or what the installation says instead."""
    return float({**DEFAULTS, **settings.FOLLOWUP_BREAKER}[name])


def read() -> Mapping[Route, Seen]:
    """Every breaker there is; a route without one is in service."""
    rows = Breaker.objects.order_by("pk").values_list(
        "provider", "channel", "state", "failures", "away_since", "until"
    )
    return {
        Route(provider, channel): Seen(state, failures, away_since, until)
        for provider, channel, state, failures, away_since, until in rows
    }


def away() -> list[Route]:
    """The routes whose provider is away."""
    return [route for route, seen in read().items() if seen.state != State.CLOSED]


def failed(
    route: Route, *, code: str, failures: int = 1, asked: float | None = None, probing: bool = False
) -> bool:
    """Count failures of the provider's own; return whether the route is away now.

    `asked`: seconds that the provider wants to be left alone, which opens at once. `probing`: the one try failed.
    """
    given: dict[str, Any] = {
        **route.named,
        "failures": failures,
        "code": code[:40],
        "asked": min(asked or 0.0, rule("asked_cap")),
        "probing": probing,
        "limit": rule("failures"),
        "rest": rule("rest"),
        "cap": rule("rest_cap"),
        "jitter": random.uniform(0.75, 1.0),  # so that the routes of one provider are not tried in step
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(KNOWN, given)
        cursor.execute(FAILED, given)
        opened, state = cursor.fetchone()
    if opened:
        log.error("provider_away", code=code, probing=probing, **route.named)
    return bool(state != State.CLOSED)


def succeeded(route: Route, *, probing: bool = False) -> None:
    """The provider took one: what failed before counts no more, and a try that succeeds puts it back in service.

    A call from before the breaker opened proves nothing about now, so it closes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(SUCCEEDED, {**route.named, "probing": probing})
        if cursor.rowcount and probing:
            log.warning("provider_back", **route.named)


def may_try(route: Route) -> bool:
    """Whether this transaction has the one try of a route that is away: at its time, by one process."""
    with connection.cursor() as cursor:
        cursor.execute(TRY, {**route.named, "lease": settings.FOLLOWUP_LEASE})
        return cursor.rowcount == 1


def give_back(route: Route) -> None:
    """The try did not take place; another may."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, route.named)


def long_away(seen: Mapping[Route, Seen], routes: Iterable[Route], at: datetime) -> set[str]:
    """The channels whose provider has been away for so long that the client's next way is better."""
    patience = timedelta(seconds=rule("other_way_after"))
    return {
        route.channel
        for route in routes
        if (breaker := seen.get(route)) and breaker.away_since and at - breaker.away_since >= patience
    }


def look_again(breaker: Seen, at: datetime) -> datetime:
    """When what is held for the route comes up again: after the next try, and not all in the same second."""
    pause = max(0.0, (breaker.until - at).total_seconds()) if breaker.until else 0.0
    return at + timedelta(seconds=pause + random.uniform(0.5, 0.5 + max(2.0, rule("rest"))))

"""What Celery runs: address labels without arguments. Losing any of them costs seconds, never a message."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.db import connection
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from casework.followup import (
    alerts,
    checkups,
    delivery,
    due_work,
    heartbeats,
    ladder,
    missed_measures,
    plan_changes,
    plan_upkeep,
    reminders,
    unknown,
    welcoming,
)
from casework.followup.delivery.settling import clock

log = structlog.get_logger(__name__)

TIDYING: Final = -1  # the lane of those who tidy
LANE: Final = 0x7475726E  # first half of the advisory lock's number: ours among other users of the database
QUIET_AFTER_FAILURE: Final = (
    10.0  # seconds without waking once a broker is away; the watchman delivers meanwhile
)
IMPATIENT: Final = {"max_retries": 0, "socket_timeout": 1, "socket_connect_timeout": 1}
_broker = {"away_until": 0.0}  # each process remembers, so that a dead broker costs a second once


def wake() -> None:
    """Ask a worker to deliver now. For `transaction.on_commit`: never raises and never keeps a person waiting."""
    if time.monotonic() < _broker["away_until"]:
        return
    try:
        with producers[_line()].acquire(block=True, timeout=1) as producer:
            deliver.apply_async(producer=producer, retry=False, expires=30)
    except (KombuError, OSError) as error:
        _broker["away_until"] = time.monotonic() + QUIET_AFTER_FAILURE
        log.warning("broker_away", error=type(error).__name__)


@lru_cache(maxsize=1)
def _line() -> Connection:
    """A way to the broker that gives up at once; Celery's own would try for seconds while a person waits."""
    line = current_app.connection_for_write()
    line.transport_options = {**(line.transport_options or {}), **IMPATIENT}
    return line


@shared_task(name="followup.deliver")
def deliver() -> None:
    """Deliver what is due: sent on commit by whoever wrote a message."""
    heartbeats.beat(heartbeats.WORKER)
    _in_a_lane()


@shared_task(name="followup.sweep")
def sweep() -> None:
    """Deliver what is due: sent by the beat every second, whoever wrote what."""
    heartbeats.beat(heartbeats.WORKER, heartbeats.BEAT)
    _in_a_lane()


@shared_task(name="followup.alert")
def alert() -> None:
    """Tell staff of emergencies that nobody has taken yet: sent by the beat every few seconds."""
    alerts.sweep(clock())


@shared_task(name="followup.tidy")
def tidy() -> None:
    """Let plans follow what changed around them and silences reach their rungs; close plans whose last step is done.

    The database says what time it is: a host whose clock runs ahead alarms nobody early. One process at a time: after
    a long standstill it may take longer than its turn, and must not take the places of those who deliver.
    """
    with _lane([TIDYING]) as ours:
        if ours:
            _tidy(clock())


def _tidy(now: datetime) -> None:
    plan_changes.follow_changes(now)
    ladder.climb_all(now)
    plan_upkeep.complete_finished(now)
    checkups.open_checkups(now)
    reminders.keep_all(now)
    missed_measures.open_missed(now)
    due_work.look(now)
    welcoming.greet(now)
    unknown.purge(now)


def _in_a_lane() -> None:
    """Deliver, unless as many processes as may are at it already; they go on until nothing is due."""
    with _lane(range(settings.FOLLOWUP_LANES)) as ours:
        if ours:
            delivery.deliver_due()


@contextmanager
def _lane(numbers: Iterable[int]) -> Iterator[bool]:
    """Hold the first of these lanes that is free, in every process of the installation; False where none is."""
    with connection.cursor() as cursor:
        for lane in numbers:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LANE, lane])
            if cursor.fetchone()[0]:
                break
        else:
            yield False
            return
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LANE, lane])

"""Signs of life of those who send, kept in the database: the one place that every process and the watchman share."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection

from casework.followup.models import Heartbeat

WORKER: Final = "worker"
BEAT: Final = "beat"
WATCH: Final = "watch"

BEAT_ONCE = """
INSERT INTO followup_heartbeat AS h (name, run, beat_at) VALUES (%s, %s, statement_timestamp())
ON CONFLICT (name, run) DO UPDATE SET beat_at = excluded.beat_at
 WHERE h.beat_at < excluded.beat_at - interval '1 second'
"""


def beat(*names: str) -> None:
    """Leave a sign of life, at most one write a second."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(BEAT_ONCE, [name, settings.RUN_ID])


def ages(*, at: datetime) -> dict[str, float | None]:
    """Seconds since the last sign of life of each, in this run; None for never."""
    seen = dict(Heartbeat.objects.filter(run=settings.RUN_ID).order_by("name").values_list("name", "beat_at"))
    return {
        name: (at - seen[name]).total_seconds() if name in seen else None for name in (WORKER, BEAT, WATCH)
    }

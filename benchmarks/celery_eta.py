"""Drains by a real Celery worker, one ETA task a reminder."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks.eta_tasks import app, send
from casework.followup.models import Message

PUBLISHED_A_SECOND = 80  # slow on purpose: the time to publish is not counted


def drain(number: int) -> float:
    """Rows a second from the moment they are due, when the worker has had them all in its hands for a while."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "benchmarks.eta_tasks", "worker"]
    flags = ["-Q", "eta", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "ERROR"]
    worker = subprocess.Popen(
        command + flags, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(lambda: bool(app.control.ping(timeout=1)), 60)
        due = datetime.now(UTC) + timedelta(seconds=5 + number / PUBLISHED_A_SECOND)
        for pk in range(1, number + 1):
            send.apply_async((pk,), eta=due)
        late = datetime.now(UTC) > due
        assert not late, "publishing took longer than planned"
        sent = Message.objects.filter(pk__lte=number, status="sent")
        _wait(lambda: sent.count() == number, 300)
        last = sent.order_by("-sent_at").values_list("sent_at", flat=True)[0]
        return number / (last - due).total_seconds()
    finally:
        worker.terminate()
        worker.wait(30)


def _wait(done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.2)

"""How late messages leave, due to accepted: at rest, without Redis, and when a hundred thousand are due at once."""

import statistics
import threading
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from benchmarks import processes
from benchmarks.world import World, make_due
from casework.followup.models import Message
from casework.local.stores import Stores
from casework.staff.models import User

LATENESS = """
SELECT extract(epoch FROM percentile_cont(%(share)s) WITHIN GROUP (ORDER BY sent_at - due_at))::float8
  FROM followup_message WHERE id <= %(last)s AND status IN ('sent', 'delivered') AND priority = ANY(%(priorities)s)
"""
EVERYBODY, URGENT, USUAL = [0, 10, 20, 50], [20], [50]


def late(share: float, last: int, priorities: list[int] | None = None) -> float:
    """Seconds from due to accepted, at this share of the messages."""
    given = {"share": share, "last": last, "priorities": priorities or EVERYBODY}
    with connection.cursor() as cursor:
        cursor.execute(LATENESS, given)
        return float(cursor.fetchone()[0] or 0.0)


def _wait_until_sent(number: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while Message.objects.filter(pk__lte=number).exclude(status="sent").exists():
        if time.monotonic() > until:
            left = Message.objects.filter(pk__lte=number).exclude(status="sent").count()
            raise TimeoutError(f"{left} of {number} had not left after {seconds:.0f} s")
        time.sleep(0.2)


def one_at_a_time(
    world: World, folder: Path, *, number: int, redis: Stores | None = None
) -> dict[str, float]:
    """Messages that become due one after the other. `redis`: end it first, so that only the watchman delivers."""
    make_due(world, age=-3600, number=number)
    names = ("watch",) if redis else ("worker", "beat", "watch")
    if redis:
        redis.valkey.stop()
    with processes.running(*names, folder=folder):
        time.sleep(8)  # they have started
        for pk in range(1, number + 1):
            due = datetime.now(UTC) + timedelta(seconds=1)
            Message.objects.filter(pk=pk).update(due_at=due)
            time.sleep(0.1)
        _wait_until_sent(number, 240)
    return {"p50": late(0.5, number), "p99": late(0.99, number)}


@dataclass
class Probe:
    """Somebody who looks at the desk all the time."""

    address: str
    cookie: str
    seconds: list[float]
    stop: bool = False

    def run(self) -> None:
        while not self.stop:
            request = urllib.request.Request(self.address, headers={"Cookie": self.cookie})
            began = time.perf_counter()
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                assert answer.status == 200, answer.status
            self.seconds.append(time.perf_counter() - began)
            time.sleep(0.05)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]


def _session_of(user: Any) -> str:
    """A counselor who has signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _looking(port: int, seconds: float | None, stack: ExitStack) -> Probe:
    """Look at the counselor's page for so long, or until the stack ends."""
    user = User.objects.filter(role="counselor").order_by("pk")[0]
    probe = Probe(f"http://127.0.0.1:{port}/", _session_of(user), [])
    thread = threading.Thread(target=probe.run, daemon=True)
    thread.start()
    if seconds is not None:
        time.sleep(seconds)
        probe.stop = True
        thread.join(60)
    else:
        stack.callback(setattr, probe, "stop", True)
    return probe


def burst(world: World, folder: Path, *, number: int) -> dict[str, float]:
    """So many due in the same second, every tenth of high risk, while somebody works at the desk."""
    make_due(world, age=-3600, number=number)
    port = processes.free_port()
    with ExitStack() as stack:
        stack.enter_context(processes.running("worker", "beat", "watch", "web", folder=folder, port=port))
        _looking(port, 3, stack)  # warm
        idle = _looking(port, 15, stack)
        due = datetime.now(UTC) + timedelta(seconds=2)
        Message.objects.filter(pk__lte=number).update(due_at=due)
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        busy = _looking(port, None, stack)
        began = time.monotonic()
        _wait_until_sent(number, 900)
        took = time.monotonic() - began
    return {
        "number": number,
        "rate": number / took,
        "p50": late(0.5, number),
        "p99": late(0.99, number),
        "p99 high risk": late(0.99, number, URGENT),
        "p01 usual": late(0.01, number, USUAL),
        "web p95 idle": idle.p95,
        "web p95 burst": busy.p95,
    }

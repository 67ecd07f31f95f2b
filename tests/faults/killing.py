"""Faults 1 to 5: senders that die or freeze at the worst moment."""

import signal
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Min

from casework.followup.models import Attempt, Message, ToDo
from casework.local import postgres
from tests.faults.catalogue import fault
from tests.faults.scene import LEASE, Scene
from tests.faults.world import database_clock

KILLS = {True: 2, False: 4}  # of a short run, and of a whole one


def killed_at(scene: Scene, when: str) -> None:
    """Kill the whole worker at some of its calls, each time starting it again."""
    at = sorted(scene.rng.sample(range(5, max(20, scene.messages // 2)), KILLS[scene.messages < 500]))
    scene.hook("kill", f"{when} {' '.join(map(str, at))}")
    scene.strike()
    scene.write(spread=4)
    scene.finish()


def longest_gap(scene: Scene) -> float:
    """Seconds from the first try of an interrupted message to its end."""
    pks = [one.message_id for one in scene.world.wanted]
    rows = Message.objects.filter(pk__in=pks, sent_at__isnull=False).annotate(
        first=Min("attempts__started_at")
    )
    return max(((row.sent_at - row.first).total_seconds() for row in rows.defer("body")), default=0.0)


@fault(1, "kill -9 of the worker before the provider call", naive=True, quick=True)
def killed_before_the_call(scene: Scene) -> None:
    killed_at(scene, "before")
    if scene.product == "turnaround":
        late = scene.overdue_lease
        scene.check(f"reclaimed within lease + 5 s (latest {late:.1f} s after the lease's end)", late <= 5)
        scene.note(f"from the first try to the end: {longest_gap(scene):.1f} s at most")


@fault(2, "kill -9 after acceptance, before settling", naive=True, quick=True)
def killed_after_the_call(scene: Scene) -> None:
    killed_at(scene, "after")


@fault(3, "kill -9 during claim and during settle", naive=True, quick=True)
def killed_anywhere(scene: Scene) -> None:
    """At random moments, most of which fall into a claim or a settle: cut the worker, or only its database lines."""
    scene.write(spread=6)
    scene.strike()
    for turn in range(6):
        time.sleep(scene.rng.uniform(0.2, 0.9))
        if turn % 2:
            cut_lines()
        elif scene.stack.alive("worker"):
            scene.stack.kill("worker")
            scene.stack.start("worker")
    scene.finish()


def cut_lines() -> None:
    """End every database session but our own in the middle of what it does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = current_database()",
            [postgres.APP],
        )


@fault(4, "kill -9 storm: all workers every 0.3 s", naive=True, limit=500)
def storm(scene: Scene) -> None:
    """One message besides kills whoever sends it, every time: it must end, and starve nobody."""
    poison = poisoned(scene)
    scene.write(spread=6)
    scene.strike()
    until = time.monotonic() + 12
    while time.monotonic() < until:
        time.sleep(0.3)
        scene.stack.tend()
        if scene.rng.random() < 0.15:
            scene.stack.kill("worker")
            scene.stack.start("worker")
        else:
            scene.stack.kill_children("worker")
    scene.finish(within=300)
    if poison is not None:
        status = Message.objects.values_list("status", flat=True).get(pk=poison)
        told = ToDo.objects.filter(message=poison).exists()
        scene.check(f"the poison row ends ({status})", status == "dead" and told)


def poisoned(scene: Scene) -> int | None:
    if scene.product != "turnaround":
        return None
    (client,) = scene.world.people(1)
    scene.hook("poison", client.phone)  # type: ignore[attr-defined]
    at = database_clock()
    message = scene.world.message(client, due_at=at, body=f"Hi {client.given_name}, poison.")
    message.attempts_made = 8  # of twelve: what remains fits into the run
    (wanted,) = scene.world.save([message])
    return wanted.message_id


@fault(5, "worker frozen longer than its lease, then awake", naive=True, quick=True)
def frozen(scene: Scene) -> None:
    scene.write(spread=3)
    scene.until_accepted(max(10, scene.messages // 8))
    scene.stack.signal("worker", signal.SIGSTOP)
    scene.strike()
    asleep = frozen_messages(scene)
    time.sleep(LEASE + 3)
    scene.stack.signal("worker", signal.SIGCONT)
    scene.finish(linger=3)
    if scene.product == "turnaround":
        late = Attempt.objects.filter(pk__in=asleep, outcome="withheld").count()
        accepted = [row for row in scene.stack.ledger() if row["phone"].startswith(scene.world.phones)]
        scene.note(
            f"{len(asleep)} under lease when it froze, {late} withheld when it woke, {len(accepted)} accepted"
        )
        scene.check("it held messages when it froze", bool(asleep))


def frozen_messages(scene: Scene) -> list[Any]:
    if scene.product != "turnaround":
        return []
    since = database_clock() - timedelta(minutes=5)
    rows = Attempt.objects.filter(outcome="started", started_at__gt=since)
    return list(rows.values_list("pk", flat=True))

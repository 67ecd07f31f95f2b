"""Faults 6 and 7: Redis or Valkey forgets, dies, fills up. Nothing that matters lives there."""

import statistics
import time

from django.utils import timezone

from casework.followup import actions, tasks
from casework.followup.models import FollowUpPlan
from tests.faults.catalogue import fault
from tests.faults.scene import Scene

POLL_AND_GRACE = 12.0  # the watchman looks every 5 s at what has been due for 5 s


@fault(6, "Redis FLUSHALL, and kill -9 without persistence", naive=True, quick=True)
def forgetting_broker(scene: Scene) -> None:
    scene.write(spread=6, delay=1)
    scene.strike()
    for _ in range(4):
        time.sleep(scene.rng.uniform(0.4, 1.2))
        with scene.broker() as line:
            line.flushall()
    scene.stack.broker.child.kill()
    scene.stack.broker.stop()
    time.sleep(3)
    scene.stack.restart_broker()
    scene.finish(within=120)
    if scene.product == "turnaround":
        late = scene.result.counted["p99"]
        drain = scene.messages / 40
        scene.check(
            f"lateness p99 {late:.1f} s ≤ poll + 1 s, and the time that draining takes",
            late <= POLL_AND_GRACE + drain,
        )


@fault(7, "Redis down; OOM with noeviction; allkeys-lru", naive=True, limit=420)
def broker_down_or_full(scene: Scene) -> None:
    """Ten minutes are 15 seconds here. Reports are made all the while, as a counselor makes them."""
    usual = reports(scene, 12)
    scene.write(spread=25)
    scene.strike(must_alert=True)
    scene.stack.broker.child.kill()
    scene.stack.broker.stop()
    down = reports(scene, 12)
    scene.wait(8)
    scene.stack.restart_broker()
    scene.wait(2)
    with scene.broker() as line:
        line.config_set("maxmemory-policy", "noeviction")
        line.config_set("maxmemory", "1mb")
    full = reports(scene, 12)
    scene.wait(5)
    with scene.broker() as line:
        line.config_set("maxmemory-policy", "allkeys-lru")
    evicting = reports(scene, 12)
    scene.wait(5)
    with scene.broker() as line:
        line.config_set("maxmemory", "0")
    scene.finish(within=150)
    for what, times in (("down", down), ("full", full), ("evicting", evicting)) if usual else ():
        ratio = statistics.median(times) / statistics.median(usual)
        scene.check(f"a report with the broker {what} takes {ratio:.2f} of the usual", ratio < 2)


def reports(scene: Scene, number: int) -> list[float]:
    """Seconds that each of some relapse reports took, wake-up included; none may fail."""
    if scene.product != "turnaround":
        return []
    tasks._broker["away_until"] = 0.0
    clients = scene.world.people(number)
    taken = []
    for client in clients:
        began = time.monotonic()
        actions.report_relapse(
            client_id=client.pk,
            stage="mental",
            source="self_session",
            by=scene.world.dana,
            now=timezone.now(),
        )
        taken.append(time.monotonic() - began)
    assert FollowUpPlan.objects.filter(client__in=[client.pk for client in clients]).count() == number
    return taken

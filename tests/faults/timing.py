"""Faults 20 to 22: clocks that jump, clocks that change twice a year, and nobody or two who look at the clock."""

import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from casework.followup.models import Message
from casework.local.places import ROOT
from tests.faults.catalogue import fault
from tests.faults.checker import key_of, sent_to_ours
from tests.faults.pace import PACE
from tests.faults.scene import Cannot, Scene
from tests.faults.world import database_clock

SILENCE = float(PACE["FOLLOWUP_SILENCE"])
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


def faketime() -> str:
    """The library that lies about the time; installed from Debian where we may."""
    for _ in range(2):
        for pattern in LIBRARIES:
            found = sorted(Path("/").glob(pattern.lstrip("/")))
            if found:
                return str(found[0])
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            break
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libfaketime"]
        subprocess.run(command, env=env, capture_output=True, check=False)
    raise Cannot("libfaketime is not installed (apt install libfaketime)")


@fault(20, "clock of a worker's host jumps +2 h and -2 h")
def clock_jumps(scene: Scene) -> None:
    """The worker, beat and watchman live in a time of their own; the database and the provider do not."""
    library = faketime()
    told = scene.stack.folder / "faketime"
    told.write_text("+0\n")
    lie = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    for name in scene.processes:
        scene.stack.extra_env[name] = lie
        scene.stack.stop(name)
    scene.stack.start(*scene.processes)
    scene.ready()
    scene.write(spread=9)
    scene.strike()
    soon = [one for one in scene.world.wanted if one.due_at > database_clock() + timedelta(seconds=6)]
    for jump in ("+7200", "-7200", "+0"):
        scene.wait(3)
        told.write_text(f"{jump}\n")
    scene.finish()
    due = {(one.phone, one.body): one.due_at for one in scene.world.wanted}
    early = [at for key, at in sent_at(scene) if key in due and at < due[key].timestamp() - 0.05]
    scene.check(
        f"nothing left early ({len(early)} of {len(due)}, {len(soon)} not due at the first jump)", not early
    )
    scene.stack.extra_env.clear()


def sent_at(scene: Scene) -> list[tuple[tuple[str, str], float]]:
    """When the provider took what, by its own clock."""
    expected = scene.world.expected()
    rows = sent_to_ours(scene.world, scene.stack.ledger())
    return [(key_of(row, expected), datetime.fromisoformat(row["created_at"]).timestamp()) for row in rows]


@fault(21, "DST both ways, every IANA zone, 2026 to 2030", limit=900)
def daylight_saving(scene: Scene) -> None:
    """The property tests are the proof; the messages here show that nothing else happened."""
    scene.strike()
    places = [
        "tests/followup/test_schedule.py",
        *map(str, sorted(Path("tests/followup").glob("test_*zone*.py"))),
    ]
    env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *dict.fromkeys(places)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stdout.strip().splitlines() or [done.stderr[-200:]])[-1]
    scene.check(f"every zone, every change ({', '.join(places)}: {last})", done.returncode == 0)
    scene.write(spread=2)
    scene.finish()


@fault(22, "two beats; no beat", quick=True)
def beats(scene: Scene) -> None:
    scene.stack.start("second beat", "second worker")
    half = scene.messages // 2
    scene.world.write(half, spread=4)
    scene.finish()
    for name in ("second beat", "second worker"):
        scene.stack.stop(name)
    rows = Message.objects.filter(client__in=[client.pk for client in scene.world.clients])
    keys = rows.values("dedupe_key").distinct().count()
    scene.check("no duplicate row", keys == rows.count())
    no_beat(scene, scene.messages - half)


def watchman_said(scene: Scene) -> str:
    return (scene.stack.folder / "logs" / "watch.log").read_text()


def no_beat(scene: Scene, number: int) -> None:
    """The alarm comes from outside the worker, in time, and the messages leave all the same."""
    scene.stack.stop("beat")
    scene.stack.stop("worker")
    scene.result.alerted = None
    scene.strike(must_alert=True)
    scene.world.write(number, spread=2, strangers=False)
    said = watchman_said(scene)
    alarm = scene.until(
        lambda: "no_beat" in watchman_said(scene)[len(said) :], within=60, what="the watchman's alarm"
    )
    scene.check(
        f"the alarm comes {alarm:.1f} s after the last beat (2 min are {SILENCE:g} s here)",
        alarm <= SILENCE + 6,
    )
    scene.finish()
    scene.stack.start("beat", "worker")

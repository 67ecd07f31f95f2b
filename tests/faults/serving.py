"""Faults 8 to 11 and 24: PostgreSQL restarts, fails over, is restored, drags a snapshot along, runs out of disk."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

from casework.followup.models import Attempt, Message
from casework.local import postgres
from casework.local.places import ROOT
from tests.faults.catalogue import fault
from tests.faults.ground import Ground
from tests.faults.scene import Cannot, Scene

Status = Message.Status


@fault(8, "PostgreSQL restart, fast and immediate, mid-batch", quick=True)
def restarted(scene: Scene) -> None:
    scene.write(spread=6)
    scene.strike()
    for number in (signal.SIGINT, signal.SIGQUIT):
        scene.until_accepted(scene.accepted() + scene.messages // 10)
        connection.close()
        scene.stack.ground.ask_to_stop(number)
        time.sleep(1)
        scene.stack.ground.start()
        time.sleep(1)
    scene.finish()
    twice = double_claims()
    scene.check(f"no message was claimed twice at once ({twice})", twice == 0)


def double_claims() -> int:
    """Attempts of one message that overlap: the next began before the one before it was settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM followup_attempt AS a JOIN followup_attempt AS b
                ON b.message_id = a.message_id AND b.fence > a.fence
             WHERE b.started_at < a.settled_at
            """
        )
        return int(cursor.fetchone()[0])


@fault(9, "failover to a replica that lost the last moments", limit=400)
def failed_over(scene: Scene) -> None:
    """The replica stops listening; the primary goes on sending for a moment and dies; the replica takes over."""
    ground = scene.stack.ground
    replica = Ground(scene.stack.folder / "replica", database=ground.database)
    replica.take_backup(str(ground.socket), standby=True)
    replica.start_standby()
    try:
        scene.write(spread=5)
        scene.until_accepted(scene.messages // 6)
        os.kill(walsender(ground), signal.SIGSTOP)
        before = scene.accepted()
        time.sleep(0.8)
        scene.strike()
        connection.close()
        ground.ask_to_stop(signal.SIGKILL)
        lost = scene.accepted() - before
        replica.promote()
        ground.lead_to(replica.socket)
        scene.finish(within=200)
        scene.note(f"{lost} messages were accepted that the replica never heard of")
        scene.check("the replica had lost something", lost > 0)
        asked = Attempt.objects.filter(called_at__isnull=False, provider="sandbox").count()
        scene.check(f"what was due was looked up before any resend ({asked} asked)", asked >= lost)
    finally:
        connection.close()
        replica.stop()


def walsender(primary: Ground) -> int:
    """The process that tells the replica what happens."""
    for _ in range(100):
        with primary.connect(postgres.ADMIN, "postgres") as admin:
            row = admin.execute("SELECT pid FROM pg_stat_replication WHERE state = 'streaming'").fetchone()
        if row:
            return visible(int(row[0]))
        time.sleep(0.1)
    raise Cannot("the replica does not follow the primary")


def visible(pid: int) -> int:
    """The same number here: the server may live in a user namespace, but not in a namespace of processes."""
    if not Path(f"/proc/{pid}").exists():
        raise Cannot("the server's processes are not visible here")
    return pid


@fault(10, "restore from last night's backup", limit=400)
def restored(scene: Scene) -> None:
    """Dumped before the first message was due, restored after most were sent."""
    ground = scene.stack.ground
    scene.write(delay=6, spread=6)
    dump = scene.stack.folder / "dump"
    subprocess.run(ground.tool("pg_dump", "-Fc", "-f", str(dump), ground.database), check=True)
    scene.until_accepted(scene.messages * 7 // 10)
    for name in scene.processes:
        scene.stack.kill(name)
    scene.strike()
    sent = scene.accepted()
    connection.close()
    with ground.connect(postgres.ADMIN, "postgres") as admin:
        admin.execute(f'DROP DATABASE "{ground.database}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{ground.database}" OWNER {postgres.OWNER}')
    subprocess.run(
        ground.tool("pg_restore", "--no-owner", "-d", ground.database, str(dump)),
        check=True,
        capture_output=True,
    )
    scene.stack.start(*scene.processes)
    scene.finish(within=240)
    scene.note(f"{sent} of {scene.messages} had been sent before the restore")
    scene.check("most had been sent before the restore", sent >= scene.messages * 0.6)


@fault(11, "long transaction and blocked vacuum", limit=1200)
def long_transaction(scene: Scene) -> None:
    """Half an hour of dead rows: as many rows as the table gets in that time are claimed under an open snapshot."""
    scene.write(spread=4)
    snapshot = scene.stack.ground.connect()
    snapshot.autocommit = False
    snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    snapshot.execute("SELECT count(*) FROM followup_message")
    scene.strike()
    try:
        scene.finish()
        for name in scene.processes:
            scene.stack.stop(name)
        under = churn(scene)
    finally:
        snapshot.rollback()
        snapshot.close()
    with scene.stack.ground.connect() as owner:
        owner.execute("VACUUM ANALYZE followup_message")
        owner.execute("VACUUM ANALYZE followup_attempt")
    free = churn(scene)
    scene.note(f"the last fifth of each drain: {under:.0f} messages/s under the snapshot, {free:.0f} without")
    scene.check(f"claim rate {under / free:.2f} of normal (≥ 0.70)", under >= 0.7 * free)


def churn(scene: Scene) -> float:
    """Messages a second in the last fifth of a drain of many, without a provider, in a process of its own."""
    rows = 60_000 if scene.full else 8_000
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.churn", str(rows), str(scene.rng.getrandbits(30))],
        env=scene.stack.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr[-500:])
    return float(done.stdout.split()[-1])


@fault(24, "disk full: data, WAL and temporary files", limit=400)
def disk_full(scene: Scene) -> None:
    """The database lives on a small file system of its own, which another program fills and frees again."""
    ground = scene.stack.ground
    disk = scene.stack.folder / "disk"
    for name in scene.processes:
        scene.stack.stop(name)
    connection.close()
    ground.stop()
    mount(disk, megabytes=400)
    try:
        shutil.copytree(ground.base, disk / "pg", symlinks=True)
        real, ground.base = ground.base, disk / "pg"
        ground.give()
        ground.start("min_wal_size=32MB", "max_wal_size=64MB", "wal_keep_size=0", "restart_after_crash=on")
        scene.stack.start(*scene.processes)
        scene.ready()
        scene.write(spread=14)
        scene.until_accepted(scene.messages // 5)
        scene.strike(must_alert=True)
        filled = fill(disk / "ballast")
        scene.wait(12)
        at_full = scene.accepted()
        (disk / "ballast").unlink()
        revive(scene)
        scene.finish(within=200)
        scene.note(
            f"{filled} MB of ballast; {at_full} of {scene.messages} were accepted while the disk was full"
        )
        connection.close()
        ground.stop()
        ground.base = real
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def mount(place: Path, *, megabytes: int) -> None:
    """A small file system that vanishes with this process's namespace."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "turnaround-faults", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Cannot(f"no small file system can be mounted here: {done.stderr.strip()}")


def fill(ballast: Path) -> int:
    """Write until nothing more fits; return the megabytes."""
    written = 0
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                written += file.write(b"\0" * 65_536)
        except OSError:
            return written // 1_000_000


def revive(scene: Scene) -> None:
    """Without any repair by hand: if the server stopped itself, its supervisor starts it again."""
    ground = scene.stack.ground
    assert ground.server is not None
    time.sleep(2)
    alive = ground.server.child.poll() is None
    scene.note("the server stayed up" if alive else "the server had stopped itself and was started again")
    if not alive:
        ground.server = None
        ground.start("wal_keep_size=0")
    connection.close()

"""Faults 23, 25 and 26: a deploy, people who change their minds at the last moment, and everybody at once."""

import io
import statistics
import subprocess
import tarfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from casework.followup import actions
from casework.followup.models import Attempt, Message, Priority
from casework.local import postgres
from casework.local.places import ROOT
from clients.models import ContactPoint
from tests.faults.catalogue import fault
from tests.faults.checker import sent_to_ours
from tests.faults.scene import Scene
from tests.faults.world import Wanted, database_clock

TOLERANCE = 0.5  # seconds between a sender's last look and the provider's first byte, on a busy machine


# --- 23 -------------------------------------------------------------------------------------------------------------
@fault(23, "deploy mid-batch: old and new code, a migration running", limit=400)
def deployed(scene: Scene) -> None:
    """SIGTERM, SIGKILL two seconds later (ten in earnest), one after the other, while a column comes and goes."""
    old = older_code(scene)
    scene.stack.start("second worker")
    if old is not None:
        scene.stack.cwd["old worker"] = old
        scene.stack.start("old worker")
        scene.note(f"beside the new code ran that of {old.name}")
    else:
        scene.note("no older commit with the same migrations was found: the second worker ran the same code")
    scene.write(spread=12)
    scene.strike()
    migration = threading.Thread(target=migrate, args=(scene,), daemon=True)
    migration.start()
    for name in ("worker", "second worker", "beat", "watch", "old worker"):
        if name in scene.stack.running:
            replace(scene, name)
    migration.join()
    scene.finish()


def replace(scene: Scene, name: str) -> None:
    """Stop by SIGTERM, kill what is left after two seconds, start the next version."""
    child = scene.stack.running[name]
    scene.stack.wanted.discard(name)
    child.terminate()
    until = time.monotonic() + 2
    while child.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    scene.stack.kill(name)
    if name != "old worker":
        scene.stack.start(name)
    scene.wait(0.5)


def migrate(scene: Scene) -> None:
    """What a migration does: the strongest lock on the busiest table, held for a moment, several times."""
    with postgres_of(scene) as owner:
        owner.execute("SET lock_timeout = '20s'")
        for _ in range(3):
            with owner.transaction():
                owner.execute("ALTER TABLE followup_message ADD COLUMN next_version integer")
                time.sleep(0.3)
            time.sleep(0.7)
            owner.execute("ALTER TABLE followup_message DROP COLUMN next_version")


def postgres_of(scene: Scene) -> Any:
    return scene.stack.ground.connect(postgres.OWNER)


def older_code(scene: Scene) -> Path | None:
    """The newest earlier commit whose schema is this one's and whose delivery is not."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    def schema(commit: str) -> str:
        listed = git("ls-tree", "-r", commit, "--", "casework", "clients", "sessions").splitlines()
        return "\n".join(line for line in listed if "/migrations/" in line)

    here = schema("HEAD")
    for commit in git("log", "-n", "40", "--format=%h", "--", "casework/followup/delivery").splitlines()[1:]:
        if schema(commit) == here:
            place = scene.stack.folder / commit
            archived = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
            with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as packed:
                packed.extractall(place, filter="data")
            return place
    return None


# --- 25 -------------------------------------------------------------------------------------------------------------
@fault(25, "opt-out, cancellation and a new number racing the send", quick=True)
def racing(scene: Scene) -> None:
    """Each act is committed at a random moment around its message's sending; what was committed before decides."""
    number = scene.messages if scene.full else max(scene.messages, 200)
    begin = database_clock() + timedelta(seconds=1.5)
    spread = number / 50
    clients = scene.world.people(number)
    drafts = [
        scene.world.message(
            client,
            due_at=begin + timedelta(seconds=scene.rng.uniform(0, spread)),
            body=f"Hi {client.given_name}, see you soon. Dana",
        )
        for client in clients
    ]
    written = scene.world.save(drafts)
    scene.world.wanted.clear()
    scene.strike()
    plans = [
        (client, one, scene.rng.choice(("opt out", "cancel", "new number")), scene.rng.uniform(-0.4, 0.8))
        for client, one in zip(clients, written, strict=True)
    ]
    plans.sort(key=lambda plan: plan[1].due_at + timedelta(seconds=plan[3]))
    with ThreadPoolExecutor(4) as pool:
        committed = dict(pool.map(lambda plan: act_at_its_time(scene, *plan), plans))
    pks = [one.message_id for one in written]
    scene.until(
        lambda: (
            not Message.objects.filter(
                pk__in=pks, status__in=["planned", "held", "failed", "claimed", "unknown"]
            ).exists()
        ),
        within=120,
        what="all have ended",
    )
    time.sleep(2)
    judge(scene, plans, committed)


def act_at_its_time(scene: Scene, client: Any, one: Wanted, what: str, offset: float) -> tuple[int, float]:
    """Wait, act, and return when the commit had come back."""
    pause = one.due_at.timestamp() + offset - time.time()
    time.sleep(max(0.0, pause))
    now, by = timezone.now(), scene.world.dana
    if what == "opt out":
        actions.withdraw_permission(client_id=client.pk, channel="text", by=by, now=now)
    elif what == "cancel":
        actions.discharge(client_id=client.pk, reason="completed", on=now.date(), by=by, now=now)
    else:
        point = ContactPoint.objects.get(client=client)
        actions.retire_contact_point(contact_id=point.pk, by=by, now=now)
    at = time.time()
    connection.close()
    return one.message_id, at


def judge(scene: Scene, plans: list[Any], committed: dict[int, float]) -> None:
    """Sent after the commit is wrong; not sent although still wanted is lost. Both sides must have happened."""
    accepted = {
        row["phone"]: datetime.fromisoformat(row["created_at"]).timestamp()
        for row in sent_to_ours(scene.world, scene.stack.ledger())
    }
    late: list[float] = []
    outcomes: Counter[str] = Counter()
    statuses = dict(Message.objects.filter(pk__in=committed).values_list("pk", "status"))
    for _client, one, what, _offset in plans:
        if one.phone in accepted:
            after = accepted[one.phone] - committed[one.message_id]
            late += [after] if after > 0 else []
            outcomes[f"sent before {what}"] += 1
            scene.world.wanted.append(one)
            if after > TOLERANCE:
                scene.world.forbidden[one.phone] = f"sent {after:.2f} s after {what}"
        else:
            outcomes[f"withheld by {what}"] += 1
            if statuses[one.message_id] not in ("cancelled", "skipped", "dead"):
                scene.world.wanted.append(one)
    scene.count()
    wrong = [why for why in scene.world.forbidden.values() if why.startswith("sent ")]
    scene.result.counted["wrong"] += len(wrong)
    scene.note(", ".join(f"{name} {number}" for name, number in sorted(outcomes.items())))
    scene.note(
        f"{len(late)} were on the wire at the commit; the latest was accepted {max(late, default=0):.2f} s later"
    )
    scene.check(f"no send began after the commit ({wrong[:3]})", not wrong)
    sides = {name.split()[0] for name in outcomes}
    scene.check("the race was one: both sides won some", sides == {"sent", "withheld"})


# --- 26 -------------------------------------------------------------------------------------------------------------
@fault(26, "very many reminders due in the same second", processes=("web",), limit=1500)
def burst(scene: Scene) -> None:
    """Without a provider, whose rate would hide ours; a page of the web process is asked for all the while."""
    number = 100_000 if scene.full else 20_000
    scene.hook("instead", "of the provider")
    clients = scene.world.people(2000)
    cookie = signed_in(scene)
    idle = probe(scene, cookie, seconds=8)
    later = database_clock() + timedelta(hours=1)
    rows = [
        scene.world.message(
            clients[place % 2000],
            due_at=later,
            body=f"Hi {clients[place % 2000].given_name}, {place}",
            priority=Priority.HIGH if place % 10 == 0 else Priority.USUAL,
        )
        for place in range(number)
    ]
    written = scene.world.save(rows)
    due_at = database_clock() + timedelta(seconds=20 if scene.full else 6)
    Message.objects.filter(client__in=clients).update(due_at=due_at)
    scene.strike()
    time.sleep(max(0.0, due_at.timestamp() - time.time()))
    pages: list[float] = []
    prober = threading.Thread(
        daemon=True,
        target=lambda: pages.extend(probe(scene, cookie, until=lambda: len(sends(scene)) >= number)),
    )
    prober.start()
    scene.until(lambda: len(sends(scene)) >= number, within=1200, what="all have left")
    prober.join()
    scene.result.drained = time.time() - due_at.timestamp()
    rows_of = Message.objects.filter(client__in=clients)
    scene.until(lambda: not rows_of.exclude(status="sent").exists(), within=60, what="all is settled")
    count_burst(scene, written, due_at, idle, pages)


def sends(scene: Scene) -> list[str]:
    """What left, as the hand on the channel wrote it down."""
    try:
        return (scene.stack.folder / "hooks" / "truth").read_text().splitlines()
    except FileNotFoundError:
        return []


def count_burst(
    scene: Scene, written: list[Wanted], due_at: datetime, idle: list[float], pages: list[float]
) -> None:
    at = {
        attempt: float(when) - due_at.timestamp() for when, attempt in (line.split() for line in sends(scene))
    }
    messages = {
        str(pk): message for pk, message in Attempt.objects.filter(pk__in=at).values_list("pk", "message_id")
    }
    times = Counter(messages[attempt] for attempt in at)
    late = sorted(at.values())
    high = {one.message_id for one in written if one.priority == Priority.HIGH}
    urgent = sorted(when for attempt, when in at.items() if messages[attempt] in high)
    usual = sorted(when for attempt, when in at.items() if messages[attempt] not in high)
    settled = Message.objects.filter(pk__in=[one.message_id for one in written], status="sent").count()
    scene.result.counted = {
        **dict.fromkeys(("flagged", "wrong", "leaks", "ambiguous", "unresolved"), 0),
        "wanted": len(written),
        "sent": len(sends(scene)),
        "lost": len(written) - len(times),
        "doubled": sum(number - 1 for number in times.values()),
        "untrue": len(written) - settled,
        "p50": late[len(late) // 2],
        "p99": late[int(len(late) * 0.99)],
    }
    p99 = scene.result.counted["p99"]
    tenth = len(late) // 10
    rate = 8 * tenth / (late[9 * tenth] - late[tenth])
    allowed = 1.1 * len(late) / rate + 2
    scene.check(
        f"p99 lateness {p99:.1f} s ≤ 1.1 × backlog ÷ rate + 2 s ({allowed:.1f} s at {rate:.0f}/s)",
        p99 <= allowed,
    )
    scene.check(
        f"high risk first: their last at {urgent[-1]:.1f} s, the others' median {usual[len(usual) // 2]:.1f} s",
        urgent[-1] <= usual[len(usual) // 4],
    )
    before, during = p95(idle), p95(pages)
    scene.check(
        f"web p95 {during * 1000:.0f} ms in the burst, {before * 1000:.0f} ms idle (≤ 3 ×)",
        during <= 3 * before,
    )


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 2 else 0.0


def signed_in(scene: Scene) -> dict[str, str]:
    """Dana's cookie."""
    browser = Browser()
    browser.force_login(scene.world.dana)
    return {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}


def probe(scene: Scene, cookie: dict[str, str], *, seconds: float = 0.0, until: Any = None) -> list[float]:
    """Seconds that Dana's first page took, ten times a second."""
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or (until is not None and not until()):
        began = time.monotonic()
        answer = requests.get(f"{scene.stack.web_url}/", cookies=cookie, timeout=60, allow_redirects=False)
        assert answer.status_code in (200, 302), answer.status_code
        taken.append(time.monotonic() - began)
        time.sleep(0.1)
    return taken

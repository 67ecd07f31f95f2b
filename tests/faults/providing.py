"""Faults 12 to 16: the provider fails, lies, limits, dawdles, and is away for hours."""

import bisect
import itertools
import statistics
import time
from datetime import datetime, timedelta
from typing import Any

from casework.followup.models import Attempt, Breaker, Message, Pace, ToDo
from tests.faults import checker
from tests.faults.catalogue import fault
from tests.faults.pace import PACE
from tests.faults.scene import Scene
from tests.faults.world import database_clock

AT_ONCE = int(PACE["FOLLOWUP_SENDERS"]) * 3  # two lanes and the watchman
NUMBER = "+15550100199"  # the sandbox's sender


@fault(12, "provider 500 before acceptance", naive=True, quick=True)
def refuses_with_errors(scene: Scene) -> None:
    scene.stack.arrange(mix="error_before:0.5", seed=scene.world.seed)
    scene.strike()
    scene.write(spread=4)
    scene.wait(6)
    scene.stack.arrange(mix="")
    scene.finish()
    if scene.product == "turnaround":
        most = scene.stack.calls()["most_at_once"]
        scene.check(f"never more than {AT_ONCE} calls at once ({most})", most <= AT_ONCE)
        waits = waits_between_tries(scene)
        spread = statistics.pstdev(waits) if len(waits) > 5 else 0.0
        scene.check(f"{len(waits)} retries are spread (σ {spread:.2f} s)", len(waits) <= 5 or spread > 0.1)


def waits_between_tries(scene: Scene, *, code: str = "") -> list[float]:
    """Seconds from a try that certainly failed to the message's next one."""
    rows = Attempt.objects.filter(message__client__in=[client.pk for client in scene.world.clients])
    tries: dict[int, list[Any]] = {}
    for row in rows.order_by("fence").values(
        "message_id", "started_at", "settled_at", "outcome", "error_code"
    ):
        tries.setdefault(row["message_id"], []).append(row)
    return [
        (later["started_at"] - earlier["settled_at"]).total_seconds()
        for own in tries.values()
        for earlier, later in itertools.pairwise(own)
        if earlier["settled_at"] and earlier["outcome"] != "withheld" and code in ("", earlier["error_code"])
    ]


@fault(13, "provider 500, silence or a cut line after acceptance", naive=True, quick=True)
def accepts_and_does_not_say(scene: Scene) -> None:
    """A third of all messages is accepted without our being told; the list shows them a second later."""
    scene.stack.arrange(
        mix="error_after:0.2,hang_after:0.05:4,reset_after:0.1,drip:0.02:1",
        seed=scene.world.seed,
        listing_lag="1",
    )
    scene.strike()
    scene.write(spread=4)
    scene.finish()


@fault(14, "provider 429, with and without Retry-After", naive=True)
def too_many(scene: Scene) -> None:
    """First it asks us to wait three seconds now and then; afterwards it takes 25 a second, as we were told."""
    scene.stack.arrange(mix="busy:0.04:3,busy:0.02:0", seed=scene.world.seed)
    scene.strike()
    half = scene.messages // 2
    scene.world.write(half, spread=4)
    scene.finish()
    first = scene.result.counted
    if scene.product == "turnaround":
        waits = waits_between_tries(scene, code="20429")
        soon = [wait for wait in waits if wait < 2.9]
        bare = len([1 for wait in waits if wait < 2.9])
        share = bare / len(waits) if waits else 0.0
        scene.check(
            f"Retry-After of 3 s kept: {len(soon)} of {len(waits)} earlier (a third came without)",
            share <= 0.5,
        )
        Pace.objects.update_or_create(
            provider="sandbox", channel="sms", sender=NUMBER, defaults={"per_second": 25}
        )
    scene.stack.arrange(clear="1", rate="25")
    scene.world.write(scene.messages - half, strangers=False)
    scene.finish()
    if scene.product == "turnaround":
        at = scene.stack.calls()["at"]
        scene.note(
            f"first half: {first['sent']} sent; limit 25/s: at most {peak(at, 1)} calls in 1 s, {peak(at, 5)} in 5 s"
        )
        scene.check(
            f"the limit is kept within 5 % over 5 s ({peak(at, 5)} of 125)", peak(at, 5) <= 125 * 1.05
        )


def peak(at: list[float], seconds: float) -> int:
    """The most calls in any window of that length."""
    at = sorted(at)
    return max((bisect.bisect_left(at, one + seconds) - place for place, one in enumerate(at)), default=0)


@fault(15, "provider slow (30 s) on one channel")
def slow_channel(scene: Scene) -> None:
    """Thirty seconds are five here, beyond our time-out of two."""
    scene.stack.arrange(slow="5")
    scene.strike(must_alert=True)
    struck = time.monotonic()
    texts = scene.world.write(scene.messages * 3 // 5, spread=4)
    mails = scene.world.write_mail(scene.messages - len(texts), spread=8)
    opened = scene.until(
        lambda: Breaker.objects.filter(provider="sandbox", channel="sms").exclude(state="closed").exists(),
        within=60,
        what="the breaker opens",
    )
    scene.check(f"the breaker opens within 10 s ({opened:.1f} s)", opened <= 10)
    scene.wait(max(0.0, 20 - (time.monotonic() - struck)))
    late = mail_lateness(scene, {one.phone for one in mails})
    scene.check(
        f"all {len(mails)} mails left meanwhile, the last {max(late, default=99):.1f} s late",
        late_ok(late, mails),
    )
    scene.stack.arrange(slow="0")
    scene.finish(within=200)


def late_ok(late: list[float], mails: list[Any]) -> bool:
    return len(late) >= len(mails) and max(late) <= 6


def mail_lateness(scene: Scene, addresses: set[str]) -> list[float]:
    rows = [row for row in scene.stack.ledger() if row["phone"] in addresses]
    due = {one.phone: one.due_at for one in scene.world.wanted}
    return [(datetime.fromisoformat(row["created_at"]) - due[row["phone"]]).total_seconds() for row in rows]


@fault(16, "provider dead for six hours", limit=420)
def dead_provider(scene: Scene) -> None:
    """Six hours are 25 seconds. A tenth of the messages make no sense any more after twelve of them."""
    Pace.objects.update_or_create(
        provider="sandbox", channel="sms", sender=NUMBER, defaults={"per_second": 40}
    )
    scene.stack.arrange(down="1")
    scene.strike(must_alert=True)
    scene.write(spread=10)
    stale = [one.message_id for one in scene.world.wanted if one.body][::10]
    Message.objects.filter(pk__in=stale).update(useful_until=database_clock() + timedelta(seconds=12))
    opened = scene.until(
        lambda: Breaker.objects.filter(provider="sandbox").exclude(state="closed").exists(),
        within=60,
        what="the circuit opens",
    )
    scene.check(f"the circuit opens within 10 s ({opened:.1f} s)", opened <= 10)
    scene.wait(25 - opened)
    calls = len(scene.stack.calls()["at"])
    scene.check(f"few calls to a dead provider ({calls} of {scene.messages})", calls <= scene.messages // 2)
    scene.check("nothing accepted while it was dead", scene.accepted() == 0)
    scene.stack.arrange(down="0")
    back = time.time()
    scene.finish(within=240)
    dead = Message.objects.filter(pk__in=stale, status="dead")
    told = ToDo.objects.filter(message__in=dead).values("message").distinct().count()
    scene.check(
        f"what came too late was given up ({dead.count()} of {len(stale)}), the counselor told",
        told == dead.count() > 0,
    )
    missing = checker.compare(scene.world, scene.stack.ledger()).lost
    scene.check(f"none of them was sent after all ({missing} not sent)", missing == dead.count())
    after = [at for at in scene.stack.calls()["at"] if at > back]
    scene.check(
        f"no flood afterwards: {peak(after, 5)} calls in 5 s at 40/s", peak(after, 5) <= 40 * 5 * 1.05
    )

"""One fault with one seed: real processes, messages, a mishap, and the count at the end."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import redis
import requests
from django.db import DatabaseError, connection, connections

from casework.followup.dead_man import alarms
from casework.followup.models import Heartbeat, Message
from casework.local import postgres
from tests.faults import checker
from tests.faults.ground import Ground
from tests.faults.pace import PACE
from tests.faults.stack import Stack, until
from tests.faults.world import World, database_clock

Status = Message.Status
LEASE = float(PACE["FOLLOWUP_LEASE"])
LOOKUP = float(PACE["FOLLOWUP_LOOKUP_DELAY"])
TIMEOUT = float(PACE["FOLLOWUP_PROVIDER_TIMEOUT"])
OPEN = [*Message.WAITING, Status.CLAIMED, Status.UNKNOWN]


def lead_django(ground: Ground) -> dict[str, Any]:
    """Let the harness's own models read that database; return what was there before."""
    settings = connections["default"].settings_dict
    connection.close()
    before = {name: settings[name] for name in ("NAME", "HOST", "USER", "PASSWORD", "PORT")}
    settings.update(NAME=ground.database, HOST=str(ground.link), USER=postgres.OWNER, PASSWORD="", PORT="")
    return before


def oldest_expired_lease() -> float:
    """Seconds since the end of the oldest lease that still stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM max(statement_timestamp() - lease_until)), 0)"
            " FROM followup_message WHERE status = 'claimed'"
        )
        return float(cursor.fetchone()[0])


@dataclass
class Result:
    """What is printed and kept."""

    fault: int
    name: str
    seed: int
    product: str = "turnaround"
    messages: int = 0
    counted: dict[str, Any] = field(default_factory=dict)
    checks: list[tuple[str, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alerted: float | None = (
        None  # seconds from the fault to the first alarm; None where nobody had to be told
    )
    must_alert: bool = False
    drained: float = 0.0
    seconds: float = 0.0
    error: str = ""
    cannot: str = ""  # why this machine cannot run it: not passed

    @property
    def passed(self) -> bool:
        """No loss, nothing wrong or untrue, no leak, doubles owned up to, and the fault's own promises."""
        if self.error or self.cannot or not self.counted:
            return False
        bad = sum(self.counted[name] for name in ("lost", "wrong", "untrue", "leaks"))
        silent = self.counted["doubled"] > self.counted["flagged"]
        return (
            not bad and not silent and self.counted["doubled"] <= 1 and all(ok for _what, ok in self.checks)
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}


class Cannot(Exception):
    """This machine cannot run the fault."""


class Scene:
    """What a fault has in its hands. The naive ways have the same hands with other processes behind."""

    product = "turnaround"
    processes = ("worker", "beat", "watch")

    def __init__(
        self, stack: Stack, *, number: int, name: str, seed: int, messages: int, full: bool = False
    ) -> None:
        self.stack, self.messages, self.full = stack, messages, full
        self.rng = random.Random(f"{number}-{seed}")
        self.world = World(number, seed, self.rng)
        self.result = Result(number, name, seed, self.product, messages)
        self.began = time.monotonic()
        self.struck: float | None = None
        self.overdue_lease = 0.0  # the longest that a lease lay expired and nobody had freed it
        self._watching = threading.Event()
        self._broker_heard = bytearray()
        self._threads: list[threading.Thread] = []

    # --- beginning and end ------------------------------------------------------------------------------------------

    def begin(self, *more: str) -> None:
        """Everything up, nothing arranged."""
        for hook in (self.stack.folder / "hooks").iterdir():
            hook.unlink()
        self.stack.ensure(*self.processes, *more)
        until(self.stack.provider_is_up, within=60, what="the provider answers")
        self.stack.arrange(clear="1", telling="none")
        self.prepare()
        self.ready()
        if "web" in more:
            until(self.stack.web_is_up, within=60, what="the web process answers")

    def prepare(self) -> None:
        self.world.found()
        self._watch(self._look_for_alarms)
        self._watch(self._listen_to_broker)

    def ready(self) -> None:
        """Wait for the worker's sweep."""
        at = database_clock()
        until(
            lambda: Heartbeat.objects.filter(name="beat", beat_at__gt=at).exists(),
            within=90,
            what="the worker sweeps",
            tend=self.stack.tend,
        )

    def write(self, **how: Any) -> None:
        """The messages of this fault."""
        self.world.write(self.messages, **how)

    def strike(self, *, must_alert: bool = False) -> None:
        """The fault begins now."""
        self.struck = time.monotonic()
        self.result.must_alert = must_alert

    def finish(self, *, within: float = 150.0, linger: float = 2.0) -> None:
        """Wait until nothing is open any more, a little longer for late senders, and count."""
        began = time.monotonic()
        try:
            until(
                self.drained, within=within, what="all is sent or given up", every=0.25, tend=self.stack.tend
            )
        except AssertionError as late:
            self.result.error = f"{late}: {self.left()}"
        self.result.drained = time.monotonic() - began
        time.sleep(linger)
        self.count()

    def drained(self) -> bool:
        return self.asked(lambda: not self.open_messages().exists(), default=False)

    def left(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for status in self.asked(
            lambda: list(self.open_messages().values_list("status", flat=True)), default=[]
        ):
            found[status] = found.get(status, 0) + 1
        return found

    def open_messages(self) -> Any:
        """What ought to leave or end by itself; what policy holds for the night does not."""
        pks = [one.message_id for one in self.world.wanted]
        return Message.objects.filter(pk__in=pks, status__in=OPEN)

    def count(self) -> None:
        ledger = self.stack.ledger()
        counted = checker.compare(self.world, ledger)
        self.check_own(counted, ledger)
        self.result.counted = {name: value for name, value in vars(counted).items() if name != "says"}
        self.result.notes += counted.says

    def check_own(self, counted: checker.Counted, ledger: list[dict[str, Any]]) -> None:
        connection.close()
        checker.check_database(counted, self.world, ledger)
        metrics = ""
        if "web" in self.stack.running:
            metrics = requests.get(f"{self.stack.web_url}/metrics", timeout=20).text
        found = checker.leaks(
            self.world,
            logs=self.stack.folder,
            broker=self.stack.broker.url,
            heard=bytes(self._broker_heard),
            metrics=metrics,
        )
        counted.leaks = counted.say("leaks", found)

    def end(self) -> None:
        self._watching.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self.result.seconds = time.monotonic() - self.began

    # --- hands ------------------------------------------------------------------------------------------------------

    def check(self, what: str, ok: bool) -> None:
        """A promise of this fault beyond the invariants."""
        self.result.checks.append((what, bool(ok)))

    def note(self, what: str) -> None:
        self.result.notes.append(what)

    def accepted(self) -> int:
        """How many of ours the provider has."""
        return len(checker.sent_to_ours(self.world, self.stack.ledger()))

    def until_accepted(self, number: int, *, within: float = 60.0) -> None:
        until(
            lambda: self.accepted() >= number,
            within=within,
            what=f"{number} accepted",
            tend=self.stack.tend,
        )

    def until(self, true: Callable[[], bool], *, within: float, what: str) -> float:
        return until(lambda: self.asked(true, default=False), within=within, what=what, tend=self.stack.tend)

    def wait(self, seconds: float) -> None:
        """Let time pass while the supervisor does its work."""
        until_then = time.monotonic() + seconds
        while time.monotonic() < until_then:
            self.stack.tend()
            time.sleep(0.1)

    def asked(self, question: Callable[[], Any], *, default: Any) -> Any:
        """The database's answer, or the default while it is away."""
        try:
            return question()
        except DatabaseError:
            connection.close()
            return default

    def hook(self, name: str, words: str) -> None:
        """Tell the hand on the worker's channel what to do."""
        (self.stack.folder / "hooks" / name).write_text(words)

    @contextlib.contextmanager
    def broker(self) -> Iterator[Any]:
        with redis.Redis.from_url(self.stack.broker.url, socket_timeout=5) as line:
            yield line

    # --- watching from outside --------------------------------------------------------------------------------------

    def _watch(self, what: Callable[[], None]) -> None:
        thread = threading.Thread(target=what, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _look_for_alarms(self) -> None:
        """As a monitor does: ask twice a second whether an alarm stands; a database that is away is one."""
        while not self._watching.wait(0.5):
            try:
                standing = bool(alarms())
                self.overdue_lease = max(self.overdue_lease, oldest_expired_lease())
            except DatabaseError:
                connection.close()
                standing = True
            if standing and self.struck is not None and self.result.alerted is None:
                self.result.alerted = round(time.monotonic() - self.struck, 1)
        connection.close()

    def _listen_to_broker(self) -> None:
        """Keep what passes through the broker, to search it for names."""
        while not self._watching.is_set():
            try:
                with (
                    redis.Redis.from_url(self.stack.broker.url, socket_timeout=1) as line,
                    line.monitor() as heard,
                ):
                    while not self._watching.is_set():
                        with contextlib.suppress(redis.TimeoutError):
                            self._broker_heard += heard.connection.read_response(disconnect_on_error=False)
                        del self._broker_heard[:-4_000_000]
            except (redis.RedisError, OSError):
                self._watching.wait(0.5)

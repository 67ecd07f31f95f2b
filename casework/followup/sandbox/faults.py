"""How the provider misbehaves on request; by default it does not."""

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """What happens to one attempt to create a message."""

    OK = "ok"
    REJECT = "reject"  # 400, never accepted; the error number is `code`
    ERROR_BEFORE = "error_before"  # 500, not accepted
    ERROR_AFTER = "error_after"  # accepted, then 500
    HANG_BEFORE = "hang_before"  # silent for `seconds`, not accepted
    HANG_AFTER = "hang_after"  # accepted, then silent for `seconds`
    BUSY = "busy"  # 429 with Retry-After of `seconds`, or without when they are 0
    DRIP = "drip"  # accepted, the answer comes byte by byte over `seconds`
    RESET_BEFORE = "reset_before"  # connection cut, not accepted
    RESET_AFTER = "reset_after"  # accepted, connection cut


class Telling(StrEnum):
    """How status callbacks come."""

    USUAL = "usual"
    NONE = "none"
    TWICE = "twice"
    REVERSED = "reversed"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Fault:
    """One arranged misbehaviour, for the next `times` messages (to `phone`, if given)."""

    mode: Mode = Mode.OK
    times: int = 1
    phone: str = ""
    code: int = 21211
    seconds: float = 30.0


@dataclass(slots=True)
class Plan:
    """What is arranged. Faults are used up in order, each by as many messages as it says."""

    telling: Telling = Telling.USUAL
    pace: float = 0.5  # seconds between callbacks
    listing_lag: float = 0.0  # seconds before a created message is listed
    down: bool = False  # nothing is accepted and no question answered
    slow: float = 0.0  # seconds before any call is looked at
    rate: int = 0  # messages taken in a second; more get 429. 0: any number
    mix: list[tuple[float, Fault]] = field(default_factory=list)  # a share of all messages, by chance
    chance: random.Random = field(default_factory=random.Random)
    _taken: deque[float] = field(default_factory=deque)
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arrange(self, fault: Fault) -> None:
        with self._lock:
            self._faults += [fault] * fault.times

    def next_for(self, phone: str) -> Fault:
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.phone in ("", phone):
                    return self._faults.pop(place)
            if self._over_rate():
                return Fault(Mode.BUSY, seconds=1)
            drawn = self.chance.random()
            for share, fault in self.mix:
                if drawn < share:
                    return fault
                drawn -= share
        return Fault()

    def _over_rate(self) -> bool:
        at = time.monotonic()
        while self._taken and self._taken[0] <= at - 1:
            self._taken.popleft()
        if self.rate and len(self._taken) >= self.rate:
            return True
        self._taken.append(at)
        return False

    def arrange_mix(self, words: str, *, seed: int) -> None:
        """Standing faults: "error_after:0.03,hang_after:0.02:10" is mode, share and seconds of each."""
        parts = [word.split(":") for word in words.split(",") if word]
        with self._lock:
            self.chance = random.Random(seed)
            self.mix = [
                (float(share), Fault(Mode(mode), seconds=float(rest[0]) if rest else 30.0))
                for mode, share, *rest in parts
            ]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.mix, self.down, self.slow, self.rate, self.listing_lag = [], False, 0.0, 0, 0.0


@dataclass(slots=True)
class Calls:
    """When messages were handed over, whatever became of them, and how many at the same moment."""

    at: list[float] = field(default_factory=list)
    now: int = 0
    most: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self.at.append(time.time())
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self._lock:
                self.now -= 1

    def forget(self) -> None:
        with self._lock:
            self.at, self.most = [], self.now

"""How the provider misbehaves on request; by default it does not."""

import threading
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
    BUSY = "busy"  # 429 with Retry-After of `seconds`
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
        return Fault()

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

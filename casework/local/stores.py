"""Both private servers together."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from casework.local import postgres, valkey
from casework.local.errors import LocalError
from casework.local.places import Den


@dataclass
class Stores:
    """A running pair of servers and the folder of their sockets."""

    postgres: postgres.Postgres
    valkey: valkey.Valkey
    den: Den
    base: Path = Path()

    def tend(self, say: Callable[[str], None]) -> None:
        """Start Valkey again if it died, on its old socket: it holds wake-ups only, and nobody misses those."""
        if self.valkey.child.poll() is None:
            return
        say(f"Valkey ended (exit {self.valkey.child.returncode}); starting it again.")
        self.valkey.stop()
        self.valkey = valkey.start(base=self.base, socket=self.valkey.socket.parent)

    def environment(self, role: str) -> dict[str, str]:
        """Return what a process needs to use them as `role`."""
        return {
            "DATABASE_URL": self.postgres.url(role),
            "DATABASE_APP_ROLE": postgres.APP,
            "REDIS_URL": self.valkey.url,
        }

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        self.den.remove()


def given() -> bool:
    """Tell whether the environment names servers to use instead of private ones. Raises LocalError for one alone."""
    named = [
        name
        for name in ("DATABASE_URL", "REDIS_URL")
        if os.environ.get(name) or os.environ.get(f"{name}_FILE")
    ]
    if len(named) == 1:
        raise LocalError(f"Only {named[0]} is set. Set both DATABASE_URL and REDIS_URL, or neither.")
    return bool(named)


def start(*, base: Path | None = None, options: Sequence[str] = ()) -> Stores:
    """Start both, with data under `base`, or in a temporary folder that goes with them. Raises LocalError."""
    den = Den()
    base = base or den.folder("data")
    base.mkdir(parents=True, exist_ok=True)
    try:
        second = valkey.start(base=base, socket=den.folder("v"))
        try:
            first = postgres.start(base=base, socket=den.folder("p"), options=options)
        except BaseException:
            second.stop()
            raise
    except BaseException:
        den.remove()
        raise
    return Stores(first, second, den, base)

"""What the demo tells the person in front of it."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from casework.local.credentials import PASSWORD, SIGN_INS


def say(text: str, *, end: str = "\n") -> None:
    print(text, end=end, flush=True)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is going on and how long it took."""
    say(f"{what} …", end=" ")
    began = time.monotonic()
    yield
    say(f"{time.monotonic() - began:.1f} s")


def welcome(env: Mapping[str, str], *, seconds: float, logs: Path) -> str:
    """Return where to go and as whom."""
    return "\n".join(
        [
            f"\nReady after {seconds:.0f} s.  Ctrl-C stops everything.\n",
            f"  {env['PUBLIC_URL']}/   the practice",
            f"  {env['SANDBOX_URL']}/   the clients' phones; nothing leaves this machine\n",
            f"  Sign in with the password  {PASSWORD}  as",
            *(f"    {each.email:<20} {each.name}, {each.role}" for each in SIGN_INS),
            "\n  To begin anew, dated today:  make reset",
            f"  Logs: {logs}/*.log\n",
        ]
    )

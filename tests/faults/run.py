"""`make faults`: play the faults against the real processes, count, and print what came of it.

FAULTS="2 13" only those; SEEDS=3; MESSAGES=500; FULL=1 the largest sizes; KEYS=1 a provider that knows keys;
BASELINES=0 without the naive ways, =only nothing else; FRESH=1 forget earlier results. What has a result in var/faults
is not played again.
"""

import os
import shutil
import signal
import sys
from types import FrameType

from casework.local.keys import demo_keys
from casework.local.places import ROOT, Den
from tests.faults.pace import PACE

HOME = ROOT / "var" / "faults"


def surroundings(den: Den) -> None:
    """The settings of the harness itself; every stack has its own servers."""
    os.environ.update(demo_keys(den.path / "keys.json"))
    os.environ.update(
        DATABASE_URL=f"postgres://nobody@%2Fnowhere/{den.path.name}",
        REDIS_URL=f"unix://{den.path / 'stack' / 'v' / 'valkey.sock'}?db=0",
        DEMO="1",
        STATIC_FROM_SOURCE="1",
        DJANGO_SETTINGS_MODULE="casework.settings",
        LOG_LEVEL="ERROR",
    )
    os.environ.update(PACE)  # the monitor of the harness has the same patience as the watchman
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)


def main() -> int:
    """Play what is asked for; return 0 when all of it passed."""
    den = Den()
    try:
        surroundings(den)
        import django

        django.setup()
        from tests.faults.playing import Asked, play_all

        asked = Asked.from_environment(os.environ)
        if os.environ.get("FRESH"):
            shutil.rmtree(HOME, ignore_errors=True)
        return play_all(asked, den=den, home=HOME)
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; `make faults` goes on from there.")
        return 130
    finally:
        den.remove()


def interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupted)
    sys.exit(main())

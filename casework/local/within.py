"""Run one command with private servers that live as long as it does, or with those of the running demo.

python -m casework.local.within COMMAND …          fresh servers, no data
python -m casework.local.within --demo COMMAND …   the practice of the demo that is running now
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from casework.local import postgres, stores
from casework.local.errors import LocalError
from casework.local.keys import demo_keys
from casework.local.places import ENVIRONMENT, Den


def main(words: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    try:
        if words[:1] == ["--demo"]:
            return run(words[1:], of_the_demo(ENVIRONMENT))
        return alone(words)
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def alone(words: Sequence[str]) -> int:
    """Run the command on fresh servers, or on those that the environment names."""
    den = Den()
    running = None
    try:
        environment = demo_keys(den.path / "keys.json")
        if not stores.given():
            running = stores.start(options=postgres.HASTY)
            environment |= running.environment(postgres.OWNER)
        return run(words, environment)
    finally:
        if running:
            running.stop()
        den.remove()


def of_the_demo(path: Path) -> dict[str, str]:
    """Return the environment of the running demo. Raises LocalError when none runs."""
    try:
        environment: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise LocalError("The demo is not running; start it with: make demo") from error
    return environment


def run(words: Sequence[str], environment: dict[str, str]) -> int:
    return subprocess.run(list(words), env={**environment, **os.environ}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

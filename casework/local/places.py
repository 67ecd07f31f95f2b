"""Short-lived folders for sockets and test data, and the locks that tell whether their owner is alive."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from casework.local.errors import LocalError

PREFIX = "turnaround-"
LONGEST = 60  # a socket's whole path may have 107 characters
LOCK = "lock"
ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("DEMO_HOME") or ROOT / "var" / "demo")
ENVIRONMENT = HOME / "environment.json"  # of the demo that is running


def short_temporary_folder(candidates: Iterable[str] = ()) -> Path:
    """Return a writable system folder whose path leaves room for a socket's name. Raises LocalError."""
    for place in tuple(candidates) or (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(os.fsencode(place)) <= LONGEST and os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    raise LocalError(
        "No temporary folder with a short path is writable; set TMPDIR to one, for instance /tmp."
    )


class Den:
    """A fresh private folder that is ours while we live; the next start sweeps it away if we could not."""

    def __init__(self, within: Path | None = None) -> None:
        within = within or short_temporary_folder()
        sweep(within)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=within))
        self._lock = (self.path / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def folder(self, name: str) -> Path:
        """Return a new folder inside."""
        path = self.path / name
        path.mkdir(mode=0o700)
        return path

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def sweep(within: Path, *, grace: float = 60.0) -> None:
    """Remove the dens under `within` whose owner is dead; `grace` seconds spare one that is just being made."""
    for path in within.glob(f"{PREFIX}*"):
        try:
            if path.stat().st_uid != os.geteuid() or time.time() - path.stat().st_mtime < grace:
                continue
            lock = take_lock(path / LOCK)
        except OSError:
            continue
        if lock:
            shutil.rmtree(path, ignore_errors=True)
            lock.close()


def take_lock(path: Path) -> IO[str] | None:
    """Return the open, locked file, or None when someone else holds it. Closing it lets go."""
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock

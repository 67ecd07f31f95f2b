"""Starting programs so that none of them outlives us, and stopping them again."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from casework.local.errors import LocalError

Child = subprocess.Popen[bytes]


def spawn(
    argv: Sequence[str],
    *,
    output: IO[bytes],
    prefix: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | str = "/",
    farewell: signal.Signals = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start `argv` in its own session; the kernel sends it `farewell` when we die, even by SIGKILL.

    `prefix` changes the identity first: a change of identity would clear the wish set before it.
    """
    leash = ["setpriv", "--pdeathsig", farewell.name.removeprefix("SIG"), "--"]
    try:
        return subprocess.Popen(
            [*prefix, *leash, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except FileNotFoundError as error:
        raise LocalError(
            f"The program {error.filename} is missing; on Debian it is in util-linux."
        ) from error


def stop(child: Child, *, by: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask the child to end, wait `patience` seconds, then kill whatever its session still holds."""
    if child.poll() is None:
        child.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(
    ready: Callable[[], bool], *, child: Child, log: Path, name: str, patience: float = 60.0
) -> None:
    """Return once `ready()`; raise LocalError with the end of the log when the child died or took too long."""
    give_up = time.monotonic() + patience
    while not ready():
        if child.poll() is not None:
            raise LocalError(f"{name} did not start (exit {child.returncode}).\n{tail(log)}")
        if time.monotonic() > give_up:
            raise LocalError(f"{name} was not ready after {patience:.0f} s.\n{tail(log)}")
        time.sleep(0.03)


def tail(log: Path, *, lines: int = 12) -> str:
    """Return the last lines of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""

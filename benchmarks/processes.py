"""The product's own processes beside the measuring one: worker, beat, watchman, web."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PYTHON = [sys.executable, "-W", "ignore"]
QUIET = ["--loglevel", "ERROR"]


def commands(port: int, folder: Path) -> dict[str, Sequence[str]]:
    """By name, as an installation starts them."""
    celery = [*PYTHON, "-m", "celery", "-A", "casework"]
    return {
        "worker": [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", *QUIET],
        "beat": [*celery, "beat", "--pidfile=", "-s", str(folder / "beat"), *QUIET],
        "watch": [*PYTHON, "manage.py", "watch"],
        "web": [*PYTHON, "-m", "gunicorn", "casework.wsgi:application", "--no-control-socket",
                "--workers", "2", "--threads", "2",
                "--bind", f"127.0.0.1:{port}", "--log-level", "error"],
    }  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*names: str, folder: Path, port: int = 0) -> Iterator[None]:
    """Start these and end them with the block."""
    started = [
        subprocess.Popen(
            commands(port, folder)[name],
            start_new_session=True,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in names
    ]
    try:
        if "web" in names:
            _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(address: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            return

"""The real processes, to be killed: worker, beat, watchman, the provider and a Valkey of their own."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from casework.local import children, valkey
from casework.local.places import ROOT

# The waits of the real thing, scaled down but in their true order: time-out < lease, look-up after both.
PACE = {
    "FOLLOWUP_LEASE": "5",
    "FOLLOWUP_PROVIDER_TIMEOUT": "2",
    "FOLLOWUP_LOOKUP_DELAY": "3",
    "FOLLOWUP_BACKOFF": "1",
    "FOLLOWUP_SENDERS": "2",
    "FOLLOWUP_BATCH": "100",
    "FOLLOWUP_ATTEMPTS": "12",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Stack:
    """Processes by name, each in a session of its own."""

    def __init__(self, folder: Path, *, database: str) -> None:
        self.folder = folder
        self.broker = valkey.start(base=folder, socket=folder)
        self.provider_url = f"http://127.0.0.1:{free_port()}"
        self.running: dict[str, children.Child] = {}
        self.env = {
            **os.environ,
            **PACE,
            "DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}",
            "REDIS_URL": self.broker.url,
            "DEMO": "1",
            "SMS_PROVIDER": "sandbox",
            "SANDBOX_URL": self.provider_url,
            "SANDBOX_SECRET": "only-for-these-tests",
            "SANDBOX_SMTP_PORT": "0",
            "SANDBOX_LEDGER": str(folder / "ledger"),
            "PUBLIC_URL": "http://127.0.0.1:9",
        }
        celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "casework"]
        worker = [
            *celery,
            "worker",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "WARNING",
        ]
        beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING", "--schedule"]
        self.commands = {
            "sandbox": [sys.executable, "manage.py", "sandbox"],
            "worker": worker,
            "second worker": [*worker, "--hostname", "second@localhost"],
            "beat": [*beat, str(folder / "schedule")],
            "second beat": [*beat, str(folder / "second schedule")],
            "watch": [sys.executable, "manage.py", "watch"],
        }

    def start(self, *names: str) -> None:
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as output:
                self.running[name] = children.spawn(
                    self.commands[name], output=output, env=self.env, cwd=ROOT
                )

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the process and all its children at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL: no farewell, no clean-up."""
        self.signal(name, signal.SIGKILL)
        self.running.pop(name).wait()

    def stop(self, name: str) -> None:
        child = self.running.pop(name, None)
        if child is not None:
            children.stop(child, patience=1)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)
        self.broker.stop()

    def owns(self, lease_owner: str, name: str) -> bool:
        """Whether the process that holds a lease is (a child of) that one of ours."""
        try:
            return os.getsid(int(lease_owner.rpartition(":")[2])) == self.running[name].pid
        except (ProcessLookupError, ValueError):
            return False

    def restart_broker(self) -> None:
        self.broker = valkey.start(base=self.folder, socket=self.folder)

    # --- the provider -----------------------------------------------------------------------------------------------

    def arrange(self, **fields: Any) -> None:
        requests.post(f"{self.provider_url}/control/faults", data=fields, timeout=5).raise_for_status()

    def accepted(self, phone: str = "") -> list[str]:
        """The bodies that the provider has accepted: the truth."""
        rows = requests.get(f"{self.provider_url}/control/ledger", timeout=5).json()["messages"]
        return [row["body"] for row in rows if phone in ("", row["phone"])]

    def provider_is_up(self) -> bool:
        try:
            return requests.get(f"{self.provider_url}/healthz", timeout=1).ok
        except requests.RequestException:
            return False

    def logs(self) -> str:
        return "\n".join(
            f"--- {log.name}\n{children.tail(log, lines=15)}" for log in sorted(self.folder.glob("*.log"))
        )


def until(true: Callable[[], bool], *, within: float, what: str) -> float:
    """Wait for it and return the seconds it took; fail with `what` when it does not come."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within:.0f} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began

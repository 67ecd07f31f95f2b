"""The real processes, to be killed: web, worker, beat, watchman, the provider, and a Valkey and a PostgreSQL."""

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
from tests.faults.ground import Ground
from tests.faults.pace import PACE

SECRET = "only-for-these-tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Stack:
    """Processes by name, each in a session of its own. Those in `wanted` are started again when they die."""

    def __init__(self, folder: Path, *, ground: Ground, **env: str) -> None:
        self.folder, self.ground = folder, ground
        for name in ("v", "hooks", "logs"):
            (folder / name).mkdir(exist_ok=True)
        self.broker = valkey.start(base=folder, socket=folder / "v")
        self.provider_url = f"http://127.0.0.1:{free_port()}"
        self.web_url = f"http://127.0.0.1:{free_port()}"
        self.running: dict[str, children.Child] = {}
        self.wanted: set[str] = set()
        mail = free_port()
        self.env = {
            **os.environ,
            **PACE,
            "DATABASE_URL": ground.url(),
            "REDIS_URL": self.broker.url,
            "DEMO": "1",
            "SMS_PROVIDER": "sandbox",
            "SANDBOX_URL": self.provider_url,
            "SANDBOX_SECRET": SECRET,
            "SANDBOX_SMTP_PORT": str(mail),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail}",
            "SANDBOX_LEDGER": str(folder / "ledger"),
            "PUBLIC_URL": self.web_url,
            "FAULT_HOOKS": str(folder / "hooks"),
            **env,
        }
        self.env.pop("LOG_LEVEL", None)  # the product's own, whatever the harness says of itself
        self.extra_env: dict[str, dict[str, str]] = {}
        self.cwd: dict[str, Path] = {}
        self.commands = self._commands()

    def _commands(self) -> dict[str, list[str]]:
        quiet = [sys.executable, "-W", "ignore:You're running the worker"]
        words = [
            "worker",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "WARNING",
        ]
        worker = [*quiet, "-m", "tests.faults.hooked", *words]
        beat = [*quiet, "-m", "celery", "-A", "casework", "beat", "--pidfile=", "--loglevel", "WARNING", "-s"]
        gunicorn = [
            sys.executable,
            "-m",
            "gunicorn",
            "casework.wsgi:application",
            "--no-control-socket",
            "--bind",
        ]
        web = [*gunicorn, self.web_url.removeprefix("http://"), "--worker-class", "gthread"]
        return {
            "sandbox": [sys.executable, "manage.py", "sandbox"],
            "web": [*web, "--workers", "1", "--threads", "12"],
            "worker": worker,
            "second worker": [*worker, "--hostname", "second@localhost"],
            "old worker": [*quiet, "-m", "celery", "-A", "casework", *words, "--hostname", "old@localhost"],
            "beat": [*beat, str(self.folder / "schedule")],
            "second beat": [*beat, str(self.folder / "second schedule")],
            "watch": [*quiet, "-m", "tests.faults.hooked", "watch"],
        }

    # --- processes --------------------------------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Start them, and want them to live."""
        for name in names:
            self.wanted.add(name)
            env = {**self.env, **self.extra_env.get(name, {})}
            with (self.folder / "logs" / f"{name}.log").open("ab") as output:
                self.running[name] = children.spawn(
                    self.commands[name], output=output, env=env, cwd=self.cwd.get(name, ROOT)
                )

    def ensure(self, *names: str) -> None:
        """Let exactly these run, and the provider."""
        for name in set(self.running) - {*names, "sandbox"}:
            self.stop(name)
        self.start(*(name for name in ("sandbox", *names) if not self.alive(name)))

    def alive(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is None

    def tend(self) -> None:
        """What a supervisor does: start again who died."""
        for name in sorted(self.wanted):
            if not self.alive(name):
                if name in self.running:
                    self.kill(name)
                self.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the process and all its children at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL: no farewell, no clean-up."""
        self.signal(name, signal.SIGKILL)
        self.wanted.discard(name)
        self.running.pop(name).wait()

    def kill_children(self, name: str) -> None:
        """SIGKILL to those who do the work, not to the one who starts them again, where there is one."""
        pids = children_of(self.running[name].pid)
        if not pids:
            self.signal(name, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, name: str) -> None:
        self.wanted.discard(name)
        child = self.running.pop(name, None)
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGCONT)
            children.stop(child, patience=0.5)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)
        self.broker.stop()
        self.ground.stop()

    def restart_broker(self) -> None:
        self.broker = valkey.start(base=self.folder, socket=self.folder / "v")

    # --- the provider -----------------------------------------------------------------------------------------------

    def arrange(self, **fields: Any) -> None:
        url = f"{self.provider_url}/control/faults"
        requests.post(url, data=fields, timeout=10).raise_for_status()

    def ledger(self) -> list[dict[str, Any]]:
        """What the provider has accepted: the truth."""
        rows = requests.get(f"{self.provider_url}/control/ledger", timeout=60).json()["messages"]
        return [row for row in rows if row["direction"] == "out"]

    def calls(self) -> dict[str, Any]:
        """When the provider was called, whatever became of it."""
        counted: dict[str, Any] = requests.get(f"{self.provider_url}/control/calls", timeout=60).json()
        return counted

    def answers(self, url: str) -> bool:
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False

    def provider_is_up(self) -> bool:
        return self.answers(f"{self.provider_url}/healthz")

    def web_is_up(self) -> bool:
        return self.answers(f"{self.web_url}/healthz")

    def last_words(self) -> str:
        logs = sorted((self.folder / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{children.tail(log, lines=15)}" for log in logs)


def children_of(pid: int) -> list[int]:
    """The processes that this one started, from /proc."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in task.read_text().split()]
    return found


def until(
    true: Callable[[], bool],
    *,
    within: float,
    what: str,
    every: float = 0.1,
    tend: Callable[[], None] | None = None,
) -> float:
    """Wait for it and return the seconds it took; fail with `what` when it does not come."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within:.0f} s: {what}")
        if tend is not None:
            tend()
        time.sleep(every)
    return time.monotonic() - began

"""The processes of the demo, and how to tell that they are well."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from casework.local import children
from casework.local.errors import LocalError
from casework.local.programs import Program, Supervisor

READY_WITHIN = 120.0


def programs(*, web: int, home: Path) -> list[Program]:
    """Return what runs, in the order of starting; `web` is the file descriptor of the listening socket."""
    python = sys.executable
    celery = [python, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "casework"]
    gunicorn = [
        python,
        "-m",
        "gunicorn",
        "casework.wsgi:application",
        "--bind",
        f"fd://{web}",
        "--no-control-socket",
    ]
    worker = ["worker", "--loglevel", "INFO", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    schedule = home / "beat-schedule"
    for old in home.glob(f"{schedule.name}*"):
        old.unlink()
    commands = {
        "sandbox": [python, "manage.py", "sandbox"],
        "web": [*gunicorn, "--worker-class", "gthread", "--workers", "2", "--threads", "8"],
        "worker": [*celery, *worker],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", str(schedule), "--pidfile="],
        "watchman": [python, "manage.py", "watch"],
    }
    return [
        Program(name, argv, home / f"{name}.log", pass_fds=(web,) if name == "web" else ())
        for name, argv in commands.items()
    ]


def await_health(supervisor: Supervisor, env: Mapping[str, str]) -> None:
    """Return once all are well, or raise LocalError. `/readyz` speaks for the stores, worker, beat and watchman."""
    questions: list[Callable[[], bool]] = [
        lambda: says_ok(env["SANDBOX_URL"] + "/healthz"),
        lambda: says_ok(env["PUBLIC_URL"] + "/readyz"),
        lambda: all(program.alive for program in supervisor.programs),
    ]
    give_up = time.monotonic() + READY_WITHIN
    while questions:
        if questions[0]():
            questions.pop(0)
            continue
        if time.monotonic() > give_up:
            raise LocalError(
                f"The demo was not healthy after {READY_WITHIN:.0f} s.\n{last_words(supervisor)}"
            )
        supervisor.tend(now=time.monotonic())
        time.sleep(0.2)


def says_ok(url: str) -> bool:
    """Tell whether the address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def last_words(supervisor: Supervisor) -> str:
    """Return the end of every log."""
    return "\n".join(
        f"--- {each.name}: {each.log}\n{children.tail(each.log, lines=6)}" for each in supervisor.programs
    )

"""`make demo`: a practice to look at, with every process that a real installation runs."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from casework.local import children, postgres, stores
from casework.local.credentials import PASSWORD, SIGN_INS
from casework.local.errors import LocalError
from casework.local.keys import demo_keys, write_private
from casework.local.places import HOME, ROOT, take_lock
from casework.local.programs import Program, Supervisor

HOST = "127.0.0.1"
ENVIRONMENT = HOME / "environment.json"
READY_WITHIN = 120.0


def main() -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as cleanup:
            run(cleanup)
    except LocalError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        say("All stopped.")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Stop once; a second Ctrl-C must not leave things half stopped."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(cleanup: contextlib.ExitStack) -> None:
    """Bring everything up in order, then tend it; `cleanup` takes it down in the opposite order."""
    started = time.monotonic()
    web = listen(port_wanted())
    cleanup.callback(web.close)
    hold_alone(cleanup)
    env = environment(web.getsockname()[1])
    owner_env = {**env, **servers(cleanup)}
    env = {**owner_env, **as_app(owner_env)}
    write_private(ENVIRONMENT, json.dumps(env_we_made(env), indent=1))
    cleanup.callback(ENVIRONMENT.unlink, missing_ok=True)
    with step("Preparing the database"):
        manage("migrate", "--verbosity", "0", env=owner_env)
    say("Loading the demo practice …")
    manage("demo_practice", env=env, quiet=False)
    supervisor = Supervisor(programs(web, env), env=env, cwd=ROOT, say=say)
    cleanup.callback(say_and(supervisor.stop, "\nStopping …"))
    with step("Starting web, worker, beat, watchman and the sandbox phone"):
        supervisor.start()
        await_health(supervisor, env)
    welcome(env, seconds=time.monotonic() - started)
    while True:
        supervisor.tend(now=time.monotonic())
        time.sleep(0.2)


# --- what must be free -----------------------------------------------------------------------------


def port_wanted() -> int:
    """Return the port for the pages, from PORT. Raises LocalError for what is no port."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def listen(port: int) -> socket.socket:
    """Return the listening socket that web takes over. Raises LocalError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise LocalError(
            f"Port {port} cannot be used ({error.strerror}). Choose another:  make demo PORT={port % 65535 + 1}"
        ) from error
    listener.listen(128)
    return listener


def hold_alone(cleanup: contextlib.ExitStack) -> None:
    """Take the demo's lock for as long as we live. Raises LocalError when another demo holds it."""
    HOME.mkdir(parents=True, exist_ok=True)
    (ROOT / "var" / "static").mkdir(exist_ok=True)
    lock = take_lock(HOME / "lock")
    if lock is None:
        raise LocalError("The demo of this folder is already running in another terminal.")
    cleanup.callback(lock.close)


# --- what the processes are told -------------------------------------------------------------------


def environment(port: int) -> dict[str, str]:
    """Return the demo's environment; whatever is already set wins, except what only this run knows."""
    defaults = {
        "DEMO": "1",
        "DEBUG": "0",
        "TIME_ZONE": "America/New_York",
        "EMAIL_URL": "consolemail://",
        **demo_keys(HOME / "keys.json"),
    }
    this_run = {
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "SANDBOX_URL": f"http://{HOST}:{free_port(port + 1)}",
        "SANDBOX_LEDGER": str(HOME / "sandbox"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ, **this_run}


def env_we_made(env: dict[str, str]) -> dict[str, str]:
    """Return what a later command needs to join the demo: all that did not come from the caller."""
    return {name: value for name, value in env.items() if os.environ.get(name) != value}


def free_port(wanted: int) -> int:
    """Return `wanted` if it is free, else any free port."""
    for port in (wanted if wanted < 65536 else 0, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            number: int = probe.getsockname()[1]
            return number
    raise LocalError("No port is free on this machine.")


def servers(cleanup: contextlib.ExitStack) -> dict[str, str]:
    """Start the private servers unless others are named; return how to reach them as the owner."""
    if stores.given():
        say("Using the servers that DATABASE_URL and REDIS_URL name.")
        migrates_as = os.environ.get("DATABASE_OWNER_URL")
        return {"DATABASE_URL": migrates_as} if migrates_as else {}
    with step("Starting PostgreSQL and Valkey"):
        running = stores.start(base=HOME)
    cleanup.callback(running.stop)
    return {
        **running.environment(postgres.OWNER),
        "DEMO_APP_DATABASE_URL": running.postgres.url(postgres.APP),
    }


def as_app(env: dict[str, str]) -> dict[str, str]:
    """Return how the processes reach the database: as the role that owns nothing."""
    url = env.pop("DEMO_APP_DATABASE_URL", None) or os.environ["DATABASE_URL"]
    return {"DATABASE_URL": url}


# --- the processes ---------------------------------------------------------------------------------


def manage(*words: str, env: dict[str, str], quiet: bool = True) -> None:
    """Run one management command to its end. Raises LocalError with its last lines."""
    log = HOME / f"{words[0]}.log"
    with log.open("wb") as output:
        child = children.spawn(
            [sys.executable, "manage.py", *words],
            output=output if quiet else sys.stdout.buffer,
            env=env,
            cwd=ROOT,
        )
        try:
            code = child.wait()
        finally:
            children.stop(child)
    if code != 0:
        raise LocalError(f"manage.py {words[0]} failed (exit {code}).\n{children.tail(log, lines=30)}")


def programs(web: socket.socket, env: dict[str, str]) -> list[Program]:
    """Return what runs, in the order of starting."""
    python = sys.executable
    fd = web.fileno()
    celery = [python, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "casework"]
    gunicorn = [
        python,
        "-m",
        "gunicorn",
        "casework.wsgi:application",
        "--bind",
        f"fd://{fd}",
        "--no-control-socket",
    ]
    commands = {
        "sandbox": [python, "manage.py", "sandbox"],
        "web": [*gunicorn, "--worker-class", "gthread", "--workers", "2", "--threads", "8"],
        "worker": [
            *celery,
            "worker",
            "--loglevel",
            "INFO",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
        ],
        "beat": [
            *celery,
            "beat",
            "--loglevel",
            "INFO",
            "--schedule",
            str(HOME / "beat-schedule"),
            "--pidfile=",
        ],
        "watchman": [python, "manage.py", "watch"],
    }
    (HOME / "beat-schedule").unlink(missing_ok=True)
    return [
        Program(name, argv, HOME / f"{name}.log", pass_fds=(fd,) if name == "web" else ())
        for name, argv in commands.items()
    ]


def await_health(supervisor: Supervisor, env: dict[str, str]) -> None:
    """Return once web, database, broker, beat, worker and sandbox are well. Raises LocalError when they are not."""
    questions: list[Callable[[], bool]] = [
        lambda: says_ok(env["PUBLIC_URL"] + "/readyz"),
        lambda: says_ok(env["SANDBOX_URL"] + "/healthz"),
        lambda: worker_answers(env),
    ]
    give_up = time.monotonic() + READY_WITHIN
    while questions:
        if questions[0]():
            questions.pop(0)
        if time.monotonic() > give_up:
            raise LocalError(
                f"The demo was not healthy after {READY_WITHIN:.0f} s.\n{last_words(supervisor)}"
            )
        supervisor.tend(now=time.monotonic())
        time.sleep(0.2)


def says_ok(url: str) -> bool:
    """Tell whether the address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def worker_answers(env: dict[str, str]) -> bool:
    """Tell whether a worker answers a ping through the broker."""
    argv = [sys.executable, "-m", "celery", "-A", "casework", "inspect", "ping", "--timeout", "5"]
    return subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, check=False).returncode == 0


def last_words(supervisor: Supervisor) -> str:
    """Return the end of every log."""
    return "\n".join(
        f"--- {each.name}: {each.log}\n{children.tail(each.log, lines=6)}" for each in supervisor.programs
    )


# --- what the person reads -------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 this program talks to a person


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is going on and how long it took."""
    print(f"{what} …", end=" ", flush=True)  # noqa: T201
    began = time.monotonic()
    yield
    say(f"{time.monotonic() - began:.1f} s")


def say_and(act: Callable[[], None], text: str) -> Callable[[], None]:
    def both() -> None:
        say(text)
        act()

    return both


def welcome(env: dict[str, str], *, seconds: float) -> None:
    """Print where to go and as whom."""
    lines = [
        f"\nReady after {seconds:.0f} s.  Ctrl-C stops everything.\n",
        f"  {env['PUBLIC_URL']}/            the practice",
        f"  {env['SANDBOX_URL']}/            the clients' phones (nothing leaves this machine)\n",
        f"  Sign in with the password  {PASSWORD}  as",
        *(f"    {each.email:<20} {each.name}, {each.role}" for each in SIGN_INS),
        f"\n  Logs: {relative(HOME)}/*.log\n",
    ]
    say("\n".join(lines))


def relative(path: Path) -> str:
    """Return the path as seen from the folder of the project."""
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())

"""`make demo`: a practice to look at, with every process that a real installation runs."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from casework.local import children, ports, postgres, stores
from casework.local.errors import LocalError
from casework.local.keys import write_private
from casework.local.places import ENVIRONMENT, HOME, ROOT, take_lock
from casework.local.processes import await_health, programs
from casework.local.programs import Supervisor
from casework.local.speech import say, step, welcome
from casework.local.surroundings import for_later_commands, surroundings

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as cleanup:
            run(cleanup)
    except LocalError as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("All stopped.")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Stop once; a second Ctrl-C must not leave things half stopped."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(cleanup: contextlib.ExitStack) -> None:
    """Bring everything up in order, then tend it; `cleanup` takes it down in the opposite order."""
    started = time.monotonic()
    hold_alone(cleanup)
    web = cleanup.enter_context(ports.listen(ports.wanted(os.environ)))
    env = surroundings(web.getsockname()[1])
    as_owner, as_app, tend_servers = servers(cleanup)
    env |= as_app
    write_private(ENVIRONMENT, json.dumps(for_later_commands(env), indent=1))
    cleanup.callback(ENVIRONMENT.unlink, missing_ok=True)
    with step("Preparing the database"):
        manage("migrate", "--verbosity", "0", env={**env, **as_owner})
    say("Loading the demo practice …")
    manage("demo_practice", env=env, quiet=False)
    supervisor = Supervisor(programs(web=web.fileno(), home=HOME), env=env, cwd=ROOT, say=say)
    cleanup.callback(supervisor.stop)
    cleanup.callback(say, "\nStopping …")
    with step("Starting web, worker, beat, watchman and the sandbox phone"):
        supervisor.start()
        await_health(supervisor, env)
    say(welcome(env, seconds=time.monotonic() - started, logs=Path(os.path.relpath(HOME))))
    while True:
        tend_servers()
        supervisor.tend(now=time.monotonic())
        time.sleep(0.2)


def hold_alone(cleanup: contextlib.ExitStack) -> None:
    """Take the demo's lock for as long as we live. Raises LocalError when another demo holds it."""
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "sandbox").mkdir(mode=0o700, exist_ok=True)
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    lock = take_lock(HOME / "lock")
    if lock is None:
        raise LocalError("The demo of this folder is already running in another terminal.")
    cleanup.enter_context(lock)


def servers(
    cleanup: contextlib.ExitStack,
) -> tuple[dict[str, str], dict[str, str], Callable[[], None]]:
    """Return how to reach the servers as the owner and as the application, and how to tend them.

    Private ones are started unless some are named.
    """
    if stores.given():
        say("Using the servers that DATABASE_URL and REDIS_URL name.")
        owner = os.environ.get("DATABASE_OWNER_URL")
        return ({"DATABASE_URL": owner} if owner else {}), {}, lambda: None
    with step("Starting PostgreSQL and Valkey"):
        running = stores.start(base=HOME)
    cleanup.callback(running.stop)
    return (
        running.environment(postgres.OWNER),
        running.environment(postgres.APP),
        lambda: running.tend(say),
    )


def manage(*words: str, env: Mapping[str, str], quiet: bool = True) -> None:
    """Run one management command to its end. Raises LocalError, with the log's last lines when there is one."""
    log = HOME / f"{words[0]}.log"
    with log.open("wb") as output:
        argv = [sys.executable, "manage.py", *words]
        child = children.spawn(argv, output=output if quiet else sys.stdout.buffer, env=env, cwd=ROOT)
        try:
            code = child.wait()
        finally:
            children.stop(child)
    if code != 0:
        raise LocalError(f"manage.py {words[0]} failed (exit {code}).\n{children.tail(log, lines=30)}")


if __name__ == "__main__":
    sys.exit(main())

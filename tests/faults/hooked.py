"""The worker or watchman of the product, with a hand on the channel: `python -m tests.faults.hooked worker …`.

What the hand does stands in files under FAULT_HOOKS, so that a fault can change it while the worker runs:
`kill` ("before 12 40 77" or "after …": at the n-th call of all workers), `poison` (a number whose every call kills).
The product itself knows nothing of this.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casework.settings")

FOLDER = Path(os.environ["FAULT_HOOKS"])


def die() -> None:
    """The whole worker at once, as by the machine's power switch."""
    os.killpg(os.getsid(0), signal.SIGKILL)
    time.sleep(60)


def number_of_this_call() -> int:
    """Counts over all processes and their successors."""
    with (FOLDER / "calls").open("ab") as file:
        file.write(b".")
        file.flush()
        return file.tell()


def told(name: str) -> list[str]:
    try:
        return (FOLDER / name).read_text().split()
    except FileNotFoundError:
        return []


def hold(channel: type[Any]) -> None:
    """Put the hand on one kind of channel."""
    real = channel.send

    def send(self: Any, outgoing: Any) -> str:
        when, *at = told("kill") or [""]
        due = when != "" and str(number_of_this_call()) in at
        if (due and when == "before") or outgoing.recipient in told("poison"):
            die()
        if told("instead"):
            return sent_without_provider(outgoing)
        answer: str = real(self, outgoing)
        if due and when == "after":
            die()
        return answer

    channel.send = send


def sent_without_provider(outgoing: Any) -> str:
    """One line in a file instead of a call: for faults that are about our own speed."""
    line = f"{time.time():.6f} {outgoing.attempt_id}\n".encode()
    file = os.open(FOLDER / "truth", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)
    return "SM" + outgoing.attempt_id.hex


def main() -> None:
    """Run Celery's worker as `celery -A casework` would, or the watchman as `manage.py` would."""
    import django
    from django.core.management import call_command

    from casework.celery import app

    django.setup()
    from casework.followup.channels.sandbox import Sandbox

    hold(Sandbox)
    if sys.argv[1] == "watch":
        call_command("watch")
    else:
        app.worker_main(sys.argv[1:])


if __name__ == "__main__":
    main()

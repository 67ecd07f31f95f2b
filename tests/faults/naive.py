"""Two usual ways to send reminders, put through the same faults: they show what the product's care is for.

One Celery ETA task a reminder, with the flags that are recommended; and marking a row as sent, then sending it.
"""

import sys
import time
from typing import Any

from celery import Celery
from kombu import pools

from casework.local import postgres
from tests.faults import checker
from tests.faults.scene import Scene
from tests.faults.stack import until
from tests.faults.world import Wanted

QUIET = 12.0  # seconds without any acceptance after which nothing more is expected
TABLE = """
CREATE TABLE IF NOT EXISTS naive_message
    (id bigserial PRIMARY KEY, phone text, body text, due_at timestamptz, sent_at timestamptz)
"""


class NaiveScene(Scene):
    """The same hands; the messages are kept and sent in another way."""

    processes = ("worker",)

    def prepare(self) -> None:
        self.world.found()
        self.world.sink = self.hand_over
        self._last = (-1, time.monotonic())

    def hand_over(self, written: list[Wanted]) -> None:
        raise NotImplementedError

    def drained(self) -> bool:
        """All accepted, or nothing has moved for long."""
        number = self.accepted()
        if number != self._last[0]:
            self._last = (number, time.monotonic())
        return number >= len(self.world.wanted) or time.monotonic() - self._last[1] > QUIET

    def check_own(self, counted: checker.Counted, ledger: list[dict[str, Any]]) -> None:
        """Its own books are not asked: they cannot see either error."""


class EtaScene(NaiveScene):
    """One Celery ETA task a reminder."""

    product = "eta"

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.faults.naive_tasks",
            "worker",
            "--concurrency",
            "2",
        ]
        self.stack.commands["worker"] = [
            *command,
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "ERROR",
        ]
        pools.reset()  # lines to the broker of the run before
        url = self.stack.broker.url.replace("unix://", "redis+socket://").replace("db=", "virtual_host=")
        self.app = Celery("naive-harness", broker=url, set_as_current=False)

    def ready(self) -> None:
        until(
            lambda: bool(self.app.control.ping(timeout=1)),
            within=90,
            what="the worker answers",
            tend=self.stack.tend,
        )

    def hand_over(self, written: list[Wanted]) -> None:
        with self.app.connection_for_write() as line, line.Producer() as producer:
            for one in written:
                words = (one.phone, one.body or "Hi, see you soon.")
                self.app.send_task("naive.send", words, eta=one.due_at, producer=producer)


class MarkScene(NaiveScene):
    """Mark as sent, then send."""

    product = "mark"

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.stack.commands["worker"] = [sys.executable, "-m", "tests.faults.naive_mark"]
        with self.stack.ground.connect(postgres.OWNER) as owner:
            owner.execute(TABLE)
            owner.execute(f"GRANT ALL ON naive_message, naive_message_id_seq TO {postgres.APP}")

    def ready(self) -> None:
        """It needs no broker and no greeting."""

    def hand_over(self, written: list[Wanted]) -> None:
        rows = [(one.phone, one.body or "Hi, see you soon.", one.due_at) for one in written]
        with self.stack.ground.connect(postgres.OWNER) as owner, owner.cursor() as cursor:
            cursor.executemany("INSERT INTO naive_message (phone, body, due_at) VALUES (%s, %s, %s)", rows)

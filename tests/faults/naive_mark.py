"""The second naive way: take a row, mark it as sent, commit, send. `python -m tests.faults.naive_mark`."""

import contextlib
import os
import threading
import time

import psycopg
import requests

from tests.faults.naive_tasks import hand_to_provider

MARK = """
UPDATE naive_message SET sent_at = now()
 WHERE id = (SELECT id FROM naive_message WHERE sent_at IS NULL AND due_at <= now()
              ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING phone, body
"""


def send_for_ever() -> None:
    """One sender. An error of the provider is logged by nobody: the row says sent."""
    while True:
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line,
        ):
            send_on(line)
        time.sleep(0.5)


def send_on(line: psycopg.Connection) -> None:
    """Send over one database line until it breaks."""
    while True:
        row = line.execute(MARK).fetchone()
        if row is None:
            time.sleep(0.1)
            continue
        with contextlib.suppress(requests.RequestException):
            hand_to_provider(*row)


if __name__ == "__main__":
    senders = [threading.Thread(target=send_for_ever) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

"""The deliverer: what is due leaves once, whoever wakes it and whatever dies meanwhile (docs/adr/0002).

Any number of processes may call `deliver_due` at the same time; the claim decides. It takes its time from PostgreSQL.
"""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import DatabaseError

from casework.followup.delivery.callbacks import record_status
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.reconciling import expire, look_up
from casework.followup.delivery.relocated import ask_first_if_moved
from casework.followup.delivery.sending import send

__all__ = ["deliver_due", "record_status"]

log = structlog.get_logger(__name__)


def deliver_due(*, grace: float = 0.0, seconds: float = 45.0) -> int:
    """Free what vanished senders held, look up what is unclear, send what is due; return how many were sent.

    `grace`: leave alone what has been due for less than this many seconds. Stops after about `seconds`.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    watermark = Watermark()
    until = time.monotonic() + seconds
    ask_first_if_moved()
    sent = 0
    with ThreadPoolExecutor(settings.FOLLOWUP_SENDERS, thread_name_prefix="sender") as pool:
        expire()
        _look_up(pool)
        while time.monotonic() < until:
            began = time.monotonic()  # before the claim, so that our lease ends no later than the database's
            claimed = claim(owner=owner, watermark=watermark, grace=grace)
            sent += send(claimed.held, until=began + settings.FOLLOWUP_LEASE, pool=pool)
            if claimed.taken:
                continue
            if not watermark.raised:
                break
            watermark.reset()
    return sent


def _look_up(pool: ThreadPoolExecutor) -> None:
    """What cannot be looked up must not keep what is due from leaving."""
    try:
        look_up(pool=pool)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 whatever it is, it stays unclear and is looked at again
        log.error("look_up_failed", error=type(error).__name__)

"""The deliverer: what is due leaves once, whoever wakes it and whatever dies meanwhile (docs/adr/0002).

Any number of processes may call `deliver_due` at the same time; the claim decides. It takes its time from PostgreSQL.
"""

import gc
import os
import socket
import time
from functools import cache

from django.conf import settings

from casework.followup import channels
from casework.followup.delivery import pace
from casework.followup.delivery.ahead import Claims
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.callbacks import record_status
from casework.followup.delivery.claiming import Watermark
from casework.followup.delivery.reconciling import BREATH, Asking, expire
from casework.followup.delivery.relocated import ask_first_if_moved
from casework.followup.delivery.sending import Sending, settle_late

__all__ = ["deliver_due", "record_status"]

FREE_EVERY = 1.0  # seconds between two looks for leases that ran out


def deliver_due(*, grace: float = 0.0, seconds: float = 45.0) -> int:
    """Free what vanished senders held, look up what is unclear, send what is due; return how many were sent.

    `grace`: leave alone what has been due for less than this many seconds. Stops after about `seconds`.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    watermark = Watermark()
    until = time.monotonic() + seconds
    _spare_what_stays()
    ask_first_if_moved()
    _introduce_senders()
    freed_at = _free()
    asking = Asking()
    asking.begin()
    with Sending() as sending, Claims(owner=owner, watermark=watermark, grace=grace) as claims:
        while time.monotonic() < until:
            if time.monotonic() >= freed_at + FREE_EVERY:
                freed_at = _free()
            claimed, since = claims.next(busy=sending.stuck())
            sending.take(claimed, until=since + settings.FOLLOWUP_LEASE)
            began = time.monotonic()
            sending.run()
            claims.sent(claimed, seconds=time.monotonic() - began)
            if asking.go_on() or claimed.taken:
                continue
            if watermark.raised:
                watermark.reset()
            elif not _wait(sending, asking):
                break
        for claimed, since in claims.rest():  # given back: the time is up
            sending.take(claimed, until=since + settings.FOLLOWUP_LEASE)
    asking.finish()
    return sending.sent


@cache
def _spare_what_stays() -> None:
    """Once a process: what it loaded to begin with stays, and need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()


def _free() -> float:
    """Free what vanished senders held, also those that vanish during a drain, and hear late answers. Return when."""
    expire()
    settle_late()
    return time.monotonic()


def _wait(sending: Sending, asking: Asking) -> bool:
    """Wait a moment for what is under way or for the next turn at a sender; False when there is nothing to wait for."""
    if not sending.idle:
        sending.run(seconds=BREATH)
        return True
    if not asking.idle:
        asking.go_on(seconds=BREATH)
        return True
    turn = pace.next_turn()
    if turn is None:
        return False
    time.sleep(min(max(turn, BREATH / 4), 1.0))
    return True


def _introduce_senders() -> None:
    """A sender whose provider takes only so many a second is paced from its first message on."""
    for kind in channels.kinds():
        channel = channels.route(kind)
        if channel.per_second is not None:
            pace.introduce(Route(channel.provider, kind), channel.sender, channel.per_second)

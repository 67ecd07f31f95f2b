"""Claims, the next one made while the messages of the last are on their way and written down.

The look ahead has a connection of its own and takes other rows, as another process would. It is for providers that
answer at once: what lies in our hands for long, somebody else could have sent.
"""

import time
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from django.conf import settings
from django.db import connection

from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Claimed, Watermark, claim

QUICK = 1.0  # seconds for a batch; then the next may be larger, and claimed meanwhile
LARGEST = 500

Taken = tuple[Claimed, float]  # what a claim took, and since when we have held it (monotonic)


class Claims:
    """One process's claims, one after the other."""

    def __init__(self, *, owner: str, watermark: Watermark, grace: float) -> None:
        self._owner, self._watermark, self._grace = owner, watermark, grace
        self._wanted = settings.FOLLOWUP_BATCH
        self._quick = self._looked_ahead = False
        self._coming: Future[Taken] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="claims")
        # In somebody's transaction another connection would not see what is due.
        self._may_look_ahead = not connection.in_atomic_block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._looked_ahead:
            self._pool.submit(_hang_up)
        self._pool.shutdown()

    def next(self, *, busy: Collection[Route]) -> Taken:
        """What is due now; while it is sent, what comes after it is claimed."""
        coming, self._coming = self._coming, None
        taken = self._claim(busy) if coming is None else coming.result()
        if self._quick and self._may_look_ahead and taken[0].taken >= settings.FOLLOWUP_BATCH:
            self._coming, self._looked_ahead = self._pool.submit(self._claim, busy), True
        return taken

    def sent(self, claimed: Claimed, *, seconds: float) -> None:
        """How long it took to send a claim: what goes quickly is claimed in larger pieces."""
        usual = settings.FOLLOWUP_BATCH
        self._quick = bool(claimed.held) and seconds < QUICK
        self._wanted = min(max(LARGEST, usual), self._wanted * 2) if self._quick else usual

    def rest(self) -> Iterator[Taken]:
        """What was claimed ahead and is not to be sent any more."""
        coming, self._coming = self._coming, None
        if coming is not None:
            yield coming.result()

    def _claim(self, busy: Collection[Route]) -> Taken:
        began = time.monotonic()  # before the claim, so that our lease ends no later than the database's
        claimed = claim(
            owner=self._owner, watermark=self._watermark, grace=self._grace, batch=self._wanted, busy=busy
        )
        return claimed, began


def _hang_up() -> None:
    """End the connection of the thread that runs this."""
    connection.close()

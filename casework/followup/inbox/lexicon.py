"""The words that make a message a crisis, as the practice keeps them (clinical.md §5.3).

Each process holds them for a few seconds, so that a change takes effect at once and a message costs no query. A table
that is empty or cannot be read never switches crisis detection off: the words as shipped hold then.
"""

import time

import structlog
from django.db import DatabaseError, transaction

from casework.followup.inbox import crisis
from casework.followup.inbox.crisis import Lexicon
from casework.followup.models import CrisisWord

log = structlog.get_logger(__name__)

FRESH_FOR = 3.0  # seconds

_held: dict[str, tuple[float, Lexicon]] = {}  # one entry, replaced as a whole: safe between threads


def current() -> Lexicon:
    """The practice's words, at most a few seconds old."""
    held = _held.get("now")
    if held is not None and time.monotonic() - held[0] < FRESH_FOR:
        return held[1]
    lexicon = _read()
    _held["now"] = (time.monotonic(), lexicon)
    return lexicon


def _read() -> Lexicon:
    try:
        with transaction.atomic():  # inside another transaction a failure must not spoil that one
            phrases = list(CrisisWord.objects.active().order_by("pk").values_list("phrase", flat=True))
    except DatabaseError as error:
        log.error("crisis_words_unreadable", error=type(error).__name__)
        return crisis.shipped()
    return crisis.of(phrases) if phrases else crisis.shipped()


def forget() -> None:
    """Read the words anew next time: somebody has just changed them."""
    _held.clear()

"""What became of a session is kept beside it: every change of plans or of the outcome adds a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sessions.models import Session, SessionChange

KEPT = ("state", "starts_at", "ends_at", "modality", "counselor_id", "room_id")


def facts(session: Session) -> dict[str, Any]:
    """What the history keeps of a session as it stands."""
    return {name: getattr(session, name) for name in KEPT}


def change_of(
    session: Session, was: dict[str, Any], what: str, *, by: Any, now: datetime, **said: str
) -> SessionChange:
    """The row that tells of one change, unsaved. `was`: its facts before."""
    before = {f"was_{name}": value for name, value in was.items()}
    return SessionChange(session=session, what=what, by=by, at=now, **before, **facts(session), **said)


@contextmanager
def remembered(session: Session, what: str, *, by: Any, now: datetime, **said: str) -> Iterator[None]:
    """Keep what the session was before the block and what it is after it, unless nothing of it changed."""
    was = facts(session)
    yield
    if facts(session) != was:
        change_of(session, was, what, by=by, now=now, **said).save(force_insert=True)

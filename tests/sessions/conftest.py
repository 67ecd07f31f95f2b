"""Sessions and notes in the states that tests start from."""

from datetime import datetime, timedelta

import pytest

from casework.staff.models import User
from sessions import actions
from sessions.actions import lower
from sessions.models import Note, Session

WORDS = {
    "data": "Alex talked about the week and two hard evenings.",
    "assessment": "More contact with friends; tired.",
    "plan": "Call on Friday; next session on Wednesday.",
    "risk": "none",
}


def booked(client, counselor, *, starts_at: datetime, now: datetime, minutes: int = 50, **fields) -> Session:
    """A session on the calendar."""
    return lower.schedule(
        client=client,
        counselor=counselor,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        by=counselor,
        now=now,
        **fields,
    )


def held(client, counselor, *, ended_at: datetime, minutes: int = 50) -> Session:
    """A session that took place and is closed."""
    began = ended_at - timedelta(minutes=minutes)
    session = booked(client, counselor, starts_at=began, now=began - timedelta(days=7), minutes=minutes)
    actions.start(session_id=session.pk, by=counselor, now=began)
    return lower.close(session_id=session.pk, outcome="attended", by=counselor, now=ended_at)


def drafted(session: Session, *, now: datetime, **changed) -> Note:
    """A complete draft."""
    return actions.save_draft(
        session_id=session.pk, version=0, sections={**WORDS, **changed}, by=session.counselor, now=now
    )


def signed(session: Session, *, now: datetime, **changed) -> Note:
    """A signed note."""
    note = drafted(session, now=now, **changed)
    return actions.sign(
        session_id=session.pk, version=note.version, by=session.counselor, now=now, proven_at=now
    )


PASSWORD = "a pass phrase that everybody has"


@pytest.fixture(autouse=True)
def _known_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing asks for it; making real ones for everybody would take longer than the tests."""
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: raw == PASSWORD or real(self, raw))


@pytest.fixture
def session(alex, dana, now) -> Session:
    """Alex's session with Dana, about to begin."""
    return booked(alex, dana, starts_at=now, now=now - timedelta(days=7))


@pytest.fixture
def session_held(alex, dana, now) -> Session:
    """Alex's session with Dana, over since an hour."""
    return held(alex, dana, ended_at=now - timedelta(hours=1))


@pytest.fixture
def draft(session_held, now) -> Note:
    return drafted(session_held, now=now)


@pytest.fixture
def signed_note(session_held, now) -> Note:
    return signed(session_held, now=now)

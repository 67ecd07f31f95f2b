"""A person in training whose notes want a second name, and words that Dana keeps for herself: all by the real acts."""

from datetime import datetime, time, timedelta
from typing import Any

from casework.intake.demo import cast, roster
from casework.intake.demo.premises import Premises
from casework.intake.demo.registration import Case
from clients.models import CareTeamMember, Client
from sessions import actions
from sessions.actions import lower
from sessions.models import Note, Session

EARLY, LENGTH = time(7, 10), timedelta(minutes=40)
WORDS = {
    "data": "Came on time and told of the week: two calls to the sponsor, one evening walk instead of the bar.",
    "assessment": "More people around than a month ago; sleep still short.",
    "plan": "Practise the breathing from today before bed; we look at it next week.",
    "risk": "none",
}
PHRASES = {
    "sleep": "Sleep this week (hours, waking, what helped): ",
    "urges": "Urges this week (when, how strong, what was done instead): ",
}


def in_training(premises: Premises, cases: list[Case], *, now: datetime) -> None:
    """One note of Priya's waits for Sam, one came back, one was late and has an addendum that waits too."""
    priya, sam = premises.staff[cast.PRIYA.email], premises.supervisor
    known = now - timedelta(days=20)
    calm = [
        case.client
        for case in cases
        if case.counselor.email == cast.DANA.email
        and case.began_at < known
        and case.course.story.kind == roster.CALM
    ][:3]
    for client in calm:
        CareTeamMember.objects.create(
            client=client,
            user=priya,
            role=CareTeamMember.Role.COVERING,
            starts_at=now - timedelta(days=12),
            ends_at=now + timedelta(days=60),
            assigned_by=sam,
        )
    waiting, returned, late = calm
    _signed(_held(waiting, priya, premises, now, days=1), priya, hours=2)
    note = _signed(_held(returned, priya, premises, now, days=3), priya, hours=3)
    at = _after(note, hours=20)
    comment = "Please say what you did with the short sleep, and who else was in the room."
    actions.return_note(note_id=note.pk, version=note.version, comment=comment, by=sam, now=at)
    note = _signed(
        _held(late, priya, premises, now, days=9), priya, hours=80, late_reason="Ill for three days."
    )
    at = _after(note, hours=20)
    actions.cosign(note_id=note.pk, version=note.version, by=sam, now=at, proven_at=at)
    at = _after(note, hours=40)
    actions.add_addendum(
        note_id=note.pk,
        text="The client's sister joined for the last ten minutes.",
        reason="Left out",
        by=priya,
        now=at,
        proven_at=at,
    )


def _held(client: Client, by: Any, premises: Premises, now: datetime, *, days: int) -> Session:
    """A session early in the morning, when nobody else's begins."""
    home = premises.practice.zone
    day = now.astimezone(home).date() - timedelta(days=days)
    starts_at = datetime.combine(day, EARLY, tzinfo=home)
    ends_at = starts_at + LENGTH
    session = lower.schedule(
        client=client,
        counselor=by,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        now=max(starts_at - timedelta(days=2), now - timedelta(days=11)),
    )
    return lower.close(session_id=session.pk, outcome="attended", by=by, now=ends_at)


def _signed(session: Session, by: Any, *, hours: int, late_reason: str = "") -> Note:
    at = session.over_at + timedelta(hours=hours)
    draft = actions.save_draft(session_id=session.pk, version=0, sections=WORDS, by=by, now=session.over_at)
    return actions.sign(
        session_id=session.pk, version=draft.version, by=by, now=at, proven_at=at, late_reason=late_reason
    )


def _after(note: Note, *, hours: int) -> datetime:
    assert note.signed_at is not None
    return note.signed_at + timedelta(hours=hours)


def own_words(premises: Premises, cases: list[Case], *, now: datetime) -> None:
    """Phrases, a template, and a counseling note of Dana's."""
    dana = premises.staff[cast.DANA.email]
    for word, text in PHRASES.items():
        actions.save_phrase(word=word, text=text, by=dana, now=now)
    sections = {"data": "Since last time: \nToday: ", "plan": "Until next time: "}
    actions.save_template(word="weekly", format="dap", sections=sections, by=dana, now=now)
    client = next(case.client for case in cases if case.counselor == dana)
    note = actions.begin_counseling_note(client_id=client.pk, by=dana, now=now)
    thought = "I notice that I hurry when silence comes. Wait longer next time."
    actions.save_counseling_note(note_id=note.pk, version=1, content=thought, by=dana, now=now)

"""What became of a session is kept, with who and when, and told in words."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clients.absences import arrange_absence
from clients.errors import InvalidInput, InvalidTransition
from sessions import actions
from sessions.actions import lower
from sessions.history import away_then, history
from sessions.models import Room, Session, SessionChange
from tests import factories
from tests.sessions.conftest import booked, held

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


def moved(session, *, by, now, to=None, **changed):
    at = to or session.starts_at
    return lower.reschedule(session_id=session.pk, starts_at=at, ends_at=at + HOUR, by=by, now=now, **changed)


def words(session) -> list[str]:
    return [step.words for step in history(session)]


def test_moving_twice_keeps_both_moves_with_who_and_when(alex, dana, sam, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now - DAY)
    moved(session, by=dana, now=now, to=now + 2 * DAY, wished_by="client", reason="A shift at work")
    moved(session, by=sam, now=now + HOUR, to=now + 3 * DAY)
    planned, first, second = history(session)
    assert (planned.words, planned.by, planned.at) == ("Planned", dana, now - DAY)
    assert (first.by, first.at, first.reason) == (dana, now, "A shift at work")
    assert first.words == "Moved from Thu 12 Mar, 11:00 to Fri 13 Mar, 11:00. The client's wish."
    assert (second.by, second.words) == (sam, "Moved from Fri 13 Mar, 11:00 to Sat 14 Mar, 11:00.")


def test_another_counselor_room_and_way_of_meeting_are_told(alex, dana, sam, team, now):
    factories.assign(alex, sam, role="covering")
    room = Room.objects.create(site=team.site, name="Room 2")
    session = booked(alex, dana, starts_at=now + DAY, now=now, minutes=60)
    moved(session, by=dana, now=now, counselor=sam, room=room, modality="phone", wished_by="practice")
    assert words(session)[1] == (
        "Given from Dana Reyes to Sam Ortiz. Room: from no room to Room 2. "
        "From “In person” to “By phone”. The practice's wish."
    )


def test_a_change_that_changes_nothing_is_none(alex, dana, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now, minutes=60)
    moved(session, by=dana, now=now)
    assert len(history(session)) == 1


def test_a_missed_session_that_took_place_after_all_keeps_both(alex, dana, now):
    session = booked(alex, dana, starts_at=now - HOUR / 2, now=now - DAY)
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now - HOUR / 4)
    actions.start(session_id=session.pk, by=dana, now=now)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + HOUR)
    assert words(session) == [
        "Planned",
        "Missed",
        "Started after all; “missed” was noted before.",
        "Attended",
    ]


def test_a_missed_session_noted_as_attended_says_so(alex, dana, now):
    session = booked(alex, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now)
    assert words(session)[-1] == "Attended after all; “missed” was noted before."


def test_a_held_session_tells_when_it_began_and_how_it_went(alex, dana, now):
    assert words(held(alex, dana, ended_at=now)) == ["Planned", "Started", "Attended"]


def test_calling_off_keeps_who_when_and_why(alex, dana, now):
    session = booked(alex, dana, starts_at=now + 2 * DAY, now=now)
    lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now, reason="Ill")
    step = history(session)[-1]
    assert (step.by, step.at, step.words, step.reason) == (dana, now, "Called off. The client's wish.", "Ill")


def test_nobody_rewrites_the_history(alex, dana, now):
    session = booked(alex, dana, starts_at=now + 2 * DAY, now=now)
    moved(session, by=dana, now=now, to=now + 3 * DAY)
    change = SessionChange.objects.get()
    change.reason = "Another"
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        change.save()
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        change.delete()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE counseling_sessionchange SET reason = 'x'")


def test_a_refused_move_leaves_no_row(alex, dana, now):
    first = booked(alex, dana, starts_at=now + DAY, now=now)
    other = booked(alex, dana, starts_at=now + 2 * DAY, now=now)
    with pytest.raises(Exception, match="already has a session"):
        moved(other, by=dana, now=now, to=first.starts_at)
    assert not SessionChange.objects.exists()


def test_a_change_is_seen_by_those_who_see_the_client(alex, dana, robin, now):
    session = booked(alex, dana, starts_at=now + 2 * DAY, now=now)
    moved(session, by=dana, now=now, to=now + 3 * DAY)
    assert SessionChange.objects.visible_to(dana, at=now).count() == 1
    assert SessionChange.objects.visible_to(robin, at=now).count() == 0


# --- what a session says of itself ---
@pytest.mark.parametrize(
    ("by", "ahead", "state", "words"),
    [
        ("client", DAY, "cancelled", "Cancelled by the client"),  # exactly 24 hours are in time
        ("client", DAY - timedelta(seconds=1), "late_cancel", "Cancelled late"),
        ("practice", HOUR, "cancelled", "Cancelled by the practice"),
    ],
)
def test_the_outcomes_are_those_that_the_indicators_count(alex, dana, now, by, ahead, state, words):
    session = booked(alex, dana, starts_at=now + ahead, now=now - DAY)
    done = lower.cancel(session_id=session.pk, cancelled_for=by, by=dana, now=now)
    assert (done.state, done.outcome_words) == (state, words)


def test_an_outcome_of_another_kind_is_its_own_word(alex, dana, now):
    assert held(alex, dana, ended_at=now).outcome_words == "Attended"


@pytest.mark.parametrize(
    ("fields", "said", "link"),
    [
        ({}, "In person", ""),
        ({"location": "Her home"}, "Her home", ""),
        ({"modality": "phone", "location": "602-555-0100"}, "By phone", ""),
        ({"modality": "video", "location": "https://meet.example/x"}, "By video", "https://meet.example/x"),
        ({"modality": "video", "location": "ask at the desk"}, "By video", ""),
        ({"modality": "in_person", "location": "https://x.example"}, "https://x.example", ""),
    ],
)
def test_place_and_link_of_a_session(alex, dana, now, fields, said, link):
    session = booked(alex, dana, starts_at=now + DAY, now=now, **fields)
    assert (session.place_words, session.video_link) == (said, link)


def test_a_video_address_is_a_safe_one(alex, dana, now):
    with pytest.raises(InvalidInput, match="https"):
        booked(alex, dana, starts_at=now + DAY, now=now, modality="video", location="javascript://x")


def test_a_session_of_a_group_moves_with_the_group_alone(alex, dana, team, now):
    from sessions.models import Group, GroupMeeting

    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    times = {"starts_at": now + DAY, "ends_at": now + DAY + HOUR, "scheduled_at": now}
    meeting = GroupMeeting.objects.create(group=group, counselor=dana, **times)
    session = Session.objects.create(client=alex, counselor=dana, kind="group", meeting=meeting, **times)
    with pytest.raises(InvalidTransition, match="part of a group"):
        moved(session, by=dana, now=now, to=now + 2 * DAY)


# --- away and cover ---
def test_a_session_during_an_absence_says_who_covers(alex, dana, sam, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now)
    arrange_absence(user=dana, starts_at=now + HOUR, ends_at=now + 3 * DAY, cover=sam, by=dana, now=now)
    assert away_then(session).cover == sam
    later = booked(alex, dana, starts_at=now + 4 * DAY, now=now)
    assert away_then(later) is None


def test_a_session_that_is_over_speaks_of_no_absence(alex, dana, sam, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now)
    arrange_absence(user=dana, starts_at=now + HOUR, ends_at=now + 3 * DAY, cover=sam, by=dana, now=now)
    done = lower.cancel(session_id=session.pk, cancelled_for="practice", by=sam, now=now)
    assert away_then(done) is None

"""Nobody is in two sessions at once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients.errors import Conflict, InvalidInput
from sessions.actions import lower
from sessions.actions.booking import one_at_a_time
from sessions.models import Group, GroupMeeting, Room, Session
from tests import factories
from tests.sessions.conftest import booked

HOUR = timedelta(hours=1)


@pytest.fixture
def kim(dana, team):
    """Kim, another client of Dana's."""
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")


@pytest.fixture
def covering(alex, team):
    """Lee, who covers for Alex."""
    lee = factories.counselor("Lee Park", team=team)
    factories.assign(alex, lee, role="covering")
    return lee


@pytest.mark.parametrize(
    "shift", [timedelta(0), timedelta(minutes=30), timedelta(minutes=-30), timedelta(minutes=49)]
)
def test_a_counselor_is_not_booked_twice_at_the_same_time(alex, kim, dana, now, shift):
    booked(alex, dana, starts_at=now + HOUR, now=now)
    with pytest.raises(Conflict) as refusal:
        booked(kim, dana, starts_at=now + HOUR + shift, now=now)
    assert refusal.value.field == "starts_at"
    assert "Dana Reyes already has a session with Alex Moreno then" in str(refusal.value)


def test_the_refusal_says_when_in_the_practices_zone(alex, kim, dana, now):
    booked(alex, dana, starts_at=now + HOUR, now=now)
    with pytest.raises(Conflict, match="12:00–12:50"):
        booked(kim, dana, starts_at=now + HOUR, now=now)


def test_a_client_is_not_booked_twice_at_the_same_time(alex, dana, covering, now):
    booked(alex, dana, starts_at=now + HOUR, now=now)
    with pytest.raises(Conflict, match="Alex already has a session"):
        booked(alex, covering, starts_at=now + HOUR, now=now)


@pytest.mark.parametrize(
    ("shared", "words"), [("counselor", "leads the group “Evening” then"), ("room", "Attic is taken")]
)
def test_a_group_in_the_way_is_named(alex, kim, dana, sam, team, now, shared, words):
    room = Room.objects.create(site=team.site, name="Attic")
    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    start, leader = now + HOUR, dana if shared == "counselor" else sam
    meeting = GroupMeeting.objects.create(
        group=group, counselor=leader, room=room, starts_at=start, ends_at=start + HOUR, scheduled_at=now
    )
    times = {"starts_at": start, "ends_at": start + HOUR, "scheduled_at": now}
    Session.objects.create(client=kim, counselor=leader, kind="group", meeting=meeting, room=room, **times)
    with pytest.raises(Conflict, match=words) as refusal:
        booked(alex, dana, starts_at=start, now=now, room=room if shared == "room" else None)
    assert "Kim" not in str(refusal.value)


def test_a_meeting_that_was_called_off_is_in_nobodys_way(alex, dana, team, now):
    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    times = {"starts_at": now + HOUR, "ends_at": now + 2 * HOUR, "scheduled_at": now}
    GroupMeeting.objects.create(group=group, counselor=dana, state="cancelled", closed_at=now, **times)
    assert booked(alex, dana, starts_at=now + HOUR, now=now).state == "scheduled"


def test_a_client_in_a_group_is_taken(alex, dana, sam, covering, team, now):
    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    times = {"starts_at": now + HOUR, "ends_at": now + 2 * HOUR, "scheduled_at": now}
    meeting = GroupMeeting.objects.create(group=group, counselor=dana, **times)
    Session.objects.create(client=alex, counselor=dana, kind="group", meeting=meeting, **times)
    with pytest.raises(Conflict, match="Alex already has a session with Dana Reyes then"):
        booked(alex, covering, starts_at=now + HOUR, now=now)


def test_sessions_may_follow_each_other_without_a_gap(alex, kim, dana, now):
    booked(alex, dana, starts_at=now + HOUR, now=now, minutes=50)
    booked(kim, dana, starts_at=now + HOUR + timedelta(minutes=50), now=now)
    assert Session.objects.count() == 2


@pytest.mark.parametrize("year", [26, 9999])
def test_a_year_that_no_calendar_has_room_for_is_declined(alex, dana, now, year):
    with pytest.raises(InvalidInput, match="Check the year") as refused:
        booked(alex, dana, starts_at=now.replace(year=year, month=12, day=31, hour=23), now=now)
    assert refused.value.field == "starts_at"


def test_the_time_of_a_cancelled_session_is_free_again(alex, kim, dana, now):
    first = booked(alex, dana, starts_at=now + 48 * HOUR, now=now)
    lower.cancel(session_id=first.pk, cancelled_for="client", by=dana, now=now)
    assert booked(kim, dana, starts_at=now + 48 * HOUR, now=now).state == "scheduled"


def test_moving_a_session_within_its_own_time_is_no_clash(alex, dana, now):
    session = booked(alex, dana, starts_at=now + HOUR, now=now)
    begin = now + HOUR + timedelta(minutes=10)
    moved = lower.reschedule(session_id=session.pk, starts_at=begin, ends_at=begin + HOUR, by=dana, now=now)
    assert moved.starts_at == begin


def test_moving_a_session_onto_another_is_refused(alex, kim, dana, now):
    booked(kim, dana, starts_at=now + HOUR, now=now)
    session = booked(alex, dana, starts_at=now + 3 * HOUR, now=now)
    with pytest.raises(Conflict):
        lower.reschedule(
            session_id=session.pk, starts_at=now + HOUR, ends_at=now + 2 * HOUR, by=dana, now=now
        )


@pytest.mark.parametrize("person", ["counselor", "client"])
def test_the_database_itself_refuses_a_double_booking(alex, kim, dana, covering, now, person):
    first = booked(alex, dana, starts_at=now + HOUR, now=now)
    other = (
        {"client": kim, "counselor": dana}
        if person == "counselor"
        else {"client": alex, "counselor": covering}
    )
    with pytest.raises(IntegrityError, match=f"one_session_at_a_time_per_{person}"), transaction.atomic():
        Session.objects.bulk_create(
            [Session(starts_at=first.starts_at, ends_at=first.ends_at, scheduled_at=now, **other)]
        )


def test_a_booking_made_at_the_same_moment_is_answered_kindly(alex, kim, dana, now, monkeypatch):
    booked(alex, dana, starts_at=now + HOUR, now=now)
    monkeypatch.setattr(
        lower, "check_free", lambda session, **_asked: None
    )  # the other booking came after the look
    with pytest.raises(Conflict, match="just booked"):
        booked(kim, dana, starts_at=now + HOUR, now=now)
    assert Session.objects.count() == 1


@pytest.mark.parametrize("minutes", [0, -10, 12 * 60 + 1])
def test_a_session_lasts_more_than_nothing_and_twelve_hours_at_most(alex, dana, now, minutes):
    with pytest.raises(InvalidInput):
        booked(alex, dana, starts_at=now, now=now, minutes=minutes)
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.create(
            client=alex,
            counselor=dana,
            starts_at=now,
            ends_at=now + timedelta(minutes=minutes),
            scheduled_at=now,
        )


def test_twelve_hours_exactly_are_allowed(alex, dana, now):
    assert booked(alex, dana, starts_at=now, now=now, minutes=720).minutes == 720


def test_another_failure_of_the_database_is_not_taken_for_a_clash(alex, dana, now):
    first = booked(alex, dana, starts_at=now, now=now)
    later = Session(
        uid=first.uid, client=alex, counselor=dana, starts_at=now + 5 * HOUR, ends_at=now + 6 * HOUR
    )
    later.scheduled_at = now
    with pytest.raises(IntegrityError, match="duplicate key"), one_at_a_time():
        later.save()

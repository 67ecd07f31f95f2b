"""Rooms: one session at a time, taken into use and given up."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from clients.access import Role
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from sessions.actions import lower
from sessions.actions.rooms import add_room, retire_room
from sessions.models import Group, GroupMeeting, Room, Session
from tests import factories
from tests.sessions.conftest import booked
from tests.sessions.test_calendar import signed_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def room(team):
    return Room.objects.create(site=team.site, name="Room 2")


@pytest.fixture
def kim(sam, team):
    return factories.client_of(sam, team=team, given_name="Kim", family_name="Ito")


def test_a_room_is_booked_once_at_a_time(alex, kim, dana, sam, room, now):
    booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
    with pytest.raises(Conflict, match="Room 2 is taken then by Dana Reyes: Wed 11 Mar, 12:00") as refusal:
        booked(kim, sam, starts_at=now + HOUR, now=now, room=room)
    assert refusal.value.field == "room"
    assert "Alex" not in str(refusal.value)


def test_the_database_itself_refuses_a_room_twice(alex, kim, dana, sam, room, now):
    first = booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
    twin = Session(client=kim, counselor=sam, room=room, scheduled_at=now)
    twin.starts_at, twin.ends_at = first.starts_at, first.ends_at
    with pytest.raises(IntegrityError, match="one_session_at_a_time_per_room"), transaction.atomic():
        twin.save()


def test_sessions_without_a_room_do_not_meet(alex, kim, dana, sam, now):
    booked(alex, dana, starts_at=now + HOUR, now=now)
    booked(kim, sam, starts_at=now + HOUR, now=now)
    assert Session.objects.count() == 2


def test_a_session_changes_its_room_and_gives_it_back(alex, kim, dana, sam, room, now):
    session = booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
    times = {"starts_at": session.starts_at, "ends_at": session.ends_at}
    moved = lower.reschedule(session_id=session.pk, **times, room=None, by=dana, now=now)
    assert moved.room is None
    assert booked(kim, sam, starts_at=now + HOUR, now=now, room=room).room == room
    change = moved.changes.get()
    assert (change.was_room, change.room, change.in_time) == (room, None, False)


def test_moving_a_session_keeps_its_room(alex, dana, room, now):
    session = booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
    at = now + 5 * HOUR
    moved = lower.reschedule(session_id=session.pk, starts_at=at, ends_at=at + HOUR, by=dana, now=now)
    assert moved.room == room


def test_a_room_that_was_given_up_is_booked_no_more(alex, dana, room, sam, now):
    retire_room(room_id=room.pk, by=sam, now=now)
    room.refresh_from_db()
    with pytest.raises(InvalidInput, match="not in use any more"):
        booked(alex, dana, starts_at=now + HOUR, now=now, room=room)


def test_a_room_with_something_planned_is_not_given_up(alex, dana, sam, room, team, now):
    booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    start = now + 8 * HOUR
    GroupMeeting.objects.create(
        group=group, counselor=dana, room=room, starts_at=start, ends_at=start + HOUR, scheduled_at=now
    )
    with pytest.raises(Conflict, match="booked 2 times"):
        retire_room(room_id=room.pk, by=sam, now=now)


def test_what_took_place_in_a_room_does_not_keep_it(alex, dana, sam, room, now):
    booked(alex, dana, starts_at=now - HOUR, now=now - DAY, room=room)
    retired = retire_room(room_id=room.pk, by=sam, now=now)
    assert retired.retired_at == now
    assert retire_room(room_id=room.pk, by=sam, now=now + DAY).retired_at == now


@pytest.mark.parametrize(("name", "words"), [("  ", "a name"), ("room 2", "has a room of this name")])
def test_a_room_needs_a_name_of_its_own(team, sam, room, now, name, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        add_room(site=team.site, name=name, by=sam, now=now)
    assert refusal.value.field == "name"


def test_the_name_of_a_room_that_was_given_up_is_free_again(team, sam, room, now):
    retire_room(room_id=room.pk, by=sam, now=now)
    assert add_room(site=team.site, name=" Room 2 ", by=sam, now=now).name == "Room 2"
    assert AuditEvent.objects.filter(verb="room.added").count() == 1


def test_a_counselor_keeps_no_rooms(team, dana, room, now):
    with pytest.raises(NotAllowed):
        add_room(site=team.site, name="Attic", by=dana, now=now)
    with pytest.raises(NotAllowed):
        retire_room(room_id=room.pk, by=dana, now=now)


def test_the_page_adds_a_room_and_gives_it_up(team, sam, now):
    with time_machine.travel(now, tick=False):
        browser, page = signed_in(sam), reverse("counseling:rooms")
        assert "No rooms yet" in browser.get(page).content.decode()
        browser.post(page, {"name": "Attic", "site": str(team.site.uid)})
        room = Room.objects.get(name="Attic")
        again = browser.post(page, {"name": "Attic", "site": str(team.site.uid)})
        assert "has a room of this name" in again.content.decode()
        assert browser.post(reverse("counseling:retire_room", args=[room.uid])).status_code == 302
        assert Room.objects.in_use().count() == 0


def test_a_room_that_is_booked_stays_and_the_page_says_why(alex, dana, sam, room, now):
    with time_machine.travel(now, tick=False):
        booked(alex, dana, starts_at=now + HOUR, now=now, room=room)
        answer = signed_in(sam).post(reverse("counseling:retire_room", args=[room.uid]), follow=True)
        assert "booked 1 times still" in answer.content.decode()
        assert (
            signed_in(sam).post("/practice/rooms/00000000-0000-4000-8000-000000000000/retire/").status_code
            == 404
        )


def test_only_those_who_keep_watch_see_the_page(dana):
    assert signed_in(dana).get(reverse("counseling:rooms")).status_code == 403
    assert (
        signed_in(factories.UserFactory(role=Role.ADMINISTRATOR)).get("/practice/rooms/").status_code == 200
    )

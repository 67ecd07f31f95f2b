"""The calendar through the second door: a period, moving, series and rooms."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions.models import Room, Session
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

SESSIONS, SERIES, ROOMS = "/api/v1/sessions/", "/api/v1/series/", "/api/v1/rooms/"
DAY = timedelta(days=1)


@pytest.fixture
def room(team):
    return Room.objects.create(site=team.site, name="Room 2")


def rule(alex, **changed):
    first = timezone.localdate() + 7 * DAY
    usual = {
        "client": str(alex.uid),
        "every": "week",
        "starts_on": str(first),
        "until_on": str(first + 21 * DAY),
        "at": "09:00",
        "minutes": 50,
    }
    return {**usual, **changed}


@pytest.fixture
def planned(api, alex):
    answer = api.post(SERIES, rule(alex))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_series_is_planned_and_its_sessions_are_listed(api, planned, dana):
    assert len(planned["sessions"]) == 4
    assert planned["left_out"] == []
    assert planned["series"]["counselor"] == str(dana.uid)
    found = api.get(SESSIONS, {"series__uid": planned["series"]["uid"]}).json()["results"]
    assert {one["uid"] for one in found} == set(planned["sessions"])
    assert {one["series"] for one in found} == {planned["series"]["uid"]}


def test_a_period_and_a_counselor_narrow_the_list(api, planned, dana):
    first = Session.objects.order_by("starts_at").first()
    asked = {
        "counselor__uid": str(dana.uid),
        "starts_at__gte": first.starts_at.isoformat(),
        "starts_at__lt": (first.starts_at + DAY).isoformat(),
    }
    assert [one["uid"] for one in api.get(SESSIONS, asked).json()["results"]] == [str(first.uid)]


def test_a_taken_day_is_a_conflict_unless_it_may_be_left_out(api, alex, planned):
    assert api.post(SERIES, rule(alex)).status_code == 409
    more = str(timezone.localdate() + 35 * DAY)
    answer = api.post(SERIES, rule(alex, until_on=more, skip_taken=True))
    assert len(answer.json()["left_out"]) == 4
    assert len(answer.json()["sessions"]) == 1


def test_a_session_moves_and_tells_its_changes(api, planned, room):
    uid = planned["sessions"][0]
    session = Session.objects.get(uid=uid)
    at = session.starts_at + DAY
    body = {
        "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=1)).isoformat(),
        "room": str(room.uid),
        "wished_by": "client",
    }
    moved = api.post(f"{SESSIONS}{uid}/move/", body)
    assert (moved.status_code, moved.json()["room"]) == (200, str(room.uid))
    (change,) = api.get(f"{SESSIONS}{uid}/changes/").json()
    assert (change["what"], change["wished_by"], change["was_room"]) == ("moved", "client", None)
    body.pop("room")
    assert api.post(f"{SESSIONS}{uid}/move/", body).json()["room"] == str(room.uid)  # left out, it stays
    body["room"] = None
    assert api.post(f"{SESSIONS}{uid}/move/", body).json()["room"] is None


def test_a_series_changes_from_a_day_on(api, planned):
    old = planned["series"]
    first = timezone.localdate() + 21 * DAY
    body = rule_without_client(
        from_on=str(first), starts_on=str(first), until_on=str(first + 7 * DAY), at="14:00"
    )
    answer = api.post(f"{SERIES}{old['uid']}/change/", body)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["series"]["continues"], len(answer.json()["sessions"])) == (old["uid"], 2)
    assert set(answer.json()["sessions"]) == set(planned["sessions"][2:])


def rule_without_client(**changed):
    return {"every": "week", "minutes": 50, **changed}


def test_a_series_ends(api, planned):
    body = {"from_on": planned["series"]["starts_on"], "cancelled_for": "client"}
    ended = api.post(f"{SERIES}{planned['series']['uid']}/end/", body)
    assert (ended.status_code, ended.json()["ended_on"]) == (200, planned["series"]["starts_on"])
    assert set(Session.objects.values_list("state", flat=True)) == {"cancelled"}
    assert api.post(f"{SERIES}{planned['series']['uid']}/end/", body).status_code == 409


def test_a_family_session_takes_a_room_and_a_word_on_who_comes_along(api, alex, room):
    at = timezone.now() + DAY
    body = {
        "client": str(alex.uid),
        "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=1)).isoformat(),
        "kind": "family",
        "companions": "Her mother",
        "room": str(room.uid),
    }
    made = api.post(SESSIONS, body).json()
    assert (made["kind"], made["companions"], made["room"]) == ("family", "Her mother", str(room.uid))
    assert api.post(SESSIONS, {**body, "kind": "group"}).status_code == 400


def test_a_stranger_finds_no_series(strange_api, planned, alex):
    uid = planned["series"]["uid"]
    assert strange_api.get(f"{SERIES}{uid}/").status_code == 404
    assert (
        strange_api.post(
            f"{SERIES}{uid}/end/", {"from_on": "2030-01-01", "cancelled_for": "client"}
        ).status_code
        == 404
    )
    assert strange_api.post(SERIES, rule(alex)).status_code == 404
    assert strange_api.get(SERIES).json()["results"] == []


def test_rooms_in_use_are_listed_for_those_who_plan(api, room, ada):
    Room.objects.create(site=room.site, name="Old", retired_at=timezone.now())
    assert [one["name"] for one in api.get(ROOMS).json()["results"]] == ["Room 2"]
    assert caller(ada).get(ROOMS).json()["results"] == []

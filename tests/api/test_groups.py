"""Groups, meetings, attendance and the shared note through the second door."""

from datetime import timedelta

import pytest
import time_machine

from casework.followup.actions import groups as composite
from sessions.actions.group_notes import save_shared
from sessions.models import Group, GroupMembership, Note
from tests import factories
from tests.sessions.grouping import HOUR, begun, marked, met

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def group(dana, team, now):
    return begun(dana, now=now - 30 * DAY, team=team)


@pytest.fixture
def alex_in(group, alex, dana, now):
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=now - 20 * DAY)
    return alex


def post(browser, address, body=None):
    return browser.post(f"/api/v1/{address}", body or {}, content_type="application/json")


def test_a_group_is_begun_gets_topics_members_and_meetings(as_dana, dana, alex, team, now):
    made = post(as_dana, "groups/", {"name": "Evenings", "team": str(team.uid)})
    assert made.status_code == 201
    uid = made.json()["uid"]
    assert post(as_dana, f"groups/{uid}/topics/", {"title": "Urges"}).status_code == 201
    place = post(as_dana, f"groups/{uid}/join/", {"client": str(alex.uid)})
    assert (place.status_code, place.json()["client"]) == (201, str(alex.uid))
    start = now + DAY
    planned = post(
        as_dana,
        f"groups/{uid}/meetings/",
        {
            "starts_at": start.isoformat(),
            "ends_at": (start + HOUR).isoformat(),
            "every": "week",
            "until_on": (start + timedelta(weeks=1)).date().isoformat(),
        },
    ).json()
    assert (len(planned["meetings"]), planned["skipped"], planned["taken"]) == (2, [], [])
    assert post(as_dana, f"groups/{uid}/end/").json()["state"] == "ended"
    assert GroupMembership.objects.get().leave_reason == "ended"


def test_a_row_of_meetings_needs_both_ends(as_dana, group, now):
    body = {"starts_at": now.isoformat(), "ends_at": (now + HOUR).isoformat(), "every": "week"}
    answer = post(as_dana, f"groups/{group.uid}/meetings/", body)
    assert answer.status_code == 400
    assert "until_on" in answer.json()["error"]["fields"]


def test_a_membership_ends_with_its_reason(as_dana, group, alex_in):
    [row] = as_dana.get("/api/v1/memberships/").json()["results"]
    left = post(as_dana, f"memberships/{row['uid']}/leave/", {"reason": "completed"})
    assert left.json()["leave_reason"] == "completed"


def test_attendance_is_taken_and_closed(as_dana, dana, group, alex_in, now):
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    body = {"client": str(alex_in.uid), "mark": "present"}
    assert post(as_dana, f"meetings/{meeting.uid}/mark/", body).json()[0]["mark"] == "present"
    assert as_dana.get(f"/api/v1/meetings/{meeting.uid}/attendance/").json()[0]["client"] == str(alex_in.uid)
    assert post(as_dana, f"meetings/{meeting.uid}/close/").json()["state"] == "held"


def test_a_meeting_is_moved_and_called_off(as_dana, dana, group, alex_in, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    when = {"starts_at": (now + 2 * DAY).isoformat(), "ends_at": (now + 2 * DAY + HOUR).isoformat()}
    assert post(as_dana, f"meetings/{meeting.uid}/move/", when).status_code == 200
    assert post(as_dana, f"meetings/{meeting.uid}/cancel/", {"reason": "Snow"}).json()["state"] == "cancelled"


def test_the_note_is_saved_and_filed_and_a_name_is_refused(as_dana, dana, group, alex_in, now):
    meeting = marked(met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY), dana, now=now)
    address = f"meetings/{meeting.uid}"
    assert post(as_dana, f"{address}/save_note/", {"version": 0, "text": "Alex led."}).json()["version"] == 1
    refused = post(as_dana, f"{address}/file_note/", {"version": 1})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "names_another"
    assert list(refused.json()["error"]["fields"]) == ["group"]
    post(as_dana, f"{address}/save_note/", {"version": 1, "text": "Urges."})
    stale = post(as_dana, f"{address}/save_note/", {"version": 1, "text": "Else."})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_draft")
    assert as_dana.get(f"/api/v1/{address}/note/").json()["text"] == "Urges."
    assert len(post(as_dana, f"{address}/file_note/", {"version": 2}).json()) == 1
    assert Note.objects.get().sections["group"] == "Urges."


def test_a_supervisor_sees_the_meeting_and_not_the_draft(browser, sam, dana, group, alex_in, now):
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    save_shared(meeting_id=meeting.pk, version=0, text="Mine alone.", by=dana, now=now)
    browser.force_login(sam)
    shown = browser.get(f"/api/v1/meetings/{meeting.uid}/")
    assert shown.status_code == 200
    assert "Mine alone." not in shown.content.decode()
    assert browser.get(f"/api/v1/meetings/{meeting.uid}/note/").status_code == 403


def test_a_stranger_finds_none_of_it(browser, robin, dana, group, alex_in, now):
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    browser.force_login(robin)
    assert browser.get("/api/v1/groups/").json()["results"] == []
    for address in (
        f"groups/{group.uid}/",
        f"meetings/{meeting.uid}/",
        f"meetings/{meeting.uid}/attendance/",
    ):
        assert browser.get(f"/api/v1/{address}").status_code == 404
    other = factories.client_of(robin, team=group.team)
    assert post(browser, f"groups/{group.uid}/join/", {"client": str(other.uid)}).status_code == 404
    assert Group.objects.get().memberships.count() == 1

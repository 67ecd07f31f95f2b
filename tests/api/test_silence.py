"""Silences and absences through the second door: the same acts, the same refusals."""

from datetime import timedelta

import pytest
import time_machine

from casework.followup import ladder
from casework.followup.models import LadderRung
from clients.models import Absence, Client, EmergencyContact
from tests import factories
from tests.conftest import NOW
from tests.followup.making import report

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rung(alex, dana, sam):
    report(alex, dana, NOW - 8 * DAY)
    ladder.climb_all(NOW)
    return LadderRung.objects.get(client=alex, rung=3)


@pytest.fixture
def lee(team):
    return factories.counselor("Lee Park", team=team)


def get(browser, user, address):
    browser.force_login(user)
    return browser.get(f"/api/v1/{address}")


def post(browser, who, address, data):
    browser.force_login(who)
    return browser.post(f"/api/v1/{address}", data, content_type="application/json")


def test_rungs_are_listed_with_what_they_ask_and_without_the_note(browser, dana, rung):
    rows = get(browser, dana, "rungs/?ended_at__isnull=true").json()["results"]
    assert {(row["code"], row["why"]) for row in rows} == {("U1", "silent"), ("U3", "no_contact")}
    assert "note" not in rows[0]


def test_a_supervisor_decides(browser, alex, sam, rung):
    named = EmergencyContact.objects.create(
        client=alex, name="Rosa", relationship="mother", phone="1", consent_given_at=NOW, recorded_at=NOW
    )
    sent = {"decision": ["emergency_contact", "keep_trying"], "emergency_contact": str(named.uid)}
    answer = post(browser, sam, f"rungs/{rung.uid}/decide/", sent)
    assert answer.status_code == 200
    assert answer.json()["decision"] == ["emergency_contact", "keep_trying"]
    rung.refresh_from_db()
    assert (rung.decided_by, rung.emergency_contact) == (sam, named)


def test_what_the_client_has_not_agreed_to_is_refused_by_field(browser, sam, rung):
    answer = post(browser, sam, f"rungs/{rung.uid}/decide/", {"decision": ["letter"]})
    assert answer.status_code == 400
    assert "decision" in str(answer.json())


def test_a_counselor_decides_nothing_and_a_stranger_finds_nothing(browser, dana, robin, rung):
    assert post(browser, dana, f"rungs/{rung.uid}/decide/", {"decision": ["keep_trying"]}).status_code == 403
    assert get(browser, robin, f"rungs/{rung.uid}/").status_code == 404


def test_one_arranges_ones_own_absence_and_the_cover_sees_the_clients(browser, alex, dana, lee):
    sent = {
        "starts_at": (NOW - HOUR).isoformat(),
        "ends_at": (NOW + DAY).isoformat(),
        "cover": str(lee.uid),
    }
    answer = post(browser, dana, "absences/", sent)
    assert answer.status_code == 201
    assert [row["uid"] for row in get(browser, lee, "clients/").json()["results"]] == [str(alex.uid)]
    assert get(browser, lee, "absences/").json()["results"] == [answer.json()]


@pytest.mark.parametrize("field", ["cover", "user"])
def test_somebody_unknown_is_refused_by_field(browser, dana, field):
    sent = {
        "starts_at": NOW.isoformat(),
        "ends_at": (NOW + DAY).isoformat(),
        "cover": None,
        field: "0b9a1b0a-5f5e-4c39-9f5c-7a4b2f6f0000",
    }
    answer = post(browser, dana, "absences/", sent)
    assert answer.status_code == 400
    assert field in str(answer.json())


def test_another_cover_and_the_end(browser, dana, lee, robin):
    row = Absence.objects.create(
        user=dana, cover=lee, starts_at=NOW - HOUR, ends_at=NOW + DAY, made_at=NOW, made_by=dana
    )
    changed = post(browser, dana, f"absences/{row.uid}/cover/", {"cover": str(robin.uid)}).json()
    assert Client.objects.visible_to(robin, at=NOW).exists() is False  # nobody is Dana's here
    assert changed["cover"] == str(robin.uid)
    assert post(browser, lee, f"absences/{row.uid}/end/", {}).status_code == 403
    ended = post(browser, dana, f"absences/{changed['uid']}/end/", {})
    assert ended.json()["ended_at"] is not None
    assert not Absence.objects.in_force(NOW).exists()

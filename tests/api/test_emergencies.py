"""An emergency through the second door: the same refusals, the same record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from casework.followup.models import EmergencyRecord
from tests.api.conftest import caller
from tests.followup.alarms import emergency

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alarm(alex, dana):
    return emergency(alex, timezone.now() - 30 * MINUTE)


@pytest.fixture
def address(alarm):
    return f"/api/v1/todos/{alarm.uid}/"


def facts(sam, **changed):
    now = timezone.now()
    return {
        "noticed_at": (now - 20 * MINUTE).isoformat(),
        "red_flags": ["overdose"],
        "acts": ["called_911"],
        "person_reached": "Alex",
        "disclosure_basis": "medical_emergency",
        "outcome": "In hospital, awake",
        "supervisor": str(sam.uid),
        "supervisor_told_at": (now - 5 * MINUTE).isoformat(),
        **changed,
    }


def test_a_tick_is_refused_and_names_what_is_missing(api, address, alarm):
    answer = api.post(f"{address}complete/", {"outcome": "All is well"})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["noticed_at"]
    alarm.refresh_from_db()
    assert alarm.is_open


def test_somebody_takes_it_and_records_it(api, sam, dana, address, alarm):
    taken = api.post(f"{address}acknowledge/")
    assert taken.json()["acknowledged_at"]
    assert taken.json()["state"] == "open"
    made = api.post(f"{address}record/", facts(sam))
    assert made.status_code == 201, made.json()
    assert (made.json()["acts"], made.json()["supervisor"]) == (["called_911"], str(sam.uid))
    assert api.get(address).json()["state"] == "done"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"outcome": ""}, "outcome"),
        ({"supervisor": None}, "supervisor"),
        ({"acts": ["prayed"]}, "acts"),
        ({"disclosure_basis": "nothing_told"}, "disclosure_basis"),
    ],
)
def test_a_record_that_is_not_whole_names_its_field(api, sam, address, changed, field):
    answer = api.post(f"{address}record/", facts(sam, **changed))
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]
    assert not EmergencyRecord.objects.exists()


def test_a_supervisor_is_no_counselor_and_nobody_unknown(api, sam, dana, address):
    for nobody in (dana.uid, "00000000-0000-4000-8000-000000000000"):
        answer = api.post(f"{address}record/", facts(sam, supervisor=str(nobody)))
        assert list(answer.json()["error"]["fields"]) == ["supervisor"]


def test_a_false_alarm_is_dismissed_with_a_reason(api, address):
    assert api.post(f"{address}dismiss/", {}).status_code == 400
    done = api.post(f"{address}dismiss/", {"reason": "A song title"})
    assert (done.json()["state"], done.json()["false_alarm"]) == ("done", True)


def test_a_stranger_finds_none_of_it(strange_api, sam, address):
    for act in ("acknowledge", "record", "dismiss"):
        assert strange_api.post(f"{address}{act}/", facts(sam)).status_code == 404


def test_the_same_key_records_once(sam, dana, address):
    api = caller(dana)
    body = facts(sam)
    answers = [
        api.post(f"{address}record/", body, headers={"Idempotency-Key": "e-1"}).json() for _twice in range(2)
    ]
    assert answers[0] == answers[1]
    assert EmergencyRecord.objects.count() == 1

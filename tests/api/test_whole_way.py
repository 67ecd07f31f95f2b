"""From the assessment to the answer, through the second door."""

import pytest
from django.utils import timezone

from casework.followup.inbox import receive
from casework.followup.models import FollowUpPlan, Message, ToDo
from casework.relapse.models import RelapseReport
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

V1 = "/api/v1/"


@pytest.fixture
def report(api, alex):
    """A relapse that Alex told about in a session."""
    body = {
        "client": str(alex.uid),
        "stage": "mental",
        "source": "self_session",
        "narrative": "Told by phone.",
    }
    answer = api.post(f"{V1}reports/", body, headers={"Idempotency-Key": "r-1"})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_an_assessment_is_finalised_with_what_it_suggests(api, alex):
    body = {
        "client": str(alex.uid),
        "signs": [{"code": "M07", "severity": 1, "sources": ["self_report"]}],
        "counselor_stage": "mental",
    }
    made = api.post(f"{V1}assessments/", body)
    assert made.status_code == 201, made.json()
    assert (made.json()["suggested_stage"], made.json()["rule_fired"], made.json()["state"]) == (
        "mental",
        "R2",
        "final",
    )
    alex.summary.refresh_from_db()
    assert alex.summary.stage == "mental"


def test_another_stage_than_suggested_needs_a_reason_and_nothing_is_half_saved(api, alex):
    body = {"client": str(alex.uid), "signs": [{"code": "M07", "severity": 1}], "counselor_stage": "none"}
    answer = api.post(f"{V1}assessments/", body)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["override_reason"]
    assert api.get(f"{V1}assessments/").json()["results"] == []


def test_an_unknown_sign_is_refused_by_name(api, alex):
    body = {"client": str(alex.uid), "signs": [{"code": "Z99", "severity": 1}], "counselor_stage": "none"}
    assert "signs" in api.post(f"{V1}assessments/", body).json()["error"]["fields"]


def test_reporting_starts_one_plan_with_messages_and_todos(api, alex, report):
    plan = api.get(f"{V1}plans/", {"client__uid": str(alex.uid)}).json()["results"][0]
    assert (plan["stage"], plan["state"]) == ("mental", "active")
    messages = api.get(f"{V1}messages/", {"plan__uid": plan["uid"], "page_size": 50}).json()["results"]
    assert len(messages) == 7
    assert all("body" not in row and row["reason"] for row in messages)
    assert api.get(f"{V1}todos/", {"state": "open"}).json()["results"]


def test_the_same_report_sent_twice_makes_one_plan(api, alex, report):
    body = {
        "client": str(alex.uid),
        "stage": "mental",
        "source": "self_session",
        "narrative": "Told by phone.",
    }
    again = api.post(f"{V1}reports/", body, headers={"Idempotency-Key": "r-1"})
    assert again.json() == report
    assert (RelapseReport.objects.count(), FollowUpPlan.objects.count()) == (1, 1)


def test_use_as_prescribed_is_never_a_relapse(api, alex):
    body = {
        "client": str(alex.uid),
        "stage": "physical",
        "source": "self_session",
        "use": {
            "use_type": "as_prescribed",
            "days": [timezone.localdate().isoformat()],
            "substance": "clonazepam",
        },
    }
    assert api.post(f"{V1}reports/", body).status_code == 400
    assert not RelapseReport.objects.exists()


def test_a_red_flag_raises_the_alarm_through_this_door_too(api, alex):
    body = {"client": str(alex.uid), "stage": "physical", "source": "self_call", "red_flags": ["chest_pain"]}
    assert api.post(f"{V1}reports/", body).status_code == 201
    alarm = api.get(f"{V1}todos/", {"kind": "emergency", "state": "open"}).json()["results"]
    assert [one["urgent"] for one in alarm] == [True]
    unknown = api.post(f"{V1}reports/", {**body, "red_flags": ["hiccups"]})
    assert "red_flags" in unknown.json()["error"]["fields"]


def test_a_collateral_report_sends_nothing_until_confirmed(api, alex):
    body = {"client": str(alex.uid), "stage": "physical", "source": "collateral"}
    made = api.post(f"{V1}reports/", body).json()
    assert not Message.objects.exists()
    assert ToDo.objects.filter(client=alex, state="open").count() == 1
    confirmed = api.post(f"{V1}reports/{made['uid']}/confirm/")
    assert confirmed.json()["state"] == "corroborated"
    assert Message.objects.filter(client=alex, status="planned").exists()


def test_a_retracted_report_cancels_what_has_not_left(api, alex, report):
    answer = api.post(f"{V1}reports/{report['uid']}/retract/", {"reason": "A mix-up of two people"})
    assert answer.json()["state"] == "retracted"
    assert set(Message.objects.values_list("status", flat=True)) == {"cancelled"}
    assert api.get(f"{V1}plans/").json()["results"][0]["state"] == "voided"


def test_withdrawing_permission_cancels_the_texts(api, alex, report):
    answer = api.post(f"{V1}clients/{alex.uid}/permissions/withdraw/", {"channel": "text"})
    assert answer.status_code == 200, answer.json()
    assert not Message.objects.exclude(status="cancelled").exists()


def test_an_answer_of_2_becomes_a_call_to_do_that_can_be_done(api, alex, report):
    phone = alex.contact_points.get().normalized
    receive(
        provider="sandbox",
        provider_id="in-1",
        channel="sms",
        from_address=phone,
        body="2",
        now=timezone.now(),
    )
    answer = api.get(f"{V1}answers/").json()["results"][0]
    assert (answer["kind"], answer["body"]) == ("call", "2")
    todo = api.get(f"{V1}todos/", {"kind": "call", "state": "open"}).json()["results"][0]
    done = api.post(f"{V1}todos/{todo['uid']}/complete/", {"outcome": "Called, will come on Friday"})
    assert done.json()["state"] == "done"


def test_a_logged_talk_closes_the_first_contact(api, alex, report):
    body = {"client": str(alex.uid), "channel": "phone", "outcome": "reached"}
    assert api.post(f"{V1}contacts/", body).status_code == 201
    first = api.get(f"{V1}todos/", {"kind": "first_contact"}).json()["results"][0]
    assert first["state"] == "done"


@pytest.mark.parametrize(
    "room", ["assessments", "reports", "plans", "messages", "todos", "contacts", "answers", "notes"]
)
def test_strangers_and_administrators_see_empty_lists_and_404(room, strange_api, ada, api, alex, report):
    api.post(f"{V1}contacts/", {"client": str(alex.uid), "channel": "phone", "outcome": "voicemail"})
    for outsider in (strange_api, caller(ada)):
        assert outsider.get(f"{V1}{room}/").json()["results"] == []
    for row in api.get(f"{V1}{room}/").json()["results"]:
        assert strange_api.get(f"{V1}{room}/{row['uid']}/").status_code == 404

"""Prevention plans, goals and steps through the second door: the same acts, the same refusals."""

import pytest
import time_machine

from casework.relapse.models import PreventionPlan
from sessions.models import Goal, TreatmentPlan
from tests.api.conftest import caller
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
PLANS, GOALS, STEPS, TREATMENTS = (
    f"/api/v1/{name}/" for name in ("prevention-plans", "goals", "goal-steps", "treatment-plans")
)
CONTENT = {
    "emotional": ["I skip breakfast"],
    "helps": ["Call Rosa"],
    "people": [{"name": "Rosa", "phone": "602-555-0188", "printed": True}],
}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def draft(api, alex):
    made = api.post(PLANS, {"client": str(alex.uid)}).json()
    return api.post(f"{PLANS}{made['uid']}/save/", {"revision": 1, "content": CONTENT}).json()


@pytest.fixture
def goal(api, alex):
    return api.post(
        GOALS, {"client": str(alex.uid), "words": "Sleep through", "review_on": "2026-05-01"}
    ).json()


def test_a_plan_is_written_signed_and_followed_by_the_next_version(api, alex, draft):
    assert draft["content"]["people"][0] == {
        "name": "Rosa",
        "relation": "",
        "phone": "602-555-0188",
        "printed": True,
    }
    sign = {"revision": draft["revision"], "counselor": True, "way": "typed", "name": "Alex M."}
    signed = api.post(f"{PLANS}{draft['uid']}/sign/", sign).json()
    assert signed["state"] == "signed"
    assert [one["party"] for one in signed["signatures"]] == ["counselor", "client"]
    second = api.post(PLANS, {"client": str(alex.uid)})
    assert (second.status_code, second.json()["number"]) == (201, 2)
    assert second.json()["content"] == signed["content"]


def test_a_list_of_versions_holds_no_words(api, draft):
    rows = api.get(PLANS).json()["results"]
    assert [row["uid"] for row in rows] == [draft["uid"]]
    assert "content" not in rows[0]


def test_an_old_revision_is_a_conflict_and_changes_nothing(api, draft):
    answer = api.post(f"{PLANS}{draft['uid']}/save/", {"revision": 0, "content": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale_draft")
    assert PreventionPlan.objects.get().words.helps == ("Call Rosa",)


@pytest.mark.parametrize(
    "content", [{"helps": "Walk"}, {"people": [{"phone": "1"}]}, {"reasons": ["x" * 301]}, {"places": [""]}]
)
def test_content_of_another_shape_is_refused(api, draft, content):
    answer = api.post(f"{PLANS}{draft['uid']}/save/", {"revision": draft["revision"], "content": content})
    assert answer.status_code == 400


def test_signing_by_nobody_is_refused_in_words(api, draft):
    answer = api.post(f"{PLANS}{draft['uid']}/sign/", {"revision": draft["revision"]})
    assert answer.status_code == 400
    assert "Choose who signs now" in answer.json()["error"]["message"]


def test_a_draft_is_set_aside(api, draft):
    assert api.post(f"{PLANS}{draft['uid']}/set-aside/").json()["state"] == "set_aside"
    assert api.post(f"{PLANS}{draft['uid']}/set-aside/").status_code == 409


def test_a_goal_begins_the_plan_and_takes_steps(api, goal):
    made = api.post(f"{GOALS}{goal['uid']}/steps/", {"kind": "objective", "words": "In bed by eleven"})
    assert made.status_code == 201
    step = made.json()["steps"][0]
    assert (step["words"], step["review_on"]) == ("In bed by eleven", "2026-05-01")
    said = api.post(f"{STEPS}{step['uid']}/reword/", {"words": "In bed by ten"}).json()
    assert said["words"] == "In bed by ten"
    assert api.get(f"{STEPS}{step['uid']}/").json()["state"] == "open"
    assert api.post(f"{STEPS}{step['uid']}/move/", {"state": "reached"}).json()["state"] == "reached"


def test_a_goal_is_gone_through_and_reached(api, goal):
    later = api.post(f"{GOALS}{goal['uid']}/review/", {"review_on": "2026-06-01", "remark": "Better"})
    assert later.json()["review_on"] == "2026-06-01"
    assert api.post(f"{GOALS}{goal['uid']}/move/", {"state": "reached"}).json()["state"] == "reached"
    assert api.post(f"{GOALS}{goal['uid']}/review/", {"review_on": "2026-07-01"}).status_code == 409


def test_a_review_in_the_past_names_its_field(api, goal):
    answer = api.post(f"{GOALS}{goal['uid']}/review/", {"review_on": "2026-01-01"})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["review_on"])


def test_the_plan_is_found_by_what_is_due_gone_through_and_ended(api, goal, alex):
    plan = str(TreatmentPlan.objects.get().uid)
    assert api.get(f"{TREATMENTS}?next_review_on__lte=2026-04-30").json()["results"] == []
    assert [
        row["uid"] for row in api.get(f"{TREATMENTS}?next_review_on__lte=2026-05-01").json()["results"]
    ] == [plan]
    reviewed = api.post(f"{TREATMENTS}{plan}/review/", {"review_on": "2026-07-01"}).json()
    assert (reviewed["review_on"], reviewed["next_review_on"]) == ("2026-07-01", "2026-05-01")
    assert api.post(f"{TREATMENTS}{plan}/end/", {"remark": "Moves away"}).json()["state"] == "ended"
    assert api.get(f"{GOALS}{goal['uid']}/").json()["state"] == "set_aside"


def test_a_stranger_finds_nothing_and_begins_nothing(strange_api, alex, draft, goal):
    for address in (f"{PLANS}{draft['uid']}/", f"{GOALS}{goal['uid']}/"):
        assert strange_api.get(address).status_code == 404
    assert strange_api.get(PLANS).json()["results"] == []
    assert strange_api.post(PLANS, {"client": str(alex.uid)}).status_code == 404
    assert strange_api.post(GOALS, {"client": str(alex.uid), "words": "x"}).status_code == 404
    assert Goal.objects.count() == 1


def test_an_auditor_reads_and_writes_nothing(audrey, alex, draft):
    api = caller(audrey)
    assert api.get(f"{PLANS}{draft['uid']}/").status_code == 200
    assert api.post(f"{PLANS}{draft['uid']}/set-aside/").status_code == 403

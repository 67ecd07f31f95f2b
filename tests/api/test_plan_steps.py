"""A program fits one client's plan through the second door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import caller
from tests.followup.making import report

pytestmark = pytest.mark.django_db
WHY = "Alex works nights this week."


@pytest.fixture
def plan(alex, dana):
    return report(alex, dana, timezone.now()).plan


@pytest.fixture
def day(plan):
    """A day of the plan, as the API wants it."""
    return lambda number: (plan.started_on + timedelta(days=number)).isoformat()


def post(api, plan, act, **sent):
    return api.post(f"/api/v1/plans/{plan.uid}/{act}/", {"reason": WHY, **sent}, format="json")


def test_steps_are_added_moved_dropped_and_told(api, plan, day):
    added = post(api, plan, "message-steps", on=day(25), text="support")
    todo = post(api, plan, "todo-steps", on=day(25), kind="call")
    moved = post(api, plan, "move-step", key="PHY-D30-MSG", on=day(34))
    dropped = post(api, plan, "drop-step", key="PHY-VISIT")
    assert [one.status_code for one in (added, todo, moved, dropped)] == [201, 201, 200, 200]
    told = api.get(f"/api/v1/plans/{plan.uid}/changes/").json()
    assert [one["act"] for one in told] == ["added", "added", "moved", "dropped"]
    assert [one["step_key"] for one in told][2:] == ["PHY-D30-MSG", "PHY-VISIT"]
    assert {one["reason"] for one in told} == {WHY}


def test_a_day_too_full_is_refused_in_the_one_shape(api, plan, day):
    answer = post(api, plan, "message-steps", on=day(2), text="support")
    assert answer.status_code == 400
    assert "has a message already" in answer.json()["error"]["fields"]["on"][0]


def test_a_reason_is_needed(api, plan):
    answer = post(api, plan, "drop-step", key="PHY-VISIT", reason="")
    assert answer.status_code == 400
    assert "reason" in answer.json()["error"]["fields"]
    assert plan.todos.get(step_key="PHY-VISIT").is_open


def test_what_is_about_safety_stays(api, plan):
    answer = post(api, plan, "drop-step", key="PHY-SAFETY-CHECKLIST")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_a_retry_with_the_same_key_adds_once(api, plan, day):
    for _time in range(2):
        answer = api.post(
            f"/api/v1/plans/{plan.uid}/todo-steps/",
            {"reason": WHY, "on": day(9), "kind": "call"},
            format="json",
            headers={"Idempotency-Key": "once"},
        )
        assert answer.status_code == 201
    assert plan.todos.filter(step_key__startswith="ADDED-").count() == 1


def test_a_stranger_and_a_role_without_the_right_change_nothing(strange_api, audrey, plan):
    assert post(strange_api, plan, "drop-step", key="PHY-VISIT").status_code == 404
    assert post(caller(audrey), plan, "drop-step", key="PHY-VISIT").status_code == 403
    assert plan.todos.get(step_key="PHY-VISIT").is_open

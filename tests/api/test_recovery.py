"""The use calendar and looks back through the second door: the same acts, the same refusals."""

from datetime import timedelta

import pytest
import time_machine

from casework.relapse.models import DayMark, LearningReview, PreventionPlan
from tests.conftest import NOW
from tests.followup.making import report

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DAY = timedelta(days=1)
WHOLE = {
    "event": "A row at work",
    "event_when": "Friday",
    "event_where": "Home",
    "event_who": "Nobody",
    "links": [{"kind": "thought", "text": "Just this once"}],
    "guilt": 5,
    "shame": 5,
    "who_i_am": 2,
    "can_change": 7,
    "confidence": 5,
    "still_gives": "I sleep again",
    "coping_steps": "Walk first",
    "people": "Ana",
    "update_plan": True,
    "safety_check_done": True,
}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def post(browser, who, address, data):
    browser.force_login(who)
    return browser.post(f"/api/v1/{address}", data, content_type="application/json")


def days(alex, *back, used=False, **more):
    told = {"client": str(alex.uid), "used": used, "source": "self_session", **more}
    return told | {"days": [(TODAY - n * DAY).isoformat() for n in back]}


def test_days_are_marked_listed_and_taken_back(browser, alex, dana):
    made = post(browser, dana, "days/", days(alex, 2, 1))
    assert [row["used"] for row in made.json()] == [False, False]
    listed = browser.get(f"/api/v1/days/?client__uid={alex.uid}&on__gte={TODAY - DAY}").json()["results"]
    assert [row["on"] for row in listed] == [(TODAY - DAY).isoformat()]
    gone = post(browser, dana, f"days/{listed[0]['uid']}/withdraw/", {"reason": "Misheard"})
    assert (gone.json()["state"], gone.json()["ended_reason"]) == ("withdrawn", "Misheard")


def test_use_carries_its_substance_and_a_day_without_use_names_none(browser, alex, dana):
    told = {"substance": "alcohol", "heavy": True, "amount_text": "six"}
    used = post(browser, dana, "days/", days(alex, 1, used=True, **told)).json()[0]
    assert (used["substance"], used["use_type"], used["amount_text"]) == ("alcohol", "alcohol", "six")
    without = post(browser, dana, "days/", days(alex, 2, **told)).json()[0]
    assert (without["substance"], without["heavy"], without["amount_text"]) == (None, False, "")


def test_the_calendar_tells_each_day_and_both_windows(browser, alex, dana):
    post(browser, dana, "days/", days(alex, *range(30)))
    post(browser, dana, "days/", days(alex, 3, 4, 5, used=True, use_type="illicit"))
    told = browser.get(f"/api/v1/days/calendar/?client={alex.uid}").json()
    assert len(told["days"]) == 90
    assert (told["days"][0]["state"], told["days"][-1]["state"]) == ("unknown", "no_use")
    month, quarter = told["metrics"]
    assert (month["percent_abstinent"], month["abstinent"], month["known"]) == ("90.0", 27, 30)
    assert (quarter["percent_abstinent"], quarter["missing"]) == (None, 60)


@pytest.mark.parametrize(("last", "status"), [("0001-01-01", 400), ("1879-12-31", 400), ("9999-12-31", 200)])
def test_a_day_far_off_is_answered_in_words(browser, alex, dana, last, status):
    browser.force_login(dana)
    answer = browser.get(f"/api/v1/days/calendar/?client={alex.uid}&last={last}")
    assert answer.status_code == status
    assert ("Check the year" in answer.content.decode()) is (status == 400)


def test_a_calendar_of_more_than_a_year_is_declined(browser, alex, dana):
    browser.force_login(dana)
    answer = browser.get(f"/api/v1/days/calendar/?client={alex.uid}&first=2020-01-01")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["first"])


def test_what_cannot_be_right_names_its_field(browser, alex, dana):
    answer = post(browser, dana, "days/", days(alex, 1, used=True, use_type="as_prescribed"))
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["use_type"])
    assert not DayMark.objects.exists()


def test_a_stranger_finds_neither_days_nor_looks_back(browser, alex, dana, robin):
    told = report(alex, dana, NOW).report
    made = post(browser, dana, "days/", days(alex, 1)).json()[0]
    assert post(browser, robin, "days/", days(alex, 1)).status_code == 404
    assert browser.get(f"/api/v1/days/calendar/?client={alex.uid}").status_code == 404
    assert browser.get(f"/api/v1/days/{made['uid']}/").status_code == 404
    assert post(browser, robin, "reviews/", {**WHOLE, "report": str(told.uid)}).status_code == 404


def test_a_whole_look_back_is_finished_and_changes_the_plan(browser, alex, dana):
    told = report(alex, dana, NOW).report
    answer = post(browser, dana, "reviews/", {**WHOLE, "report": str(told.uid)})
    assert answer.status_code == 201
    row = answer.json()
    plan = PreventionPlan.objects.get()
    assert (row["state"], row["report"], row["plan"]) == ("finished", str(told.uid), str(plan.uid))
    assert row["links"] == [{"kind": "thought", "text": "Just this once"}]
    listed = browser.get(f"/api/v1/reviews/?report__uid={told.uid}").json()["results"]
    assert [one["uid"] for one in listed] == [row["uid"]]
    assert browser.get(f"/api/v1/reviews/{row['uid']}/").json()["event"] == "A row at work"


def test_what_is_missing_finishes_nothing(browser, alex, dana):
    told = report(alex, dana, NOW).report
    answer = post(browser, dana, "reviews/", {**WHOLE, "people": "", "report": str(told.uid)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "incomplete")
    assert not LearningReview.objects.exists()


def test_over_a_newer_draft_nothing_is_finished(browser, alex, dana):
    told = {**WHOLE, "report": str(report(alex, dana, NOW).report.uid)}
    answer = post(browser, dana, "reviews/", {**told, "version": 4})
    assert answer.status_code == 409

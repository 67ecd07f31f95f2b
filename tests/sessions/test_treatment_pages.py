"""The pages of the treatment plan."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clients.models import AuditEvent, Client
from sessions.actions import treatment as actions
from sessions.models import Goal, GoalStep, TreatmentPlan

TODAY = date(2026, 3, 11)
MAY = date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def goal(alex, dana, now):
    return actions.add_goal(client_id=alex.pk, words="Sleep through", review_on=MAY, by=dana, now=now)


@pytest.fixture
def step(goal, dana, now):
    return actions.add_step(goal=goal, kind="intervention", words="Sleep diary", by=dana, now=now)


def at(name, record):
    return reverse(f"counseling:{name}", kwargs={"uid": record.uid})


def text(answer):
    return answer.content.decode()


def test_where_there_is_no_plan_it_says_how_one_begins(as_dana, alex):
    page = text(as_dana.get(at("treatment", alex)))
    assert "No goals agreed with Alex yet" in page
    assert "Add the goal" in page


def test_a_goal_is_added_and_its_page_asks_for_steps(as_dana, alex):
    answer = as_dana.post(at("treatment", alex), {"words": "Work again"})
    goal = Goal.objects.get()
    assert answer["Location"] == at("goal", goal)
    assert "Add an objective or an intervention" in text(as_dana.get(at("goal", goal)))


def test_a_goal_that_cannot_be_is_said_beside_its_field_and_kept(as_dana, alex):
    page = text(as_dana.post(at("treatment", alex), {"words": "Work again", "review_on": "2020-01-01"}))
    assert "The next review lies ahead" in page
    assert "Work again</textarea>" in page
    assert not Goal.objects.exists()


def test_the_plan_shows_goals_steps_and_what_is_due(as_dana, alex, goal, step):
    page = text(as_dana.get(at("treatment", alex)))
    assert "Sleep through" in page
    assert "Sleep diary" in page
    assert "Review due" not in page
    Goal.objects.filter(pk=goal.pk).update(review_on=TODAY)
    TreatmentPlan.objects.update(review_on=TODAY)
    page = text(as_dana.get(at("treatment", alex)))
    assert "Review due" in page
    assert "The whole plan is due for review" in page


def test_a_step_is_put_under_a_goal(as_dana, goal):
    sent = {"act": "step", "step-kind": "objective", "step-words": "In bed by eleven"}
    assert as_dana.post(at("goal", goal), sent)["Location"] == at("goal", goal)
    assert GoalStep.objects.get().words == "In bed by eleven"


def test_a_step_without_words_is_refused(as_dana, goal):
    page = text(as_dana.post(at("goal", goal), {"act": "step", "step-kind": "objective", "step-words": ""}))
    assert "One thing to put right" in page
    assert not GoalStep.objects.exists()


@pytest.mark.parametrize("which", ["goal", "goal_step"])
def test_each_is_reworded_reviewed_and_reached_on_its_page(as_dana, goal, step, which):
    item = {"goal": goal, "goal_step": step}[which]
    page = at(which, item)
    as_dana.post(page, {"act": "reword", "reword-words": "Sleep six hours"})
    as_dana.post(page, {"act": "review", "review-remark": "Better", "review-review_on": "2026-06-01"})
    as_dana.post(page, {"act": "move", "move-state": "reached", "move-remark": "At last"})
    item.refresh_from_db()
    assert (item.words, item.review_on, item.state) == ("Sleep six hours", date(2026, 6, 1), "reached")
    shown = text(as_dana.get(page))
    for said in ("“Better”", "“At last”", "Take it up again"):
        assert said in shown


def test_a_review_day_that_passed_is_said_beside_its_field(as_dana, goal):
    answer = as_dana.post(at("goal", goal), {"act": "review", "review-review_on": "2026-03-11"})
    assert "The next review lies ahead" in text(answer)


def test_an_act_that_there_is_not_changes_nothing(as_dana, goal, step):
    assert as_dana.post(at("goal", goal), {"act": "fail"}).status_code == 200
    assert as_dana.post(at("goal_step", step), {"act": "step"}).status_code == 200
    goal.refresh_from_db()
    assert goal.state == "open"


def test_the_whole_plan_is_gone_through_and_ended(as_dana, alex, goal):
    plan = TreatmentPlan.objects.get()
    as_dana.post(at("review_treatment", plan), {"review-review_on": "2026-07-01", "review-remark": ""})
    plan.refresh_from_db()
    assert plan.review_on == date(2026, 7, 1)
    as_dana.post(at("end_treatment", plan), {"end-remark": "Moves away"})
    plan.refresh_from_db()
    assert plan.state == "ended"
    page = text(as_dana.get(at("treatment", alex)))
    assert "No goals agreed" in page
    assert "A plan from" in page


def test_a_review_of_the_plan_without_a_day_is_asked_again(as_dana, alex, goal):
    answer = as_dana.post(at("review_treatment", TreatmentPlan.objects.get()), {})
    assert "One thing to put right" in text(answer)
    assert as_dana.get(at("review_treatment", TreatmentPlan.objects.get()))["Location"] == at(
        "treatment", alex
    )


def test_every_change_stands_in_the_history_with_its_words(as_dana, alex, goal, step, dana, now):
    actions.reword(item=step, words="Sleep diary, weekly", by=dana, now=now)
    actions.move(item=goal, state="set_aside", by=dana, now=now)
    page = text(as_dana.get(at("treatment_history", alex)))
    for said in ("Plan begun", "Sleep diary, weekly", "Set aside", "Dana Reyes"):
        assert said in page


def test_of_somebody_discharged_it_is_read_only(as_dana, alex, goal):
    Client.objects.filter(pk=alex.pk).update(state=Client.State.DISCHARGED)
    page = text(as_dana.get(at("treatment", alex)))
    assert "Sleep through" in page
    assert "Add the goal" not in page
    assert "Save the review" not in text(as_dana.get(at("goal", goal)))
    assert "not in care" in text(as_dana.post(at("treatment", alex), {"words": "Swim"}))


def test_the_auditor_reads_and_is_refused_a_change(browser, audrey, alex, goal):
    browser.force_login(audrey)
    assert "Sleep through" in text(browser.get(at("treatment", alex)))
    assert browser.post(at("treatment", alex), {"words": "x"}).status_code == 403
    assert browser.post(at("goal", goal), {"act": "move", "move-state": "reached"}).status_code == 403


def test_a_stranger_finds_none_of_it(browser, robin, alex, goal, step):
    browser.force_login(robin)
    for name, record in (
        ("treatment", alex),
        ("treatment_history", alex),
        ("goal", goal),
        ("goal_step", step),
    ):
        assert browser.get(at(name, record)).status_code == 404
    assert browser.post(at("end_treatment", TreatmentPlan.objects.get())).status_code == 404


def test_reviews_due_are_listed_and_the_list_is_in_the_trail(as_dana, browser, robin, alex, goal):
    address = reverse("counseling:treatment_reviews")
    assert "No treatment plan is due" in text(as_dana.get(address))
    TreatmentPlan.objects.update(next_review_on=TODAY - timedelta(days=3))
    page = text(as_dana.get(address))
    assert "1 plan is due by today" in page
    assert at("treatment", alex) in page
    row = AuditEvent.objects.filter(verb="list.viewed", detail__list="treatment.reviews").latest("pk")
    assert row.detail["ids"] == [alex.pk]
    browser.force_login(robin)
    assert alex.display_name not in text(browser.get(address))

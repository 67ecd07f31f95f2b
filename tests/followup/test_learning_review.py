"""Looking back together: its page, its to-do, and the plan that takes it in (clinical.md §1.8, §4.3)."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from casework.followup import actions
from casework.followup.actions.learning import asked_by, finish_review
from casework.followup.actions.merging import merge_clients
from casework.followup.models import FollowUpPlan
from casework.followup.plan_templates import ToDoKind
from casework.relapse.actions.reviews import IncompleteReview, save_review
from casework.relapse.learning import Told
from casework.relapse.models import LearningReview, PreventionPlan
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent
from tests import factories
from tests.followup.making import open_todos, report
from tests.relapse.test_learning import WHOLE

pytestmark = pytest.mark.django_db
LOOK_BACK = ToDoKind.LEARNING_REVIEW

TYPED = {
    "event": "A row at work",
    "event_when": "Friday",
    "event_where": "Home",
    "event_who": "Nobody",
    "link_kind_1": "thought",
    "link_text_1": "Just this once",
    "link_kind_3": "action",
    "link_text_3": "Drove there",
    "guilt": "5",
    "shame": "8",
    "who_i_am": "2",
    "can_change": "7",
    "confidence": "5",
    "still_gives": "I sleep again",
    "first_sign": "Stopped answering calls",
    "first_sign_stage": "emotional",
    "coping_steps": "Walk first\r\nCall Ana",
    "people": "Ana",
    "update_plan": "yes",
    "safety_check_done": "no",
}


@pytest.fixture(autouse=True)
def _at(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def told(alex, dana, now):
    return report(alex, dana, now).report


def address(told, name="followup:review"):
    return reverse(name, kwargs={"uid": told.uid})


def finish(told, by, now, whole=WHOLE, version=0):
    return finish_review(report_id=told.pk, version=version, told=whole, by=by, now=now)


# --- the to-do ------------------------------------------------------------------------------------------------------
def test_finishing_closes_the_to_do_that_asked_for_it(alex, dana, told, now):
    todo = alex.todos.open().get(kind=LOOK_BACK)
    finish(told, dana, now)
    todo.refresh_from_db()
    assert (todo.state, todo.done_by, todo.outcome) == ("done", dana, "Looked back together")
    assert LOOK_BACK not in open_todos(alex)


def test_a_tick_does_not_close_it_and_says_what_does(alex, dana, told, now):
    todo = alex.todos.open().get(kind=LOOK_BACK)
    with pytest.raises(InvalidInput, match="Look back together"):
        actions.complete_todo(todo_id=todo.pk, by=dana, now=now)


def test_what_is_not_complete_closes_nothing_and_keeps_nothing(alex, dana, told, now):
    with pytest.raises(IncompleteReview):
        finish(told, dana, now, Told(words={"event": "A row"}))
    assert LOOK_BACK in open_todos(alex)
    assert not LearningReview.objects.exists()


def test_a_report_that_joined_the_plan_closes_the_plans_to_do(alex, dana, told, now):
    later = report(alex, dana, now + timedelta(days=1), stage="mental")
    assert later.plan.report == told
    assert asked_by(alex, later.report.pk).exists()
    finish(later.report, dana, now + timedelta(days=2))
    assert LOOK_BACK not in open_todos(alex)


def test_a_review_of_an_old_report_leaves_the_new_ones_to_do(alex, dana, told, now):
    later = report(alex, dana, now + timedelta(days=30))
    assert later.plan.report == later.report
    finish(told, dana, now + timedelta(days=30))
    assert LOOK_BACK in open_todos(alex)


def test_the_last_open_step_of_a_plan_that_has_run_out_ends_the_plan(alex, dana, told, now):
    plan = FollowUpPlan.objects.get()
    plan.messages.all().withdraw(reason="merged", at=now)
    plan.todos.exclude(kind=LOOK_BACK).update(state="done", done_at=now, done_by=dana)
    finish(told, dana, now + timedelta(days=100))
    plan.refresh_from_db()
    assert plan.state == "completed"


def test_an_auditor_finishes_nothing(audrey, told, now):
    with pytest.raises(NotAllowed):
        finish(told, audrey, now)


# --- the page -------------------------------------------------------------------------------------------------------
def test_the_to_do_leads_to_the_page(as_dana, alex, told):
    todo = alex.todos.open().get(kind=LOOK_BACK)
    answer = as_dana.get(reverse("followup:todo_review", kwargs={"uid": todo.uid}))
    assert answer.url == address(told)
    page = as_dana.get(reverse("followup:todo", kwargs={"uid": todo.uid})).content.decode()
    assert reverse("followup:todo_review", kwargs={"uid": todo.uid}) in page


def test_a_to_do_that_is_about_no_report_leads_nowhere(as_dana, alex, dana, now):
    todo = actions.add_todo(client_id=alex.pk, title="Call", due_at=now, by=dana, now=now)
    assert as_dana.get(reverse("followup:todo_review", kwargs={"uid": todo.uid})).status_code == 404


def test_the_page_blames_nobody(as_dana, told):
    page = as_dana.get(address(told)).content.decode()
    assert "without blame" in page
    words = re.sub(r"<[^>]+>", " ", page).lower()
    for harsh in ("failure", "failed", "clean", "dirty", "compliant", "addict", "abuse", "fault"):
        assert harsh not in words


def test_looking_at_the_page_begins_no_draft(as_dana, told):
    as_dana.get(address(told))
    assert not LearningReview.objects.exists()


def test_what_is_typed_is_kept_and_comes_back(as_dana, told):
    answer = as_dana.post(address(told, "relapse:review_draft"), {**TYPED, "version": "0"})
    assert answer.json()["version"] == 1
    form = as_dana.get(address(told)).context["form"]
    assert (form["event"].value(), form["shame"].value(), form["update_plan"].value()) == (
        "A row at work",
        "8",
        "yes",
    )
    assert [row.text.value() for row in form.chain][:2] == ["Just this once", "Drove there"]


def test_of_two_tabs_the_later_sees_both_texts(as_dana, told):
    draft = address(told, "relapse:review_draft")
    as_dana.post(draft, {**TYPED, "version": "0"})
    as_dana.post(draft, {**TYPED, "event": "Payday", "version": "1"})
    answer = as_dana.post(draft, {**TYPED, "event": "An old song", "version": "1"})
    assert answer.status_code == 409
    assert (answer.json()["version"], answer.json()["fields"]["event"]) == (2, "Payday")


def test_what_cannot_be_right_is_said_to_the_autosave(as_dana, told):
    answer = as_dana.post(address(told, "relapse:review_draft"), {"shame": "11", "version": "0"})
    assert (answer.status_code, "0 to 10" in answer.json()["message"]) == (422, True)


def test_finishing_shows_before_and_after_of_the_plan(as_dana, told, alex):
    answer = as_dana.post(address(told), {**TYPED, "version": "0"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == reverse(
        "relapse:review", kwargs={"uid": LearningReview.objects.get().uid}
    )
    assert "<ins>Walk first</ins>" in page
    assert PreventionPlan.objects.get().words.helps == ("Walk first", "Call Ana")
    assert "This weighs heavily" in page  # shame 8: a suggestion, and no to-do
    assert ToDoKind.CALL not in open_todos(alex)


def test_what_is_open_is_marked_and_what_was_typed_is_there(as_dana, told):
    answer = as_dana.post(address(told), {"event": "A row at work", "version": "0"})
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form["event"].value() == "A row at work"
    assert {"event_when", "link_text_1", "shame", "people", "safety_check_done"} <= set(form.errors)


def test_a_chain_with_a_link_of_no_kind_says_so_at_the_chain(as_dana, told):
    answer = as_dana.post(address(told), {**TYPED, "link_kind_1": "", "version": "0"})
    assert "what it was" in answer.context["form"].errors["link_text_1"][0]


def test_what_the_plan_cannot_hold_is_said_at_its_field(as_dana, told):
    answer = as_dana.post(address(told), {**TYPED, "coping_steps": "x" * 400, "version": "0"})
    assert "too long" in answer.context["form"].errors["coping_steps"][0]


def test_finishing_over_a_newer_text_is_declined(as_dana, told, sam, now):
    save_review(report_id=told.pk, version=0, told=Told(words={"event": "Sam's"}), by=sam, now=now)
    answer = as_dana.post(address(told), {**TYPED, "version": "0"})
    assert "Reload" in str(answer.context["form"].non_field_errors())
    assert LearningReview.objects.get().event == "Sam's"


def test_a_finished_one_is_read_and_not_written(as_dana, told, dana, now):
    review = finish(told, dana, now).review
    assert as_dana.get(address(told)).url == reverse("relapse:review", kwargs={"uid": review.uid})
    assert as_dana.post(address(told), {**TYPED, "version": "1"}).status_code == 422


def test_a_draft_can_be_read_by_who_may_not_write(browser, audrey, told, dana, now):
    review = save_review(report_id=told.pk, version=0, told=Told(words={"event": "A row"}), by=dana, now=now)
    browser.force_login(audrey)
    page = browser.get(reverse("relapse:review", kwargs={"uid": review.uid})).content.decode()
    assert "A row" in page
    assert "Go on" not in page


def test_there_is_nothing_to_look_back_at_after_the_emotional_stage(as_dana, alex, dana, now):
    early = report(alex, dana, now, stage="emotional").report
    answer = as_dana.get(address(early), follow=True)
    assert "mental or the physical" in answer.content.decode()


def test_the_chain_reads_as_a_way_from_the_week_to_what_followed(as_dana, told, dana, now):
    whole = {
        **WHOLE.words,
        "helped_stop": "My sister came",
        "effects_short": "Slept badly",
        "use_what": "Two pills",
    }
    review = finish(
        told, dana, now, Told(**{**vars_of(WHOLE), "words": whole, "vulnerabilities": ("sleep",)})
    ).review
    page = as_dana.get(reverse("relapse:review", kwargs={"uid": review.uid})).content.decode()
    order = [
        page.index(text)
        for text in (
            "Little or poor sleep",
            "Stopped answering calls",
            "A row at work",
            "Just this once",
            "Two pills",
            "My sister came",
            "Slept badly",
        )
    ]
    assert order == sorted(order)


def vars_of(told):
    return {"links": told.links, "ratings": told.ratings, "answers": told.answers}


# --- where it is seen -----------------------------------------------------------------------------------------------
def test_the_clients_page_says_what_is_due_what_is_begun_and_what_was_learned(as_dana, alex, told, dana, now):
    part = reverse("relapse:learned", kwargs={"uid": alex.uid})
    assert part in as_dana.get(reverse("desk:client", kwargs={"uid": alex.uid})).content.decode()
    assert "Not looked back at yet" in as_dana.get(part).content.decode()
    save_review(report_id=told.pk, version=0, told=Told(words={"event": "A row"}), by=dana, now=now)
    assert "Begun" in as_dana.get(part).content.decode()
    finish(told, dana, now, version=1)
    assert "What we learned" in as_dana.get(part).content.decode()


def test_the_timeline_and_the_plans_page_lead_to_it(as_dana, alex, told, dana, now):
    review = finish(told, dana, now).review
    there = reverse("relapse:review", kwargs={"uid": review.uid})
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        home = as_dana.get(reverse("desk:client", kwargs={"uid": alex.uid}), {"kind": "reviews"})
        assert there in home.content.decode()
        plan = as_dana.get(reverse("followup:plan", kwargs={"uid": alex.uid}))
        assert there in plan.content.decode()


# --- one person, two records ----------------------------------------------------------------------------------------
def test_a_merged_records_look_back_is_read_and_finished_with_the_one_that_stands(
    as_dana, alex, dana, sam, told, team, now
):
    keeper = factories.client_of(dana, team=team, given_name="Alexander", family_name="Moreno")
    save_review(report_id=told.pk, version=0, told=Told(words={"event": "A row"}), by=dana, now=now)
    merge_clients(survivor_id=keeper.pk, merged_id=alex.pk, reason="Same person", by=sam, now=now)
    part = reverse("relapse:learned", kwargs={"uid": keeper.uid})
    assert "Begun" in as_dana.get(part).content.decode()
    done = finish(told, dana, now, version=1)
    assert done.change.plan.client == keeper
    assert LOOK_BACK not in open_todos(keeper)


def test_nothing_of_it_reaches_the_trail(dana, told, now):
    finish(told, dana, now)
    rows = AuditEvent.objects.order_by("id")
    assert "row at work" not in json.dumps([row.detail for row in rows])

"""An assessment that becomes the record, and what it asks of people (clinical.md §1.5, §4.6)."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from casework.followup import todos
from casework.followup.actions import report_relapse
from casework.followup.actions.assessment import finalise_assessment, mark_assessment_error
from casework.followup.models import ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse.actions.assessing import Sheet
from casework.relapse.models import StageAssessment
from casework.relapse.signs import BY_CODE
from casework.relapse.stage import Answer
from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import ClientSummary

pytestmark = pytest.mark.django_db


def sheet(stage, *, red_flags=(), **severities):
    answers = {code: Answer(severities.get(code, 0)) for code in BY_CODE}
    return Sheet(answers=answers, counselor_stage=stage, red_flags=red_flags, override_reason="As I see it")


@pytest.fixture
def assess(alex, dana, now):
    def make(stage, *, day=0, **fields):
        at = now + timedelta(days=day)
        return finalise_assessment(client_id=alex.pk, sheet=sheet(stage, **fields), by=dana, now=at)

    return make


def opened(alex, kind):
    return list(ToDo.objects.filter(client=alex, kind=kind, state="open"))


def test_a_stage_that_rises_without_a_report_asks_whether_to_record_one(assess, alex, dana, sam, now):
    done = assess("mental", M01=2)
    [upgrade] = opened(alex, ToDoKind.UPGRADE)
    [review] = opened(alex, ToDoKind.SUPERVISOR_REVIEW)
    assert (upgrade.owner, upgrade.due_at, review.owner) == (dana, now + timedelta(hours=24), sam)
    assert set(done.opened) == {upgrade, review}


def test_a_stage_that_stays_or_falls_asks_nothing(assess, alex):
    assess("none")
    assess("none", day=1)
    assert not ToDo.objects.filter(client=alex).exists()


def test_a_stage_that_a_report_had_told_of_asks_for_no_other(assess, alex, dana, now):
    assess("none")
    report_relapse(
        client_id=alex.pk, stage="mental", source="self_call", by=dana, now=now + timedelta(days=1)
    )
    assess("mental", day=2, M01=2)
    assert opened(alex, ToDoKind.UPGRADE) == []


def test_a_stage_above_the_running_plans_asks_again(assess, alex, dana, now):
    report_relapse(client_id=alex.pk, stage="emotional", source="self_call", by=dana, now=now)
    assess("mental", day=2, M01=2)
    [upgrade] = opened(alex, ToDoKind.UPGRADE)
    assert upgrade.plan.stage == "emotional"


def test_a_report_from_before_the_last_assessment_tells_of_the_past(assess, alex, dana, now):
    report_relapse(client_id=alex.pk, stage="mental", source="import", by=dana, now=now - timedelta(days=9))
    assess("none")
    assess("mental", day=7, M01=2)
    assert len(opened(alex, ToDoKind.UPGRADE)) == 1


def test_imported_reports_and_assessments_without_any_before_are_told_of(assess, alex, dana, now):
    report_relapse(client_id=alex.pk, stage="mental", source="import", by=dana, now=now - timedelta(days=9))
    assess("mental", M01=2)
    assert opened(alex, ToDoKind.UPGRADE) == []


def test_a_red_flag_opens_the_emergency_at_once(assess, alex, now):
    assess("none", red_flags=["overdose"])
    [emergency] = opened(alex, ToDoKind.EMERGENCY)
    assert (emergency.urgent, emergency.due_at) == (True, now + timedelta(minutes=15))
    assert len(opened(alex, ToDoKind.SUPERVISOR_REVIEW)) == 1


def test_one_open_review_is_enough(assess, alex):
    assess("emotional", E01=2)
    assess("mental", day=1, M01=2)
    assert len(opened(alex, ToDoKind.SUPERVISOR_REVIEW)) == 1


def test_a_reassessment_that_was_due_is_done_and_a_later_one_stays(assess, alex, dana, now):
    due = todos.open_todo(client=alex, kind=ToDoKind.REASSESSMENT, due_at=now + timedelta(days=2), now=now)
    later = todos.open_todo(client=alex, kind=ToDoKind.REASSESSMENT, due_at=now + timedelta(days=3), now=now)
    assess("none")
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.state, due.done_by, later.state) == ("done", dana, "open")
    assert ClientSummary.objects.get(client=alex).open_todos == 1


def test_what_the_domain_declines_leaves_no_draft_behind(alex, dana, now):
    with pytest.raises(InvalidInput), transaction.atomic():
        finalise_assessment(client_id=alex.pk, sheet=Sheet(), by=dana, now=now)
    assert not StageAssessment.objects.exists()


def test_nothing_is_asked_about_a_client_who_has_died(assess, alex):
    type(alex).objects.filter(pk=alex.pk).update(state="deceased")
    assert assess("mental", M01=2, red_flags=["overdose"]).opened == ()


def test_an_administrator_assesses_nobody(alex, ada, now):
    with pytest.raises(NotAllowed):
        finalise_assessment(client_id=alex.pk, sheet=sheet("none"), by=ada, now=now)


def test_without_its_audit_rows_nothing_changes(assess, alex, monkeypatch):
    real = audit.record

    def broken(verb, **fields):
        if verb == "todo.opened":
            raise RuntimeError("no trail")
        return real(verb, **fields)

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        assess("mental", M01=2)
    assert not StageAssessment.objects.exists()
    assert ClientSummary.objects.get(client=alex).stage == ""


# --- mistakes -----------------------------------------------------------------------------------------------------


def test_a_mistake_takes_back_what_it_alone_had_asked(assess, alex, dana, now):
    other = todos.open_todo(client=alex, kind=ToDoKind.CALL, due_at=now, now=now)
    done = assess("mental", M01=2)
    mark_assessment_error(assessment_id=done.assessment.pk, reason="Another client", by=dana, now=now)
    assert list(ToDo.objects.filter(client=alex, state="open")) == [other]
    assert ClientSummary.objects.get(client=alex).open_todos == 1


def test_the_page_of_an_assessment_shows_it_and_can_mark_it_as_a_mistake(assess, as_dana):
    made = assess("mental", M01=2).assessment
    page = reverse("relapse:assessment", kwargs={"uid": made.uid})
    assert "Mark as entered in error" in as_dana.get(page).content.decode()
    answer = as_dana.post(
        reverse("followup:assessment_error", kwargs={"uid": made.uid}), {"reason": "Another client"}
    )
    assert answer["Location"] == page
    text = as_dana.get(page).content.decode()
    assert "Another client" in text
    assert "in-error" not in text


def test_a_mistake_without_a_word_on_what_was_wrong_is_declined(assess, as_dana):
    made = assess("none").assessment
    answer = as_dana.post(reverse("followup:assessment_error", kwargs={"uid": made.uid}), follow=True)
    assert "Say what was wrong with it." in answer.content.decode()
    made.refresh_from_db()
    assert made.state == "final"


def test_a_mistake_is_marked_once(assess, dana, now):
    made = assess("none").assessment
    mark_assessment_error(assessment_id=made.pk, reason="Mistake", by=dana, now=now)
    with pytest.raises(InvalidTransition):
        mark_assessment_error(assessment_id=made.pk, reason="Mistake", by=dana, now=now)


def test_a_stranger_marks_nothing(assess, browser, robin):
    made = assess("none").assessment
    browser.force_login(robin)
    answer = browser.post(reverse("followup:assessment_error", kwargs={"uid": made.uid}), {"reason": "x"})
    assert answer.status_code == 404

"""The assessment on its page: the questions, the live suggestion, the draft, the record made of it."""

import re
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from casework.relapse import actions
from casework.relapse.forms import AssessmentForm
from casework.relapse.models import StageAssessment, StageTransition
from casework.relapse.signs import SIGNS
from casework.relapse.stage import Answer
from casework.relapse.views import assessment
from clients.errors import Conflict
from clients.models import AuditEvent, ClientSummary

pytestmark = pytest.mark.django_db


def posted(**fields):
    """Every emotional and mental sign asked and absent, but for what is named."""
    asked = {f"sign_{sign.code}": "0" for sign in SIGNS if sign.code[0] in "EM"}
    return asked | {"window_days": "7"} | fields


@pytest.fixture(autouse=True)
def today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def page(alex):
    return reverse("followup:assess", kwargs={"uid": alex.uid})


@pytest.fixture
def ask(as_dana, alex):
    """What the page shows live for these answers."""

    def post(**fields):
        answer = as_dana.post(reverse("relapse:suggest", kwargs={"uid": alex.uid}), fields)
        assert answer.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())

    return post


# --- the form -----------------------------------------------------------------------------------------------------


def test_the_form_reads_answers_sources_and_notes_sign_by_sign():
    form = AssessmentForm(
        posted(
            sources=["self_report"],
            sign_M01="2",
            source_M01=["record", "collateral"],
            note_M01="At night",
            sign_E01="",
        )
    )
    sheet = form.sheet()
    assert sheet.answers["E02"] == Answer(0, frozenset({"self_report"}))
    assert sheet.answers["M01"] == Answer(2, frozenset({"record", "collateral"}))
    assert "E01" not in sheet.answers
    assert sheet.notes == {"M01": "At night"}


def test_an_unanswered_yes_or_no_is_neither():
    sheet = AssessmentForm(posted(halt_hungry="1", halt_angry="0")).sheet()
    assert sheet.halt == {"hungry": True, "angry": False, "lonely": None, "tired": None}


def test_what_is_wrong_is_left_out_of_the_sheet_and_named_by_the_form():
    form = AssessmentForm(posted(sign_E01="7", craving="11", confidence_abstain="10", counselor_stage="none"))
    sheet = form.sheet()
    assert ("E01" in sheet.answers, sheet.craving, sheet.confidence_abstain) == (False, None, 10)
    assert set(form.errors) == {"sign_E01", "craving"}


def test_a_draft_comes_back_as_it_was(alex, dana, now):
    given = AssessmentForm(
        posted(
            sources=["self_report"],
            sign_M01="2",
            source_M01=["record"],
            note_M01="At night",
            halt_tired="0",
            triggers=["money"],
            craving="0",
            counselor_stage="mental",
            counselor_confidence="4",
        )
    ).sheet()
    draft = actions.save_assessment(client_id=alex.pk, sheet=given, by=dana, now=now)
    once_more = AssessmentForm(initial=AssessmentForm.initial_of(draft)).sheet_shown()
    assert once_more.answers["E01"] == Answer(0, frozenset({"self_report"}))
    again = actions.save_assessment(client_id=alex.pk, sheet=once_more, by=dana, now=now)
    assert again.answers == draft.answers == dict(given.answers)
    assert (again.halt["tired"], again.triggers, again.craving) == (False, ["money"], 0)
    assert (again.counselor_stage, again.counselor_confidence) == ("mental", 4)


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_asks_every_sign_with_nothing_chosen(as_dana, page):
    shown = as_dana.get(page)
    text = shown.content.decode()
    assert shown.status_code == 200
    for sign in SIGNS:
        assert f'name="sign_{sign.code}"' in text
    assert "checked" not in text
    assert "not validated" in text


def test_looking_at_the_page_is_audited_and_changes_nothing(as_dana, page, alex):
    as_dana.get(page)
    assert AuditEvent.objects.filter(verb="record.viewed", client_id=alex.pk).count() == 1
    assert not StageAssessment.objects.exists()


def test_the_page_of_a_client_who_was_assessed_before_says_what_was_there(as_dana, page, assess):
    assess("mental", M07=1, E01=2)
    text = as_dana.get(page).content.decode()
    assert "Last time: mild" in text
    assert "Last time: moderate" in text


def test_a_stranger_finds_no_page_and_leaves_a_row(browser, robin, page, alex):
    browser.force_login(robin)
    assert browser.get(page).status_code == 404
    assert browser.post(reverse("relapse:suggest", kwargs={"uid": alex.uid})).status_code == 404
    assert AuditEvent.objects.filter(verb="access.refused", actor_id=robin.pk).count() == 2


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_roles_that_do_not_assess_are_turned_away(browser, request, page, alex, who):
    browser.force_login(request.getfixturevalue(who))
    assert browser.get(page).status_code == 403
    for name in ("relapse:suggest", "relapse:draft"):
        assert browser.post(reverse(name, kwargs={"uid": alex.uid})).status_code == 403


# --- the live suggestion ------------------------------------------------------------------------------------------


def test_with_nothing_asked_the_page_says_how_much_is_needed(ask):
    text = ask()
    assert "Not enough known" in text
    assert "0 of the 20 emotional and mental signs were asked: too few" in text
    assert "Ask at least 12" in text


def test_the_suggestion_names_the_rule_and_the_signs_that_made_it(ask):
    text = ask(**posted(sign_M07="1", sign_M01="2"))
    assert "Suggested Mental" in text
    assert "Enough by itself: “Planning when or how to use”." in text
    assert "Moderate or marked: “Cravings or urges”" in text
    assert "Rule R2" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "20 of the 20 emotional and mental signs were asked, and no rule for a stage is met."),
        ({"sign_P01": "1"}, "Any use is the physical stage, even one time. Present: “Used once”."),
        (
            {"sign_M01": "1", "sign_M02": "1", "sign_M03": "1"},
            "3 mental signs are present; three are enough.",
        ),
        (
            {"sign_E01": "1", "sign_E02": "1", "sign_E05": "1"},
            "3 emotional signs are present; three are enough.",
        ),
        (
            {"halt_hungry": "1", "halt_lonely": "1", "halt_tired": "1"},
            "Three or more of hungry, angry, lonely, tired: hungry, lonely, tired.",
        ),
        ({"sign_E06": "2", "sign_E07": "3"}, "Moderate or marked: “Sleeping badly”, “Eating badly"),
        ({"sign_M01": "1"}, "One or two mild mental signs: worth talking about, and normal in recovery."),
        ({"sign_P01": "1", "source_P01": ["toxicology"]}, "A physical sign rests on toxicology alone."),
    ],
)
def test_every_rule_and_flag_has_its_plain_words(ask, fields, said):
    assert said in ask(**posted(**fields))


def test_use_on_record_is_said(ask, use):
    use(-1)
    text = ask(**posted())
    assert "Any use is the physical stage, even one time. Use within these days is on record." in text


def test_what_changed_since_the_last_assessment_is_listed(ask, assess):
    assess("mental", M01=2, M02=1, E01=1, E06=3)
    text = ask(**posted(sign_M01="1", sign_M02="2", sign_E06="0", sign_E02="1", sign_E01=""))
    assert "New Keeping feelings inside" in text
    assert "Stronger Mind on people, places or things of past use 1 → 2" in text
    assert "Eased Cravings or urges 2 → 1" in text
    assert "Gone Sleeping badly" in text
    assert "7 signs were asked only once" in text


def test_no_change_is_said_too(ask, assess):
    assess("none")
    assert "Nothing that was asked both times has changed." in ask(**posted())


def test_a_stage_of_ones_own_that_differs_is_noticed(ask):
    assert "Your stage is another one" in ask(**posted(counselor_stage="mental"))
    assert "Your stage is another one" not in ask(**posted(counselor_stage="none"))
    assert "Your stage is another one" not in ask(counselor_stage="mental")


def test_the_suggestion_writes_nothing(ask, alex, django_assert_num_queries):
    before = AuditEvent.objects.count()
    ask(**posted(sign_M07="1", counselor_stage="mental"))
    assert not StageAssessment.objects.exists()
    assert AuditEvent.objects.count() == before


def test_the_suggestion_answers_only_to_a_post(as_dana, alex):
    assert as_dana.get(reverse("relapse:suggest", kwargs={"uid": alex.uid})).status_code == 405


# --- the draft ----------------------------------------------------------------------------------------------------


def save(as_dana, alex, **fields):
    return as_dana.post(
        reverse("relapse:draft", kwargs={"uid": alex.uid}), fields, headers={"accept": "application/json"}
    )


def test_a_draft_is_kept_though_not_everything_is_answered_or_right(as_dana, alex, page):
    answer = save(as_dana, alex, sign_E01="2", craving="99", note_E01="Since Monday")
    assert answer.status_code == 200
    assert set(answer.json()) == {"version", "saved_at"}
    draft = StageAssessment.objects.get()
    assert (draft.state, draft.answers["E01"].severity, draft.craving) == ("draft", 2, None)
    text = as_dana.get(page).content.decode()
    assert 'name="sign_E01" value="2" checked' in text
    assert "Since Monday" in text
    assert f'name="version" value="{answer.json()["version"]}"' in text


def test_what_the_domain_declines_is_said_and_not_kept(as_dana, alex, monkeypatch):
    def declined(**kwargs):
        raise Conflict("Somebody was first.")

    monkeypatch.setattr(assessment.actions, "save_assessment", declined)
    answer = save(as_dana, alex, sign_E01="2")
    assert (answer.status_code, answer.json()) == (422, {"message": "Somebody was first."})


# --- the record ---------------------------------------------------------------------------------------------------


def test_saving_makes_it_the_record_and_returns_to_the_client(as_dana, alex, page):
    answer = as_dana.post(page, posted(sign_M07="1", counselor_stage="mental"))
    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:client", kwargs={"uid": alex.uid}))
    kept = StageAssessment.objects.get()
    assert (kept.state, kept.counselor_stage, kept.suggested_stage) == ("final", "mental", "mental")
    assert ClientSummary.objects.get(client=alex).stage == "mental"


def test_an_override_without_a_reason_is_asked_for_one_and_everything_stays_typed(as_dana, alex, page):
    answer = as_dana.post(page, posted(sign_M07="1", counselor_stage="none", plan_change="Weekly calls"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Your stage differs from the suggested one. Say why." in text
    assert "Weekly calls" in text
    assert 'name="sign_M07" value="1" checked' in text
    assert not StageTransition.objects.exists()


def test_without_a_stage_nothing_is_saved(as_dana, page):
    answer = as_dana.post(page, posted())
    assert "Choose the stage that you hold" in answer.content.decode()
    assert not StageAssessment.objects.filter(state="final").exists()


def test_an_assessment_made_in_a_session_returns_to_it(as_dana, alex, page, session_of):
    session = session_of(alex)
    opened = as_dana.get(page, {"session": session.uid}).content.decode()
    assert f'name="session" value="{session.uid}"' in opened
    answer = as_dana.post(page, posted(session=session.uid, counselor_stage="none"))
    assert answer["Location"] == reverse("counseling:session", kwargs={"uid": session.uid})
    assert StageAssessment.objects.get().session == session


def test_a_session_that_is_not_this_clients_is_left_out(as_dana, page):
    as_dana.post(page, posted(session=uuid4(), counselor_stage="none"))
    assert StageAssessment.objects.get().session is None

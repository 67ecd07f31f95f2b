"""The safety checklist of the first talk: what it asks, its tier, and what follows (clinical.md §3.2–§3.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.followup import actions
from casework.followup.actions.checklist import Education
from casework.followup.checklist import ANSWERS, BY_KEY, FLAG, QUESTIONS, judge, red_flags
from casework.followup.models import SafetyChecklist
from casework.followup.plan_templates import ToDoKind
from casework.followup.risk import RiskReason, RiskTier
from casework.relapse.signs import RedFlag
from clients import audit
from clients.errors import InvalidInput, NotAllowed
from tests.followup.alarms import recorded
from tests.followup.making import open_todos, report, uses

pytestmark = pytest.mark.django_db
CALM = {**dict.fromkeys(BY_KEY, "no"), "naloxone": "yes"}
HOUR = timedelta(hours=1)


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def check(client, by, now, **answers):
    return actions.complete_checklist(client_id=client.pk, answers={**CALM, **answers}, by=by, now=now)


# --- what it asks ----------------------------------------------------------------------------------------------------
def test_every_red_flag_and_every_item_of_the_reference_is_asked():
    assert {f"{FLAG}{flag}" for flag in RedFlag} <= set(BY_KEY)
    items = {"with_others", "alone", "naloxone", "withdrawal", "suicidal", "pregnant", "driving", "children"}
    assert items <= set(BY_KEY)


def test_no_question_names_a_dose_or_advises():
    for question in QUESTIONS:
        assert not any(word in str(question.label).lower() for word in (" mg", "taper", "should", "cut down"))


def test_the_checklist_closes_its_to_do_and_keeps_its_answers(alex, dana, plan, now):
    done = check(alex, dana, now, last_use="Monday evening")
    assert ToDoKind.SAFETY_CHECKLIST not in open_todos(alex)
    assert (done.plan, done.answers["last_use"], done.risk_tier) == (plan, "Monday evening", "green")
    assert ToDoKind.FIRST_CONTACT in open_todos(alex)


def test_an_emergency_found_in_the_talk_outlives_a_report_that_is_taken_back(alex, dana, sam, plan, now):
    check(alex, dana, now, flag_suicidal="yes", stopped="yes")
    actions.retract_report(report_id=plan.report_id, reason="It was no return to use", by=dana, now=now)
    assert sorted(open_todos(alex)) == [ToDoKind.EMERGENCY, ToDoKind.MEDICAL]
    recorded(alex.todos.open().get(kind=ToDoKind.EMERGENCY), dana, sam, now)
    assert open_todos(alex) == [ToDoKind.MEDICAL]


def test_with_the_talk_already_held_the_checklist_closes_the_first_contact_too(alex, dana, now):
    report(alex, dana, now, handled_in_contact=True)
    check(alex, dana, now)
    assert ToDoKind.FIRST_CONTACT not in open_todos(alex)


@pytest.mark.parametrize(
    "answers", [{"alone": ""}, {"alone": "perhaps"}, {"dose": "5"}, {"flag_seizure": ""}, {"education": None}]
)
def test_an_answer_is_missing_or_nobody_asked(alex, dana, plan, now, answers):
    with pytest.raises(InvalidInput):
        check(alex, dana, now, **answers)
    assert not SafetyChecklist.objects.exists()


# --- the tier --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "tier", "reasons"),
    [
        ({}, "green", []),
        ({"suicidal": "unknown", "withdrawal": "unknown"}, "green", []),
        ({"alone": "yes"}, "amber", ["used_alone"]),
        ({"lives_alone": "yes"}, "amber", ["lives_alone"]),
        ({"pregnant": "yes"}, "amber", ["pregnant"]),
        ({"driving": "yes"}, "amber", ["driving"]),
        ({"mixed": "yes"}, "amber", ["high_overdose_risk"]),
        ({"week_without": "yes"}, "amber", ["lost_tolerance"]),
        ({"children": "yes", "with_others": "yes", "stopped": "yes"}, "green", []),
        ({"naloxone": "no"}, "green", []),
        ({"naloxone": "no", "opioid": "yes"}, "amber", ["no_naloxone"]),
        ({"naloxone": "unknown", "opioid": "yes"}, "amber", ["no_naloxone"]),
        ({"naloxone": "yes", "opioid": "yes"}, "green", []),
        ({"flag_seizure": "yes"}, "red", ["red_flag"]),
        ({"flag_child_in_danger": "yes", "alone": "yes"}, "red", ["red_flag", "used_alone"]),
        ({"suicidal": "yes"}, "amber", ["suicidal_thoughts"]),
        ({"suicidal": "yes", "flag_suicidal": "unknown"}, "red", ["red_flag", "suicidal_thoughts"]),
        ({"withdrawal": "yes"}, "amber", ["withdrawal"]),
        ({"withdrawal": "yes", "flag_sudden_stop": "unknown"}, "red", ["red_flag", "withdrawal"]),
        ({"withdrawal": "yes", "pregnant": "yes"}, "red", ["red_flag", "withdrawal", "pregnant"]),
    ],
)
def test_the_talk_confirms_or_changes_the_risk_tier_and_says_why(
    alex, dana, plan, now, answers, tier, reasons
):
    done = check(alex, dana, now, **answers)
    plan.refresh_from_db()
    assert (plan.risk_tier, plan.risk_reasons, done.risk_tier) == (tier, reasons, tier)


@pytest.mark.parametrize("flag", RedFlag)
def test_each_red_flag_alone_is_red(flag):
    judged = judge({**CALM, f"{FLAG}{flag}": "yes"})
    assert (judged.tier, judged.red_flags) == (RiskTier.RED, (flag,))


def test_what_has_not_been_asked_yet_raises_nothing():
    assert judge({}) == judge({}, opioid=True)
    assert judge({}).tier == RiskTier.GREEN


@given(
    answers=st.dictionaries(st.sampled_from(sorted(BY_KEY)), st.sampled_from(sorted(ANSWERS))),
    known=st.sets(st.sampled_from(sorted(RiskReason))),
)
def test_any_answers_come_to_a_tier_and_another_yes_to_a_flag_never_lowers_it(answers, known):
    order = list(RiskTier)
    judged = judge(answers, known=known)
    assert (judged.tier == RiskTier.RED) == (RiskReason.RED_FLAG in judged.reasons)
    worse = judge({**answers, "flag_overdose": "yes"}, known=known)
    assert order.index(worse.tier) >= order.index(judged.tier)
    assert set(red_flags(answers)) <= set(red_flags({**answers, "flag_overdose": "yes"}))


def test_naloxone_at_hand_answers_the_doubt_that_the_record_raised(alex, dana, now):
    uses(alex, now, "heroin")
    plan = report(alex, dana, now).plan
    assert plan.risk_tier == "amber"
    check(alex, dana, now)
    plan.refresh_from_db()
    assert (plan.risk_tier, plan.risk_reasons) == ("green", [])


def test_an_opioid_on_record_counts_as_one_that_was_told_of(alex, dana, now):
    uses(alex, now, "heroin")
    assert check(alex, dana, now, naloxone="no").risk_reasons == ["no_naloxone"]


def test_a_red_flag_is_not_talked_away(alex, dana, now):
    report(alex, dana, now, red_flags=["seizure"])
    assert check(alex, dana, now).risk_tier == "red"


# --- what follows ----------------------------------------------------------------------------------------------------
def test_red_found_in_the_talk_opens_the_emergency_at_once_and_tells_the_supervisor(
    alex, dana, sam, plan, now
):
    later = now + HOUR
    check(alex, dana, later, flag_overdose="yes")
    emergency = alex.todos.get(kind=ToDoKind.EMERGENCY)
    assert (emergency.due_at, emergency.urgent, emergency.plan) == (later + HOUR / 4, True, plan)
    assert alex.todos.filter(kind=ToDoKind.SUPERVISOR_REVIEW).count() == 1  # the plan's own


def test_without_a_plan_it_opens_as_well(alex, dana, sam, now):
    check(alex, dana, now, flag_overdose="yes")
    assert open_todos(alex) == [ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW]
    assert alex.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


def test_an_emergency_that_is_open_already_is_not_opened_twice(alex, dana, now):
    report(alex, dana, now, red_flags=["overdose"])
    check(alex, dana, now, flag_overdose="yes", flag_seizure="yes")
    check(alex, dana, now + HOUR, flag_overdose="yes")
    assert alex.todos.filter(kind=ToDoKind.EMERGENCY).count() == 1


def test_what_was_recorded_since_the_report_alarms_nobody_again_and_another_flag_does(alex, dana, sam, now):
    plan = report(alex, dana, now, red_flags=["overdose"]).plan
    todo = plan.todos.get(kind=ToDoKind.EMERGENCY)
    recorded(todo, dana, sam, now + HOUR, red_flags=["overdose"], noticed_at=now, supervisor_told_at=now)
    check(alex, dana, now + 2 * HOUR, flag_overdose="yes")
    assert ToDoKind.EMERGENCY not in open_todos(alex)
    check(alex, dana, now + 3 * HOUR, flag_chest_pain="yes")
    assert ToDoKind.EMERGENCY in open_todos(alex)


@pytest.mark.parametrize("answers", [{"flag_overdose": "yes"}, {"lives_alone": "yes"}])
def test_red_and_amber_bring_the_first_contact_and_the_messages_forward(alex, dana, plan, now, answers):
    check(alex, dana, now + HOUR / 2, **answers)
    first = plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    assert (first.due_at, first.urgent) == (now + 2 * HOUR, True)
    assert set(plan.messages.values_list("priority", flat=True)) == {20}


def test_green_moves_nothing_and_a_mental_plan_keeps_its_day(alex, dana, plan, now):
    before = plan.todos.get(kind=ToDoKind.FIRST_CONTACT).due_at
    check(alex, dana, now)
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).due_at == before
    assert set(plan.messages.values_list("priority", flat=True)) == {50}


def test_a_mental_plan_has_no_hasty_contact(alex, dana, now):
    plan = report(alex, dana, now, stage="mental").plan
    check(alex, dana, now, lives_alone="yes")
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).due_at == now + 24 * HOUR


def test_a_first_contact_that_was_due_sooner_is_not_put_off(alex, dana, plan, now):
    plan.todos.filter(kind=ToDoKind.FIRST_CONTACT).update(due_at=now + HOUR)
    check(alex, dana, now, lives_alone="yes")
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).due_at == now + HOUR


def test_who_stopped_a_sedative_gets_a_medical_contact_the_same_day(alex, dana, now):
    check(alex, dana, now, stopped="yes")
    check(alex, dana, now + HOUR, stopped="yes")
    todo = alex.todos.get(kind=ToDoKind.MEDICAL)
    assert todo.urgent
    assert todo.due_at <= datetime(2026, 3, 12, 7, tzinfo=UTC)  # midnight in Phoenix


# --- who was told (S-6) ----------------------------------------------------------------------------------------------
TOLD = Education(whom="Alex and their sister", outcome="Has naloxone now")


def test_who_was_told_when_and_what_came_of_it_is_kept(alex, dana, now):
    done = told(alex, dana, now)
    assert (done.told_whom, done.told_at, done.told_outcome) == (TOLD.whom, now, TOLD.outcome)
    assert done.completed_by == dana


def told(client, by, now, education=TOLD, **answers):
    return actions.complete_checklist(
        client_id=client.pk,
        answers={**CALM, "education": "yes", **answers},
        by=by,
        now=now,
        education=education,
    )


@pytest.mark.parametrize(
    ("education", "field"),
    [
        (None, "told_whom"),
        (Education(whom=" ", outcome="x"), "told_whom"),
        (Education(whom="Alex"), "told_outcome"),
    ],
)
def test_a_talk_about_overdose_says_with_whom_and_what_came_of_it(alex, dana, now, education, field):
    with pytest.raises(InvalidInput) as declined:
        told(alex, dana, now, education)
    assert declined.value.field == field
    assert not SafetyChecklist.objects.exists()


def test_it_cannot_have_been_told_in_the_future(alex, dana, now):
    with pytest.raises(InvalidInput) as declined:
        told(alex, dana, now, Education(whom="Alex", outcome="x", at=now + HOUR))
    assert declined.value.field == "told_at"


@pytest.mark.parametrize(
    "answers", [{"mixed": "yes"}, {"week_without": "yes"}, {"naloxone": "no", "opioid": "yes"}]
)
def test_who_should_be_told_and_was_not_is_on_the_list(alex, dana, now, answers):
    check(alex, dana, now, **answers)
    todo = alex.todos.get(kind=ToDoKind.OTHER)
    assert todo.title == "Talk through overdose and naloxone with Alex"
    assert todo.due_at == now + 24 * HOUR


def test_who_was_told_or_need_not_be_is_not(alex, dana, now):
    told(alex, dana, now, mixed="yes")
    check(alex, dana, now)
    assert open_todos(alex) == []


def test_without_the_trail_nothing_is_kept(alex, dana, plan, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        check(alex, dana, now, flag_overdose="yes")
    assert not SafetyChecklist.objects.exists()
    assert ToDoKind.EMERGENCY not in open_todos(alex)


def test_an_auditor_fills_in_none(alex, audrey, now):
    with pytest.raises(NotAllowed):
        check(alex, audrey, now)


# --- the page --------------------------------------------------------------------------------------------------------
def form(**changed):
    return {**CALM, "last_use": "Monday", "what": "", "note": "", **changed}


def test_the_page_shows_the_tier_of_the_answers_so_far_and_keeps_nothing(as_dana, alex, plan):
    page = as_dana.post(f"/clients/{alex.uid}/checklist/tier/", {"flag_seizure": "yes", "alone": "yes"})
    html = page.content.decode()
    assert "Risk tier: red" in html
    assert "A red flag was reported" in html
    assert "Was alone when using" in html
    assert not SafetyChecklist.objects.exists()


def test_the_page_shows_what_the_record_says_before_anything_is_answered(as_dana, alex, dana, now):
    report(alex, dana, now, red_flags=["seizure"])
    html = as_dana.get(f"/clients/{alex.uid}/checklist/").content.decode()
    assert "Risk tier: red" in html
    assert html.count('type="radio"') == 3 * len(QUESTIONS)


def test_red_leads_to_the_emergency_and_the_rest_to_the_plan(as_dana, alex, plan):
    calm = as_dana.post(f"/clients/{alex.uid}/checklist/", form())
    assert calm["Location"] == f"/clients/{alex.uid}/plan/"
    red = as_dana.post(f"/clients/{alex.uid}/checklist/", form(flag_overdose="yes"))
    assert red["Location"] == f"/todos/{alex.todos.get(kind=ToDoKind.EMERGENCY).uid}/"


def test_what_is_missing_stands_beside_its_field_and_what_was_typed_stays(as_dana, alex, plan):
    html = as_dana.post(
        f"/clients/{alex.uid}/checklist/", form(education="yes", note="Sister is there", alone="")
    ).content.decode()
    assert "Sister is there" in html
    assert "This field is required" in html
    html = as_dana.post(f"/clients/{alex.uid}/checklist/", form(education="yes")).content.decode()
    assert "Say who was told" in html

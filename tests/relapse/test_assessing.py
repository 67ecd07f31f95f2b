"""Drafts, final assessments, mistakes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.relapse import actions
from casework.relapse.actions.assessing import Sheet, suggestion_for
from casework.relapse.models import AssessedSign, StageAssessment, StageSign, StageTransition
from casework.relapse.signs import SIGNS
from casework.relapse.stage import Answer
from casework.relapse.transitions import Escalation
from clients import audit
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from clients.stage import Stage
from tests.factories import client_of
from tests.relapse.conftest import answers

pytestmark = pytest.mark.django_db


def save(alex, dana, now, **sheet):
    return actions.save_assessment(client_id=alex.pk, sheet=Sheet(**sheet), by=dana, now=now)


# --- the catalogue in the database --------------------------------------------------------------------------------


def test_the_catalogue_is_in_the_database_as_released():
    rows = StageSign.objects.filter(version=1).values_list("code", "stage", "label_en", "label_es", "hard")
    assert list(rows) == [(s.code, s.stage.value, s.label_en, s.label_es, s.hard) for s in SIGNS]


@pytest.mark.parametrize("change", [{"label_en": "Other words"}, {"hard": True}, {"stage": "mental"}])
def test_a_released_sign_cannot_be_reworded(change):
    with pytest.raises(IntegrityError, match="add a new version"), transaction.atomic():
        StageSign.objects.filter(code="E01").update(**change)


def test_a_released_sign_can_be_retired():
    assert StageSign.objects.filter(code="E01").update(active=False) == 1


# --- drafts -------------------------------------------------------------------------------------------------------


def test_a_draft_keeps_everything_as_answered(alex, dana, now):
    draft = save(
        alex,
        dana,
        now,
        answers={
            "E01": Answer(2, frozenset({"self_report", "record"})),
            "M01": Answer(None),
            "E02": Answer(0),
        },
        notes={"E01": " before visits ", "P01": "asked later"},
        halt={"hungry": True, "tired": False},
        triggers=["money", "grief", "money"],
        protective=["peer"],
        craving=7,
        confidence_abstain=4,
        plan_change="More calls",
    )
    draft.refresh_from_db()
    assert draft.halt == {"hungry": True, "angry": None, "lonely": None, "tired": False}
    assert (draft.triggers, draft.protective, draft.craving) == (["grief", "money"], ["peer"], 7)
    assert list(draft.signs.values_list("sign_code", "severity", "sources", "note")) == [
        ("E01", 2, ["record", "self_report"], "before visits"),
        ("E02", 0, [], ""),
        ("M01", None, [], ""),
        ("P01", None, [], "asked later"),
    ]


def test_saving_again_replaces_the_one_draft(alex, dana, now):
    first = save(alex, dana, now, answers=answers(E01=3))
    again = save(alex, dana, now, answers={"E02": Answer(1)})
    assert first.pk == again.pk
    assert [one.sign_code for one in AssessedSign.objects.all()] == ["E02"]


def test_two_counselors_keep_their_own_drafts(alex, dana, sam, now):
    assert save(alex, dana, now).pk != save(alex, sam, now).pk


def test_a_draft_changes_no_stage(alex, dana, now, summary):
    save(alex, dana, now, answers=answers(P01=3), counselor_stage="physical")
    assert (summary().stage, summary().last_assessed_at) == ("", None)


@pytest.mark.parametrize(
    ("sheet", "field"),
    [
        ({"craving": 11}, "craving"),
        ({"confidence_abstain": -1}, "confidence_abstain"),
        ({"counselor_confidence": 0}, "counselor_confidence"),
        ({"window_days": 91}, "window_days"),
        ({"triggers": ["weather"]}, "triggers"),
        ({"protective": ["luck"]}, "protective"),
        ({"red_flags": ["rain"]}, "red_flags"),
        ({"halt": {"bored": True}}, "halt"),
        ({"answers": {"X01": Answer(1)}}, "answers"),
        ({"notes": {"X01": "?"}}, "answers"),
        ({"notes": {"E01": "x" * 501}}, "notes"),
        ({"counselor_stage": "worse"}, "counselor_stage"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(alex, dana, now, sheet, field):
    with pytest.raises(InvalidInput) as refused:
        save(alex, dana, now, **sheet)
    assert refused.value.field == field


def test_an_assessment_cannot_lie_in_the_future(alex, dana, now):
    with pytest.raises(InvalidInput, match="future"):
        actions.save_assessment(
            client_id=alex.pk, sheet=Sheet(), by=dana, now=now, assessed_at=now + timedelta(minutes=1)
        )


def test_an_assessment_belongs_to_a_session_of_the_same_client(alex, dana, team, now, session_of):
    other = client_of(dana, team=team)
    with pytest.raises(InvalidInput, match="another client"):
        actions.save_assessment(client_id=alex.pk, sheet=Sheet(), by=dana, now=now, session=session_of(other))
    session = session_of(alex, hours=3)
    draft = actions.save_assessment(client_id=alex.pk, sheet=Sheet(), by=dana, now=now, session=session)
    assert draft.session == session


def test_somebody_who_sees_no_clients_cannot_assess(alex, ada, now):
    with pytest.raises(NotAllowed):
        save(alex, ada, now)


# --- the suggestion reads the record ------------------------------------------------------------------------------


def test_use_told_within_the_window_suggests_physical(alex, use, now):
    use(-6)
    assert suggestion_for(alex, Sheet(answers=answers()), at=now).stage == Stage.PHYSICAL


def test_use_before_the_window_does_not(alex, use, now):
    use(-7)
    assert suggestion_for(alex, Sheet(answers=answers()), at=now).stage == Stage.NONE
    assert suggestion_for(alex, Sheet(answers=answers(), window_days=8), at=now).stage == Stage.PHYSICAL


@pytest.mark.parametrize("source", ["toxicology", "collateral"])
def test_unconfirmed_use_does_not_either(alex, use, now, source):
    use(-1, source=source)
    assert suggestion_for(alex, Sheet(answers=answers()), at=now).stage == Stage.NONE


def test_a_confirmed_laboratory_result_does(alex, use, now):
    use(-1, source="toxicology", verification="confirmed")
    assert suggestion_for(alex, Sheet(answers=answers()), at=now).stage == Stage.PHYSICAL


# --- final --------------------------------------------------------------------------------------------------------


def test_finalising_keeps_what_was_suggested_and_moves_the_stage(assess, summary, now):
    done = assess("mental", M01=2, E01=1)
    kept = StageAssessment.objects.get(pk=done.assessment.pk)
    assert (kept.state, kept.suggested_stage, kept.rule_fired) == ("final", "mental", "R2")
    assert (kept.index_emotional, kept.index_mental, kept.index_physical) == (3, 7, 0)
    assert (kept.completeness, kept.derived_confidence, kept.finalised_at) == (1, "medium", now)
    assert (summary().stage, summary().stage_since, summary().last_assessed_at) == ("mental", now, now)
    assert done.moved.rose


def test_the_counselors_stage_is_the_record_and_an_override_says_why(assess, summary):
    with pytest.raises(InvalidInput) as refused:
        assess("none", M01=2)
    assert refused.value.field == "override_reason"
    done = assess("none", M01=2, sheet={"override_reason": "Talked it through; urges have passed."})
    assert done.assessment.is_override
    assert summary().stage == "none"


def test_no_reason_is_asked_when_too_little_was_known_to_suggest(assess, alex, dana, now):
    draft = save(alex, dana, now, answers={"E01": Answer(0)}, counselor_stage="emotional")
    done = actions.finalise(assessment_id=draft.pk, by=dana, now=now)
    assert (done.assessment.suggested_stage, done.assessment.is_override) == ("indeterminate", False)


def test_a_reason_given_for_nothing_is_dropped(assess):
    assert assess("none", sheet={"override_reason": "left over"}).assessment.override_reason == ""


def test_a_stage_must_be_chosen(alex, dana, now):
    draft = save(alex, dana, now, answers=answers())
    with pytest.raises(InvalidInput) as refused:
        actions.finalise(assessment_id=draft.pk, by=dana, now=now)
    assert refused.value.field == "counselor_stage"


def test_nobody_finalises_anothers_draft(alex, dana, sam, now):
    draft = save(alex, dana, now, answers=answers(), counselor_stage="none")
    with pytest.raises(Conflict):
        actions.finalise(assessment_id=draft.pk, by=sam, now=now)


def test_a_final_assessment_is_not_made_final_again(assess, dana, now):
    done = assess("none")
    with pytest.raises(InvalidTransition):
        actions.finalise(assessment_id=done.assessment.pk, by=dana, now=now)


def test_after_finalising_a_new_draft_begins(assess, alex, dana, now):
    done = assess("none")
    assert save(alex, dana, now).pk != done.assessment.pk


def test_the_database_itself_wants_a_reason_for_an_override(assess):
    done = assess("none", M01=2, sheet={"override_reason": "why"})
    with pytest.raises(IntegrityError, match="override_says_why"), transaction.atomic():
        StageAssessment.objects.filter(pk=done.assessment.pk).update(override_reason="")


# --- moves --------------------------------------------------------------------------------------------------------


def test_from_none_to_mental_is_kept_as_an_escalation(assess):
    assess("none")
    done = assess("mental", day=7, M01=2)
    move = StageTransition.objects.first()
    assert (move.from_stage, move.to_stage, move.cause) == ("none", "mental", "assessment")
    assert move.escalations == ["stage_rose"]
    assert (move.assessment, done.moved.escalated) == (done.assessment, True)


def test_an_assessment_that_changes_nothing_keeps_no_move(assess):
    assess("none")
    assess("none", day=7)
    assert StageTransition.objects.count() == 1


def test_an_index_that_jumps_within_the_stage_escalates(assess):
    assess("emotional", **{f"E{n:02}": 1 for n in range(1, 10)})  # 9 of 30: 30
    assert assess("emotional", day=7, **{f"E{n:02}": 2 for n in range(1, 8)}).moved.escalations == ()  # 47
    raised = assess("emotional", day=14, **{f"E{n:02}": 3 for n in range(1, 8)})  # 70
    assert raised.moved.escalations == (Escalation.INDEX_JUMPED,)
    move = StageTransition.objects.first()
    assert (move.from_stage, move.to_stage) == ("emotional", "emotional")


def test_a_red_flag_escalates_whatever_the_stage(assess):
    assess("none")
    assert assess("none", day=1, sheet={"red_flags": ["suicidal"]}).moved.escalations == (
        Escalation.RED_FLAG,
    )


def test_an_indeterminate_stage_leaves_the_current_one(assess, summary):
    assess("mental", M01=2)
    assess("indeterminate", day=2, sheet={"override_reason": "Would not say."})
    assert summary().stage == "mental"


def test_a_fall_is_sustained_only_after_a_week_of_agreement(assess):
    assess("mental", M01=2)
    first = assess("emotional", day=7, E01=2).moved
    assert (first.deescalated, first.sustained, first.escalated) == (True, False, False)
    assert assess("emotional", day=14, E01=2).moved.sustained


def test_a_late_entry_of_an_older_assessment_does_not_move_the_stage(assess, alex, dana, now, summary):
    assess("none")
    earlier = now - timedelta(days=3)
    draft = actions.save_assessment(
        client_id=alex.pk,
        sheet=Sheet(answers=answers(M01=2), counselor_stage="mental"),
        by=dana,
        now=now,
        assessed_at=earlier,
    )
    assert actions.finalise(assessment_id=draft.pk, by=dana, now=now).moved.escalations == ()
    assert summary().stage == "none"


# --- mistakes -----------------------------------------------------------------------------------------------------


def test_a_mistaken_assessment_is_ignored_and_the_stage_reckoned_anew(assess, dana, now, summary):
    assess("emotional", E01=2)
    wrong = assess("physical", day=2, P01=1)
    later = now + timedelta(days=3)
    undone = actions.mark_assessment_error(
        assessment_id=wrong.assessment.pk, reason="Another client's answers", by=dana, now=later
    )
    assert (summary().stage, summary().stage_since) == ("emotional", now)
    assert (undone.moved.escalations, undone.moved.now) == ((), Stage.EMOTIONAL)
    assert StageTransition.objects.first().cause == "correction"


def test_without_any_assessment_left_there_is_no_stage(assess, dana, now, summary):
    only = assess("physical", P01=1)
    actions.mark_assessment_error(assessment_id=only.assessment.pk, reason="Mistake", by=dana, now=now)
    assert (summary().stage, summary().stage_since, summary().last_assessed_at) == ("", None, None)


def test_a_mistake_says_what_was_wrong(assess, dana, now):
    with pytest.raises(InvalidInput):
        actions.mark_assessment_error(
            assessment_id=assess("none").assessment.pk, reason=" ", by=dana, now=now
        )


@pytest.mark.parametrize("before", StageAssessment.State.values)
@pytest.mark.parametrize("after", StageAssessment.State.values)
def test_an_assessment_moves_only_along_its_table(before, after):
    assessment = StageAssessment(state=before)
    allowed = {("draft", "final"), ("draft", "entered_in_error"), ("final", "entered_in_error")}
    if (before, after) in allowed:
        assessment.move_to(after)
        assert assessment.state == after
    else:
        with pytest.raises(InvalidTransition):
            assessment.move_to(after)


# --- all or nothing -----------------------------------------------------------------------------------------------


def test_finalising_is_audited_with_codes_only(assess, alex, dana):
    assess("mental", M01=2)
    event = AuditEvent.objects.get(verb="relapse.assessment_finalised")
    assert (event.actor_id, event.client_id) == (dana.pk, alex.pk)
    assert event.detail == {"suggested": "mental", "held": "mental", "escalations": ["stage_rose"]}


@pytest.mark.parametrize("act", ["save", "finalise", "error"])
def test_without_its_audit_row_nothing_changes(alex, dana, now, assess, summary, monkeypatch, act):
    final = assess("none").assessment
    draft = save(alex, dana, now, answers=answers(M01=2), counselor_stage="mental")

    def broken(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    acts = {
        "save": lambda: save(alex, dana, now, answers={"E01": Answer(3)}),
        "finalise": lambda: actions.finalise(assessment_id=draft.pk, by=dana, now=now),
        "error": lambda: actions.mark_assessment_error(assessment_id=final.pk, reason="x", by=dana, now=now),
    }
    with pytest.raises(RuntimeError), transaction.atomic():
        acts[act]()
    draft.refresh_from_db()
    final.refresh_from_db()
    assert (draft.state, draft.signs.count(), final.state, summary().stage) == ("draft", 26, "final", "none")

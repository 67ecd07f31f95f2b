"""How the stage moves (clinical.md §1.5)."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.relapse.transitions import (
    Assessed,
    Escalation,
    Reported,
    current,
    escalations,
    is_deescalation,
    is_sustained,
    may_shorten_plan,
    rank,
    steps,
)
from clients.stage import Stage

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NONE, EMOTIONAL, MENTAL, PHYSICAL, UNKNOWN = (
    Stage.NONE,
    Stage.EMOTIONAL,
    Stage.MENTAL,
    Stage.PHYSICAL,
    Stage.INDETERMINATE,
)


def on(day, stage, id=1):
    return Assessed(START + timedelta(days=day), stage, id)


def told(day, stage, id=1):
    return Reported(START + timedelta(days=day), stage, id)


# --- what holds now -----------------------------------------------------------------------------------------------


def test_nothing_known_is_no_stage_and_ranks_as_none():
    assert current([]) is None
    assert rank(None) == rank(NONE) == 0


def test_the_newest_assessment_is_the_stage():
    assert current([on(0, PHYSICAL), on(5, NONE, 2)]).stage == NONE


def test_of_two_assessments_at_one_instant_the_later_row_holds():
    assert current([on(0, MENTAL, 9), on(0, EMOTIONAL, 4)]).stage == MENTAL


def test_an_indeterminate_assessment_changes_nothing():
    assert current([on(0, MENTAL), on(3, UNKNOWN, 2)]).stage == MENTAL


def test_a_report_newer_than_the_assessment_raises_the_stage_at_once():
    step = current([on(0, EMOTIONAL)], [told(1, PHYSICAL)])
    assert (step.stage, step.at, step.because) == (PHYSICAL, START + timedelta(days=1), told(1, PHYSICAL))


def test_a_report_never_lowers_the_stage():
    assert current([on(0, PHYSICAL)], [told(1, EMOTIONAL)]).stage == PHYSICAL


def test_a_report_older_than_the_assessment_no_longer_counts():
    assert current([on(2, NONE)], [told(1, PHYSICAL)]).stage == NONE


def test_a_report_at_the_very_instant_of_the_assessment_is_not_newer():
    assert current([on(1, EMOTIONAL)], [told(1, PHYSICAL)]).stage == EMOTIONAL


def test_without_any_assessment_a_report_sets_the_stage():
    assert current([], [told(0, MENTAL)]).stage == MENTAL


def test_the_steps_tell_the_whole_way_oldest_first():
    way = steps([on(4, NONE, 2), on(0, EMOTIONAL)], [told(1, PHYSICAL), told(2, MENTAL, 2)])
    assert [step.stage for step in way] == [EMOTIONAL, PHYSICAL, NONE]


def test_an_indeterminate_stage_has_no_rank():
    with pytest.raises(ValueError, match="no rank"):
        rank(UNKNOWN)


# --- escalation ---------------------------------------------------------------------------------------------------


def test_from_none_straight_to_mental_is_an_escalation():
    assert escalations(before=NONE, now=MENTAL) == (Escalation.STAGE_ROSE,)


def test_a_first_stage_above_none_is_an_escalation():
    assert escalations(before=None, now=EMOTIONAL) == (Escalation.STAGE_ROSE,)
    assert escalations(before=None, now=NONE) == ()


@pytest.mark.parametrize(
    ("before", "now", "jumped"), [(30, 47, False), (30, 50, True), (30, None, False), (None, 50, False)]
)
def test_an_index_that_rises_by_twenty_within_a_stage_is_an_escalation(before, now, jumped):
    found = escalations(before=EMOTIONAL, now=EMOTIONAL, index_before=before, index_now=now)
    assert found == ((Escalation.INDEX_JUMPED,) if jumped else ())


def test_a_jump_of_the_index_says_nothing_when_the_stage_fell():
    assert escalations(before=MENTAL, now=EMOTIONAL, index_before=0, index_now=90) == ()


def test_a_second_episode_while_a_plan_runs_is_an_escalation_though_the_stage_stays():
    assert escalations(before=PHYSICAL, now=PHYSICAL, use_during_plan=True) == (Escalation.USE_DURING_PLAN,)


def test_a_red_flag_is_an_escalation_whatever_the_stage():
    assert escalations(before=PHYSICAL, now=NONE, red_flag=True) == (Escalation.RED_FLAG,)


def test_a_lapse_that_becomes_a_relapse_is_an_escalation():
    assert escalations(before=PHYSICAL, now=PHYSICAL, reclassified=True) == (Escalation.LAPSE_BECAME_RELAPSE,)


@pytest.mark.parametrize(("before", "now"), [(UNKNOWN, PHYSICAL), (NONE, UNKNOWN), (UNKNOWN, UNKNOWN)])
def test_an_indeterminate_stage_neither_rises_nor_falls(before, now):
    assert escalations(before=before, now=now) == ()
    assert not is_deescalation(before, now)


# --- de-escalation ------------------------------------------------------------------------------------------------


def test_mental_to_emotional_is_a_deescalation_not_yet_sustained():
    assert is_deescalation(MENTAL, EMOTIONAL)
    assert not is_sustained([on(0, MENTAL), on(7, EMOTIONAL, 2)])


def test_a_rise_is_no_deescalation():
    assert not is_deescalation(EMOTIONAL, MENTAL)
    assert not is_deescalation(None, NONE)


@pytest.mark.parametrize(("apart", "sustained"), [(6, False), (7, True), (30, True)])
def test_a_fall_is_sustained_when_two_assessments_a_week_apart_agree(apart, sustained):
    assert is_sustained([on(0, MENTAL), on(2, EMOTIONAL, 2), on(2 + apart, EMOTIONAL, 3)]) is sustained


def test_two_that_disagree_sustain_nothing():
    assert not is_sustained([on(0, PHYSICAL), on(1, MENTAL, 2), on(10, EMOTIONAL, 3)])


def test_agreeing_at_a_height_that_never_fell_sustains_nothing():
    assert not is_sustained([on(0, MENTAL), on(10, MENTAL, 2)])
    assert not is_sustained([on(0, EMOTIONAL), on(5, MENTAL, 2), on(15, MENTAL, 3)])


def test_an_indeterminate_assessment_between_two_does_not_part_them():
    assert is_sustained([on(0, MENTAL), on(1, NONE, 2), on(4, UNKNOWN, 3), on(9, NONE, 4)])


@pytest.mark.parametrize(
    ("stage", "day", "may"),
    [(PHYSICAL, 29, False), (PHYSICAL, 30, True), (MENTAL, 1, True), (EMOTIONAL, 1, True)],
)
def test_a_fall_never_shortens_a_physical_plan_before_day_thirty(stage, day, may):
    assert may_shorten_plan(stage, day=day) is may

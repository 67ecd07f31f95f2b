"""The suggested stage: the golden table of clinical.md §1.4, and what holds for every possible answer."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.relapse.signs import BY_CODE, Halt, Source
from casework.relapse.stage import Answer, Confidence, Flag, Rule, index, suggest
from clients.stage import Stage

NO_HALT = dict.fromkeys(Halt.values, False)
THREE_HALT = NO_HALT | dict.fromkeys(["hungry", "lonely", "tired"], True)
HALT_NOT_ASKED = dict.fromkeys(Halt.values, None)
FIRST_TWELVE = [f"E{n:02}" for n in range(1, 11)] + ["M01", "M02"]


def asked(**severities):
    """Every sign asked and absent, but for those named."""
    return {code: Answer(severities.get(code, 0)) for code in BY_CODE}


def only(**severities):
    """Nothing asked but the signs named."""
    return {code: Answer(severity) for code, severity in severities.items()}


GOLDEN = [
    pytest.param(asked(), NO_HALT, Stage.NONE, "R5", id="ST1"),
    pytest.param(asked(E01=1, E02=1), NO_HALT, Stage.NONE, "R5", id="ST2"),
    pytest.param(asked(E01=1, E02=1, E05=1), NO_HALT, Stage.EMOTIONAL, "R3", id="ST3"),
    pytest.param(asked(E06=2), NO_HALT, Stage.EMOTIONAL, "R3", id="ST4"),
    pytest.param(asked(M01=1), NO_HALT, Stage.NONE, "R5", id="ST5"),
    pytest.param(asked(M01=1, M02=1, M03=1), NO_HALT, Stage.MENTAL, "R2", id="ST6"),
    pytest.param(asked(M07=1), NO_HALT, Stage.MENTAL, "R2", id="ST7"),
    pytest.param(asked(M01=2), NO_HALT, Stage.MENTAL, "R2", id="ST8"),
    pytest.param(asked(P01=1, M07=3, E01=3), NO_HALT, Stage.PHYSICAL, "R1", id="ST9"),
    pytest.param({}, HALT_NOT_ASKED, Stage.INDETERMINATE, "R4", id="ST10"),
    pytest.param(only(E01=2), HALT_NOT_ASKED, Stage.EMOTIONAL, "R3", id="ST11"),
    pytest.param(asked(E01=1), THREE_HALT, Stage.EMOTIONAL, "R3", id="ST12"),
    pytest.param(only(**dict.fromkeys(FIRST_TWELVE, 0)), NO_HALT, Stage.NONE, "R5", id="ST13"),
    pytest.param(only(**dict.fromkeys(FIRST_TWELVE[:-1], 0)), NO_HALT, Stage.INDETERMINATE, "R4", id="ST14"),
]


@pytest.mark.parametrize(("answers", "halt", "stage", "rule"), GOLDEN)
def test_the_golden_table_of_suggestions(answers, halt, stage, rule):
    suggestion = suggest(answers, halt, False)
    assert (suggestion.stage, suggestion.rule) == (stage, Rule(rule))


def test_st5_one_mild_mental_sign_is_flagged_as_early_and_not_as_a_stage():
    assert suggest(asked(M01=1), NO_HALT, False).flags == (Flag.EARLY_MENTAL_SIGNS,)
    assert suggest(asked(M01=1, M09=1), NO_HALT, False).flags == (Flag.EARLY_MENTAL_SIGNS,)
    assert suggest(asked(E01=1), NO_HALT, False).flags == ()


def test_early_mental_signs_are_flagged_only_beside_none():
    assert suggest(only(M01=1), NO_HALT, False).flags == ()


@pytest.mark.parametrize(
    ("severities", "stage", "expected"),
    [
        pytest.param(
            {"M01": 2, "M02": 1, "M07": 1} | {f"M{n:02}": 0 for n in (3, 4, 5, 6, 8, 9, 10)},
            Stage.MENTAL,
            13,
            id="IX1",
        ),
        pytest.param(
            {"E01": 3, "E02": 3} | {f"E{n:02}": 0 for n in range(3, 11)}, Stage.EMOTIONAL, 20, id="IX2"
        ),
        pytest.param({"E01": 3} | {f"E{n:02}": 0 for n in range(2, 9)}, Stage.EMOTIONAL, 13, id="IX3"),
    ],
)
def test_the_golden_table_of_indices(severities, stage, expected):
    assert index(severities, stage) == expected
    assert suggest(only(**severities), {}, False).indices[stage] == expected


def test_an_index_is_unknown_when_nothing_of_its_stage_was_asked():
    assert suggest(only(E01=1), {}, False).indices == {
        Stage.EMOTIONAL: 33,
        Stage.MENTAL: None,
        Stage.PHYSICAL: None,
    }


def test_not_asked_is_not_absent():
    half = {f"E{n:02}": Answer(None) for n in range(1, 11)} | only(**{f"M{n:02}": 0 for n in range(1, 11)})
    suggestion = suggest(half, NO_HALT, False)
    assert suggestion.completeness == Decimal("0.5")
    assert suggestion.rule == Rule.TOO_LITTLE_ASKED


def test_physical_signs_do_not_add_to_completeness():
    assert suggest(only(P01=0, P02=0), {}, False).completeness == 0


# --- use on record ------------------------------------------------------------------------------------------------


def test_use_on_record_in_the_window_suggests_physical_though_no_physical_sign_was_ticked():
    suggestion = suggest(asked(), NO_HALT, True)
    assert (suggestion.stage, suggestion.rule) == (Stage.PHYSICAL, Rule.USE)
    assert Flag.USE_ON_RECORD in suggestion.flags
    assert suggestion.indices[Stage.PHYSICAL] == 6  # P01 = 1 of 18


def test_use_on_record_leaves_ticked_physical_signs_as_they_are():
    assert suggest(only(P04=3), {}, True).indices[Stage.PHYSICAL] == 100


def test_use_on_record_alone_is_enough():
    suggestion = suggest({}, {}, True)
    assert (suggestion.stage, suggestion.indices[Stage.PHYSICAL]) == (Stage.PHYSICAL, 33)


def test_a_laboratory_screen_alone_suggests_no_stage_and_says_so():
    answers = asked() | {"P01": Answer(1, frozenset({Source.TOXICOLOGY}))}
    suggestion = suggest(answers, NO_HALT, False)
    assert (suggestion.stage, suggestion.flags) == (Stage.NONE, (Flag.TOXICOLOGY_ALONE,))


def test_a_screen_and_the_clients_own_word_together_do():
    answers = asked() | {"P01": Answer(1, frozenset({Source.TOXICOLOGY, Source.SELF_REPORT}))}
    assert suggest(answers, NO_HALT, False).stage == Stage.PHYSICAL


def test_a_screen_beside_use_on_record_does_not_silence_it():
    answers = asked() | {"P01": Answer(2, frozenset({Source.TOXICOLOGY}))}
    assert suggest(answers, NO_HALT, True).stage == Stage.PHYSICAL


def test_a_screen_that_found_nothing_is_no_flag():
    answers = asked() | {"P01": Answer(0, frozenset({Source.TOXICOLOGY}))}
    assert suggest(answers, NO_HALT, False).flags == ()


# --- how far to trust it ------------------------------------------------------------------------------------------


def of_sources(*sources, count=20):
    codes = [code for code in BY_CODE if not code.startswith("P")][:count]
    return {code: Answer(0, frozenset({sources[n % len(sources)]})) for n, code in enumerate(codes)}


@pytest.mark.parametrize(
    ("answers", "confidence"),
    [
        (of_sources("self_report", "record", count=18), Confidence.HIGH),
        (of_sources("self_report", "record", count=17), Confidence.MEDIUM),
        (of_sources("self_report", count=20), Confidence.MEDIUM),
        (of_sources("self_report", "record", count=12), Confidence.MEDIUM),
        (of_sources("self_report", "record", count=11), Confidence.LOW),
        (asked(), Confidence.MEDIUM),
    ],
)
def test_confidence_follows_coverage_and_kinds_of_source(answers, confidence):
    assert suggest(answers, NO_HALT, False).confidence == confidence


def test_the_source_of_a_sign_that_was_not_asked_does_not_count():
    answers = of_sources("self_report", count=20) | {"P01": Answer(None, frozenset({Source.RECORD}))}
    assert suggest(answers, NO_HALT, False).confidence == Confidence.MEDIUM


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", [-1, 4, 10])
def test_a_severity_out_of_range_is_refused_and_not_clamped(severity):
    with pytest.raises(ValueError, match="severity"):
        Answer(severity)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="unknown source: rumour"):
        Answer(1, frozenset({"rumour"}))


def test_an_unknown_sign_is_refused():
    with pytest.raises(ValueError, match="unknown sign: X01"):
        suggest(only(X01=1), {}, False)


def test_an_unknown_halt_name_is_refused():
    with pytest.raises(ValueError, match="unknown HALT name: bored"):
        suggest({}, {"bored": True}, False)


# --- what holds for every possible answer -------------------------------------------------------------------------

ANY_ANSWERS = st.dictionaries(
    st.sampled_from(sorted(BY_CODE)), st.sampled_from([None, 0, 1, 2, 3]).map(Answer)
)
ANY_HALT = st.fixed_dictionaries({name: st.sampled_from([None, True, False]) for name in Halt.values})


@given(ANY_ANSWERS, ANY_HALT, st.booleans())
def test_every_answer_gets_exactly_one_stage_with_its_rule(answers, halt, use):
    suggestion = suggest(answers, halt, use)
    assert {
        Rule.USE: Stage.PHYSICAL,
        Rule.MENTAL_SIGNS: Stage.MENTAL,
        Rule.EMOTIONAL_SIGNS: Stage.EMOTIONAL,
        Rule.TOO_LITTLE_ASKED: Stage.INDETERMINATE,
        Rule.NOTHING_NOTABLE: Stage.NONE,
    }[suggestion.rule] == suggestion.stage


@given(ANY_ANSWERS, ANY_HALT, st.booleans())
def test_completeness_and_indices_stay_in_their_ranges(answers, halt, use):
    suggestion = suggest(answers, halt, use)
    assert 0 <= suggestion.completeness <= 1
    assert all(value is None or 0 <= value <= 100 for value in suggestion.indices.values())


@given(ANY_ANSWERS, ANY_HALT, st.sampled_from(sorted(BY_CODE)))
def test_a_sign_that_grows_worse_never_lowers_the_suggestion(answers, halt, code):
    before = suggest(answers, halt, False).stage
    now = suggest(answers | {code: Answer(3)}, halt, False).stage
    ranked = {Stage.INDETERMINATE: 0} | {stage: stage.rank for stage in Stage if stage.rank is not None}
    assert ranked[now] >= ranked[before]


@given(ANY_ANSWERS, ANY_HALT)
def test_an_explicit_not_asked_is_the_same_as_no_answer(answers, halt):
    named = {code: answers.get(code, Answer(None)) for code in BY_CODE}
    assert suggest(named, halt, False) == suggest(answers, halt, False)


@given(ANY_ANSWERS, ANY_HALT)
def test_any_use_is_physical_whatever_else_was_answered(answers, halt):
    assert suggest(answers | {"P01": Answer(1)}, halt, False).stage == Stage.PHYSICAL


@given(st.lists(st.integers(0, 3), min_size=1, max_size=10))
def test_an_index_is_the_exact_share_rounded_half_up(severities):
    exact = Decimal(100 * sum(severities)) / Decimal(3 * len(severities))
    found = index({f"E{n:02}": value for n, value in enumerate(severities, 1)}, Stage.EMOTIONAL)
    assert found == int(exact + Decimal("0.5"))

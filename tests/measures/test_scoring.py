"""The golden rows of clinical.md §2.1–2.4, 2.7, 2.10, and what one engine promises of every measure (§2.0)."""

import pytest

from casework.measures import engine
from casework.measures.definitions import own
from clients.errors import InvalidInput

OWN = own()
ALL_OWN = sorted(OWN)
WITH_ITEMS = [key for key in ALL_OWN if OWN[key].items]


def numbered(*values: int, start: int = 1) -> dict[str, int]:
    return {str(place): value for place, value in enumerate(values, start)}


def reckoned(key: str, answers: dict[str, int], **more) -> engine.Reckoning:
    return engine.reckon(OWN[key], engine.checked(OWN[key], answers), **more)


# --- PHQ-9 (§2.1) ---

PHQ9 = [
    ((0,) * 9, 0, "minimal", None, False),
    ((1, 1, 1, 1, 0, 0, 0, 0, 0), 4, "minimal", None, False),
    ((1, 1, 1, 1, 1, 0, 0, 0, 0), 5, "mild", None, False),
    ((2, 2, 1, 1, 1, 1, 1, 0, 0), 9, "mild", "other", False),
    ((1,) * 9, 9, "mild", None, True),
    ((2, 2, 2, 2, 2, 0, 0, 0, 0), 10, "moderate", "major", False),
    ((0, 0, 2, 2, 2, 2, 2, 0, 1), 11, "moderate", None, True),
    ((2, 1, 2, 2, 2, 0, 0, 0, 1), 10, "moderate", "major", True),
    ((2, 2, 2, 2, 1, 1, 1, 2, 1), 14, "moderate", "major", True),
    ((3, 3, 3, 3, 3, 0, 0, 0, 0), 15, "moderately_severe", "major", False),
    ((2,) * 9, 18, "moderately_severe", "major", True),
    ((3,) * 9, 27, "severe", "major", True),
]


@pytest.mark.parametrize(("answers", "total", "band", "algorithm", "flag"), PHQ9)
def test_phq9_golden_rows(answers, total, band, algorithm, flag):
    found = reckoned("phq9", numbered(*answers))
    assert (found.scores["total"], found.bands["total"]) == (total, band)
    assert {one for one in found.flags if one.startswith("algorithm")} == (
        {f"algorithm_{algorithm}"} if algorithm else set()
    )
    assert found.alarms == (("self_harm",) if flag else ())
    assert ("screen" in found.flags) == (total >= 10)


@pytest.mark.parametrize("nineth", [1, 2, 3])
def test_item_9_raises_its_alarm_whatever_the_total(nineth):
    found = reckoned("phq9", numbered(0, 0, 0, 0, 0, 0, 0, 0, nineth))
    assert (found.scores["total"], found.alarms) == (nineth, ("self_harm",))


def test_item_9_raises_its_alarm_even_when_the_rest_was_left_open():
    found = reckoned("phq9", {"9": 1})
    assert found.scores["total"] is None
    assert found.alarms == ("self_harm",)


def test_the_tenth_item_of_the_phq9_is_not_scored():
    assert reckoned("phq9", numbered(*[1] * 9, 3)).scores["total"] == 9
    assert reckoned("phq9", numbered(*[1] * 9)).scores["total"] == 9


@pytest.mark.parametrize("missing", range(1, 10))
def test_a_phq9_with_a_gap_has_no_total_no_band_and_is_not_pro_rated(missing):
    answers = numbered(*[3] * 9)
    del answers[str(missing)]
    found = reckoned("phq9", answers)
    assert found.scores["total"] is None
    assert "total" not in found.bands
    assert not {"screen", "algorithm_major", "algorithm_other"} & set(found.flags)
    assert not found.is_complete


# --- GAD-7 (§2.2) ---


@pytest.mark.parametrize(
    ("answers", "total", "band"),
    [
        ((0,) * 7, 0, "minimal"),
        ((1, 1, 1, 1, 0, 0, 0), 4, "minimal"),
        ((1, 1, 1, 1, 1, 0, 0), 5, "mild"),
        ((2, 2, 2, 1, 1, 1, 0), 9, "mild"),
        ((2, 2, 2, 1, 1, 1, 1), 10, "moderate"),
        ((2,) * 7, 14, "moderate"),
        ((3, 2, 2, 2, 2, 2, 2), 15, "severe"),
        ((3,) * 7, 21, "severe"),
    ],
)
def test_gad7_golden_rows(answers, total, band):
    found = reckoned("gad7", numbered(*answers))
    assert (found.scores["total"], found.bands["total"]) == (total, band)
    assert ("screen" in found.flags) == (total >= 10)


# --- PCL-5 (§2.3) ---

PCL5 = [
    ((1,) * 20, 20, (0, 0, 0, 0), False, False),
    ((2,) * 20, 40, (5, 2, 7, 6), True, True),
    ((2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0), 12, (1, 1, 2, 2), True, False),
    ((4, 4, 4, 4, 4, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 32, (5, 0, 3, 0), False, False),
    ((2,) * 16 + (1, 0, 0, 0), 33, (5, 2, 7, 2), True, True),
    ((4,) * 20, 80, (5, 2, 7, 6), True, True),
]


@pytest.mark.parametrize(("answers", "total", "clusters", "pattern", "cut"), PCL5)
def test_pcl5_golden_rows(answers, total, clusters, pattern, cut):
    found = reckoned("pcl5", numbered(*answers))
    assert found.scores["total"] == total
    assert tuple(found.scores[f"cluster_{one}"] for one in "bcde") == clusters
    assert ("symptom_pattern" in found.flags, "cut_off" in found.flags) == (pattern, cut)


@pytest.mark.parametrize(("cut_off", "raised"), [(31, True), (32, True), (33, False)])
def test_the_cut_off_of_the_pcl5_is_a_setting(settings, cut_off, raised):
    settings.MEASURE_CUT_OFFS = {"pcl5": cut_off}
    found = reckoned("pcl5", numbered(*PCL5[3][0]))  # 32 points
    assert ("cut_off" in found.flags) is raised


def test_a_cluster_without_a_gap_is_counted_while_the_total_waits():
    answers = numbered(*[2] * 20)
    del answers["20"]
    found = reckoned("pcl5", answers)
    assert (found.scores["cluster_b"], found.scores["cluster_e"], found.scores["total"]) == (5, None, None)
    assert "symptom_pattern" not in found.flags


# --- AUDIT-C (§2.4) ---

AUDIT_C = [
    ((0, 0, 0), 0, False, False, False),
    ((2, 0, 0), 2, False, False, False),
    ((3, 0, 0), 3, True, False, False),
    ((2, 1, 1), 4, True, True, False),
    ((4, 1, 0), 5, True, True, True),
    ((4, 4, 4), 12, True, True, True),
]


@pytest.mark.parametrize(("answers", "total", "women", "men", "counselling"), AUDIT_C)
def test_audit_c_golden_rows(answers, total, women, men, counselling):
    for sex, positive in (("woman", women), ("man", men), ("", women)):
        found = reckoned("audit_c", numbered(*answers), sex=sex)
        assert found.scores["total"] == total
        assert ("positive" in found.flags) is positive, sex
        assert ("brief_counselling" in found.flags) is counselling


def test_a_man_with_exactly_4_is_positive_as_the_limit_is_reached_not_passed():
    assert "positive" in reckoned("audit_c", numbered(4, 0, 0), sex="man").flags
    assert "positive" not in reckoned("audit_c", numbered(3, 0, 0), sex="man").flags


def test_who_never_drinks_is_asked_nothing_more_and_scores_0():
    found = reckoned("audit_c", {"1": 0})
    assert (found.scores["total"], found.is_complete) == (0, True)
    assert engine.unanswered(OWN["audit_c"], {"1": 0}) == []
    assert len(engine.unanswered(OWN["audit_c"], {"1": 1})) == 2
    assert len(engine.unanswered(OWN["audit_c"], {})) == 3


def test_an_answer_that_an_earlier_one_rules_out_is_refused_not_dropped():
    with pytest.raises(InvalidInput, match="rules this one out") as error:
        engine.checked(OWN["audit_c"], {"1": 0, "2": 3})
    assert error.value.field == "2"
    assert engine.checked(OWN["audit_c"], {"1": 0, "2": 0, "3": 0}) == {"1": 0, "2": 0, "3": 0}


# --- BAM and BAM-R (§2.7) ---


def bam(**items: int) -> dict[str, int]:
    """Every scored item; those not named are 0. Skipped ones are left out, as on the form."""
    answers = {str(n): items.get(f"i{n}", 0) for n in range(1, 18) if n != 7}
    if answers["4"] == 0:
        del answers["5"]
    return answers


BAM = [
    (bam(), (0, 0, 0), {"protective"}),
    (
        bam(i1=1, i2=1, i3=1, i8=1, i9=4, i10=2, i12=2, i13=4, i14=4, i16=4),
        (0, 4, 20),
        set(),
    ),
    (
        bam(i1=2, i2=2, i3=2, i8=2, i11=2, i15=2, i9=3, i10=2, i12=2, i13=2, i14=4, i16=2),
        (0, 12, 15),
        {"risk"},
    ),
    (
        bam(i6=1, i1=2, i2=2, i3=3, i8=3, i11=2, i15=1, i9=2, i10=1, i12=1, i13=2, i14=4, i16=2),
        (1, 13, 12),
        {"use", "risk", "protective"},
    ),
    ({str(n): 4 for n in range(1, 18) if n != 7}, (12, 24, 24), {"use", "risk"}),
]


@pytest.mark.parametrize(("answers", "scores", "flags"), BAM)
def test_bam_golden_rows(answers, scores, flags):
    found = reckoned("bam", answers)
    assert tuple(found.scores[one] for one in ("use", "risk", "protective")) == scores
    assert set(found.flags) == flags


def test_bam_r_golden_row_and_that_it_has_no_cut_offs():
    answers = bam(i1=15, i2=5, i3=10, i6=2, i8=22, i11=6, i15=8, i9=15, i10=4, i12=8, i13=20, i14=30, i16=12)
    found = reckoned("bam_r", answers)
    assert tuple(found.scores[one] for one in ("use", "risk", "protective")) == (2, 66, 89)
    assert found.flags == ()
    assert OWN["bam_r"].flags == ()


def test_most_that_the_bam_r_can_come_to():
    answers = {str(n): 30 for n in range(1, 18) if n != 7}
    assert tuple(reckoned("bam_r", answers).scores.values()) == (90, 180, 180)


def test_item_7_tells_of_drugs_and_counts_nothing():
    answers = bam(i6=2) | {f"7{letter}": 4 for letter in "ABCDEFG"}
    assert reckoned("bam", answers).scores["use"] == 2
    asked = {one.key for one in engine.unanswered(OWN["bam"], {"6": 1})}
    assert {"7A", "7G"} <= asked
    assert not {"7A", "7G"} & {one.key for one in engine.unanswered(OWN["bam"], {"6": 0})}


def test_no_drink_means_no_heavy_drinking():
    assert engine.filled(OWN["bam"], {"4": 0})["5"] == 0
    assert reckoned("bam", bam()).is_complete


# --- TAPS (§2.10) ---

PART_1 = {"p1_tobacco": 1, "p1_alcohol": 1, "p1_prescription": 1, "p1_drugs": 1}
SUBSTANCES = [one.key for one in OWN["taps"].scores]


def questions(substance: str) -> list[str]:
    return list(OWN["taps"].score(substance).items)


def taps(substance: str, *answers: int) -> engine.Reckoning:
    return reckoned("taps", PART_1 | dict(zip(questions(substance), answers, strict=False)))


@pytest.mark.parametrize("substance", SUBSTANCES)
def test_taps_golden_rows_of_each_substance(substance):
    most = 4 if substance == "alcohol" else 3
    ones = len(questions(substance))
    assert ones == most
    for answers, score, band in (
        ((0,), 0, "no_use"),
        ((1,) + (0,) * (ones - 1), 1, "problem_use"),
        ((1, 1) + (0,) * (ones - 2), 2, "higher_risk"),
        ((1,) * ones, most, "higher_risk"),
    ):
        found = taps(substance, *answers)
        assert (found.scores[substance], found.bands[substance]) == (score, band)


@pytest.mark.parametrize("substance", SUBSTANCES)
def test_a_class_never_used_is_not_asked_about_and_scores_0(substance):
    found = reckoned("taps", dict.fromkeys(PART_1, 0))
    assert found.scores[substance] == 0
    assert engine.unanswered(OWN["taps"], dict.fromkeys(PART_1, 0)) == []


@pytest.mark.parametrize(
    ("part", "opens"),
    [
        ("p1_tobacco", {"tobacco"}),
        ("p1_alcohol", {"alcohol"}),
        ("p1_prescription", {"opioids", "sedatives", "stimulants"}),
        ("p1_drugs", {"cannabis", "cocaine_meth", "heroin", "other"}),
    ],
)
@pytest.mark.parametrize("often", [1, 2, 3, 4])
def test_any_use_in_part_1_opens_the_questions_of_its_class(part, opens, often):
    asked = engine.unanswered(OWN["taps"], dict.fromkeys(PART_1, 0) | {part: often})
    assert {one.key for one in asked if "_" not in one.key or one.key == "cocaine_meth"} == opens


# --- every measure (§2.0) ---


@pytest.mark.parametrize("key", WITH_ITEMS)
def test_the_lowest_and_the_highest_answers_reach_the_ends_of_every_sum(key):
    instrument = OWN[key]
    for pick, end in ((min, "lowest"), (max, "highest")):
        answers = {one.key: pick(one.allowed) for one in instrument.items}
        if pick is min:
            answers = {item.key: answers[item.key] for item in instrument.items if item.skip is None}
        found = reckoned(key, answers)
        for score in instrument.scores:
            if score.rule == "sum":
                assert found.scores[score.key] == getattr(score, end)


@pytest.mark.parametrize("key", WITH_ITEMS)
@pytest.mark.parametrize("wrong", [-1, 99, 1.0, "1", True, [1]])
def test_what_is_out_of_range_or_no_whole_number_is_refused_and_never_clamped(key, wrong):
    item = OWN[key].items[0]
    with pytest.raises(InvalidInput) as error:
        engine.checked(OWN[key], {item.key: wrong})
    assert error.value.field == item.key


@pytest.mark.parametrize("value", [1, 7, 9, 16, 29])
def test_the_steps_of_the_bam_r_are_the_five_that_it_has(value):
    with pytest.raises(InvalidInput):
        engine.checked(OWN["bam_r"], {"8": value})


def test_a_number_of_days_says_its_limits_when_refused():
    with pytest.raises(InvalidInput, match="from 0 to 30"):
        engine.checked(OWN["bam_r"], {"2": 31})


@pytest.mark.parametrize("key", WITH_ITEMS)
def test_a_question_that_is_not_there_is_refused(key):
    with pytest.raises(InvalidInput, match="no question"):
        engine.checked(OWN[key], {"42": 0})


@pytest.mark.parametrize("key", WITH_ITEMS)
def test_an_empty_sheet_has_no_score_no_band_and_no_flag(key):
    found = reckoned(key, {})
    assert set(found.scores.values()) == {None}
    assert (found.bands, found.flags, found.alarms) == ({}, (), ())


def test_open_questions_are_those_without_an_answer():
    assert engine.checked(OWN["gad7"], {"1": None, "2": 3}) == {"2": 3}
    assert [one.key for one in engine.unanswered(OWN["gad7"], {"2": 3})] == ["1", "3", "4", "5", "6", "7"]


# --- scores that are entered (§2.16–2.18) ---


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "none"),
        (1, "mild"),
        (20, "mild"),
        (21, "moderate"),
        (40, "moderate"),
        (41, "severe"),
        (60, "severe"),
        (61, "very_severe"),
        (80, "very_severe"),
    ],
)
def test_ciwa_b_bands(score, band):
    assert engine.entered(OWN["ciwa_b"], {"total": score}).bands == {"total": band}


@pytest.mark.parametrize(("key", "low", "high"), [("ciwa_b", 0, 80), ("arc50", 0, 50), ("css", 5, 30)])
def test_an_entered_score_keeps_to_its_range(key, low, high):
    for fine in (low, high):
        assert engine.entered(OWN[key], {"total": fine}).scores == {"total": fine}
    for wrong in (low - 1, high + 1, None, "9", 1.5, True):
        with pytest.raises(InvalidInput, match=f"from {low} to {high}"):
            engine.entered(OWN[key], {"total": wrong})


@pytest.mark.parametrize("key", ["arc50", "css"])
def test_scores_without_a_cut_off_have_no_band(key):
    assert engine.entered(OWN[key], {"total": 20}).bands == {}

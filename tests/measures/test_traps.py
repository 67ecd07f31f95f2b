"""What public material gets wrong (clinical.md §2.21), and what may be shown of a measure at all (§2.0)."""

import json
from itertools import pairwise

import pytest

from casework.measures.definitions import BadDefinition, own, read

OWN = own()


def words(key: str, item: str, language: str = "en") -> list[str]:
    return [one.words[language] for one in OWN[key].by_key[item].options]


def test_the_first_answer_of_the_gad7_is_not_at_all_and_nothing_longer():
    for item in OWN["gad7"].items:
        assert words("gad7", item.key)[0] == "Not at all"


def test_no_measure_offers_not_at_all_sure():
    assert "not at all sure" not in json.dumps([repr(one) for one in OWN.values()]).lower()


def test_the_day_bands_of_the_bam_are_1_to_3_4_to_8_9_to_15_and_16_to_30():
    for item in ("2", "3", "4", "5", "6", "7A", "10", "11", "13", "16"):
        assert words("bam", item) == ["0", "1-3", "4-8", "9-15", "16-30"]


def test_the_day_bands_of_the_bam_cover_every_day_of_the_month_once():
    starts = [int(one.split("-")[0]) for one in words("bam", "2")]
    ends = [int(one.split("-")[-1]) for one in words("bam", "2")]
    assert all(after == before + 1 for before, after in zip(ends, starts[1:], strict=False))
    assert (starts[0], ends[-1]) == (0, 30)


def test_more_protection_scores_higher_and_never_reversed():
    for key in ("bam", "bam_r"):
        protective = OWN[key].score("protective")
        assert protective.higher_is_better
        assert protective.reversed_items == frozenset()
        for item in ("9", "12", "14"):
            options = OWN[key].by_key[item].options
            assert all(before.value < after.value for before, after in pairwise(options))
            assert options[0].words["en"] in {"Not at all", "No"}


def test_the_bam_has_no_total():
    for key in ("bam", "bam_r"):
        assert [one.key for one in OWN[key].scores] == ["use", "risk", "protective"]


def test_the_limit_of_the_audit_c_is_at_least_4_for_men_and_at_least_3_for_women():
    positive = next(one for one in OWN["audit_c"].flags if one.key == "positive").when[0]
    assert (positive.at_least, positive.at_least_men) == (3, 4)


def test_the_third_question_of_the_audit_c_has_both_numbers_of_drinks():
    asked = OWN["audit_c"].by_key["3"].words["en"]
    assert "6 or more (for men)" in asked
    assert "4 or more (for women and everyone 65 and older)" in asked


def test_questions_that_are_not_ours_are_nowhere():
    for key in ("ciwa_b", "arc50", "css"):
        assert OWN[key].is_entry
        assert OWN[key].items == ()
        assert not OWN[key].phone


def test_nothing_of_the_optional_packs_ships_with_turnaround():
    shipped = {"arc50", "audit_c", "bam", "bam_r", "ciwa_b", "css", "gad7", "pcl5", "phq9", "taps"}
    assert set(OWN) == shipped
    assert {one.tier for one in OWN.values()} == {"A", "C"}


@pytest.mark.parametrize("key", sorted(OWN))
def test_every_measure_says_whose_it_is_and_under_what_terms(key):
    one = OWN[key]
    assert one.source
    assert one.licence
    assert one.version
    assert one.rules >= 1


def test_only_measures_with_official_spanish_words_speak_spanish_and_then_whole():
    assert {key for key, one in OWN.items() if "es" in one.languages} == {"phq9", "gad7"}
    for key in ("phq9", "gad7"):
        for item in OWN[key].items:
            assert item.words["es"] != item.words["en"]
            assert all("es" in one.words for one in item.options)
    assert OWN["bam"].speaks("es") == "en"
    assert OWN["phq9"].speaks("es") == "es"
    assert OWN["phq9"].speaks("fr") == "en"


# --- a file that contradicts itself is refused before anybody is scored by it ---

GOOD = {
    "head": 'key = "x"\ntitle = "X"\nversion = "1"\nrules = 1\ntier = "A"\nsource = "s"\nlicence = "l"\n',
    "name": '[name]\nen = "X"\n',
    "options": '[options.o]\nvalues = [0, 1]\nen = ["No", "Yes"]\n',
    "items": '[[items]]\nkey = "1"\noptions = "o"\nen = "One?"\n[[items]]\nkey = "2"\noptions = "o"\nen = "Two?"\n',
    "scores": '[[scores]]\nkey = "t"\nrule = "sum"\nitems = ["1", "2"]\nrange = [0, 2]\n'
    'bands = [[0, "low"], [2, "high"]]\n',
    "flags": '[[flags]]\nkey = "f"\nwhen = [{ score = "t", at_least = 1 }]\n',
}


def file_of(tmp_path, **changed: str):
    path = tmp_path / "x.toml"
    path.write_text("".join((GOOD | changed).values()), encoding="utf-8")
    return path


def test_a_file_that_agrees_with_itself_is_read(tmp_path):
    assert read(file_of(tmp_path), pack="p").pack == "p"


@pytest.mark.parametrize(
    ("part", "was", "becomes"),
    [
        ("head", "rules = 1", ""),
        ("head", "rules = 1", "rules = "),
        ("options", '"Yes"]', '"Yes", "Maybe"]'),
        ("options", "values = [0, 1]", "values = [0]"),
        ("options", '[0, 1]\nen = ["No", "Yes"]', '[0]\nen = ["No"]'),
        ("items", 'key = "2"', 'key = "1"'),
        ("items", 'en = "Two?"', 'es = "¿Dos?"'),
        ("items", 'en = "One?"', 'en = "One?"\nskip = { item = "2", below = 1 }'),
        ("items", 'options = "o"', 'options = "p"'),
        ("scores", 'items = ["1", "2"]', 'items = ["1", "3"]'),
        ("scores", "range = [0, 2]", "range = [0, 3]"),
        ("scores", '"sum"', '"mean"'),
        ("scores", '"sum"', '"entry"'),
        ("scores", '[0, "low"], [2, "high"]', '[2, "high"], [0, "low"]'),
        ("scores", '[0, "low"]', '[1, "low"]'),
        ("flags", 'score = "t"', 'score = "u"'),
        ("flags", 'score = "t"', 'total = "t"'),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, part, was, becomes):
    changed = GOOD[part].replace(was, becomes)
    assert changed != GOOD[part]
    with pytest.raises(BadDefinition):
        read(file_of(tmp_path, **{part: changed}))

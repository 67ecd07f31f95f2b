"""The catalogue of signs (clinical.md §1.2)."""

from collections import Counter

from django.utils import translation

from casework.relapse import signs
from clients.stage import Stage


def test_the_first_catalogue_has_ten_emotional_ten_mental_and_six_physical_signs():
    assert Counter(sign.stage for sign in signs.SIGNS) == {
        Stage.EMOTIONAL: 10,
        Stage.MENTAL: 10,
        Stage.PHYSICAL: 6,
    }


def test_codes_are_unique_and_begin_with_the_letter_of_their_stage():
    assert len(signs.BY_CODE) == 26
    assert all(sign.code[0] == sign.stage.value[0].upper() for sign in signs.SIGNS)


def test_only_bargaining_planning_and_seeking_access_are_hard():
    assert {"M05", "M07", "M08"} == signs.HARD


def test_every_sign_has_its_own_short_label_in_both_languages():
    for language in ("label_en", "label_es"):
        labels = [getattr(sign, language) for sign in signs.SIGNS]
        assert len(set(labels)) == 26
        assert all(3 < len(label) <= 80 for label in labels)


def test_a_label_follows_the_language_of_the_page():
    sign = signs.BY_CODE["E06"]
    with translation.override("es"):
        assert sign.label == "Duerme mal"
    with translation.override("en"):
        assert sign.label == "Sleeping badly"


def test_no_label_uses_a_word_that_judges():
    words = " ".join(sign.label_en.lower() for sign in signs.SIGNS)
    for judging in ("clean", "dirty", "addict", "abuse", "fail", "refus", "complian"):
        assert judging not in words


def test_the_signs_of_a_stage_come_in_the_order_of_the_catalogue():
    assert [sign.code for sign in signs.of_stage(Stage.PHYSICAL)] == [
        "P01",
        "P02",
        "P03",
        "P04",
        "P05",
        "P06",
    ]

"""What a look back asks, and when it is complete (clinical.md §1.8)."""

from dataclasses import replace
from itertools import product

import pytest

from casework.relapse.learning import Link, Told, for_the_plan, lines, missing, weighs_heavily
from casework.relapse.models.review import RATINGS

WHOLE = Told(
    words={
        "event": "A row at work",
        "event_when": "Friday, about nine",
        "event_where": "At home",
        "event_who": "Nobody",
        "still_gives": "I sleep again\nMy daughter calls",
        "coping_steps": "Walk first\nCall before the shop",
        "people": "Ana",
        "first_sign": "Stopped answering calls",
        "first_sign_stage": "emotional",
    },
    links=(Link("thought", "Just this once"),),
    ratings=dict.fromkeys(RATINGS, 5),
    answers={"update_plan": True, "safety_check_done": False},
)


def without(**parts):
    """The whole review but for some words."""
    return replace(WHOLE, words={**WHOLE.words, **parts})


def test_with_the_named_sections_filled_it_is_complete():
    assert missing(WHOLE) == {}


def test_an_empty_one_lacks_exactly_the_fields_of_the_named_sections():
    assert set(missing(Told())) == {
        *("event", "event_when", "event_where", "event_who"),
        "links",
        *RATINGS,
        *("still_gives", "coping_steps", "people", "safety_check_done"),
    }


@pytest.mark.parametrize(
    "name",
    ["event", "event_when", "event_where", "event_who", "still_gives", "coping_steps", "people"],
)
def test_a_required_section_of_blanks_is_not_filled(name):
    assert set(missing(without(**{name: "  \n "}))) == {name}


@pytest.mark.parametrize("name", RATINGS)
def test_every_rating_is_needed_and_nought_is_one(name):
    assert set(missing(replace(WHOLE, ratings={**WHOLE.ratings, name: None}))) == {name}
    assert missing(replace(WHOLE, ratings={**WHOLE.ratings, name: 0})) == {}


def test_one_link_of_a_known_kind_is_enough():
    assert "at least one" in missing(replace(WHOLE, links=()))["links"]
    assert "what it was" in missing(replace(WHOLE, links=(*WHOLE.links, Link("", "Heart racing"))))["links"]


def test_no_is_an_answer_to_the_safety_check_and_silence_is_not():
    assert missing(replace(WHOLE, answers={"safety_check_done": False})) == {}
    assert set(missing(replace(WHOLE, answers={"safety_check_done": None}))) == {"safety_check_done"}


def test_what_is_not_named_may_stay_empty():
    assert missing(without(first_sign="", first_sign_stage="")) == {}


# --- what weighs heavily ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shame", "who", "sure", "heavy"),
    [
        (6, 6, 4, False),
        (7, 0, 10, True),
        (0, 7, 10, True),
        (0, 0, 3, True),
        (0, 0, 4, False),
        (None, None, None, False),
        (None, None, 0, True),
    ],
)
def test_shame_or_selfhood_from_seven_or_confidence_up_to_three(shame, who, sure, heavy):
    assert weighs_heavily({"shame": shame, "who_i_am": who, "confidence": sure}) is heavy


def test_the_flag_is_what_the_reference_says_for_every_number():
    for shame, who, sure in product(range(11), repeat=3):
        expected = shame >= 7 or who >= 7 or sure <= 3
        assert weighs_heavily({"shame": shame, "who_i_am": who, "confidence": sure}) is expected


def test_guilt_and_hope_weigh_nothing():
    assert not weighs_heavily({"guilt": 10, "can_change": 0, "shame": 0, "who_i_am": 0, "confidence": 10})


# --- what goes into the plan ----------------------------------------------------------------------------------------


def test_the_plan_gets_the_sign_the_steps_and_the_people():
    assert for_the_plan(WHOLE) == {
        "helps": ["Walk first", "Call before the shop"],
        "people": ["Ana"],
        "emotional": ["Stopped answering calls"],
    }


@pytest.mark.parametrize("gone", [{"first_sign": ""}, {"first_sign_stage": ""}])
def test_a_sign_without_its_stage_goes_nowhere(gone):
    assert set(for_the_plan(without(**gone))) == {"helps", "people"}


def test_lists_hold_one_item_a_line():
    assert lines(" one \n\n two\n") == ("one", "two")

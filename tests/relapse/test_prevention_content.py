"""The words of a prevention plan: tidied, grown, compared."""

import pytest

from casework.relapse.prevention import content as words
from casework.relapse.prevention.content import Content, Person

ROSA = Person("Rosa", "sister", "602-555-0188", printed=True)
PLAN = Content(
    emotional=("I skip breakfast",),
    mental=("I think of Pete's garage",),
    helps=("Call Rosa", "Walk"),
    people=(ROSA,),
    places=("Pete's garage",),
    reasons=("Lucía",),
)


def test_what_is_stored_comes_back_as_it_was():
    assert words.loaded(PLAN.dumped()) == PLAN
    assert words.loaded("") == Content()
    assert "Lucía" in PLAN.dumped()


def test_blank_entries_and_what_stands_there_twice_are_dropped():
    messy = Content(
        helps=("  Walk\r\n the dog ", "", "   ", "walk the dog"),
        people=(Person(" Rosa "), Person("", "", ""), Person("ROSA"), Person("Rosa", phone="1")),
    )
    tidy = words.tidied(messy)
    assert tidy.helps == ("Walk the dog",)
    assert [str(one) for one in tidy.people] == ["Rosa", "Rosa, 1"]


def test_accents_are_kept_in_one_spelling():
    assert words.tidied(Content(reasons=("Luci\u0301a",))).reasons == ("Lucía",)


def test_additions_come_behind_what_is_there_and_are_not_said_twice():
    grown = words.grown(PLAN, additions={"helps": ["walk", "Breathe"], "people": ["Rosa", "Mike"]})
    assert grown.helps == ("Call Rosa", "Walk", "Breathe")
    assert grown.people == (ROSA, Person("Mike"))
    assert grown.reasons == PLAN.reasons


def test_removals_take_out_the_entry_and_a_name_takes_out_the_person():
    grown = words.grown(PLAN, additions={}, removals={"places": ["pete's  garage"], "people": ["rosa"]})
    assert grown.places == ()
    assert grown.people == ()


def test_what_is_taken_out_and_put_in_again_in_one_go_is_replaced():
    grown = words.grown(
        PLAN, additions={"people": [Person("Rosa", phone="1")]}, removals={"people": ["Rosa"]}
    )
    assert grown.people == (Person("Rosa", phone="1"),)


@pytest.mark.parametrize(
    "change", [{"additions": {"stage": ["x"]}}, {"additions": {}, "removals": {"x": ["y"]}}]
)
def test_a_part_that_there_is_not_is_an_error(change):
    with pytest.raises(KeyError):
        words.grown(PLAN, **change)


def test_a_comparison_says_what_stayed_came_and_went():
    after = words.grown(PLAN, additions={"helps": ["Breathe"]}, removals={"helps": ["Walk"]})
    found = {one.part: one for one in words.compare(PLAN, after)}
    assert list(found) == list(words.PARTS)
    assert (found["helps"].kept, found["helps"].added, found["helps"].removed) == (
        ("Call Rosa",),
        ("Breathe",),
        ("Walk",),
    )
    assert found["helps"].changed
    assert not found["reasons"].changed


def test_a_comparison_tells_when_only_the_permission_to_print_a_name_changed():
    after = words.grown(
        PLAN, additions={"people": [Person("Rosa", "sister", ROSA.phone)]}, removals={"people": ["Rosa"]}
    )
    people = next(one for one in words.compare(PLAN, after) if one.part == "people")
    assert people.removed == ("Rosa, sister, 602-555-0188",)
    assert people.added == ("Rosa, sister, 602-555-0188 (not on paper)",)


@pytest.mark.parametrize(
    ("content", "lacking"),
    [
        (Content(), ["emotional", "helps", "people"]),
        (Content(physical=("I drive there",)), ["helps", "people"]),
        (Content(mental=("x",), helps=("y",)), ["people"]),
        (Content(emotional=("x",), people=(Person("Rosa"),)), ["helps"]),
        (PLAN, []),
    ],
)
def test_nobody_signs_without_a_sign_something_that_helps_and_somebody_to_turn_to(content, lacking):
    assert words.missing(content) == lacking


def test_every_part_has_words_for_people():
    assert set(words.LABELS) == set(words.PARTS)
    assert all(str(one) for one in words.LABELS.values())

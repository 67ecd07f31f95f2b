"""Which words of a text are a member's name (clinical.md §9.1)."""

from unicodedata import normalize

import pytest

from sessions.member_names import Person, finds

WILL = Person(1, "Will", "Young")
GRACE = Person(2, "Grace", "Okafor")
MAY = Person(3, "May", "Ibarra")
MARIA = Person(4, "María José", "de la Cruz-Vega", chosen="Pepa")
OBRIEN = Person(5, "Al", "O'Brien")
ALEX_SMITH = Person(6, "Alex", "Smith")
EVERYBODY = (WILL, GRACE, MAY, MARIA, OBRIEN, ALEX_SMITH)


def named(text, people=EVERYBODY, **allowed):
    """Whose names stand in the text: (whom, the word, whether it may be only a word)."""
    return [(find.key, find.word, find.maybe) for find in finds(text, people, **allowed)]


@pytest.mark.parametrize(
    "text",
    [
        "He will come again, and may bring a friend.",
        "We said grace; so will young people.",
        "Willpower and graceful exits: mayors, alexandrites, crusts.",
        "Hablamos al final.",
        "",
    ],
)
def test_words_that_only_look_like_names_are_left_alone(text):
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "word", "whom"),
    [
        ("Talked about what Smith said.", "Smith", 6),
        ("smith was late", "smith", 6),
        ("ALEX was late", "ALEX", 6),
        ("Alex's week", "Alex", 6),
        ("Alex’s week", "Alex", 6),
        ("ALEX'S WEEK", "ALEX", 6),
        ("ALEX’S WEEK", "ALEX", 6),
        ("“Alex” agreed", "Alex", 6),
        ("(okafor)", "okafor", 2),
        ("maria hablo", "maria", 4),
        ("MARÍA habló", "MARÍA", 4),
        ("Jose agreed", "Jose", 4),
        ("pepa spoke", "pepa", 4),
        ("the Cruz-Vega family", "Cruz-Vega", 4),
        ("vega said", "vega", 4),
        ("O’Brien left", "O’Brien", 5),
        ("OBRIEN left", "OBRIEN", 5),
        ("O'Brien's brother", "O'Brien", 5),
        ("ibarra", "ibarra", 3),
    ],
)
def test_a_name_is_found_whatever_its_accents_case_or_ending(text, word, whom):
    found = named(text)
    assert (whom, word, False) in found
    assert {key for key, _word, _maybe in found} == {whom}


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("Will came late.", 1),
        ("Then Will spoke.", 1),
        ("Grace was moved.", 2),
        ("Next meeting in May.", 3),
        ("May I ask?", 3),
        ("Al spoke first.", 5),
        ("YOUNG and old", 1),
    ],
)
def test_a_common_word_with_a_capital_is_asked_about(text, whom):
    [(key, _word, maybe)] = named(text)
    assert (key, maybe) == (whom, True)


@pytest.mark.parametrize(
    "text",
    [
        "Will Young came late.",
        "Young, Will",
        "Will Y. came late.",
        "Will Y came late.",
        "W. Young came late.",
        "W Young came late.",
        "I spoke with Grace Okafor",
        "May I. was there",
    ],
)
def test_beside_another_part_or_an_initial_it_is_certainly_the_person(text):
    assert any(not maybe for _key, _word, maybe in named(text))


@pytest.mark.parametrize(
    "text", ["May I ask?", "We talked with Will. Y luego nos fuimos.", "In May. I agree."]
)
def test_a_word_of_one_letter_is_no_initial(text):
    assert [maybe for _key, _word, maybe in named(text)] == [True]


def test_initials_with_a_last_name_are_the_person_even_when_the_last_name_is_unusual():
    assert named("A. Smith and G. Okafor", (ALEX_SMITH, GRACE)) == [(6, "Smith", False), (2, "Okafor", False)]


def test_in_ones_own_note_ones_own_name_may_stand_though_another_shares_it():
    own = ("Alex", "Moreno", "")
    assert named("Alex talked. A. Moreno agreed.", [ALEX_SMITH, Person(9, "Ana", "Moreno")], spared=own) == []


def test_the_other_of_two_with_one_first_name_is_found_by_the_last_name_or_its_initial():
    own = ("Alex", "Moreno", "")
    assert named("Alex and Alex Smith", [ALEX_SMITH], spared=own)
    assert named("Alex and Alex S. were there", [ALEX_SMITH], spared=own) == [(6, "Alex", False)]


def test_a_name_that_the_facilitator_shares_may_be_the_facilitator():
    dana = Person(7, "Dana", "Fuller")
    assert named("Dana led the exercise", [dana], also_words=["Dana Reyes"]) == [(7, "Dana", True)]
    assert named("dana led the exercise", [dana], also_words=["Dana Reyes"]) == []
    assert named("Dana Fuller was quiet", [dana], also_words=["Dana Reyes"])[0][2] is False


def test_each_name_is_told_once_and_the_certain_find_wins():
    assert named("Will came. Will left. Will Young stayed.", [WILL]) == [
        (1, "Will", False),
        (1, "Young", False),
    ]


def test_de_la_and_the_like_are_no_names_unless_the_name_has_nothing_else():
    assert named("hablamos de la semana y del trabajo", [MARIA]) == []
    assert named("Di spoke", [Person(8, "Di", "")]) == [(8, "Di", True)]


def test_a_person_without_a_last_name_is_found_by_the_first():
    assert named("Zoë came", [Person(8, "Zoe", "")]) == [(8, "Zoë", False)]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("recorded", ["NFC", "NFD"])
def test_a_name_is_found_however_its_accents_are_stored(form, recorded):
    nuria = Person(7, normalize(recorded, "Núria"), normalize(recorded, "Muñoz"))
    found = finds(normalize(form, "Beside Núria, then beside Muñoz."), [nuria])
    assert [(find.key, find.maybe) for find in found] == [(7, False), (7, False)]

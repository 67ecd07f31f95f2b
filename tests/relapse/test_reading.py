"""A kept assessment on its page, and what changed between two."""

import pytest
from django.urls import reverse

from casework.relapse.comparing import changes
from casework.relapse.reading import groups, lists

# --- what changed -------------------------------------------------------------------------------------------------


def codes(found):
    return [one.sign.code for one in found]


def test_signs_come_grow_ease_and_go():
    found = changes(
        {"E01": 0, "E02": 1, "E03": 3, "E04": 2, "E05": 1}, {"E01": 2, "E02": 2, "E03": 1, "E04": 0, "E05": 1}
    )
    assert [codes(group) for group in (found.came, found.grew, found.eased, found.went)] == [
        ["E01"],
        ["E02"],
        ["E03"],
        ["E04"],
    ]
    assert (found.grew[0].then, found.grew[0].now, found.none) == (1, 2, False)


def test_a_sign_not_asked_both_times_is_not_compared():
    found = changes({"E01": None, "E02": 3, "M01": None}, {"E01": 3, "M01": None})
    assert (found.none, found.not_comparable) == (True, 2)


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.fixture
def made(assess):
    return assess(
        "none",
        M01=2,
        sheet={
            "halt": {"hungry": True, "tired": False},
            "triggers": ["money"],
            "protective": ["peer"],
            "notes": {"M01": "At night"},
            "craving": 0,
            "confidence_abstain": 9,
            "counselor_confidence": 4,
            "plan_change": "Weekly calls",
            "override_reason": "It has passed",
        },
    ).assessment


@pytest.mark.django_db
def test_an_assessment_is_read_stage_by_stage_in_words(made):
    emotional, mental, physical = groups(made)
    assert (len(emotional.rows), emotional.index, len(mental.rows), len(physical.rows)) == (10, 0, 10, 6)
    craving = mental.rows[0]
    assert (craving.label, craving.severity, craving.sources, craving.note) == (
        "Cravings or urges",
        "Moderate",
        ["Client said so"],
        "At night",
    )


@pytest.mark.django_db
def test_a_sign_with_a_note_that_was_not_asked_says_so(made):
    made.signs.filter(sign_code="P01").update(severity=None)
    assert groups(made)[2].rows[0].severity == "Not asked"
    made.signs.filter(sign_code="P02").update(severity=3)
    assert groups(made)[2].rows[1].severity == "Continuing"


@pytest.mark.django_db
def test_its_lists_are_words(made):
    assert [values for _name, values in lists(made)] == [
        ["Hungry"],
        ["Money or payday"],
        ["Peer or sponsor"],
        [],
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        "None",
        "It has passed",
        "0 / 10",
        "9 / 10",
        "4 / 5",
        "Weekly calls",
        "At night",
        "not validated",
        "Hungry",
    ],
)
def test_the_page_shows_everything_that_was_kept(as_dana, made, words):
    answer = as_dana.get(reverse("relapse:assessment", kwargs={"uid": made.uid}))
    assert words in answer.content.decode()


@pytest.mark.django_db
def test_an_auditor_reads_it_and_corrects_nothing(browser, audrey, made):
    browser.force_login(audrey)
    text = browser.get(reverse("relapse:assessment", kwargs={"uid": made.uid})).content.decode()
    assert "At night" in text
    assert "entered in error" not in text


@pytest.mark.django_db
def test_a_stranger_finds_nothing(browser, robin, made):
    browser.force_login(robin)
    assert browser.get(reverse("relapse:assessment", kwargs={"uid": made.uid})).status_code == 404

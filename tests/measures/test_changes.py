"""What changed since the last time and since the first (clinical.md §2.20)."""

import pytest

from casework.measures.changes import changed_items, changes
from casework.measures.definitions import own

OWN = own()


def total(key: str, value: int, *, last: int | None = None, first: int | None = None):
    before, start = ({"total": one} if one is not None else None for one in (last, first))
    return changes(OWN[key], {"total": value}, last=before, first=start)["total"]


@pytest.mark.parametrize(
    ("first", "value", "response"),
    [
        (20, 15, True),
        (20, 16, False),
        (8, 4, True),
        (9, 5, False),
        (10, 5, True),
        (4, 1, False),
        (5, 2, True),
    ],
)
def test_phq9_response_is_five_points_or_half(first, value, response):
    assert total("phq9", value, last=first, first=first).response is response


@pytest.mark.parametrize(
    ("first", "value", "remission"), [(12, 4, True), (12, 5, False), (4, 3, False), (5, 4, True)]
)
def test_phq9_remission_is_below_five_for_whom_it_was_not(first, value, remission):
    assert total("phq9", value, last=9, first=first).remission is remission


@pytest.mark.parametrize(
    ("last", "value", "marked", "better"), [(12, 8, True, True), (12, 9, False, None), (8, 12, True, False)]
)
def test_gad7_marks_four_points_either_way(last, value, marked, better):
    found = total("gad7", value, last=last, first=last)
    assert (found.marked, found.better, found.since_last) == (marked, better, value - last)


def test_phq9_marks_five_points_and_not_four():
    assert total("phq9", 15, last=10).marked
    assert not total("phq9", 14, last=10).marked


def test_the_first_result_is_compared_with_nothing():
    found = total("phq9", 14)
    assert (found.since_last, found.since_first, found.marked, found.response) == (None, None, False, False)


def test_an_incomplete_result_changes_nothing_and_is_compared_with_nothing():
    assert changes(OWN["phq9"], {"total": None}, last={"total": 4}, first={"total": 4}) == {}
    assert total("phq9", 14, last=None, first=20).since_last is None


def test_bam_marks_four_points_of_a_scale_and_more_protection_is_better():
    last = {"use": 4, "risk": 10, "protective": 10}
    found = changes(OWN["bam"], {"use": 0, "risk": 14, "protective": 14}, last=last, first=last)
    assert {key: (one.marked, one.better) for key, one in found.items()} == {
        "use": (True, True),
        "risk": (True, False),
        "protective": (True, True),
    }
    assert not any(one.response or one.remission for one in found.values())


def test_bam_shows_items_that_moved_two_steps():
    last = {"1": 0, "2": 4, "3": 1, "8": 2}
    assert changed_items(OWN["bam"], {"1": 2, "2": 2, "3": 2, "9": 4}, last) == {"1": 2, "2": -2}
    assert changed_items(OWN["bam"], {"1": 4}, None) == {}
    assert changed_items(OWN["phq9"], {"1": 3}, {"1": 0}) == {}


def test_a_measure_without_a_rule_of_change_shows_differences_and_marks_none():
    found = changes(OWN["bam_r"], {"use": 60}, last={"use": 0}, first={"use": 0})["use"]
    assert (found.since_last, found.marked, found.better) == (60, False, None)


def test_hidden_counts_are_never_shown():
    assert set(changes(OWN["phq9"], {"total": 9, "symptoms": 5, "core": 2}, last=None, first=None)) == {
        "total"
    }

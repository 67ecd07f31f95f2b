"""Canonical JSON, content hash and the 72-hour rule (clinical.md §9.2)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.integrity import canonical_json, content_hash, is_late, tidy

END = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(0), False),
        (timedelta(hours=71, minutes=59), False),
        (timedelta(hours=72), False),
        (timedelta(hours=72, minutes=1), True),
        (timedelta(days=30), True),
    ],
)
def test_an_entry_is_late_only_when_more_than_72_hours_have_passed(after, late):
    assert is_late(ended_at=END, signed_at=END + after) is late


def test_72_hours_are_hours_of_the_clock_also_over_the_change_to_summer_time():
    ended = datetime(2026, 3, 7, 17, 0, tzinfo=UTC)  # Saturday noon in New York; clocks change that night
    assert not is_late(ended_at=ended, signed_at=datetime(2026, 3, 10, 17, 0, tzinfo=UTC))
    assert is_late(ended_at=ended, signed_at=datetime(2026, 3, 10, 17, 1, tzinfo=UTC))


def test_the_order_of_the_parts_does_not_change_the_hash():
    assert content_hash({"a": "1", "b": {"c": "2", "d": "3"}}) == content_hash(
        {"b": {"d": "3", "c": "2"}, "a": "1"}
    )


def test_the_same_letters_typed_two_ways_and_both_line_ends_give_the_same_hash():
    assert content_hash({"text": "café\r\nsí"}) == content_hash({"text": "café\nsí"})


def test_the_same_instant_in_two_zones_gives_the_same_hash():
    elsewhere = END.astimezone(timezone(timedelta(hours=-7)))
    assert content_hash({"at": END}) == content_hash({"at": elsewhere})


def test_one_changed_letter_changes_the_hash():
    assert content_hash({"text": "Alex came"}) != content_hash({"text": "Alex come"})


def test_the_spelling_is_pinned_so_that_old_signatures_can_always_be_checked():
    content = {"b": ["x", None, 2], "a": "ñ", "at": END}
    assert canonical_json(content) == '{"a":"ñ","at":"2026-03-01T10:00:00+00:00","b":["x",null,2]}'
    assert content_hash({"a": "1"}) == "9afeb0f2b203f254312ec8ded441d0318b7c34c57f8695ede42d2215a30c0960"


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=6))
def test_tidying_twice_changes_nothing_more(content):
    once = {tidy(key): tidy(value) for key, value in content.items()}
    assert canonical_json(once) == canonical_json(content)

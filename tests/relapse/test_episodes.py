"""Use days, episodes and their class (clinical.md §1.6)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.relapse.episodes import (
    EpisodeClass,
    Look,
    Thresholds,
    classify,
    is_ongoing,
    known_spans,
    longest_known_run,
    longest_run_without_use,
    most_in_window,
    split,
)

LAPSE, RELAPSE = EpisodeClass.LAPSE, EpisodeClass.RELAPSE


def march(*days):
    return [date(2026, 3, day) for day in days]


@pytest.mark.parametrize(
    ("days", "loss_of_control", "expected"),
    [
        (march(1), False, LAPSE),
        (march(1, 3, 5), False, LAPSE),
        (march(1, 2, 3, 4), False, RELAPSE),
        (march(1), True, RELAPSE),
        (march(1, 3, 5, 7), False, RELAPSE),
        (march(1, 3, 5, 8), False, LAPSE),
    ],
)
def test_the_golden_rows_of_lapse_and_relapse(days, loss_of_control, expected):
    assert classify(days, loss_of_control=loss_of_control) == expected


def test_two_uses_fifteen_days_apart_are_two_lapses():
    episodes = split(march(1, 16))
    assert [classify(days, loss_of_control=False) for days in episodes] == [LAPSE, LAPSE]


def test_two_uses_thirteen_days_apart_are_one_episode():
    assert split(march(14, 1)) == [tuple(march(1, 14))]


def test_a_gap_of_exactly_fourteen_days_parts_two_episodes():
    assert len(split(march(1, 15))) == 2


def test_a_day_named_twice_counts_once():
    assert split(march(1, 1)) == [tuple(march(1))]
    assert most_in_window(march(1, 1, 2)) == 2


def test_a_count_without_days_cannot_be_classified():
    with pytest.raises(ValueError, match="at least one use day"):
        classify([], loss_of_control=True)


@pytest.mark.parametrize(
    ("first", "last", "on", "ongoing"),
    [
        (1, None, 15, True),
        (1, None, 14, False),
        (1, 13, 15, True),
        (1, 12, 15, False),
        (10, 15, 15, False),
    ],
)
def test_use_is_ongoing_when_it_began_two_weeks_ago_and_no_end_is_known(first, last, on, ongoing):
    [first_on] = march(first)
    last_on = date(2026, 3, last) if last else None
    assert is_ongoing(first_on, last_on, on=date(2026, 3, on)) is ongoing


def test_thresholds_are_the_practices_to_change():
    wider = Thresholds(lapse_at_most=4, new_episode_gap=30)
    assert classify(march(1, 2, 3, 4), loss_of_control=False, thresholds=wider) == LAPSE
    assert len(split(march(1, 28), wider)) == 1


def test_a_threshold_below_one_day_is_refused():
    with pytest.raises(ValueError, match="at least one day"):
        Thresholds(window=0)


# --- the longest run without use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], 31),
        (march(1), 30),
        (march(31), 30),
        (march(11), 20),
        (march(11, 12, 30), 17),
        ([date(2026, 2, 1), date(2026, 4, 9)], 31),
    ],
)
def test_the_longest_run_counts_whole_days_of_care_without_use(days, expected):
    assert longest_run_without_use(days, since=date(2026, 3, 1), until=date(2026, 3, 31)) == expected


def look(first, last, **seen):
    return Look(date(2026, 3, first), date(2026, 3, last), **seen)


@pytest.mark.parametrize(
    ("looks", "spans"),
    [
        ([], []),
        ([look(1, 7)], [(1, 7)]),
        ([look(1, 7), look(18, 24)], [(1, 24)]),
        ([look(18, 24), look(1, 7)], [(1, 24)]),
        ([look(1, 2), look(14, 15)], [(1, 2), (14, 15)]),
        ([look(1, 7), look(8, 14, unplaced_use=True), look(12, 21)], [(1, 7), (15, 21)]),
    ],
)
def test_days_are_known_where_somebody_asked_and_between_two_looks_not_far_apart(looks, spans):
    known = known_spans(looks, Thresholds(unknown_after=11))
    assert [(first.day, last.day) for first, last in known] == spans


def test_only_known_days_of_care_make_a_run():
    looks = [look(1, 7), look(25, 31)]
    limits = Thresholds(unknown_after=11)
    assert longest_known_run(march(3), looks, since=date(2026, 3, 1), thresholds=limits) == 7
    assert longest_known_run(march(3), looks, since=date(2026, 3, 28), thresholds=limits) == 4
    assert longest_known_run([], looks, since=date(2026, 4, 1), thresholds=limits) is None


def test_before_the_first_day_there_is_no_run():
    assert longest_run_without_use([], since=date(2026, 3, 2), until=date(2026, 3, 1)) == 0


DAYS = st.lists(st.integers(0, 120).map(lambda n: date(2026, 1, 1) + timedelta(days=n)), max_size=30)


@given(DAYS, st.integers(0, 200))
def test_the_longest_run_never_shrinks_as_time_passes(days, later):
    since, until = date(2026, 1, 1), date(2026, 5, 31)
    now = longest_run_without_use([day for day in days if day <= until], since=since, until=until)
    then = longest_run_without_use(days, since=since, until=until + timedelta(days=later))
    assert then >= now


@given(DAYS)
def test_every_use_day_falls_into_exactly_one_episode(days):
    episodes = split(days)
    assert sorted(day for episode in episodes for day in episode) == sorted(set(days))
    assert all((later[0] - earlier[-1]).days >= 14 for earlier, later in pairwise(episodes))


@given(DAYS.filter(bool))
def test_more_use_never_turns_a_relapse_into_a_lapse(days):
    before = classify(days[:1], loss_of_control=False)
    after = classify(days, loss_of_control=False)
    assert (before, after) != (RELAPSE, LAPSE)
    assert classify(days, loss_of_control=True) == RELAPSE

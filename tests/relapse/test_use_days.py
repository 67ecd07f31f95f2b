"""What single days come to and what a stretch of them says (clinical.md §2.14)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.relapse.use_days import (
    DayState,
    Word,
    differ,
    is_heavy,
    metrics,
    percent_abstinent,
    settled,
    window_days,
)

DAY = date(2026, 3, 11)
USED, NO_USE, UNKNOWN = DayState.USED, DayState.NO_USE, DayState.UNKNOWN


def window(use=0, missing=0, size=30):
    """A window that begins with its days of use; the unknown ones come last."""
    found = [USED] * use + [NO_USE] * (size - use - missing) + [UNKNOWN] * missing
    days = window_days(DAY - timedelta(days=size - 1), DAY)
    return metrics(dict(zip(days, found, strict=True)), first=days[0], last=DAY)


# --- the golden rows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "missing", "percent"), [(3, 0, Decimal("90.0")), (3, 5, Decimal("88.0")), (3, 7, None)]
)
def test_the_golden_rows_of_thirty_days(use, missing, percent):
    found = window(use=use, missing=missing)
    assert found.percent_abstinent == percent
    assert (found.window, found.use_days, found.missing) == (30, use, missing)


def test_the_percentage_is_told_with_its_denominator():
    found = window(use=3, missing=5)
    assert (found.abstinent, found.known) == (22, 25)


def test_exactly_a_fifth_unknown_still_gives_a_percentage():
    assert window(use=0, missing=6).percent_abstinent == Decimal("100.0")
    assert percent_abstinent(window=90, use_days=9, missing=18) == Decimal("87.5")
    assert percent_abstinent(window=90, use_days=9, missing=19) is None


def test_a_half_tenth_is_rounded_up_as_on_paper():
    # 100 × 15 ÷ 16 = 93.75
    assert percent_abstinent(window=16, use_days=1, missing=0) == Decimal("93.8")


def test_a_window_of_nothing_known_says_nothing():
    found = metrics({}, first=DAY, last=DAY)
    assert (found.missing, found.percent_abstinent, found.longest_run) == (1, None, 0)
    assert (found.days_since_last_use, found.unknown_since_last_use) == (None, None)


def test_an_empty_window_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least one day"):
        metrics({}, first=DAY, last=DAY - timedelta(days=1))


# --- unknown days -------------------------------------------------------------------------------------------------


def test_an_unknown_day_ends_a_run_and_joins_none():
    days = window_days(DAY - timedelta(days=4), DAY)
    states = dict(zip(days, [NO_USE, NO_USE, UNKNOWN, NO_USE, USED], strict=True))
    assert metrics(states, first=days[0], last=DAY).longest_run == 2


def test_days_since_the_last_use_say_how_many_of_them_nobody_knows():
    days = window_days(DAY - timedelta(days=4), DAY)
    found = metrics({days[0]: USED, days[2]: NO_USE}, first=days[0], last=DAY)
    assert (found.days_since_last_use, found.unknown_since_last_use) == (4, 3)


def test_a_last_use_before_the_window_is_counted_from():
    found = metrics({}, first=DAY, last=DAY, last_use_before=DAY - timedelta(days=40))
    assert (found.days_since_last_use, found.unknown_since_last_use) == (40, 1)


def test_only_days_of_use_can_be_heavy():
    found = metrics({DAY: USED}, first=DAY, last=DAY, heavy=[DAY, DAY - timedelta(days=1)])
    assert found.heavy_days == 1
    assert metrics({DAY: NO_USE}, first=DAY, last=DAY, heavy=[DAY]).heavy_days == 0


# --- what several words come to -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "state", "differs"),
    [
        ([], UNKNOWN, False),
        ([Word(False)], NO_USE, False),
        ([Word(True)], USED, False),
        ([Word(True), Word(False)], USED, True),
        ([Word(True, firm=False)], UNKNOWN, False),
        ([Word(True, firm=False), Word(False)], UNKNOWN, True),
        ([Word(False, firm=False)], NO_USE, False),
    ],
)
def test_a_word_of_use_is_never_outvoted_and_hearsay_proves_nothing(words, state, differs):
    assert settled(words) == state
    assert differ(words) is differs


def test_heavy_is_only_what_a_firm_word_of_use_calls_so():
    assert is_heavy([Word(True, heavy=True)])
    assert not is_heavy([Word(True, firm=False, heavy=True)])
    assert not is_heavy([Word(True), Word(False)])


# --- against a slow and obvious way of counting ---------------------------------------------------------------------


def obvious(states, heavy):
    """The same numbers by the words of the reference, one at a time."""
    size = len(states)
    use = sum(1 for state in states if state == "used")
    missing = sum(1 for state in states if state == "unknown")
    share = None
    if not Fraction(missing, size) > Fraction(1, 5):
        share = Fraction(100 * (size - use - missing), size - missing)
    runs = [
        end - start
        for start in range(size)
        for end in range(start + 1, size + 1)
        if all(state == "no_use" for state in states[start:end])
    ]
    since = next((back for back, state in enumerate(reversed(states)) if state == "used"), None)
    unknown = None if since is None else sum(state == "unknown" for state in states[size - since :])
    return {
        "use_days": use,
        "missing": missing,
        "share": share,
        "longest_run": max(runs, default=0),
        "days_since_last_use": since,
        "unknown_since_last_use": unknown,
        "heavy_days": sum(state == "used" and is_so for state, is_so in zip(states, heavy, strict=True)),
    }


@given(st.lists(st.tuples(st.sampled_from(DayState), st.booleans()), min_size=1, max_size=60))
def test_the_numbers_are_those_of_counting_slowly(days):
    states, heavy = [state for state, _ in days], [is_so for _, is_so in days]
    dates = window_days(DAY - timedelta(days=len(days) - 1), DAY)
    found = metrics(
        # Unknown days are left out as often as they are named: both mean the same.
        {
            on: state
            for n, (on, state) in enumerate(zip(dates, states, strict=True))
            if state != UNKNOWN or n % 2
        },
        first=dates[0],
        last=DAY,
        heavy=[on for on, is_so in zip(dates, heavy, strict=True) if is_so],
    )
    slow = obvious([state.value for state in states], heavy)
    for name in (
        "use_days",
        "missing",
        "longest_run",
        "days_since_last_use",
        "unknown_since_last_use",
        "heavy_days",
    ):
        assert getattr(found, name) == slow[name], name
    if slow["share"] is None:
        assert found.percent_abstinent is None
    else:
        assert abs(Fraction(found.percent_abstinent) - slow["share"]) <= Fraction(1, 20)


@given(
    st.lists(st.sampled_from(DayState), min_size=1, max_size=60),
    st.data(),
)
def test_knowing_less_never_makes_more_days_without_use(states, data):
    dates = window_days(DAY - timedelta(days=len(states) - 1), DAY)
    forgotten = data.draw(st.sets(st.sampled_from(dates)))
    known = dict(zip(dates, states, strict=True))
    less = {on: state for on, state in known.items() if on not in forgotten}
    before, after = (metrics(one, first=dates[0], last=DAY) for one in (known, less))
    assert after.abstinent <= before.abstinent
    assert after.longest_run <= before.longest_run
    assert after.missing >= before.missing

"""The days and instants of a series."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.models.series import Every
from sessions.recurrence import days, span

NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = date(2026, 3, 3)


def listed(every, starts_on, until_on):
    return list(days(every=every, starts_on=starts_on, until_on=until_on))


def test_every_week_counts_the_first_and_the_last_day():
    found = listed("week", TUESDAY, date(2026, 3, 17))
    assert found == [date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 17)]


def test_every_other_week_leaves_one_out():
    assert listed("other_week", TUESDAY, date(2026, 3, 30)) == [date(2026, 3, 3), date(2026, 3, 17)]


def test_every_month_keeps_the_weekday_of_the_month():
    found = listed("month", date(2026, 3, 10), date(2026, 6, 30))  # a second Tuesday
    assert found == [date(2026, 3, 10), date(2026, 4, 14), date(2026, 5, 12), date(2026, 6, 9)]


def test_a_fifth_weekday_means_the_last_one():
    found = listed("month", date(2026, 3, 31), date(2026, 6, 30))  # a fifth Tuesday
    assert found == [date(2026, 3, 31), date(2026, 4, 28), date(2026, 5, 26), date(2026, 6, 30)]


def test_months_run_over_the_end_of_the_year():
    found = listed("month", date(2026, 11, 4), date(2027, 2, 28))
    assert found == [date(2026, 11, 4), date(2026, 12, 2), date(2027, 1, 6), date(2027, 2, 3)]


def test_a_series_of_one_day_has_one_session():
    assert listed("week", TUESDAY, TUESDAY) == [TUESDAY]


@given(
    every=st.sampled_from(list(Every)),
    starts_on=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    weeks=st.integers(0, 52),
)
def test_all_days_are_in_order_on_the_same_weekday_and_within_the_span(every, starts_on, weeks):
    until_on = date.fromordinal(starts_on.toordinal() + 7 * weeks)
    found = listed(every, starts_on, until_on)
    assert found[0] == starts_on
    assert found[-1] <= until_on
    assert sorted(set(found)) == found
    assert {day.weekday() for day in found} == {starts_on.weekday()}


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [(date(2026, 3, 3), 14), (date(2026, 3, 10), 13), (date(2026, 10, 27), 13), (date(2026, 11, 3), 14)],
)
def test_nine_in_the_morning_stays_nine_when_the_clocks_change(day, utc_hour):
    start, end = span(day, time(9), 50, NEW_YORK)
    assert start == datetime(day.year, day.month, day.day, utc_hour, tzinfo=UTC)
    assert (end - start).total_seconds() == 50 * 60
    assert start.astimezone(NEW_YORK).time() == time(9)


def test_a_time_that_the_clocks_jump_over_lies_an_hour_later():
    start, _end = span(date(2026, 3, 8), time(2, 30), 60, NEW_YORK)
    assert start.astimezone(NEW_YORK).time() == time(3, 30)


def test_a_session_over_the_change_lasts_as_long_as_it_was_planned():
    start, end = span(date(2026, 3, 8), time(1, 30), 60, NEW_YORK)
    assert (end - start).total_seconds() == 60 * 60
    assert end.astimezone(NEW_YORK).time() == time(3, 30)


def test_of_an_hour_that_comes_twice_the_first_is_meant():
    start, _end = span(date(2026, 11, 1), time(1, 30), 60, NEW_YORK)
    assert start == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

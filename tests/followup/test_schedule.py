"""Calendar days in the client's zone, over every change of the clocks (clinical.md §4.2)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.followup.schedule import (
    Timing,
    cap_reached,
    first_allowed,
    is_open,
    next_open,
    on_day,
    resolve,
    step,
)

NEW_YORK = ZoneInfo("America/New_York")
PHOENIX = ZoneInfo("America/Phoenix")
TIMING = Timing()
ZONES = sorted(available_timezones() - {"localtime"})

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2026, 1, 1), date(2030, 12, 31))
minutes = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
BEGIN, YEARS = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=5 * 365)
instants = st.integers(0, int(YEARS.total_seconds())).map(lambda second: BEGIN + timedelta(seconds=second))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_that_the_clocks_skip_becomes_the_first_valid_minute():
    assert resolve(date(2026, 3, 8), time(2, 30), NEW_YORK) == utc("2026-03-08 07:00")


def test_a_time_that_comes_twice_is_the_first_of_the_two():
    assert resolve(date(2026, 11, 1), time(1, 30), NEW_YORK) == utc("2026-11-01 05:30")


def test_a_whole_day_that_was_skipped_becomes_the_first_minute_after_it():
    assert resolve(date(2011, 12, 30), time(10), ZoneInfo("Pacific/Apia")) == utc("2011-12-30 10:00")


def test_day_seven_is_a_date_and_not_168_hours():
    before_the_change = utc("2026-03-05 15:00")
    assert step(before_the_change, 7, NEW_YORK, TIMING).instant == utc("2026-03-12 14:00")


@pytest.mark.parametrize(
    ("reported", "sent"),
    [
        ("2026-03-11 13:00", "2026-03-11 16:00"),  # 06:00 in Phoenix: waits for 09:00
        ("2026-03-11 15:30", "2026-03-11 16:30"),  # 08:30: one hour later is inside the window
        ("2026-03-11 20:00", "2026-03-11 21:00"),  # 13:00 → 14:00
        ("2026-03-12 01:59", "2026-03-12 02:59"),  # 18:59 → 19:59, still open
        ("2026-03-12 02:00", "2026-03-12 16:00"),  # 19:00 → 20:00 is closed: next day 09:00
        ("2026-03-12 06:00", "2026-03-12 16:00"),  # 23:00
    ],
)
def test_the_first_message_waits_an_hour_and_for_the_window(reported, sent):
    assert step(utc(reported), 0, PHOENIX, TIMING).instant == utc(sent)


def test_the_first_delay_is_a_setting():
    assert step(utc("2026-03-11 20:00"), 0, PHOENIX, Timing(first_delay=timedelta(0))).instant == utc(
        "2026-03-11 20:00"
    )


def test_a_second_message_on_a_local_day_moves_to_the_next_morning():
    sent = [utc("2026-03-11 17:00")]
    assert cap_reached(utc("2026-03-11 22:00"), sent, PHOENIX) == "day"
    assert first_allowed(utc("2026-03-11 22:00"), sent, PHOENIX, TIMING) == utc("2026-03-12 16:00")


def test_a_fourth_message_in_168_hours_waits_for_the_first_to_fall_out():
    sent = [utc("2026-03-05 20:00"), utc("2026-03-07 17:00"), utc("2026-03-09 17:00")]
    assert cap_reached(utc("2026-03-11 17:00"), sent, PHOENIX) == "week"
    assert first_allowed(utc("2026-03-11 17:00"), sent, PHOENIX, TIMING) == utc("2026-03-12 20:00")


def test_exactly_168_hours_later_is_allowed():
    sent = [utc("2026-03-04 17:00"), utc("2026-03-06 17:00"), utc("2026-03-08 17:00")]
    assert first_allowed(utc("2026-03-11 17:00"), sent, PHOENIX, TIMING) == utc("2026-03-11 17:00")


@given(days, minutes, zones)
@settings(max_examples=400, deadline=None)
def test_every_wall_time_of_every_zone_has_one_instant_on_or_just_after_it(day, at, zone):
    wall = datetime.combine(day, at)
    shown = resolve(day, at, zone).astimezone(zone).replace(tzinfo=None)
    assert shown == wall or (wall < shown <= wall + timedelta(hours=25) and shown.second == 0)


@given(days, minutes, minutes, zones)
@settings(max_examples=300, deadline=None)
def test_a_later_wall_time_never_resolves_before_an_earlier_one_outside_a_repeated_hour(
    day, one, other, zone
):
    early, late = sorted([one, other])
    gap = resolve(day, late, zone) - resolve(day, early, zone)
    assert gap >= timedelta(0) or zone.utcoffset(datetime.combine(day, time(0))) != zone.utcoffset(
        datetime.combine(day, time(23, 59))
    )


@given(instants, zones)
@settings(max_examples=300, deadline=None)
def test_the_next_opening_is_open_and_less_than_two_days_away(instant, zone):
    opening = next_open(instant, zone, TIMING)
    assert is_open(opening, zone, TIMING)
    assert timedelta(0) <= opening - instant <= timedelta(hours=40)


@given(instants, zones, st.lists(st.integers(0, 10 * 24 * 60), max_size=8))
@settings(max_examples=300, deadline=None)
def test_what_is_allowed_keeps_within_window_and_caps(instant, zone, ago):
    sent = [instant - timedelta(minutes=minute) for minute in ago]
    allowed = first_allowed(instant, sent, zone, TIMING)
    assert allowed >= instant
    assert is_open(allowed, zone, TIMING)
    assert cap_reached(allowed, sent, zone) == ""


def test_the_intent_is_kept_where_the_clocks_skip_it():
    moment = on_day(date(2026, 3, 8), time(2, 30), NEW_YORK)
    assert (moment.on, moment.at) == (date(2026, 3, 8), time(2, 30))

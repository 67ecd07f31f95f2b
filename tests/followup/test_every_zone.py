"""The calendar of plans in every IANA zone, at every change of the clocks from 2026 to 2030 (clinical.md §4.2)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from casework.followup.plan_templates import PREFIX
from casework.followup.plan_versions import newest
from casework.followup.planner import PlanFacts, plan_messages
from casework.followup.schedule import WEEK, Timing, is_open, next_open, resolve, step
from tests.followup.every_zone import (
    DAY,
    FIRST,
    LAST,
    ZONES,
    Change,
    changes,
    first_showing,
    kinds,
    shapes,
)

TIMING = Timing()
HOURS = (time(0, 30), time(8, 1), time(12), time(18, 59), time(19, 1), time(23, 45))
QUARTER = timedelta(minutes=15)
SKIPPED_DAYS = [
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Pacific/Kiritimati", date(1994, 12, 31)),
]


def walls(first, days):
    begin = datetime.combine(first, time())
    return [begin + timedelta(minutes=minute) for minute in range(days * 1440)]


def resolved(first, days, zone):
    return [resolve(wall.date(), wall.time(), zone) for wall in walls(first, days)]


def test_there_are_zones_and_changes_to_look_at():
    assert len(ZONES) > 550
    assert len(kinds()) > 50
    assert len(list(changes())) > 250
    assert {"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"} & kinds().keys()


def test_around_every_change_every_minute_of_the_day_has_one_instant_and_they_follow_each_other():
    for change in changes():
        first = change.day - DAY
        instants = resolved(first, 3, change.zone)
        assert instants == list(first_showing(first, 3, change.zone).values())[::-1], change
        assert all(early <= late for early, late in pairwise(instants)), change


def test_far_from_any_change_a_wall_time_is_the_instant_that_shows_it():
    for name in kinds():
        zone = ZoneInfo(name)
        near = set().union(*(Change(zone, at).days for at in kinds()[name]))
        for number in range((LAST - FIRST).days):
            day = FIRST.date() + number * DAY
            if day in near:
                continue
            for at in (time(0), time(9), time(10), time(19, 59), time(23, 59)):
                assert resolve(day, at, zone).astimezone(zone).replace(tzinfo=None) == datetime.combine(
                    day, at
                )


def test_around_every_change_the_next_opening_is_the_first_open_minute():
    for change in shapes():
        instants = [change.at - 2 * DAY + number * QUARTER for number in range(4 * 96)]
        following = None
        for instant in reversed(instants):
            if is_open(instant, change.zone, TIMING):
                following = instant
            if following is not None:
                assert next_open(instant, change.zone, TIMING) == following, (change, instant)


def test_around_every_change_each_planned_day_has_its_text_at_ten_inside_the_window():
    for change in changes():
        starts_at = resolve(change.day - 3 * DAY, time(12), change.zone)
        for offset in range(1, 6):
            moment = step(starts_at, offset, change.zone, TIMING)
            local = moment.instant.astimezone(change.zone)
            assert (local.date(), local.time()) == (change.day + (offset - 3) * DAY, time(10)), change
            assert is_open(moment.instant, change.zone, TIMING)


@pytest.mark.parametrize(("name", "day"), SKIPPED_DAYS)
def test_a_zone_that_crosses_the_date_line_skips_a_day_and_nothing_breaks(name, day):
    zone = ZoneInfo(name)
    assert resolved(day - DAY, 3, zone) == list(first_showing(day - DAY, 3, zone).values())[::-1]
    assert {one.astimezone(zone).date() for one in resolved(day, 1, zone)} == {day + DAY}
    starts_at = resolve(day - 3 * DAY, time(12), zone)
    assert step(starts_at, 3, zone, TIMING).instant.astimezone(zone).time() == time(0)


@pytest.mark.parametrize("name", ["Asia/Manila", "America/Juneau", "Africa/Monrovia", "Europe/Amsterdam"])
@pytest.mark.parametrize("on", [date(1844, 12, 30), date(1867, 10, 17), date(1937, 7, 1), date(1972, 1, 6)])
def test_offsets_of_odd_seconds_and_changes_by_a_day_do_not_break_it(name, on):
    zone = ZoneInfo(name)
    instants = resolved(on, 3, zone)
    assert all(early <= late for early, late in pairwise(instants))
    for wall, instant in zip(walls(on, 3), instants, strict=True):
        assert (
            timedelta(0) <= instant.astimezone(zone).replace(tzinfo=None) - wall <= DAY + timedelta(minutes=1)
        )


@pytest.fixture
def templates(db):
    return {stage: newest(stage)[1] for stage in PREFIX}


def reports(template, change: Change):
    """Reports whose steps fall on the day of the change or the day after, at several hours of the day."""
    for offset in sorted({message.day for message in template.messages} | {0}):
        for late in (0, 1):
            for hour in HOURS:
                yield resolve(change.day + (late - offset) * DAY, hour, change.zone)


def test_around_every_change_a_whole_plan_sends_once_a_planned_day_and_keeps_the_caps(templates):
    for change in shapes():
        for template in templates.values():
            for reported_at in reports(template, change):
                check_plan(template, reported_at, change.zone)


@pytest.mark.parametrize(("name", "day"), SKIPPED_DAYS)
def test_a_whole_plan_over_a_day_that_was_skipped_keeps_the_caps(templates, name, day):
    for template in templates.values():
        for reported_at in reports(template, Change(ZoneInfo(name), resolve(day, time(12), ZoneInfo(name)))):
            check_plan(template, reported_at, ZoneInfo(name), skipped=day)


def check_plan(template, reported_at, zone, *, skipped=None):
    planned = plan_messages(template, reported_at, PlanFacts(zone=zone, timing=TIMING))
    sends = [message.due_at for message in planned]
    days = [send.astimezone(zone).date() for send in sends]
    about = (zone.key, template.prefix, reported_at)
    assert len(set(days)) == len(days) == len(template.messages), about
    assert sends == sorted(sends), about
    assert all(later - early >= WEEK for early, later in zip(sends, sends[3:], strict=False)), about
    assert all(is_open(send, zone, TIMING) for send in sends), about
    start = reported_at.astimezone(zone).date()
    for message, planned_step, day in zip(planned, template.messages, days, strict=True):
        meant = start + planned_step.day * DAY
        mornings = {meant + DAY} if meant + DAY != skipped else {meant + 2 * DAY}
        next_morning = planned_step.day == 0 and day in mornings
        assert day == meant or next_morning or message.moved or meant == skipped, (about, message)
        assert message.due_at == resolve(message.on, message.at, zone).astimezone(UTC), (about, message)

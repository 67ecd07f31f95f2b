"""The timers of the ladder, at their exact instants (clinical.md §4.5)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.followup.models import LadderRung, Rung
from casework.followup.plan_templates import PlanTemplate
from casework.followup.silence import ANSWER_WITHIN, Silence, day_of, timers

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHOENIX, NEW_YORK = ZoneInfo("America/Phoenix"), ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # noon in Phoenix, a Wednesday
Why = LadderRung.Why
PHYSICAL = PlanTemplate("PHY", (), (), silent_after=72 * HOUR, decide_on=7, close_on=30)
MENTAL = PlanTemplate("MEN", (), (), silent_after=5 * DAY, decide_on=10, close_on=30)
EMOTIONAL = PlanTemplate("EMO", (), (), silent_after=10 * DAY, decide_on=14, close_on=30)


def silence(template=PHYSICAL, since=NOON, zone=PHOENIX, **known):
    return Silence(since=since, zone=zone, template=template, **known)


def timer(rung, found):
    return next((one for one in timers(found) if one.rung == rung), None)


@pytest.mark.parametrize(
    ("template", "silent", "decide"),
    [
        (EMOTIONAL, 10 * DAY, date(2026, 3, 25)),
        (MENTAL, 5 * DAY, date(2026, 3, 21)),
        (PHYSICAL, 72 * HOUR, date(2026, 3, 18)),
    ],
)
def test_the_golden_times_of_each_stage(template, silent, decide):
    found = silence(template)
    call, decision, last = (timer(rung, found) for rung in (Rung.CALL, Rung.DECIDE, Rung.GO_ON_OR_CLOSE))
    assert (call.at, call.why) == (NOON + silent, Why.SILENT)
    assert (decision.at, decision.why) == (datetime.combine(decide, time(10), PHOENIX), Why.NO_CONTACT)
    assert (last.at, last.why) == (datetime(2026, 4, 10, 10, tzinfo=PHOENIX), Why.LAST_DAY)


def test_two_check_ins_in_a_row_ask_for_the_call_a_day_after_the_second():
    second = NOON + 30 * HOUR
    found = timer(Rung.CALL, silence(unanswered=[NOON + HOUR, second]))
    assert (found.at, found.why) == (second + ANSWER_WITHIN, Why.UNANSWERED)


def test_one_check_in_alone_asks_for_nothing_before_the_silence_is_long_enough():
    assert timer(Rung.CALL, silence(unanswered=[NOON + HOUR])).why == Why.SILENT


def test_check_ins_late_in_the_silence_do_not_move_the_call_back():
    found = timer(Rung.CALL, silence(unanswered=[NOON + 60 * HOUR, NOON + 71 * HOUR]))
    assert found.at == NOON + 72 * HOUR


def test_the_second_rung_waits_for_something_to_happen():
    assert timer(Rung.OTHER_WAYS, silence()) is None


def test_tries_on_two_days_of_the_clients_calendar_tell_the_supervisor():
    late = datetime(2026, 3, 12, 6, 59, tzinfo=UTC)  # 23:59 on the 11th in Phoenix
    early = late + timedelta(minutes=2)  # 00:01 on the 12th
    assert timer(Rung.OTHER_WAYS, silence(attempts=[NOON, late])) is None
    found = timer(Rung.OTHER_WAYS, silence(attempts=[NOON, late, early, early + DAY]))
    assert (found.at, found.why) == (early, Why.ATTEMPTS)


def test_a_call_is_overdue_only_after_its_limit():
    until = NOON + 96 * HOUR
    found = timer(Rung.OTHER_WAYS, silence(call_until=until))
    assert (found.at, found.why) == (until + timedelta(microseconds=1), Why.CALL_OVERDUE)


def test_of_both_the_earlier_counts():
    tries = [NOON + HOUR, NOON + 25 * HOUR]
    assert timer(Rung.OTHER_WAYS, silence(attempts=tries, call_until=NOON + 96 * HOUR)).why == Why.ATTEMPTS


def test_the_days_are_dates_whatever_the_clocks_do():
    """On 8 March 2026 the clocks of New York go forward, on 1 November back: day 7 begins at ten all the same."""
    spring = silence(since=datetime(2026, 3, 4, 23, 30, tzinfo=NEW_YORK), zone=NEW_YORK)
    autumn = silence(since=datetime(2026, 10, 28, 0, 30, tzinfo=NEW_YORK), zone=NEW_YORK)
    assert day_of(spring, 7) == datetime(2026, 3, 11, 10, tzinfo=NEW_YORK)
    assert day_of(autumn, 7) == datetime(2026, 11, 4, 10, tzinfo=NEW_YORK)
    assert day_of(spring, 4).astimezone(UTC) == datetime(2026, 3, 8, 14, tzinfo=UTC)
    assert day_of(autumn, 4).astimezone(UTC) == datetime(2026, 11, 1, 15, tzinfo=UTC)


def test_the_hours_are_hours_of_the_clock_over_a_change_of_it():
    since = datetime(2026, 3, 7, 12, tzinfo=NEW_YORK)
    found = timer(Rung.CALL, silence(since=since, zone=NEW_YORK))
    assert found.at.astimezone(UTC) - since.astimezone(UTC) == 72 * HOUR
    assert found.at.astimezone(NEW_YORK).hour == 13


@given(
    minute=st.integers(0, 5 * 365 * 24 * 60),
    zone=st.sampled_from(
        ["America/Phoenix", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "Africa/Cairo"]
    ),
    template=st.sampled_from([EMOTIONAL, MENTAL, PHYSICAL]),
    tries=st.lists(st.integers(1, 60 * 24 * 20), max_size=5),
)
def test_every_timer_lies_in_its_silence_and_the_last_rungs_in_order(minute, zone, template, tries):
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    attempts = sorted(since + timedelta(minutes=minutes) for minutes in tries)
    found = silence(template, since, ZoneInfo(zone), attempts=attempts)
    known = timers(found)
    assert [one.rung for one in known] == sorted({one.rung for one in known})
    assert all(one.at > since for one in known)
    at = {one.rung: one.at for one in known}
    assert at[Rung.CALL] < at[Rung.DECIDE] < at[Rung.GO_ON_OR_CLOSE]
    for rung, number in ((Rung.DECIDE, template.decide_on), (Rung.GO_ON_OR_CLOSE, template.close_on)):
        day = since.astimezone(ZoneInfo(zone)).date() + timedelta(days=number)
        assert at[rung].astimezone(ZoneInfo(zone)).date() == day

"""Which templates are refused, and which day or step the refusal names (clinical.md §4.3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.followup.plan_check import problems
from casework.followup.plan_templates import (
    PREFIX,
    QUARTERLY,
    ChannelRule,
    MessageStep,
    PlanTemplate,
    ToDoKind,
    ToDoStep,
)
from casework.followup.plan_versions import newest
from casework.followup.planner import PlanFacts, plan_messages
from casework.followup.schedule import Timing

HOUR = timedelta(hours=1)
PHOENIX = ZoneInfo("America/Phoenix")
T0 = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)  # midnight there
TEXTS = {"checkin.1", "counts", "support", "closing"}
SAFE = (
    ToDoStep(ToDoKind.EMERGENCY, within=timedelta(minutes=15), if_tier=frozenset({"red"})),
    ToDoStep(ToDoKind.FIRST_CONTACT, within=24 * HOUR),
    ToDoStep(ToDoKind.SAFETY_CHECKLIST, within=24 * HOUR),
)


def plan(*days, todos=SAFE, prefix="PHY", **fields):
    texts = tuple(MessageStep(day, "checkin.1") for day in days)
    return PlanTemplate(prefix, texts, tuple(todos), **fields)


def named(template, **facts):
    """Which steps or fields are refused, and at which day."""
    return [(one.step, one.day) for one in problems(template, texts=TEXTS, **facts)]


@pytest.mark.django_db
@pytest.mark.parametrize("stage", list(PREFIX))
def test_each_default_plan_may_be_released(stage):
    template = newest(stage)[1]
    assert problems(template, texts={step.text for step in template.messages}) == []


@pytest.mark.parametrize(
    "days",
    [
        (),
        (0, 2, 5, 8),
        (1, 3, 5, 8),  # exactly 168 hours from the first to the fourth: the window is half-open
        (0, 3, 4, 8, 11, 12, 15),
        (0, 7, 14),
        (0, 2, 4, 8, 10, 14),
    ],
)
def test_days_that_keep_within_one_a_day_and_three_a_week_pass(days):
    assert named(plan(*days)) == []


@pytest.mark.parametrize(
    ("days", "day"),
    [
        ((1, 3, 5, 7), 7),
        ((0, 2, 5, 7), 7),  # only a report late in the day brings the first within seven days of the fourth
        ((1, 2, 3, 4), 4),
        ((10, 12, 14, 16, 30), 16),
    ],
)
def test_a_fourth_text_within_seven_days_is_refused_and_its_day_named(days, day):
    assert (f"D{day:02}-MSG", day) in named(plan(*days))
    says = [one.says for one in problems(plan(*days), texts=TEXTS) if one.day == day]
    assert says == [
        f"Day {day}: a fourth message within seven days, after those of days {_before(days, day)}."
    ]


def _before(days, day):
    return ", ".join(str(one) for one in sorted(days)[days.index(day) - 3 : days.index(day)])


def test_every_day_that_breaks_the_cap_is_named():
    assert named(plan(1, 2, 3, 4, 5)) == [("D04-MSG", 4), ("D05-MSG", 5)]


def test_the_text_of_day_0_may_slip_to_the_next_morning_so_day_1_is_refused_beside_it():
    assert named(plan(0, 1, 9)) == [("D01-MSG", 1)]
    assert "a second message on one day" in problems(plan(0, 1), texts=TEXTS)[0].says


def test_a_text_of_day_0_that_slips_counts_for_the_week_from_where_it_lands():
    # On day 0 at the latest 19:59: 6 days and 14 hours before day 7. From the next morning on it is closer still.
    assert named(plan(0, 3, 4, 7)) == [("D07-MSG", 7)]
    assert named(plan(0, 3, 4, 8)) == []


def test_a_longer_first_delay_is_counted_as_the_installation_has_set_it():
    assert named(plan(0, 2, 5, 8)) == []
    late = Timing(first_delay=timedelta(hours=36))
    assert ("D02-MSG", 2) in named(plan(0, 2, 5, 8), timing=late)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=7, unique=True))
@settings(max_examples=60, deadline=None)
def test_a_plan_is_refused_exactly_when_some_hour_of_the_report_would_have_a_text_moved(days):
    template = plan(*sorted(days))
    reports = (T0 + number * timedelta(minutes=15) for number in range(96))
    planned = (plan_messages(template, report, PlanFacts(zone=PHOENIX)) for report in reports)
    moved = any(message.moved for messages in planned for message in messages)
    assert bool(named(template)) == moved


def test_two_texts_on_one_day_are_one_step_twice_and_break_the_cap():
    assert named(plan(3, 3)) == [("D03-MSG", 3), ("D03-MSG", 3)]


def test_calls_and_letters_count_for_no_cap():
    by_hand = tuple(
        MessageStep(day, "checkin.1", channel=channel)
        for day, channel in [(2, ChannelRule.CALL), (4, ChannelRule.LETTER)]
    )
    template = plan(1, 3, 5, 8)
    assert named(replace(template, messages=template.messages + by_hand)) == []


@pytest.mark.parametrize("day", [-1, 366])
def test_a_day_before_the_report_or_after_a_year_is_refused(day):
    assert (f"D{day:02}-MSG", day) in named(plan(day))
    todo = ToDoStep(ToDoKind.REASSESSMENT, day=day)
    assert (todo.key, day) in named(plan(1, todos=(*SAFE, todo)))


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"day": 3, "within": HOUR},
        {"within": timedelta(0)},
        {"within": -HOUR},
        {"within": timedelta(days=400)},
    ],
)
def test_a_to_do_without_one_possible_time_is_refused(times):
    todo = ToDoStep(ToDoKind.VISIT, **times)
    assert todo.key in [step for step, _day in named(plan(1, todos=(*SAFE, todo)))]


def test_a_text_that_nobody_wrote_is_refused():
    template = replace(plan(1), messages=(MessageStep(1, "cheer.up"),))
    assert [(one.step, one.says) for one in problems(template, texts=TEXTS)] == [
        ("D01-MSG", "There is no text “cheer.up”.")
    ]


@pytest.mark.parametrize(
    "todo",
    [
        ToDoStep(ToDoKind.CRISIS, within=HOUR),
        ToDoStep(ToDoKind.VISIT, within=HOUR, grace=-HOUR),
        ToDoStep(ToDoKind.VISIT, within=HOUR, if_tier=frozenset({"purple"})),
    ],
)
def test_a_to_do_that_no_plan_can_ask_for_is_refused(todo):
    assert [step for step, _day in named(plan(1, todos=(*SAFE, todo)))] == [todo.key]


def test_the_same_to_do_twice_is_refused():
    twice = ToDoStep(ToDoKind.VISIT, within=24 * HOUR)
    assert named(plan(1, todos=(*SAFE, twice, replace(twice, within=48 * HOUR)))) == [("VISIT", None)]


@pytest.mark.parametrize("kind", [ToDoKind.FIRST_CONTACT, ToDoKind.SAFETY_CHECKLIST])
def test_a_physical_plan_has_a_first_talk_and_the_safety_checklist_within_a_day(kind):
    without = [step for step in SAFE if step.kind is not kind]
    assert named(plan(1, todos=without)) == [(kind, None)]
    for weak in (
        ToDoStep(kind, within=25 * HOUR),
        ToDoStep(kind, day=1),
        ToDoStep(kind, within=HOUR, if_tier=frozenset({"red"})),
    ):
        assert named(plan(1, todos=[*without, weak])) == [(kind, None)]


@pytest.mark.parametrize("prefix", ["EMO", "MEN"])
def test_the_other_plans_have_a_first_talk_and_may_do_without_the_checklist(prefix):
    assert named(plan(1, todos=SAFE[:2], prefix=prefix)) == []
    assert named(plan(1, todos=SAFE[:1], prefix=prefix)) == [(ToDoKind.FIRST_CONTACT, None)]


@pytest.mark.parametrize("prefix", PREFIX.values())
def test_no_plan_is_without_the_emergency_workflow_for_a_red_flag(prefix):
    assert named(plan(1, todos=SAFE[1:], prefix=prefix)) == [(ToDoKind.EMERGENCY, None)]
    green = replace(SAFE[0], if_tier=frozenset({"green"}))
    assert named(plan(1, todos=(green, *SAFE[1:]), prefix=prefix)) == [(ToDoKind.EMERGENCY, None)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"silent_after": timedelta(0)}, "silent_after"),
        ({"decide_on": 0}, "decide_on"),
        ({"decide_on": 30}, "close_on"),
        ({"decide_on": 40}, "close_on"),
        ({"hasty_contact": timedelta(0)}, "hasty_contact"),
        ({"hasty_contact": 25 * HOUR}, "hasty_contact"),
    ],
)
def test_a_ladder_whose_times_make_no_sense_is_refused_by_the_fields_name(fields, field):
    assert [step for step, _day in named(plan(1, **fields))] == [field]


def test_quarterly_checkups_to_month_24_pass():
    assert QUARTERLY == (180, 270, 365, 455, 545, 635, 725)
    assert named(plan(1, 90, checkups=QUARTERLY)) == []


@pytest.mark.parametrize(
    ("checkups", "found"),
    [
        ((80, 180), [("checkups", 80)]),  # the plan itself goes to day 90
        ((180, 732), [("checkups", 732)]),
        ((270, 180), [("checkups", None)]),
        ((180, 180), [("checkups", None)]),
    ],
)
def test_checkups_come_after_the_plan_in_rising_order_and_end_with_month_24(checkups, found):
    assert named(plan(1, 90, checkups=checkups)) == found

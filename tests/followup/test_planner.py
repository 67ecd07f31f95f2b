"""The plans of clinical.md §4.3, as the page shows them and as they are saved."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.followup.messages.texts import LANGUAGES
from casework.followup.plan_templates import PREFIX, ToDoKind
from casework.followup.plan_versions import newest
from casework.followup.planner import PlanFacts, PlannedMessage, PlannedToDo, preview
from casework.followup.risk import RiskTier
from casework.followup.schedule import WEEK, Timing, is_open
from clients.stage import Stage
from tests.followup.making import SHIPPED
from tests.followup.test_schedule import instants, zones

T0 = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # Wednesday, 08:00 in Phoenix
PHOENIX = ZoneInfo("America/Phoenix")
STAGES = list(PREFIX)

pytestmark = pytest.mark.django_db  # templates are rows


def template_of(stage):
    """What a plan that begins now would follow."""
    return newest(stage)[1]


def steps(stage, reported_at=T0, *, starts_at=None, **facts):
    return preview(template_of(stage), reported_at, PlanFacts(zone=PHOENIX, **facts), starts_at=starts_at)


def messages(*args, **facts):
    return [step for step in steps(*args, **facts) if isinstance(step, PlannedMessage)]


def todos(*args, **facts):
    return {step.key: step for step in steps(*args, **facts) if isinstance(step, PlannedToDo)}


@pytest.mark.parametrize(
    ("stage", "days", "texts_in_order"),
    [
        (Stage.EMOTIONAL, [1, 4, 8, 14, 28], "checkin checkin offer checkin closing"),
        (Stage.MENTAL, [1, 3, 5, 9, 14, 21, 30], "checkin checkin checkin checkin support checkin closing"),
        (
            Stage.PHYSICAL,
            [0, 2, 5, 8, 10, 14, 21, 30, 45, 60, 90],
            "counts checkin checkin checkin checkin checkin support support support support closing",
        ),
    ],
)
def test_the_texts_go_on_their_days_with_their_purposes(stage, days, texts_in_order):
    planned = messages(stage)
    assert [(message.on - T0.date()).days for message in planned] == days
    assert " ".join(message.text.split(".")[0] for message in planned) == texts_in_order
    assert {message.at for message in planned[1:]} == {time(10)}
    assert [message.moved for message in planned] == [""] * len(days)


@pytest.mark.parametrize("stage", STAGES)
def test_every_text_of_every_plan_exists_in_both_languages_and_as_an_email(stage):
    for step in template_of(stage).messages:
        for language in LANGUAGES:
            assert SHIPPED.sms(step.text, language)
            assert SHIPPED.email(step.text, language)


@pytest.mark.parametrize("stage", STAGES)
def test_keys_are_unique_in_a_plan_and_name_their_step(stage):
    keys = [step.key for step in steps(stage, tier=RiskTier.RED)]
    assert len(keys) == len(set(keys))
    assert all(key.startswith(template_of(stage).prefix) and len(key) <= 40 for key in keys)


def test_only_after_a_self_report_does_a_text_thank_for_telling():
    assert messages(Stage.PHYSICAL)[0].text == "counts"
    assert messages(Stage.PHYSICAL, told_us=False)[0].text == "today"


@pytest.mark.parametrize(
    ("stage", "tier", "hours"),
    [
        (Stage.EMOTIONAL, RiskTier.GREEN, 72),
        (Stage.EMOTIONAL, RiskTier.AMBER, 72),
        (Stage.MENTAL, RiskTier.GREEN, 24),
        (Stage.PHYSICAL, RiskTier.GREEN, 24),
        (Stage.PHYSICAL, RiskTier.AMBER, 2),
        (Stage.PHYSICAL, RiskTier.RED, 2),
    ],
)
def test_the_first_live_contact_is_due_by_stage_and_risk(stage, tier, hours):
    contact = todos(stage, tier=tier)[f"{template_of(stage).prefix}-FIRST-CONTACT"]
    assert contact.due_at - T0 == timedelta(hours=hours)
    assert contact.urgent == (hours == 2)


@pytest.mark.parametrize("stage", STAGES)
def test_a_red_flag_adds_the_emergency_workflow_within_fifteen_minutes(stage):
    prefix = template_of(stage).prefix
    emergency = todos(stage, tier=RiskTier.RED)[f"{prefix}-EMERGENCY"]
    assert (emergency.due_at - T0, emergency.urgent) == (timedelta(minutes=15), True)
    assert f"{prefix}-EMERGENCY" not in todos(stage, tier=RiskTier.AMBER)


@pytest.mark.parametrize(
    ("stage", "due"),
    [
        (Stage.EMOTIONAL, {"VISIT-OFFER": 7}),
        (Stage.MENTAL, {"VISIT-OFFER": 3, "SAFETY-CHECKLIST": 1, "SUPERVISOR-REVIEW": 7}),
        (
            Stage.PHYSICAL,
            {
                "VISIT-OFFER": 3,
                "VISIT": 7,
                "SAFETY-CHECKLIST": 1,
                "SUPERVISOR-REVIEW": 3,
                "LEARNING-REVIEW": 7,
            },
        ),
    ],
)
def test_what_people_do_is_due_in_whole_days_from_the_report(stage, due):
    planned = todos(stage)
    prefix = template_of(stage).prefix
    assert {name: (planned[f"{prefix}-{name}"].due_at - T0).days for name in due} == due
    timed = {ToDoKind.REASSESSMENT, ToDoKind.FIRST_CONTACT}
    assert {key.removeprefix(f"{prefix}-") for key, step in planned.items() if step.kind not in timed} == set(
        due
    )


@pytest.mark.parametrize(
    ("stage", "days"),
    [(Stage.EMOTIONAL, [7, 14, 28]), (Stage.MENTAL, [7, 14, 30]), (Stage.PHYSICAL, [7, 14, 30, 60, 90])],
)
def test_re_assessments_fall_on_calendar_days_with_two_days_of_grace(stage, days):
    planned = [step for step in todos(stage).values() if step.kind is ToDoKind.REASSESSMENT]
    assert [(step.due_at.astimezone(PHOENIX).date() - T0.date()).days for step in planned] == days
    assert {step.grace for step in planned} == {timedelta(days=2)}


def test_a_report_confirmed_later_starts_its_texts_then_and_its_clocks_at_the_report():
    confirmed = T0 + timedelta(days=3)
    planned = steps(Stage.PHYSICAL, starts_at=confirmed)
    first = next(step for step in planned if isinstance(step, PlannedMessage))
    contact = next(step for step in planned if step.key == "PHY-FIRST-CONTACT")
    assert first.due_at >= confirmed
    assert contact.due_at == T0 + timedelta(hours=24)


def test_what_was_sent_this_week_moves_the_first_texts_and_says_why():
    sent = [T0 - timedelta(days=3), T0 - timedelta(days=2), T0 - timedelta(hours=12)]
    first = messages(Stage.PHYSICAL, sent=sent)[0]
    assert (first.moved, first.due_at) == ("week", T0 + timedelta(days=4, hours=1))


@pytest.mark.parametrize(
    ("stage", "silent", "decide"),
    [
        (Stage.EMOTIONAL, timedelta(days=10), 14),
        (Stage.MENTAL, timedelta(days=5), 10),
        (Stage.PHYSICAL, timedelta(hours=72), 7),
    ],
)
def test_the_ladder_of_no_answer_has_its_times_by_stage(stage, silent, decide):
    template = template_of(stage)
    assert (template.silent_after, template.decide_on, template.close_on) == (silent, decide, 30)


@pytest.mark.parametrize("stage", STAGES)
def test_quarterly_checkups_are_off_unless_a_practice_asks_for_them(stage):
    assert template_of(stage).checkups == ()


@pytest.mark.parametrize("stage", [Stage.NONE, Stage.INDETERMINATE])
def test_a_stage_that_is_no_relapse_has_no_plan(stage):
    with pytest.raises(KeyError):
        steps(stage)


def test_steps_come_in_the_order_of_their_time():
    planned = [step.due_at for step in steps(Stage.PHYSICAL, tier=RiskTier.RED)]
    assert planned == sorted(planned)


@given(st.sampled_from(STAGES), instants, zones, st.sampled_from([0, 60]))
@settings(max_examples=250, deadline=None)
def test_no_plan_anywhere_at_any_hour_breaks_the_window_or_the_caps(stage, reported_at, zone, delay):
    timing = Timing(first_delay=timedelta(minutes=delay))
    planned = preview(template_of(stage), reported_at, PlanFacts(zone=zone, timing=timing))
    sends = sorted(step.due_at for step in planned if isinstance(step, PlannedMessage))
    local_days = [send.astimezone(zone).date() for send in sends]
    assert len(set(local_days)) == len(local_days) == len(template_of(stage).messages)
    assert all(is_open(send, zone, timing) for send in sends)
    assert all(later - early >= WEEK for early, later in zip(sends, sends[3:], strict=False))
    assert all(step.due_at >= reported_at for step in planned)

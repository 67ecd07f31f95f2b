"""The first text to a number, and everything that it makes way for (clinical.md §5.2 M-5, M-6, §4.2)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.followup import actions, schedule, tasks, welcoming
from casework.followup.messages.policy import Decision, may_send
from casework.followup.messages.reasons import words
from casework.followup.messages.render import render
from casework.followup.models import Message
from clients import actions as record
from clients.models import Client, Permission
from tests import factories
from tests.followup.making import report, sent, texts

NOW = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # noon in Phoenix
MORNING = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)  # 09:00 there, the day after
PHOENIX = ZoneInfo("America/Phoenix")

db = pytest.mark.django_db


@pytest.fixture
def sal(dana, team):
    """Sal, who said this morning that we may text."""
    client = factories.client_of(
        dana, team=team, given_name="Sal", family_name="Vega", time_zone="America/Phoenix"
    )
    client.permissions.all().delete()
    allow(client, dana)
    return client


def allow(client, by, at=NOW, **more):
    return record.grant_permission(client_id=client.pk, channel="text", by=by, now=at, **more)


def welcome_of(client):
    return Message.objects.filter(client=client, kind="welcome").first()


@db
def test_a_new_permission_is_greeted_the_morning_after(sal):
    assert welcoming.greet(NOW) == 1
    message = welcome_of(sal)
    assert (message.due_at, message.status, message.template_key) == (MORNING, "planned", "welcome")
    verdict = may_send(message, MORNING)
    assert (verdict.decision, verdict.channel) == (Decision.SEND, "sms")
    assert render(message).body.startswith("Hi, this is Oak Street.")


@db
def test_greeting_again_changes_nothing(sal):
    welcoming.greet(NOW)
    assert [welcoming.greet(NOW + timedelta(minutes=n)) for n in range(3)] == [0, 0, 0]
    assert Message.objects.count() == 1


@db
def test_a_permission_of_long_ago_is_not_greeted(alex):
    assert welcoming.greet(NOW) == 0


@db
def test_one_who_started_again_by_keyword_has_had_an_answer(sal):
    texts(sal, "STOP", NOW + timedelta(minutes=1))
    texts(sal, "START", NOW + timedelta(minutes=2))
    assert welcoming.greet(NOW + timedelta(minutes=3)) == 0


@db
@pytest.mark.parametrize("state", ["paused", "discharged", "deceased"])
def test_only_who_is_in_care_is_greeted(sal, state):
    Client.objects.filter(pk=sal.pk).update(state=state)
    assert welcoming.greet(NOW) == 0


@db
def test_a_permission_without_a_number_waits_for_one(sal, dana):
    sal.contact_points.all().delete()
    assert welcoming.greet(NOW) == 0
    record.add_contact_point(client_id=sal.pk, kind="mobile", value="602-555-0177", by=dana, now=NOW)
    assert welcoming.greet(NOW + timedelta(hours=1)) == 1


@db
def test_a_number_is_greeted_once_however_often_it_is_permitted(sal, dana):
    welcoming.greet(NOW)
    later = NOW + timedelta(days=5)
    actions.withdraw_permission(client_id=sal.pk, channel="text", by=dana, now=later)
    allow(sal, dana, later + timedelta(hours=1))
    assert welcoming.greet(later + timedelta(hours=2)) == 0


@db
def test_two_on_one_phone_are_greeted_once(sal, dana, team):
    kim = factories.client_of(dana, team=team, given_name="Kim", time_zone="America/Phoenix")
    kim.permissions.all().delete()
    kim.contact_points.update(normalized=sal.contact_points.get().normalized)
    allow(kim, dana)
    assert welcoming.greet(NOW) == 1


@db
def test_a_stop_before_the_morning_cancels_it(sal):
    welcoming.greet(NOW)
    texts(sal, "STOP", NOW + timedelta(hours=1))
    assert (welcome_of(sal).status, welcome_of(sal).reason_code) == ("cancelled", "opted_out")


# --- it makes way ----------------------------------------------------------------------------------------------------
@db
def test_registered_permitted_and_reported_in_one_hour_the_first_text_is_the_plans(sal, dana):
    plan = report(sal, dana, NOW + timedelta(minutes=10)).plan
    first = plan.messages.order_by("due_at").first()
    assert first.due_at < MORNING
    welcoming.greet(NOW + timedelta(minutes=11))
    assert may_send(first, first.due_at).decision is Decision.SEND
    greeted = welcome_of(sal)
    assert (greeted.status, greeted.reason_code) == ("skipped", "welcome_yields")
    assert words(greeted) == "Left out: the plan's own texts say who we are, and leave it no day."


@db
@pytest.mark.parametrize("stage", ["emotional", "mental", "physical"])
def test_a_report_after_the_welcome_was_planned_keeps_all_its_days(sal, dana, stage):
    welcoming.greet(NOW)
    plan = report(sal, dana, NOW + timedelta(hours=1), stage=stage).plan
    due = list(plan.messages.order_by("due_at").values_list("due_at", flat=True))
    welcoming.greet(NOW + timedelta(hours=2))
    greeted = welcome_of(sal)
    assert list(plan.messages.order_by("due_at").values_list("due_at", flat=True)) == due
    if greeted.status == "planned":
        assert schedule.fits(greeted.due_at, due, PHOENIX)
        assert greeted.due_at.astimezone(PHOENIX).date() not in {at.astimezone(PHOENIX).date() for at in due}
    else:
        assert greeted.reason_code == "welcome_yields"


@db
def test_a_day_that_is_taken_moves_it_to_the_next(sal, dana):
    welcoming.greet(NOW)
    Message.objects.create(
        client=sal,
        kind="reminder",
        local_date="2026-03-12",
        local_time="10:00",
        tz="America/Phoenix",
        due_at=MORNING + timedelta(hours=1),
        dedupe_key="a visit",
    )
    assert welcoming.greet(NOW + timedelta(minutes=1)) == 1
    moved = welcome_of(sal)
    assert (moved.due_at, str(moved.local_date)) == (MORNING + timedelta(days=1), "2026-03-13")


@db
def test_what_left_this_week_counts(sal, dana):
    for n in range(3):
        message = Message.objects.create(
            client=sal,
            kind="reminder",
            local_date="2026-03-10",
            local_time="10:00",
            tz="America/Phoenix",
            due_at=NOW - timedelta(days=n + 1),
            dedupe_key=f"gone {n}",
        )
        sent(message, NOW - timedelta(days=n + 1))
    welcoming.greet(NOW)
    oldest = NOW - timedelta(days=3)
    assert welcome_of(sal).due_at >= oldest + schedule.WEEK


@db
def test_one_that_is_due_at_this_moment_is_left_to_the_deliverer(sal, dana):
    welcoming.greet(NOW)
    report(sal, dana, MORNING - timedelta(minutes=30))
    assert welcoming.greet(MORNING + timedelta(seconds=1)) == 0
    assert welcome_of(sal).status == "planned"


@db
def test_a_report_in_the_minute_before_keeps_its_first_text(sal, dana, django_assert_num_queries):
    welcoming.greet(NOW)
    plan = report(sal, dana, MORNING - timedelta(seconds=20)).plan
    first = plan.messages.order_by("due_at").first()
    assert first.due_at.date() == MORNING.date()
    verdict = may_send(welcome_of(sal), MORNING)
    assert (verdict.decision, verdict.reason, verdict.until) == (
        Decision.HOLD,
        "welcome_waits",
        MORNING + timedelta(days=1),
    )
    assert words("welcome_waits", verdict.params).endswith("(another text has its day).")
    assert may_send(first, first.due_at).decision is Decision.SEND


@given(
    at=st.integers(0, 365 * 24 * 60).map(lambda n: NOW + timedelta(minutes=n)),
    hours=st.lists(st.integers(-400, 400), max_size=8, unique=True),
)
def test_wherever_it_fits_no_day_has_two_and_no_week_has_four(at, hours):
    taken = [at + timedelta(hours=n) for n in hours]
    legal = all(
        sum(end - schedule.WEEK < one <= end for one in taken) <= schedule.WEEKLY_CAP for end in taken
    )
    if not legal or not schedule.fits(at, taken, PHOENIX):
        return
    every = [*taken, at]
    days = [one.astimezone(PHOENIX).date() for one in every]
    assert days.count(at.astimezone(PHOENIX).date()) == 1
    assert all(sum(end - schedule.WEEK < one <= end for one in every) <= schedule.WEEKLY_CAP for end in every)


@db
def test_the_sweep_greets(sal, monkeypatch):
    monkeypatch.setattr(tasks, "clock", lambda: NOW)
    tasks.tidy()
    assert welcome_of(sal) is not None
    assert Permission.objects.filter(client=sal).count() == 1

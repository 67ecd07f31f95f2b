"""A running plan follows a permission given again and a client who moves (clinical.md §4.2, §4.6)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from casework.followup import tasks
from casework.followup.actions import withdraw_permission
from casework.followup.actions.steps import move_step
from casework.followup.models import Message, ToDo
from casework.followup.plan_changes import _moved, follow_changes, follow_the_move
from casework.followup.plan_templates import ToDoKind
from clients.actions import grant_permission
from clients.models import Client
from tests.followup.making import PHONE_STEPS, report, sent, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now - timedelta(days=1)).plan


def waiting(plan):
    return plan.messages.filter(status="planned")


def calls(plan):
    return plan.todos.open().filter(kind=ToDoKind.CALL)


def test_start_after_stop_brings_back_what_is_still_to_come(alex, plan, now):
    texts(alex, "STOP", now)
    assert (waiting(plan).count(), calls(plan).count()) == (0, PHONE_STEPS)
    texts(alex, "START", now + timedelta(minutes=5))
    follow_changes(now + timedelta(minutes=6))
    ahead = plan.messages.filter(due_at__gt=now + timedelta(minutes=6)).count()
    assert 0 < ahead == waiting(plan).count()
    assert calls(plan).count() == PHONE_STEPS - ahead
    assert set(waiting(plan).values_list("reason_code", "closed_at")) == {("", None)}
    alex.summary.refresh_from_db()
    assert alex.summary.open_todos == alex.todos.open().count()


def test_what_somebody_called_about_instead_is_not_written_too(alex, plan, now):
    texts(alex, "STOP", now)
    called = calls(plan).order_by("-due_at").first()
    ToDo.objects.filter(pk=called.pk).update(state="done", done_at=now)
    texts(alex, "START", now + timedelta(minutes=5))
    follow_changes(now + timedelta(minutes=6))
    called.message.refresh_from_db()
    assert called.message.status == "cancelled"


def test_a_second_stop_asks_for_the_calls_again_and_a_second_start_ends_them(alex, plan, now):
    for hours in (0, 2):
        texts(alex, "STOP", now + timedelta(hours=hours))
        assert not waiting(plan).exists()
        assert calls(plan).count() == PHONE_STEPS
        texts(alex, "START", now + timedelta(hours=hours, minutes=5))
        follow_changes(now + timedelta(hours=hours, minutes=6))
        assert calls(plan).count() == PHONE_STEPS - waiting(plan).count() == 1  # the day that has passed


def test_a_step_moved_in_between_is_called_about_on_its_new_day(alex, dana, plan, now):
    texts(alex, "STOP", now)
    texts(alex, "START", now + timedelta(minutes=5))
    follow_changes(now + timedelta(minutes=6))
    last = plan.messages.get(step_key="PHY-D90-MSG")
    move_step(
        plan_id=plan.pk,
        key=last.step_key,
        on=last.local_date + timedelta(days=3),
        reason="On holiday",
        by=dana,
        now=now + timedelta(minutes=7),
    )
    texts(alex, "STOP", now + timedelta(hours=1))
    assert calls(plan).get(message=last).due_at == last.due_at + timedelta(days=3)


def test_start_brings_back_what_nobody_called_about_because_calls_were_declined(alex, dana, plan, now):
    grant_permission(client_id=alex.pk, channel="call", by=dana, now=now - timedelta(days=2))
    texts(alex, "STOP", now)
    withdraw_permission(client_id=alex.pk, channel="call", by=dana, now=now + timedelta(minutes=1))
    assert not calls(plan).exists()
    texts(alex, "START", now + timedelta(minutes=5))
    follow_changes(now + timedelta(minutes=6))
    assert waiting(plan).filter(due_at__gt=now).count() > PHONE_STEPS - 3


def test_without_a_word_from_the_client_nothing_comes_back(alex, plan, now):
    texts(alex, "STOP", now)
    follow_changes(now + timedelta(minutes=6))
    assert not waiting(plan).exists()


def test_a_plan_that_has_ended_brings_nothing_back(alex, dana, plan, now):
    texts(alex, "STOP", now)
    type(plan).objects.filter(pk=plan.pk).update(state="voided", closed_at=now, closed_reason="voided")
    texts(alex, "START", now + timedelta(minutes=5))
    follow_changes(now + timedelta(minutes=6))
    assert not waiting(plan).exists()


def test_ten_in_the_morning_stays_ten_where_the_client_now_lives(alex, plan, now):
    Client.objects.filter(pk=alex.pk).update(time_zone="Asia/Tokyo")
    gone = sent(plan.messages.order_by("due_at").first(), now - timedelta(hours=2))
    follow_changes(now)
    message = plan.messages.get(step_key="PHY-D05-MSG")
    there = message.due_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (message.tz, there.date(), f"{there:%H:%M}") == ("Asia/Tokyo", message.local_date, "10:00")
    gone.refresh_from_db()
    assert gone.tz == "America/Phoenix"


def test_following_a_move_twice_changes_nothing(alex, plan):
    Client.objects.filter(pk=alex.pk).update(time_zone="America/New_York")
    assert follow_the_move(alex.pk) == PHONE_STEPS
    assert follow_the_move(alex.pk) == 0


def test_without_a_zone_of_their_own_the_practices_holds_from_then_on(alex, plan, practice, now):
    Client.objects.filter(pk=alex.pk).update(time_zone="")
    follow_changes(now)
    message = plan.messages.get(step_key="PHY-D05-MSG")
    there = message.due_at.astimezone(practice.zone)
    assert (message.tz, there.date(), f"{there:%H:%M}") == (practice.time_zone, message.local_date, "10:00")


def test_a_client_without_a_zone_follows_the_practice_when_it_moves(alex, plan, practice, now):
    Client.objects.filter(pk=alex.pk).update(time_zone="")
    follow_changes(now)
    type(practice).objects.update(time_zone="America/Denver")
    follow_changes(now + timedelta(minutes=1))
    assert set(waiting(plan).values_list("tz", flat=True)) == {"America/Denver"}


def test_who_stays_is_left_alone(alex, plan, now):
    Client.objects.filter(pk=alex.pk).update(time_zone="")
    follow_changes(now)
    before = list(Message.objects.order_by("pk").values_list("tz", "due_at"))
    assert _moved() == []
    follow_changes(now)
    assert list(Message.objects.order_by("pk").values_list("tz", "due_at")) == before


def test_the_beat_has_it_done(alex, plan):
    Client.objects.filter(pk=alex.pk).update(time_zone="Asia/Tokyo")
    tasks.tidy()
    assert set(waiting(plan).values_list("tz", flat=True)) == {"Asia/Tokyo"}

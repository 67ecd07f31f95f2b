"""Two people, two tabs, two webhooks at the same moment, in real transactions."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from casework.followup import actions, alerts
from casework.followup.messages.policy import Decision, may_send
from casework.followup.models import FollowUpPlan, InboundMessage, Message, MessageText, StaffAlert, ToDo
from casework.relapse.models import RelapseReport
from tests.followup.alarms import emergency
from tests.followup.making import PHONE_STEPS, report, statuses, texts

NOON = datetime(2026, 3, 11, 19, 0, tzinfo=UTC)  # in Phoenix
pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each in its own connection. What one raises is its result."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - what an act raises is its result here
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_form_posted_twice_at_once_makes_one_report_and_one_plan(alex, dana, now):
    post = lambda: report(alex, dana, now, idempotency_key="form-7")  # noqa: E731
    first, second = together(post, post)
    assert (first.report, first.plan) == (second.report, second.plan)
    assert sorted([first.created, second.created]) == [False, True]
    assert (RelapseReport.objects.count(), FollowUpPlan.objects.count()) == (1, 1)
    assert Message.objects.count() == PHONE_STEPS


def test_two_people_reporting_at_once_leave_one_running_plan(alex, dana, sam, now):
    together(lambda: report(alex, dana, now), lambda: report(alex, sam, now, stage="physical"))
    assert RelapseReport.objects.count() == 2
    assert FollowUpPlan.objects.running().count() == 1
    assert Message.objects.filter(status="planned").count() == PHONE_STEPS


def test_a_report_and_a_death_at_once_leave_nothing_to_send(alex, dana, now):
    together(
        lambda: report(alex, dana, now),
        lambda: actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now),
    )
    assert not FollowUpPlan.objects.running().exists()
    assert statuses(alex) <= {"cancelled"}


def test_a_report_and_a_stop_at_once_leave_no_text_waiting(alex, dana, now):
    together(lambda: report(alex, dana, now), lambda: texts(alex, "STOP", now))
    waiting = Message.objects.waiting().filter(kind="plan")
    assert not waiting.exists()


def test_one_text_delivered_twice_at_once_is_one(alex, now):
    tell = lambda: texts(alex, "2", now, provider_id="SM9")  # noqa: E731
    first, second = together(tell, tell)
    assert first == second
    assert (InboundMessage.objects.count(), ToDo.objects.count()) == (1, 1)


def test_an_unknown_senders_text_delivered_twice_at_once_is_one(alex, now):
    tell = lambda: texts(alex, "hi", now, provider_id="SM9", address="+15550001111")  # noqa: E731
    first, second = together(tell, tell)
    assert first == second
    assert InboundMessage.objects.count() == 1


def test_two_crisis_texts_at_once_are_one_alarm_with_one_answer(alex, now):
    together(
        lambda: texts(alex, "I want to die", now, provider_id="SM1"),
        lambda: texts(alex, "kill myself", now, provider_id="SM2"),
    )
    assert ToDo.objects.get(kind="crisis").crisis_texts.count() == 2
    assert Message.objects.filter(kind="crisis_reply").count() == 1


def test_two_who_take_an_emergency_at_once_do_not_both_have_it(alex, dana, sam, now):
    todo = emergency(alex, now)
    both = together(
        lambda: actions.acknowledge_todo(todo_id=todo.pk, by=dana, now=now),
        lambda: actions.acknowledge_todo(todo_id=todo.pk, by=sam, now=now),
    )
    assert len({one.acknowledged_by_id for one in both}) == 1


def test_two_sweeps_at_once_tell_nobody_twice(alex, dana, sam, now):
    emergency(alex, now)
    sent = together(lambda: alerts.sweep(now), lambda: alerts.sweep(now))
    assert sum(sent) == StaffAlert.objects.exclude(sent_at=None).count() == 2


def test_the_database_itself_refuses_a_second_running_plan(alex, dana, now):
    plan = report(alex, dana, now).plan
    plan.pk, plan.uid = None, "00000000-0000-4000-8000-000000000000"
    with pytest.raises(IntegrityError, match="one_active_plan_per_client"), transaction.atomic():
        plan.save(force_insert=True)


def test_a_text_sent_twice_at_once_is_one(alex, dana):
    write = partial(
        actions.send_text,
        client_id=alex.pk,
        body="Are you well?",
        by=dana,
        now=NOON,
        idempotency_key="form-1",
    )
    first, second = together(write, write)
    assert first == second
    assert Message.objects.count() == 1


def test_a_text_and_a_stop_at_once_leave_nothing_that_could_go(alex, dana):
    together(
        lambda: actions.send_text(client_id=alex.pk, body="Are you well?", by=dana, now=NOON),
        lambda: texts(alex, "STOP", NOON),
    )
    written = Message.objects.filter(kind="manual").first()
    assert written is None or may_send(written, NOON).decision is Decision.CANCEL


def test_two_who_word_a_text_at_once_leave_one_version_and_tell_the_other(ada, now):
    def word(body):
        return actions.release_text(
            channel="sms", key="start", language="en", body=body, based_on=1, by=ada, now=now
        )

    try:
        outcomes = together(
            lambda: word("{sender}: one. STOP to end."), lambda: word("{sender}: two. STOP to end.")
        )
        assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "MessageText"]
        assert list(
            MessageText.objects.filter(key="start", language="en")
            .values_list("version", flat=True)
            .order_by("version")
        ) == [1, 2]
    finally:  # the texts stay where they are when the tables are emptied
        MessageText.objects.filter(version__gt=1).delete()
        MessageText.objects.update(retired_at=None, retired_by=None)

"""What happens when a client writes (clinical.md §5.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.followup import actions
from casework.followup.actions import sessions as actions_of_sessions
from casework.followup.models import InboundMessage, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, NotAllowed
from clients.models import Client, Permission
from tests import factories
from tests.followup.making import first_message, open_todos, report, sent, statuses, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now - timedelta(days=1)).plan


def replies(client):
    return list(
        Message.objects.filter(client=client)
        .exclude(kind="plan")
        .order_by("pk")
        .values_list("kind", "template_key")
    )


def test_an_ok_answers_the_newest_check_in_and_waits_to_be_read(alex, plan, now):
    first, second = plan.messages.order_by("due_at")[:2]
    sent(first, now - timedelta(hours=8))
    sent(second, now - timedelta(hours=2))
    inbound = texts(alex, "1", now)
    second.refresh_from_db()
    first.refresh_from_db()
    assert (inbound.kind, inbound.answers, inbound.client) == ("ok", second, alex)
    assert (second.answered_at, first.answered_at) == (now, None)
    alex.summary.refresh_from_db()
    assert alex.summary.unread_answers == 1


def test_two_asks_for_a_call_within_four_hours_while_a_physical_plan_runs(alex, dana, plan, now):
    texts(alex, "2", now)
    call = alex.todos.get(kind=ToDoKind.CALL)
    assert (call.title, call.due_at, call.owner) == (
        "Alex answered 2: please call",
        now + timedelta(hours=4),
        dana,
    )


def test_two_asks_for_a_call_within_a_day_otherwise(alex, now):
    texts(alex, "2", now)
    assert alex.todos.get(kind=ToDoKind.CALL).due_at == now + timedelta(hours=24)


def test_the_same_message_told_twice_is_one(alex, now):
    assert texts(alex, "2", now, provider_id="SM1") == texts(alex, "2", now, provider_id="SM1")
    assert (InboundMessage.objects.count(), ToDo.objects.count()) == (1, 1)


# --- stop ------------------------------------------------------------------------------------------------------------
def test_stop_ends_the_texts_at_once_and_is_confirmed_once(alex, plan, now):
    texts(alex, "STOP", now)
    texts(alex, "stop", now + timedelta(minutes=1))
    permission = alex.permissions.get()
    assert (permission.withdrawn_at, permission.withdrawn_how) == (now, "keyword")
    assert set(plan.messages.values_list("status", "reason_code")) == {("cancelled", "opted_out")}
    assert replies(alex) == [("stop_reply", "stop")]


def test_an_opt_out_is_no_answer_to_a_check_in(alex, plan, now):
    message = sent(first_message(alex), now - timedelta(hours=1))
    texts(alex, "STOP", now)
    message.refresh_from_db()
    assert message.answered_at is None


def test_start_undoes_a_stop_by_keyword(alex, plan, now):
    texts(alex, "STOP", now)
    texts(alex, "START", now + timedelta(days=1))
    assert Permission.objects.in_force(now + timedelta(days=2)).filter(client=alex, channel="text").exists()
    assert replies(alex)[-1] == ("start_reply", "start")


def overtaken(client, now):
    """At night they take back their STOP and ask something; neither answer has left yet."""
    texts(client, "STOP", now)
    texts(client, "START", now + timedelta(hours=12))
    texts(client, "Can we talk?", now + timedelta(hours=12))
    return Message.objects.filter(client=client, kind__in=["start_reply", "away_reply"], status="planned")


def test_a_stop_overtakes_the_answers_that_still_wait(alex, now):
    assert overtaken(alex, now).count() == 2
    texts(alex, "STOP", now + timedelta(hours=13))
    kinds = (
        Message.objects.filter(client=alex, status="planned").order_by("pk").values_list("kind", flat=True)
    )
    assert list(kinds) == ["stop_reply", "stop_reply"]


def test_so_does_a_client_who_tells_staff_that_they_want_no_messages(alex, dana, now):
    waiting = overtaken(alex, now)
    later = now + timedelta(hours=13)
    actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=later)
    assert not waiting.exists()


def test_start_gives_no_permission_that_staff_took_back(alex, dana, now):
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    texts(alex, "START", now + timedelta(minutes=1))
    assert not alex.permissions.in_force(now + timedelta(days=1)).exists()
    assert open_todos(alex) == [ToDoKind.ANSWER]


def test_a_wrong_number_stops_suspends_the_number_and_is_not_answered(alex, plan, now):
    texts(alex, "Wrong number", now)
    assert alex.contact_points.get().state == "bad"
    assert replies(alex) == []
    assert alex.todos.open().filter(title__contains="somebody else's").exists()


def test_start_from_a_number_that_is_somebody_elses_gives_no_permission(alex, plan, now):
    texts(alex, "Wrong number", now)
    texts(alex, "START", now + timedelta(minutes=1))
    assert not alex.permissions.in_force(now + timedelta(days=1)).filter(channel="text").exists()
    assert replies(alex) == []
    assert alex.todos.open().filter(kind=ToDoKind.ANSWER).exists()


def test_help_is_answered_at_once(alex, now):
    texts(alex, "HELP", now)
    assert replies(alex) == [("help_reply", "help")]


# --- crisis ----------------------------------------------------------------------------------------------------------
def test_a_crisis_word_opens_an_urgent_to_do_and_sends_the_crisis_text(alex, dana, plan, now):
    inbound = texts(alex, "I just want to end it", now)
    todo = alex.todos.get(kind=ToDoKind.CRISIS)
    assert (todo.urgent, todo.due_at, todo.owner, todo.inbound) == (
        True,
        now + timedelta(minutes=15),
        dana,
        inbound,
    )
    reply = Message.objects.get(kind="crisis_reply")
    assert (reply.due_at, reply.priority, reply.in_reply_to) == (now, 0, inbound)


def test_the_crisis_text_goes_at_most_once_an_hour(alex, now):
    texts(alex, "I want to die", now)
    texts(alex, "kill myself", now + timedelta(minutes=59))
    assert Message.objects.filter(kind="crisis_reply").count() == 1
    texts(alex, "suicide", now + timedelta(minutes=61))
    assert Message.objects.filter(kind="crisis_reply").count() == 2


def test_stop_in_a_crisis_is_both_and_gets_the_crisis_text_only(alex, plan, now):
    inbound = texts(alex, "STOP I want to die", now)
    assert (inbound.crisis, inbound.opt_out) == (True, True)
    assert not alex.permissions.in_force(now + timedelta(seconds=1)).exists()
    assert replies(alex) == [("crisis_reply", "crisis")]
    assert ToDoKind.CRISIS in open_todos(alex)


def test_a_client_who_has_stopped_us_still_gets_the_crisis_text(alex, now):
    texts(alex, "STOP", now)
    texts(alex, "I want to die", now + timedelta(hours=2))
    assert ("crisis_reply", "crisis") in replies(alex)


def test_without_the_trail_the_message_is_not_taken(alex, plan, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        texts(alex, "I want to die", now)
    assert not InboundMessage.objects.exists()
    assert statuses(alex) == {"planned"}


# --- for a person ----------------------------------------------------------------------------------------------------
def test_what_no_rule_knows_is_answered_by_a_person_by_the_next_working_day(alex, dana, now):
    texts(alex, "Who is this?", now)
    todo = alex.todos.get()
    assert (todo.kind, todo.owner, todo.urgent) == (ToDoKind.ANSWER, dana, False)
    assert todo.due_at == datetime(2026, 3, 12, 21, tzinfo=UTC)  # Thursday 17:00 in New York
    assert replies(alex) == []


def test_over_the_weekend_the_next_working_day_is_monday(alex, now):
    friday = now + timedelta(days=2)
    texts(alex, "hello", friday)
    assert alex.todos.get().due_at.strftime("%a %H:%M") == "Mon 21:00"


def test_help_me_is_answered_soon(alex, now):
    texts(alex, "help me", now)
    todo = alex.todos.get()
    assert (todo.urgent, todo.due_at) == (True, now + timedelta(hours=4))


def reminded(client, dana, now):
    """A reminder of a visit the day after tomorrow went out an hour ago."""
    start = now + timedelta(days=2)
    session = actions_of_sessions.schedule_session(
        client_id=client.pk,
        counselor=dana,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        by=dana,
        now=now - timedelta(days=1),
    )
    return sent(Message.objects.get(session=session), now - timedelta(hours=1))


def test_c_confirms_the_visit_that_the_reminder_named(alex, dana, now):
    reminder = reminded(alex, dana, now)
    inbound = texts(alex, "C", now)
    reminder.refresh_from_db()
    assert (inbound.answers, reminder.answered_at) == (reminder, now)
    assert open_todos(alex) == []


def test_r_asks_for_another_time_of_the_visit_that_the_reminder_named(alex, dana, plan, now):
    sent(first_message(alex), now - timedelta(minutes=10))  # a check-in went out after it
    reminder = reminded(alex, dana, now)
    assert texts(alex, "R", now).answers == reminder
    assert alex.todos.filter(title="Alex wants another time for the visit").exists()


def test_a_reminder_of_a_visit_that_is_over_is_confirmed_by_nobody(alex, dana, now):
    reminded(alex, dana, now - timedelta(days=3))
    texts(alex, "C", now)
    assert open_todos(alex) == [ToDoKind.ANSWER]


@pytest.mark.parametrize("body", ["C", "R"])
def test_a_letter_that_answers_no_reminder_is_for_a_person_to_read(alex, now, body):
    texts(alex, body, now)
    assert alex.todos.get().title == "Alex wrote: read and answer"


def test_an_unknown_number_is_kept_and_learns_nothing(alex, now):
    inbound = texts(alex, "I want to die", now, address="+15550009999")
    assert (inbound.client, inbound.kind) == (None, "crisis")
    assert not Message.objects.exists()
    assert not ToDo.objects.exists()


def test_nothing_is_ever_sent_to_a_client_who_has_died(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    for body in ("I want to die", "HELP", "STOP"):
        texts(alex, body, now)
    assert not Message.objects.exists()
    assert ToDoKind.CRISIS in open_todos(alex)


@pytest.mark.parametrize("body", ["2", "R", "hello", "START"])
def test_whoever_writes_from_the_phone_of_somebody_who_died_is_for_a_person_to_answer(alex, now, body):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    texts(alex, body, now)
    todo = alex.todos.get()
    assert (todo.kind, todo.title) == (ToDoKind.ANSWER, "A message from the phone of Alex, who has died")


def test_on_a_shared_phone_the_one_written_to_last_has_answered_and_stop_stops_for_all(alex, dana, team, now):
    partner = factories.client_of(dana, team=team, given_name="Kim")
    number = alex.contact_points.get().normalized
    partner.contact_points.update(normalized=number)
    message = sent(first_message_of(partner, dana, now), now - timedelta(hours=1))
    assert texts(alex, "1", now).client == message.client == partner
    texts(alex, "STOP", now + timedelta(minutes=1))
    assert not Permission.objects.in_force(now + timedelta(hours=1)).exists()
    assert Message.objects.filter(kind="stop_reply").count() == 1


def first_message_of(client, by, now):
    report(client, by, now - timedelta(days=1))
    return first_message(client)


# --- read and handled ------------------------------------------------------------------------------------------------
def test_reading_and_handling_say_who_and_close_what_asked_for_an_answer(alex, dana, now):
    inbound = texts(alex, "Who is this?", now)
    actions.mark_answer_read(inbound_id=inbound.pk, by=dana, now=now)
    assert open_todos(alex) == [ToDoKind.ANSWER]
    actions.mark_handled(inbound_id=inbound.pk, by=dana, now=now + timedelta(minutes=1))
    inbound.refresh_from_db()
    assert (inbound.read_at, inbound.read_by, inbound.handled_at) == (now, dana, now + timedelta(minutes=1))
    assert open_todos(alex) == []
    alex.summary.refresh_from_db()
    assert alex.summary.unread_answers == 0


def test_a_crisis_is_not_handled_by_a_click(alex, dana, now):
    inbound = texts(alex, "I want to die", now)
    with pytest.raises(Conflict, match="Clear the crisis first"):
        actions.mark_handled(inbound_id=inbound.pk, by=dana, now=now)


def test_somebody_without_the_right_reads_no_inbox(alex, ada, now):
    inbound = texts(alex, "1", now)
    with pytest.raises(NotAllowed):
        actions.mark_answer_read(inbound_id=inbound.pk, by=ada, now=now)

"""Attempts, contacts, to-dos and the safety checklist (clinical.md §4.4, §3.2)."""

from datetime import timedelta

import pytest

from casework.followup import actions
from casework.followup.models import ContactAttempt
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from tests.followup.making import first_message, open_todos, report, sent, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def log(client, by, now, outcome="reached", **fields):
    return actions.log_contact(
        client_id=client.pk, channel="phone", outcome=outcome, by=by, now=now, **fields
    )


def test_a_talk_closes_the_first_contact_and_is_the_last_contact(alex, dana, plan, now):
    later = now + timedelta(hours=3)
    log(alex, dana, later)
    contact = plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    assert (contact.state, contact.done_at, contact.done_by) == ("done", later, dana)
    alex.summary.refresh_from_db()
    assert alex.summary.last_contact_at == later


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "wrong_number", "declined", "third_party"])
def test_anything_less_than_a_talk_is_an_attempt(alex, dana, plan, now, outcome):
    log(alex, dana, now + timedelta(hours=3), outcome)
    assert ToDoKind.FIRST_CONTACT in open_todos(alex)
    alex.summary.refresh_from_db()
    assert alex.summary.last_contact_at is None
    assert not ContactAttempt.objects.reached().exists()


def test_a_talk_before_the_report_is_not_the_contact_after_it(alex, dana, plan, now):
    log(alex, dana, now + timedelta(hours=1), at=now - timedelta(hours=5))
    assert ToDoKind.FIRST_CONTACT in open_todos(alex)


def test_a_talk_answers_the_call_that_the_client_asked_for_and_the_check_in(alex, dana, plan, now):
    message = sent(first_message(alex), now + timedelta(hours=1))
    inbound = texts(alex, "2", now + timedelta(hours=2))
    log(alex, dana, now + timedelta(hours=3))
    inbound.refresh_from_db()
    message.refresh_from_db()
    assert ToDoKind.CALL not in open_todos(alex)
    assert (inbound.handled_by, message.answered_at) == (dana, now + timedelta(hours=2))


def test_calls_of_later_days_stay(alex, dana, plan, now):
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    log(alex, dana, now + timedelta(days=3))
    assert plan.todos.open().filter(kind=ToDoKind.CALL).count() == 9  # those of day 0 and day 2 were due


def test_a_talk_entered_late_does_not_move_the_last_contact_back(alex, dana, plan, now):
    log(alex, dana, now + timedelta(hours=3))
    log(alex, dana, now + timedelta(hours=4), at=now + timedelta(hours=1))
    alex.summary.refresh_from_db()
    assert alex.summary.last_contact_at == now + timedelta(hours=3)


def test_the_same_form_posted_twice_is_one_attempt(alex, dana, plan, now):
    first = log(alex, dana, now, idempotency_key="k")
    assert log(alex, dana, now, idempotency_key="k") == first
    assert ContactAttempt.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"channel": "pigeon"}, {"outcome": "maybe"}, {"at": "tomorrow"}],
    ids=["channel", "outcome", "at"],
)
def test_what_cannot_be_is_declined_beside_its_field(alex, dana, now, wrong):
    fields = {"channel": "phone", "outcome": "reached", **wrong}
    if "at" in wrong:
        fields["at"] = now + timedelta(days=1)
    with pytest.raises(InvalidInput) as declined:
        actions.log_contact(client_id=alex.pk, by=dana, now=now, **fields)
    assert declined.value.field == next(iter(wrong))


def test_without_the_trail_no_contact_is_logged(alex, dana, plan, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        log(alex, dana, now)
    assert not ContactAttempt.objects.exists()
    assert ToDoKind.FIRST_CONTACT in open_todos(alex)


# --- to-dos ----------------------------------------------------------------------------------------------------------
def test_a_to_do_is_done_once_and_can_be_taken_back(alex, dana, plan, now):
    todo = plan.todos.get(kind=ToDoKind.VISIT_OFFER)
    count = alex.todos.open().count()
    actions.complete_todo(todo_id=todo.pk, by=dana, now=now, outcome="Thursday 10:00")
    again = actions.complete_todo(todo_id=todo.pk, by=dana, now=now + timedelta(hours=1))
    assert (again.state, again.done_at, again.outcome) == ("done", now, "Thursday 10:00")
    alex.summary.refresh_from_db()
    assert alex.summary.open_todos == count - 1
    assert actions.reopen_todo(todo_id=todo.pk, by=dana, now=now).is_open
    alex.summary.refresh_from_db()
    assert alex.summary.open_todos == count


@pytest.mark.parametrize(
    ("kind", "hint"),
    [(ToDoKind.FIRST_CONTACT, "Log the contact"), (ToDoKind.SAFETY_CHECKLIST, "safety checklist")],
)
def test_some_to_dos_are_done_by_an_act_and_not_by_a_tick(alex, dana, plan, now, kind, hint):
    todo = plan.todos.get(kind=kind)
    with pytest.raises(InvalidInput, match=hint):
        actions.complete_todo(todo_id=todo.pk, by=dana, now=now)


def test_a_tick_of_a_plan_that_has_ended_stays(alex, dana, plan, now):
    todo = plan.todos.get(kind=ToDoKind.VISIT_OFFER)
    actions.complete_todo(todo_id=todo.pk, by=dana, now=now)
    report(alex, dana, now + timedelta(hours=1))
    with pytest.raises(Conflict):
        actions.reopen_todo(todo_id=todo.pk, by=dana, now=now)


def test_a_to_do_can_be_opened_by_hand_but_not_without_words(alex, dana, now):
    todo = actions.add_todo(client_id=alex.pk, title=" Ask about the ride ", due_at=now, by=dana, now=now)
    assert (todo.title, todo.kind) == ("Ask about the ride", ToDoKind.OTHER)
    with pytest.raises(InvalidInput):
        actions.add_todo(client_id=alex.pk, title=" ", due_at=now, by=dana, now=now)


def test_an_auditor_changes_no_to_do(alex, audrey, plan, now):
    todo = plan.todos.get(kind=ToDoKind.VISIT_OFFER)
    for act in (actions.complete_todo, actions.reopen_todo):
        with pytest.raises(NotAllowed):
            act(todo_id=todo.pk, by=audrey, now=now)

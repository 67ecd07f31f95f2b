"""An emergency: taking it, the record before it closes, false alarms (clinical.md §3.4)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.followup import actions
from casework.followup.actions.emergencies import NEEDED, Done, missing
from casework.followup.models import EmergencyRecord, InboundMessage, Message, StaffAlert
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from tests.followup.alarms import crisis_of, emergency, recorded
from tests.followup.making import first_message, open_todos, report, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm(alex, dana, now):
    return emergency(alex, now - timedelta(minutes=30))


# --- I have it -------------------------------------------------------------------------------------------------------
def test_taking_it_says_who_has_it_and_closes_nothing(alex, dana, alarm, now):
    taken = actions.acknowledge_todo(todo_id=alarm.pk, by=dana, now=now)
    assert (taken.acknowledged_by, taken.acknowledged_at, taken.is_open) == (dana, now, True)
    assert not taken.waits_for_somebody
    assert AuditEvent.objects.filter(verb="todo.acknowledged", actor_id=dana.pk).count() == 1


def test_who_took_it_first_keeps_it(alex, dana, sam, alarm, now):
    actions.acknowledge_todo(todo_id=alarm.pk, by=dana, now=now)
    again = actions.acknowledge_todo(todo_id=alarm.pk, by=sam, now=now + timedelta(minutes=1))
    assert (again.acknowledged_by, again.acknowledged_at) == (dana, now)


def test_taking_it_calls_off_the_alerts_that_have_not_gone_out(alex, dana, sam, alarm, now):
    facts = {"todo": alarm, "to": sam, "round": 1, "try_at": now}
    gone = StaffAlert.objects.create(**facts, due_at=now - timedelta(minutes=15), sent_at=now)
    waits = StaffAlert.objects.create(**facts, due_at=now)
    actions.acknowledge_todo(todo_id=alarm.pk, by=dana, now=now)
    for one in (gone, waits):
        one.refresh_from_db()
    assert (gone.dropped_at, waits.dropped_at) == (None, now)


def test_only_an_emergency_is_taken_recorded_or_dismissed(alex, dana, sam, now):
    todo = actions.add_todo(client_id=alex.pk, title="Ask about the ride", due_at=now, by=dana, now=now)
    with pytest.raises(InvalidInput):
        actions.acknowledge_todo(todo_id=todo.pk, by=dana, now=now)
    with pytest.raises(InvalidInput):
        recorded(todo, dana, sam, now)
    with pytest.raises(InvalidInput):
        actions.dismiss_alarm(todo_id=todo.pk, reason="No", by=dana, now=now)


# --- the record ------------------------------------------------------------------------------------------------------
def test_an_emergency_is_not_ticked_off_without_its_record(alex, dana, alarm, now):
    with pytest.raises(InvalidInput, match="emergency record first") as declined:
        actions.complete_todo(todo_id=alarm.pk, by=dana, now=now, outcome="All is well")
    assert declined.value.field == "noticed_at"
    alarm.refresh_from_db()
    assert alarm.is_open


@pytest.mark.parametrize("field", sorted(NEEDED))
def test_the_field_that_is_missing_is_named(alex, dana, sam, alarm, now, field):
    empty = {"acts": [], "supervisor": None, "noticed_at": None, "supervisor_told_at": None}.get(field, "  ")
    with pytest.raises(InvalidInput, match=str(NEEDED[field])) as declined:
        recorded(alarm, dana, sam, now, **{field: empty})
    assert declined.value.field == field
    assert not EmergencyRecord.objects.exists()
    alarm.refresh_from_db()
    assert alarm.is_open


def test_all_that_is_missing_is_named_in_the_order_of_the_form():
    assert missing(Done()) == list(NEEDED)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"acts": ["prayed"]}, "acts"),
        ({"red_flags": ["tired"]}, "red_flags"),
        ({"red_flags": []}, "red_flags"),
        ({"disclosure_basis": "curiosity"}, "disclosure_basis"),
        ({"disclosure_basis": "nothing_told"}, "disclosure_basis"),
        ({"disclosure_basis": "nothing_told", "acts": ["prescriber", "supervisor"]}, "disclosure_basis"),
    ],
)
def test_what_cannot_be_is_declined_beside_its_field(alex, dana, sam, alarm, now, changed, field):
    with pytest.raises(InvalidInput) as declined:
        recorded(alarm, dana, sam, now, **changed)
    assert declined.value.field == field


@pytest.mark.parametrize(
    ("noticed", "told", "field"),
    [(1, 2, "noticed_at"), (-10, 5, "supervisor_told_at"), (-10, -20, "supervisor_told_at")],
)
def test_the_times_lie_in_their_order_and_not_in_the_future(
    alex, dana, sam, alarm, now, noticed, told, field
):
    times = {
        "noticed_at": now + timedelta(minutes=noticed),
        "supervisor_told_at": now + timedelta(minutes=told),
    }
    with pytest.raises(InvalidInput) as declined:
        recorded(alarm, dana, sam, now, **times)
    assert declined.value.field == field


def test_the_supervisor_is_one_who_works_here(alex, dana, sam, alarm, now):
    sam.is_active = False
    for nobody in (dana, sam):
        with pytest.raises(InvalidInput) as declined:
            recorded(alarm, dana, sam, now, supervisor=nobody)
        assert declined.value.field == "supervisor"


def test_telling_only_the_supervisor_needs_no_basis(alex, dana, sam, alarm, now):
    assert recorded(alarm, dana, sam, now, acts=["supervisor"], disclosure_basis="nothing_told").pk


def test_the_record_closes_it_and_keeps_all_of_it(alex, dana, sam, alarm, now):
    record = recorded(alarm, dana, sam, now)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.done_by, alarm.done_at) == ("done", dana, now)
    assert (record.client, record.supervisor, record.recorded_by) == (alex, sam, dana)
    assert record.acts_said == ["Emergency services were called (911)"]
    assert record.flags_said == ["Suicidal intent or plan"]
    assert (record.acknowledged_at, alarm.acknowledged_by) == (now, dana)
    trail = AuditEvent.objects.get(verb="emergency.recorded")
    assert trail.detail == {"acts": ["called_911"], "basis": "medical_emergency"}


def test_the_record_remembers_when_somebody_took_it(alex, dana, sam, alarm, now):
    actions.acknowledge_todo(todo_id=alarm.pk, by=sam, now=now - timedelta(minutes=25))
    record = recorded(alarm, dana, sam, now)
    alarm.refresh_from_db()
    assert (record.acknowledged_at, alarm.acknowledged_by) == (now - timedelta(minutes=25), sam)


def test_posting_the_record_twice_is_once(alex, dana, sam, alarm, now):
    first = recorded(alarm, dana, sam, now)
    assert recorded(alarm, dana, sam, now + timedelta(minutes=1), outcome="Another") == first
    assert EmergencyRecord.objects.get().outcome == "Taken to the emergency department, awake"


def test_what_was_dismissed_meanwhile_takes_no_record(alex, dana, sam, alarm, now):
    actions.dismiss_alarm(todo_id=alarm.pk, reason="A song", by=sam, now=now)
    with pytest.raises(Conflict):
        recorded(alarm, dana, sam, now)


def test_one_that_is_opened_again_keeps_its_record_and_asks_for_a_word(alex, dana, sam, alarm, now):
    recorded(alarm, dana, sam, now)
    actions.reopen_todo(todo_id=alarm.pk, by=dana, now=now)
    with pytest.raises(InvalidInput) as declined:
        actions.complete_todo(todo_id=alarm.pk, by=dana, now=now)
    assert declined.value.field == "outcome"
    with pytest.raises(Conflict):
        recorded(alarm, dana, sam, now)
    assert actions.complete_todo(todo_id=alarm.pk, by=dana, now=now, outcome="Home again").outcome


def test_the_database_itself_wants_to_know_what_was_done(alex, dana, sam, alarm, now):
    record = recorded(alarm, dana, sam, now)
    record.acts = []
    with pytest.raises(IntegrityError, match="says_what_was_done"), transaction.atomic():
        record.save()


def test_without_the_trail_nothing_is_recorded_taken_or_dismissed(alex, dana, sam, alarm, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    for act in (
        lambda: actions.acknowledge_todo(todo_id=alarm.pk, by=dana, now=now),
        lambda: recorded(alarm, dana, sam, now),
        lambda: actions.dismiss_alarm(todo_id=alarm.pk, reason="A song", by=dana, now=now),
    ):
        with pytest.raises(RuntimeError):
            act()
    alarm.refresh_from_db()
    assert (alarm.state, alarm.acknowledged_at, alarm.false_alarm) == ("open", None, False)
    assert not EmergencyRecord.objects.exists()


def test_an_auditor_takes_records_and_dismisses_nothing(alex, audrey, sam, alarm, now):
    for act in (
        lambda: actions.acknowledge_todo(todo_id=alarm.pk, by=audrey, now=now),
        lambda: recorded(alarm, audrey, sam, now),
        lambda: actions.dismiss_alarm(todo_id=alarm.pk, reason="A song", by=audrey, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- false alarms ----------------------------------------------------------------------------------------------------
def held_for_crisis(client, now):
    message = first_message(client)
    Message.objects.filter(pk=message.pk).update(
        status="held", reason_code="crisis_open", due_at=now + timedelta(minutes=15)
    )
    return message


def test_a_false_alarm_is_dismissed_with_a_reason_and_the_plan_goes_on(alex, dana, sam, now):
    report(alex, dana, now - timedelta(days=1))
    texts(alex, "they played Suicide Blonde", now)
    message = held_for_crisis(alex, now)
    todo = actions.dismiss_alarm(
        todo_id=crisis_of(alex).pk, reason=" A song title ", by=dana, now=now + timedelta(minutes=5)
    )
    message.refresh_from_db()
    assert (todo.state, todo.false_alarm, todo.outcome) == ("done", True, "A song title")
    assert (message.reason_code, message.due_at) == ("crisis_cleared", now + timedelta(minutes=5))
    assert InboundMessage.objects.get().handled_by == dana


def test_a_false_alarm_needs_a_reason(alex, dana, sam, alarm, now):
    with pytest.raises(InvalidInput) as declined:
        actions.dismiss_alarm(todo_id=alarm.pk, reason="  ", by=dana, now=now)
    assert declined.value.field == "reason"


def test_dismissing_twice_is_once_and_not_after_a_record(alex, dana, sam, alarm, now):
    actions.dismiss_alarm(todo_id=alarm.pk, reason="A song", by=dana, now=now)
    again = actions.dismiss_alarm(todo_id=alarm.pk, reason="A film", by=sam, now=now)
    assert again.outcome == "A song"
    other = emergency(alex, now)
    recorded(other, dana, sam, now)
    with pytest.raises(Conflict):
        actions.dismiss_alarm(todo_id=other.pk, reason="A song", by=dana, now=now)


def test_a_dismissal_taken_back_holds_the_plan_again(alex, dana, sam, now):
    report(alex, dana, now - timedelta(days=1))
    texts(alex, "I want to die", now)
    todo = actions.dismiss_alarm(todo_id=crisis_of(alex).pk, reason="A song", by=dana, now=now)
    again = actions.reopen_todo(todo_id=todo.pk, by=dana, now=now)
    assert (again.is_open, again.false_alarm) == (True, False)
    assert ToDoKind.CRISIS in open_todos(alex)


def test_a_second_open_crisis_keeps_the_plan_held(alex, dana, sam, now):
    report(alex, dana, now - timedelta(days=1))
    texts(alex, "I want to die", now - timedelta(hours=2))
    texts(alex, "seizure", now)
    message = held_for_crisis(alex, now)
    first, second = alex.todos.filter(kind=ToDoKind.CRISIS).order_by("pk")
    recorded(first, dana, sam, now)
    message.refresh_from_db()
    assert message.reason_code == "crisis_open"
    recorded(second, dana, sam, now)
    message.refresh_from_db()
    assert message.reason_code == "crisis_cleared"


# --- several texts, one alarm ----------------------------------------------------------------------------------------
def test_texts_within_the_hour_are_one_row_with_their_count(alex, dana, now):
    texts(alex, "I want to die", now)
    texts(alex, "kill myself", now + timedelta(minutes=59))
    texts(alex, "suicide", now + timedelta(minutes=118))
    todo = crisis_of(alex)
    assert todo.crisis_texts.count() == 3
    assert todo.due_at == now + timedelta(minutes=15)  # nobody has it yet: its clock goes on


def test_a_text_more_than_an_hour_later_is_an_alarm_of_its_own(alex, now):
    texts(alex, "I want to die", now)
    texts(alex, "suicide", now + timedelta(minutes=61))
    assert alex.todos.open().filter(kind=ToDoKind.CRISIS).count() == 2


def test_a_text_after_somebody_took_it_asks_again(alex, dana, now):
    texts(alex, "I want to die", now)
    actions.acknowledge_todo(todo_id=crisis_of(alex).pk, by=dana, now=now + timedelta(minutes=5))
    texts(alex, "kill myself", now + timedelta(minutes=20))
    todo = crisis_of(alex)
    assert todo.waits_for_somebody
    assert todo.due_at == now + timedelta(minutes=35)


def test_a_text_after_the_alarm_was_closed_is_a_new_one(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    recorded(crisis_of(alex), dana, sam, now)
    texts(alex, "kill myself", now + timedelta(minutes=20))
    assert open_todos(alex) == [ToDoKind.CRISIS]


def test_closing_the_alarm_handles_every_text_of_it(alex, dana, sam, now):
    texts(alex, "I want to die", now)
    second = texts(alex, "kill myself", now + timedelta(minutes=1))
    with pytest.raises(Conflict):
        actions.mark_handled(inbound_id=second.pk, by=dana, now=now + timedelta(minutes=2))
    recorded(crisis_of(alex), dana, sam, now + timedelta(minutes=30))
    assert not InboundMessage.objects.filter(handled_at=None).exists()


def test_the_practice_may_switch_the_crisis_text_off_and_the_alarm_stays(alex, practice, now):
    practice.crisis_auto_reply = False
    practice.save()
    texts(alex, "I want to die", now)
    assert not Message.objects.filter(kind="crisis_reply").exists()
    assert crisis_of(alex).is_open

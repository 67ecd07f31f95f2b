"""Stop, discharge, death and completion: the rows of the state table (clinical.md §4.6)."""

from datetime import timedelta

import pytest

from casework.followup import actions, optout, plan_upkeep
from casework.followup.models import FollowUpPlan, Message, PlanState, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import InvalidTransition, NotAllowed
from clients.models import Client
from tests import factories
from tests.followup.making import PHONE_STEPS, first_message, open_todos, report, sent, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def again(thing):
    thing.refresh_from_db()
    return thing


# --- a channel, or all of them ---------------------------------------------------------------------------------------
def test_an_opt_out_of_the_only_channel_turns_the_texts_into_calls(alex, dana, plan, now):
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert again(plan).state == PlanState.ACTIVE
    assert set(plan.messages.values_list("status", "reason_code")) == {("cancelled", "opted_out")}
    calls = plan.todos.open().filter(kind=ToDoKind.CALL)
    assert calls.count() == PHONE_STEPS
    assert set(calls.values_list("due_at", flat=True)) == set(plan.messages.values_list("due_at", flat=True))


def test_with_another_channel_agreed_to_the_texts_go_that_way(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="email")
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert statuses(alex) == {"planned"}
    assert not plan.todos.filter(kind=ToDoKind.CALL).exists()


def test_an_opt_out_of_all_messages_stops_them_and_keeps_the_to_dos(alex, dana, plan, now):
    before = open_todos(alex)
    actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=now)
    assert again(plan).state == PlanState.MESSAGES_OFF
    assert set(plan.messages.values_list("status", "reason_code")) == {("cancelled", "messages_off")}
    assert open_todos(alex) == before
    assert not alex.permissions.in_force(now).exists()
    alex.summary.refresh_from_db()
    assert alex.summary.plan_state == "messages_off"


def test_a_client_who_declines_calls_too_is_not_called(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="call")
    actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=now)
    actions.withdraw_permission(client_id=alex.pk, channel="call", by=dana, now=now)
    assert ToDoKind.FIRST_CONTACT not in open_todos(alex)
    assert ToDoKind.SUPERVISOR_REVIEW in open_todos(alex)


def test_withdrawing_twice_changes_nothing_more(alex, dana, plan, now):
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now) == []
    assert plan.todos.filter(kind=ToDoKind.CALL).count() == PHONE_STEPS


def test_a_message_that_a_worker_holds_is_told_not_to_go(alex, dana, plan, now):
    message = first_message(alex)
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=now + timedelta(minutes=1), attempt_id=message.uid, lease_owner="w"
    )
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    message.refresh_from_db()
    assert (message.status, message.recalled) == ("claimed", "cancel")


def test_a_stop_at_the_carrier_counts_as_a_stop(alex, plan, now):
    optout.provider_blocked(client_id=alex.pk, now=now)
    permission = alex.permissions.get()
    assert (permission.withdrawn_how, permission.withdrawn_by) == ("provider", None)
    assert statuses(alex) == {"cancelled"}


def test_only_those_who_may_withdraw_a_permission(alex, audrey, plan, now):
    with pytest.raises(NotAllowed):
        actions.withdraw_permission(client_id=alex.pk, channel="text", by=audrey, now=now)
    assert statuses(alex) == {"planned"}


# --- death -----------------------------------------------------------------------------------------------------------
def test_after_a_death_nothing_is_sent_or_asked_but_a_review_by_the_supervisor(alex, dana, sam, plan, now):
    actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now)
    assert again(plan).state == PlanState.CLOSED_DECEASED
    assert set(Message.objects.values_list("status", "reason_code")) == {("cancelled", "client_deceased")}
    review = alex.todos.open().get()
    assert (review.kind, review.owner) == (ToDoKind.DEATH_REVIEW, sam)
    alex.summary.refresh_from_db()
    assert (alex.summary.plan_state, alex.summary.open_todos) == ("closed_deceased", 1)


def test_a_death_is_recorded_once(alex, dana, plan, now):
    actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now)
    with pytest.raises(InvalidTransition):
        actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now)


def test_without_the_trail_nobody_dies(alex, dana, plan, now, monkeypatch):
    real = audit.record

    def record(verb, **fields):
        if verb == "plan.closed":
            raise RuntimeError("no trail")
        return real(verb, **fields)

    monkeypatch.setattr(audit, "record", record)
    with pytest.raises(RuntimeError):
        actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now)
    assert Client.objects.get().state == "active"
    assert again(plan).state == PlanState.ACTIVE
    assert statuses(alex) == {"planned"}


# --- discharge -------------------------------------------------------------------------------------------------------
def discharge(client, by, now):
    return actions.discharge(client_id=client.pk, reason="completed", on=now.date(), by=by, now=now)


def test_a_discharge_stops_messages_and_to_dos(alex, dana, plan, now):
    discharge(alex, dana, now)
    assert again(plan).state == PlanState.CLOSED_DISCHARGED
    assert set(Message.objects.values_list("status", "reason_code")) == {("cancelled", "client_discharged")}
    assert open_todos(alex) == []


def test_a_client_who_agreed_to_contact_afterwards_still_hears_from_us(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="post_discharge")
    discharge(alex, dana, now)
    assert again(plan).state == PlanState.CLOSED_DISCHARGED
    assert statuses(alex) == {"planned"}


def test_a_discharge_does_not_end_an_open_emergency(alex, dana, now):
    report(alex, dana, now, red_flags=["seizure"])
    discharge(alex, dana, now)
    assert open_todos(alex) == [ToDoKind.EMERGENCY]


# --- the end of a plan -----------------------------------------------------------------------------------------------
def finish(plan, at):
    for message in plan.messages.all():
        sent(message, message.due_at)
    ToDo.objects.filter(plan=plan).update(state="done", done_at=at)


def test_a_plan_is_completed_when_its_last_day_has_come_and_nothing_is_open(alex, plan, now):
    end = now + timedelta(days=91)
    finish(plan, end)
    assert plan_upkeep.complete_finished(end) == 1
    assert (again(plan).state, plan.closed_at) == (PlanState.COMPLETED, end)
    assert plan_upkeep.complete_finished(end) == 0


@pytest.mark.parametrize("left", ["a message", "a to-do", "days"])
def test_a_plan_goes_on_while_something_is_left(alex, plan, now, left):
    end = now + timedelta(days=30 if left == "days" else 91)
    finish(plan, end)
    if left == "a message":
        Message.objects.filter(step_key="PHY-D90-MSG").update(status="planned", sent_at=None)
    if left == "a to-do":
        ToDo.objects.filter(step_key="PHY-D90-REASSESSMENT").update(state="open", done_at=None)
    assert plan_upkeep.complete_finished(end) == 0
    assert again(plan).state == PlanState.ACTIVE


def test_the_last_to_do_done_completes_the_plan(alex, dana, plan, now):
    end = now + timedelta(days=91)
    finish(plan, end)
    todo = plan.todos.get(step_key="PHY-D90-REASSESSMENT")
    ToDo.objects.filter(pk=todo.pk).update(state="open", done_at=None)
    actions.complete_todo(todo_id=todo.pk, by=dana, now=end)
    assert again(plan).state == PlanState.COMPLETED


def test_a_report_after_completion_begins_a_new_plan(alex, dana, plan, now):
    end = now + timedelta(days=91)
    finish(plan, end)
    plan_upkeep.complete_finished(end)
    new = report(alex, dana, end).plan
    assert (new.state, FollowUpPlan.objects.count()) == (PlanState.ACTIVE, 2)


# --- the lifecycle ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", list(PlanState))
@pytest.mark.parametrize("end", list(PlanState))
def test_a_plan_moves_only_along_its_table(start, end):
    plan = FollowUpPlan(state=start)
    if end in FollowUpPlan.TRANSITIONS[start]:
        plan.move_to(end)
        assert plan.state == end
    else:
        with pytest.raises(InvalidTransition):
            plan.move_to(end)

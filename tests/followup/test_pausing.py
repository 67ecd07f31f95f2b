"""A client cannot be reached for a while and comes back (clinical.md §4.6)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.followup import actions, plan_changes, plan_upkeep, tasks
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision
from casework.followup.messages.reasons import words
from casework.followup.models import FollowUpPlan, Message, PlanState, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Client
from tests import factories
from tests.followup.making import PHONE_STEPS, first_message, open_todos, report, sent, statuses, texts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASONS = ["incarcerated", "hospital", "away", "other"]


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def again(thing):
    thing.refresh_from_db()
    return thing


def pause(client, by, at, reason="away"):
    return actions.pause_client(
        client_id=client.pk, reason=reason, on=timezone.localdate(at, client.zone), by=by, now=at
    )


def resume(client, by, at):
    return actions.resume_client(client_id=client.pk, on=timezone.localdate(at, client.zone), by=by, now=at)


def hold_due(client, at):
    """As the deliverer leaves what falls due during a pause."""
    due = Message.objects.filter(client=client, status="planned", due_at__lte=at)
    for message in due:
        verdict = policy.may_send(message, at)
        assert (verdict.decision, verdict.reason) == (Decision.HOLD, "plan_paused")
    return due.update(status="held", reason_code="plan_paused", due_at=at + timedelta(minutes=15))


def back(client):
    return ToDo.objects.get(client=client, step_key__startswith="BACK-")


# --- the pause -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reason", REASONS)
def test_a_pause_stops_client_and_plan_and_keeps_every_date(alex, dana, plan, now, reason):
    dates = list(plan.messages.order_by("pk").values_list("due_at", flat=True))
    before = open_todos(alex)
    pause(alex, dana, now, reason)
    assert (again(alex).state, alex.state_reason) == ("paused", reason)
    assert again(plan).state == PlanState.PAUSED
    assert list(plan.messages.order_by("pk").values_list("due_at", flat=True)) == dates
    assert statuses(alex) == {"planned"}
    if reason != "hospital":  # there, one talk with the ward takes their place
        assert open_todos(alex) == before
    alex.summary.refresh_from_db()
    assert alex.summary.plan_state == "paused"


def test_nothing_goes_to_a_paused_client_however_late_it_becomes(alex, dana, plan, now):
    pause(alex, dana, now)
    message = first_message(alex)
    for days in (1, 3, 30):
        assert policy.may_send(message, now + days * DAY).decision is Decision.HOLD


def test_what_a_sender_holds_is_cleared_once_more(alex, dana, plan, now):
    message = first_message(alex)
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=now + timedelta(minutes=1), attempt_id=message.uid, lease_owner="w"
    )
    pause(alex, dana, now)
    assert again(message).recalled == Message.Recall.RECHECK


def test_a_pause_without_a_plan_is_a_pause(alex, dana, now):
    pause(alex, dana, now)
    assert again(alex).state == "paused"
    resume(alex, dana, now + DAY)
    assert again(alex).state == "active"
    assert not FollowUpPlan.objects.exists()


def test_a_client_is_paused_once(alex, dana, plan, now):
    pause(alex, dana, now)
    with pytest.raises(InvalidTransition):
        pause(alex, dana, now)


@pytest.mark.parametrize(("reason", "ahead"), [("fed up", 0), ("away", 1)])
def test_a_pause_that_cannot_be_changes_nothing(alex, dana, plan, now, reason, ahead):
    with pytest.raises(InvalidInput):
        actions.pause_client(client_id=alex.pk, reason=reason, on=now.date() + ahead * DAY, by=dana, now=now)
    assert (again(alex).state, again(plan).state) == ("active", PlanState.ACTIVE)


def test_a_paused_plan_is_not_completed_over_it(alex, dana, plan, now):
    end = now + 91 * DAY
    for message in plan.messages.all():
        sent(message, message.due_at)
    plan.todos.update(state="done", done_at=end)
    pause(alex, dana, now)
    assert plan_upkeep.complete_finished(end) == 0
    assert again(plan).state == PlanState.PAUSED


def test_a_report_during_a_pause_begins_a_plan_that_is_paused(alex, dana, now):
    pause(alex, dana, now)
    begun = report(again(alex), dana, now).plan
    assert begun.state == PlanState.PAUSED
    assert policy.may_send(first_message(alex), now + DAY).reason == "plan_paused"
    resume(alex, dana, now + DAY)
    assert again(begun).state == PlanState.ACTIVE


def test_start_after_stop_during_a_pause_brings_the_messages_back_to_wait_for_its_end(alex, dana, plan, now):
    pause(alex, dana, now)
    texts(alex, "STOP", now + timedelta(minutes=1))
    texts(alex, "START", now + timedelta(minutes=2))
    plan_changes.follow_changes(now + timedelta(minutes=3))
    assert set(plan.messages.values_list("status", flat=True)) == {"planned"}
    assert policy.may_send(first_message(alex), first_message(alex).due_at).decision is Decision.HOLD
    assert again(plan).state == PlanState.PAUSED


def test_a_client_who_may_not_be_written_to_any_more_is_called_after_the_pause(alex, dana, plan, now):
    pause(alex, dana, now)
    actions.withdraw_permission(client_id=alex.pk, channel="text", by=dana, now=now)
    assert plan.todos.open().filter(kind=ToDoKind.CALL).count() == PHONE_STEPS
    assert statuses(alex) == {"cancelled"}


@pytest.mark.parametrize("stops", ["before", "during"])
def test_a_client_who_wants_no_messages_gets_none_after_the_pause_either(alex, dana, plan, now, stops):
    stop = lambda: actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=now)  # noqa: E731
    if stops == "before":
        stop()
    pause(alex, dana, now)
    if stops == "during":
        stop()
    resume(alex, dana, now + DAY)
    assert again(plan).state == PlanState.MESSAGES_OFF
    assert statuses(alex) == {"cancelled"}


def test_a_paused_client_can_be_discharged(alex, dana, plan, now):
    pause(alex, dana, now)
    actions.discharge(client_id=alex.pk, reason="left", on=now.date(), by=dana, now=now)
    assert again(plan).state == PlanState.CLOSED_DISCHARGED
    assert statuses(alex) == {"cancelled"}


# --- the return ------------------------------------------------------------------------------------------------------
def test_on_return_steps_more_than_two_days_late_are_left_out_and_the_others_keep_their_day(
    alex, dana, plan, now
):
    pause(alex, dana, now)
    later = now + 20 * DAY
    hold_due(alex, later - 2 * timedelta(minutes=15))
    ahead = dict(plan.messages.filter(status="planned").values_list("pk", "due_at"))
    resume(alex, dana, later)
    assert (again(alex).state, again(plan).state) == ("active", PlanState.ACTIVE)
    late = plan.messages.filter(status="skipped")
    assert set(late.values_list("step_key", flat=True)) == {
        f"PHY-D{day:02d}-MSG" for day in (0, 2, 5, 8, 10, 14)
    }
    assert set(late.values_list("reason_code", "closed_at")) == {("passed_in_pause", later)}
    assert dict(plan.messages.filter(status="planned").values_list("pk", "due_at")) == ahead
    assert len(ahead) == PHONE_STEPS - 6


def test_a_step_that_is_less_late_goes_now(alex, dana, plan, now):
    pause(alex, dana, now)
    later = now + 3 * DAY + timedelta(hours=2)  # day 0 is three days late, day 2 one day; it is 10:00
    hold_due(alex, later)
    resume(alex, dana, later)
    rows = dict(plan.messages.values_list("step_key", "status"))
    assert (rows["PHY-D00-MSG"], rows["PHY-D02-MSG"], rows["PHY-D05-MSG"]) == ("skipped", "held", "planned")
    due = plan.messages.get(step_key="PHY-D02-MSG")
    assert (due.due_at, due.reason_code) == (later, "resumed")
    assert policy.may_send(due, later).decision is Decision.SEND


def test_what_was_held_for_another_reason_waits_on(alex, dana, plan, now):
    message = first_message(alex)
    until = now + 9 * timedelta(hours=1)
    Message.objects.filter(pk=message.pk).update(status="held", reason_code="quiet_hours", due_at=until)
    pause(alex, dana, now)
    resume(alex, dana, now)
    assert (again(message).due_at, message.reason_code) == (until, "quiet_hours")


def test_words_tell_why_a_step_was_left_out_or_goes_on():
    assert words("passed_in_pause") == "Left out: its day passed while the client was paused."
    assert "the pause has ended" in words("resumed")


def test_on_return_somebody_is_asked_to_get_in_touch_within_a_day(alex, dana, plan, now):
    pause(alex, dana, now)
    resume(alex, dana, now + DAY)
    todo = back(alex)
    assert (todo.kind, todo.owner, todo.due_at) == (ToDoKind.CALL, dana, now + 2 * DAY)
    assert todo.title == "Alex is back: get in touch"


def test_each_return_asks_anew(alex, dana, now):
    for days in (0, 4):
        pause(alex, dana, now + days * DAY)
        resume(alex, dana, now + (days + 2) * DAY)
    assert ToDo.objects.filter(client=alex, step_key__startswith="BACK-").count() == 2


def test_nobody_is_asked_to_call_who_wants_no_calls(alex, dana, now):
    factories.PermissionFactory(client=alex, channel="call")
    actions.withdraw_permission(client_id=alex.pk, channel="call", by=dana, now=now)
    pause(alex, dana, now)
    resume(alex, dana, now)
    assert back(alex).kind == ToDoKind.OTHER


@pytest.mark.parametrize(("outcome", "state"), [("reached", "done"), ("voicemail", "open")])
def test_a_talk_after_the_return_is_what_was_asked_for(alex, dana, now, outcome, state):
    pause(alex, dana, now)
    resume(alex, dana, now)
    at = now + timedelta(hours=2)
    actions.log_contact(client_id=alex.pk, channel="phone", outcome=outcome, by=dana, now=at)
    assert back(alex).state == state


def test_a_return_wakes_the_sender(alex, dana, plan, now, monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(tasks, "wake", lambda: woken.append(True))
    pause(alex, dana, now)
    with django_capture_on_commit_callbacks(execute=True):
        resume(alex, dana, now)
    assert woken == [True]


def test_nobody_returns_who_was_not_away(alex, dana, plan, now):
    with pytest.raises(Conflict):
        resume(alex, dana, now)
    assert not alex.todos.filter(step_key__startswith="BACK-").exists()


# --- who, and all or nothing -----------------------------------------------------------------------------------------
def test_both_are_in_the_trail_with_the_plan(alex, dana, plan, now):
    pause(alex, dana, now)
    resume(alex, dana, now)
    verbs = AuditEvent.objects.filter(client_id=alex.pk).values_list("verb", flat=True)
    assert {"client.paused", "plan.paused", "client.active", "plan.resumed"} <= set(verbs)


@pytest.mark.parametrize("person", ["ada", "audrey"])
def test_only_those_who_care_for_clients_pause_and_resume(request, person, alex, plan, now):
    by = request.getfixturevalue(person)
    for act in (pause, resume):
        with pytest.raises(NotAllowed):
            act(alex, by, now)
    assert (again(alex).state, again(plan).state) == ("active", PlanState.ACTIVE)


def broken_at(monkeypatch, verb):
    real = audit.record

    def record(said, **fields):
        if said == verb:
            raise RuntimeError("no trail")
        return real(said, **fields)

    monkeypatch.setattr(audit, "record", record)


def test_without_the_trail_nobody_is_paused(alex, dana, plan, now, monkeypatch):
    broken_at(monkeypatch, "plan.paused")
    with pytest.raises(RuntimeError):
        pause(alex, dana, now)
    assert (again(alex).state, again(plan).state) == ("active", PlanState.ACTIVE)
    assert not alex.status_changes.exists()


@pytest.mark.parametrize("verb", ["plan.resumed", "todo.opened"])
def test_without_the_trail_nobody_returns(alex, dana, plan, now, monkeypatch, verb):
    pause(alex, dana, now)
    later = now + 3 * DAY
    hold_due(alex, later)
    broken_at(monkeypatch, verb)
    with pytest.raises(RuntimeError):
        resume(alex, dana, later)
    assert (again(alex).state, again(plan).state) == ("paused", PlanState.PAUSED)
    assert statuses(alex) == {"held", "planned"}
    assert not alex.todos.filter(step_key__startswith="BACK-").exists()


# --- the pages -------------------------------------------------------------------------------------------------------
def at(name, client):
    return reverse(f"followup:{name}", kwargs={"uid": client.uid})


def said(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def today(alex):
    return timezone.localdate(timezone.now(), alex.zone)


def test_the_page_names_what_will_happen_and_then_does_it(as_dana, alex, dana, today):
    report(alex, dana, timezone.now() - timedelta(minutes=1))
    assert f"{PHONE_STEPS} messages that wait are held" in said(as_dana.get(at("pause", alex)))
    answer = as_dana.post(at("pause", alex), {"reason": "incarcerated", "on": str(today)}, follow=True)
    page = said(answer)
    assert "Paused. No message goes to Alex." in page
    assert "In jail or prison" in page
    assert at("resume", alex) in page
    assert at("pause", alex) not in page
    assert Client.objects.get().state == "paused"


def test_the_way_back_is_a_page_too(as_dana, alex, dana, today):
    pause(alex, dana, timezone.now() - DAY)
    assert "within 24 hours" in said(as_dana.get(at("resume", alex)))
    page = said(as_dana.post(at("resume", alex), {"on": str(today)}, follow=True))
    assert "Alex is active again." in page
    assert at("pause", alex) in page
    assert at("resume", alex) not in page
    assert Client.objects.get().state == "active"


def test_a_day_before_the_pause_is_told_beside_its_field(as_dana, alex, dana, today):
    pause(alex, dana, timezone.now())
    answer = as_dana.post(at("resume", alex), {"on": str(today - 5 * DAY)})
    assert answer.context["form"].errors["on"] == ["This day lies before the pause began."]
    assert Client.objects.get().state == "paused"


def test_a_day_to_come_is_told_beside_its_field(as_dana, alex, dana, today):
    answer = as_dana.post(at("pause", alex), {"reason": "away", "on": today + timedelta(days=1)})
    assert answer.context["form"].errors["on"] == ["This date lies in the future. Give the day it happened."]
    assert Client.objects.get(pk=alex.pk).state == "active"


def test_a_page_that_comes_too_late_says_so(as_dana, alex, dana, today):
    assert "Alex is not paused." in said(as_dana.post(at("resume", alex), {"on": str(today)}))
    pause(alex, dana, timezone.now())
    answer = as_dana.post(at("pause", alex), {"reason": "away", "on": str(today)})
    assert answer.status_code == 200
    assert answer.context["form"].errors

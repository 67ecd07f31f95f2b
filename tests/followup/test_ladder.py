"""Nobody answers: what happens when, what ends it, and that looking twice changes nothing (clinical.md §4.5)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from casework.followup import actions, ladder, tasks
from casework.followup.models import FollowUpPlan, LadderRung, Message, Rung, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_finished
from clients.models import AuditEvent, Client
from tests import factories
from tests.followup.making import report, sent, texts
from tests.followup.test_races import together

pytestmark = pytest.mark.django_db
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
PHOENIX = ZoneInfo("America/Phoenix")


@pytest.fixture
def plan(alex, dana, now):
    """A physical plan, begun on Wednesday 11 March at 08:00 in Phoenix."""
    return report(alex, dana, now).plan


def rungs(client):
    """The open ones."""
    return [rung.code for rung in LadderRung.objects.filter(client=client).open().order_by("rung")]


def rung(client, number):
    return LadderRung.objects.filter(client=client, rung=number).latest("reached_at")


def attempt(client, by, now, outcome="voicemail", **more):
    return actions.log_contact(client_id=client.pk, channel="phone", outcome=outcome, by=by, now=now, **more)


def state_of_everything():
    return (
        list(LadderRung.objects.order_by("pk").values()),
        list(ToDo.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )


# --- U1 ---
@pytest.mark.parametrize(
    ("stage", "after"), [("physical", 72 * HOUR), ("mental", 5 * DAY), ("emotional", 10 * DAY)]
)
def test_a_silence_asks_for_a_call_at_its_exact_end(alex, dana, now, stage, after):
    report(alex, dana, now, stage=stage)
    ladder.climb_all(now + after - timedelta(microseconds=1))
    assert rungs(alex) == []
    at = now + after
    ladder.climb_all(at)
    reached = rung(alex, Rung.CALL)
    assert (reached.silent_since, reached.reached_at, reached.why) == (now, at, "silent")
    call = reached.todo
    assert (call.kind, call.owner, call.due_at) == (ToDoKind.CALL, dana, at + 24 * HOUR)
    assert call.title == "Call Alex: no answer for a while"


def test_two_check_ins_without_an_answer_ask_earlier(alex, dana, now):
    plan = report(alex, dana, now, stage="emotional").plan
    first, second = plan.messages.filter(template_key__startswith="checkin").order_by("due_at")[:2]
    sent(first, now + DAY)
    sent(second, now + 4 * DAY, delivered=False)
    ladder.climb_all(now + 5 * DAY - SECOND)
    assert rungs(alex) == []
    ladder.climb_all(now + 5 * DAY)
    assert rung(alex, Rung.CALL).why == "unanswered"


def test_a_text_that_asks_nothing_or_never_left_is_no_check_in(alex, dana, now):
    plan = report(alex, dana, now, stage="emotional").plan
    one, two, _offer, _three, closing = plan.messages.order_by("due_at")
    sent(one, now + DAY)
    sent(closing, now + 2 * DAY)
    Message.objects.filter(pk=two.pk).update(status="dead")
    ladder.climb_all(now + 9 * DAY)
    assert rungs(alex) == []


def test_an_answer_between_two_check_ins_begins_the_count_anew(alex, dana, now):
    plan = report(alex, dana, now, stage="emotional").plan
    first, second = plan.messages.filter(template_key__startswith="checkin").order_by("due_at")[:2]
    sent(first, now + DAY)
    texts(alex, "1", now + 2 * DAY)
    sent(second, now + 4 * DAY)
    ladder.climb_all(now + 6 * DAY)
    assert rungs(alex) == []
    ladder.climb_all(now + 12 * DAY)
    assert rung(alex, Rung.CALL).silent_since == now + 2 * DAY


def test_somebody_who_wants_no_calls_is_reached_another_way(alex, dana, plan, now):
    factories.PermissionFactory(
        client=alex, channel="call", granted_at=now - DAY, withdrawn_at=now, withdrawn_how="staff"
    )
    ladder.climb_all(now + 72 * HOUR)
    asked = rung(alex, Rung.CALL).todo
    assert asked.kind == ToDoKind.OTHER
    assert asked.title == "Reach Alex, who wants no calls: no answer for a while"


# --- U2 ---
def test_a_call_not_made_in_time_tells_the_supervisor(alex, dana, sam, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    due = rung(alex, Rung.CALL).todo.due_at
    ladder.climb_all(due)
    assert rungs(alex) == ["U1"]
    ladder.climb_all(due + SECOND)
    told = rung(alex, Rung.OTHER_WAYS)
    assert (told.why, told.todo.kind, told.todo.owner) == ("call_overdue", ToDoKind.SILENT, sam)
    assert told.todo.title == "No answer from Alex: look for another way"


def test_tries_on_two_days_tell_the_supervisor_at_once(alex, dana, sam, plan, now):
    attempt(alex, dana, now + HOUR)
    attempt(alex, dana, now + 2 * HOUR, "no_answer")
    ladder.climb_all(now + 3 * HOUR)
    assert rungs(alex) == []
    attempt(alex, dana, now + 26 * HOUR, "third_party")
    ladder.climb_all(now + 26 * HOUR)
    assert rungs(alex) == ["U2"]
    assert rung(alex, Rung.OTHER_WAYS).why == "attempts"


def test_a_ticked_call_is_no_contact_and_is_not_overdue(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    actions.complete_todo(todo_id=rung(alex, Rung.CALL).todo_id, by=dana, now=now + 80 * HOUR)
    ladder.climb_all(now + 6 * DAY)
    assert rungs(alex) == ["U1"]


# --- U3 and U4 ---
@pytest.mark.parametrize(("stage", "day"), [("physical", 18), ("mental", 21), ("emotional", 25)])
def test_the_supervisor_decides_on_the_day(alex, dana, sam, now, stage, day):
    report(alex, dana, now, stage=stage)
    at = datetime(2026, 3, day, 10, tzinfo=PHOENIX)
    ladder.climb_all(at - timedelta(microseconds=1))
    assert "U3" not in rungs(alex)
    ladder.climb_all(at)
    decide = rung(alex, Rung.DECIDE)
    assert (decide.why, decide.todo.kind, decide.todo.owner) == ("no_contact", ToDoKind.DECISION, sam)


def test_day_thirty_asks_whether_to_go_on(alex, dana, sam, plan, now):
    at = datetime(2026, 4, 10, 10, tzinfo=PHOENIX)
    ladder.climb_all(at - SECOND)
    assert rungs(alex) == ["U1", "U3"]
    ladder.climb_all(at)
    assert "U4" in rungs(alex)
    assert rung(alex, Rung.GO_ON_OR_CLOSE).todo.title == "No contact with Alex: go on or close"


def test_the_day_keeps_its_date_over_a_change_of_the_clocks(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(time_zone="America/New_York")
    alex.refresh_from_db()
    begun = datetime(2026, 3, 5, 9, tzinfo=ZoneInfo("America/New_York"))
    report(alex, dana, begun)
    at = datetime(2026, 3, 12, 10, tzinfo=ZoneInfo("America/New_York"))
    ladder.climb_all(at - SECOND)
    assert "U3" not in rungs(alex)
    ladder.climb_all(at)
    assert "U3" in rungs(alex)


# --- what ends it ---
def test_an_answer_ends_it_and_takes_back_what_it_asked_for(alex, dana, plan, now):
    ladder.climb_all(now + 8 * DAY)
    at = now + 8 * DAY + HOUR
    texts(alex, "I am fine", at)
    assert rungs(alex) == []
    ended = rung(alex, Rung.DECIDE)
    assert (ended.ended_at, ended.ended_why) == (at, "answered")
    assert (ended.todo.state, ended.todo.cancelled_reason) == ("cancelled", "in_touch_again")


def test_a_bare_stop_is_no_answer_and_a_cry_for_help_with_a_stop_is_one(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    texts(alex, "STOP", now + 73 * HOUR)
    ladder.climb_all(now + 74 * HOUR)
    assert rungs(alex) == ["U1"]
    texts(alex, "STOP I want to die", now + 75 * HOUR)
    assert rungs(alex) == []


def test_a_talk_ends_it_and_the_call_counts_as_made(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    call = rung(alex, Rung.CALL).todo
    attempt(alex, dana, now + 73 * HOUR, "reached")
    call.refresh_from_db()
    assert rungs(alex) == []
    assert (call.state, call.done_by) == ("done", dana)


def test_an_attempt_ends_nothing(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    attempt(alex, dana, now + 73 * HOUR)
    assert rungs(alex) == ["U1"]


def test_a_talk_entered_late_ends_what_was_reached_after_it(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    attempt(alex, dana, now + 80 * HOUR, "reached", at=now + 70 * HOUR)
    assert rungs(alex) == []
    ladder.climb_all(now + (70 + 72) * HOUR)
    assert rung(alex, Rung.CALL).silent_since == now + 70 * HOUR


def test_a_talk_before_the_silence_ends_nothing(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    attempt(alex, dana, now + 73 * HOUR, "reached", at=now - HOUR)
    assert rungs(alex) == ["U1"]


def test_a_new_silence_after_an_answer_begins_at_the_first_rung(alex, dana, plan, now):
    ladder.climb_all(now + 8 * DAY)
    assert rungs(alex) == ["U1", "U3"]
    answered = now + 8 * DAY + HOUR
    texts(alex, "hi", answered)
    ladder.climb_all(answered + 72 * HOUR - SECOND)
    assert rungs(alex) == []
    ladder.climb_all(answered + 72 * HOUR)
    assert rungs(alex) == ["U1"]
    assert LadderRung.objects.filter(plan=plan, rung=Rung.CALL).count() == 2


def test_what_was_missed_when_it_happened_is_found_by_looking(alex, dana, plan, now):
    """A talk that reached the record by another door than ours, an import for instance."""
    ladder.climb_all(now + 72 * HOUR)
    alex.summary.last_contact_at = now + 75 * HOUR
    alex.summary.save()
    ladder.climb_all(now + 76 * HOUR)
    assert rungs(alex) == []
    assert rung(alex, Rung.CALL).ended_why == "answered"


# --- plans that do not climb ---
def test_a_paused_client_does_not_climb_and_counts_from_the_return(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    paused, back = now + 75 * HOUR, now + 20 * DAY
    actions.pause_client(client_id=alex.pk, reason="hospital", on=paused.date(), by=dana, now=paused)
    ladder.climb_all(paused + 60 * SECOND)
    assert rungs(alex) == []
    assert (rung(alex, Rung.CALL).ended_why, rung(alex, Rung.CALL).todo.is_open) == ("paused", False)
    ladder.climb_all(now + 15 * DAY)
    assert rungs(alex) == []
    actions.resume_client(client_id=alex.pk, on=back.date(), by=dana, now=back)
    ladder.climb_all(back + 72 * HOUR - SECOND)
    assert rungs(alex) == []
    ladder.climb_all(back + 72 * HOUR)
    assert rung(alex, Rung.CALL).silent_since == back


def test_a_plan_that_was_paused_between_two_looks_stays_where_it_is(alex, dana, plan, now):
    actions.pause_client(client_id=alex.pk, reason="away", on=now.date(), by=dana, now=now)
    assert ladder.climb(plan.pk, now + 8 * DAY) == 0
    assert not LadderRung.objects.exists()


def test_a_plan_without_messages_climbs_too(alex, dana, plan, now):
    actions.withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=now)
    plan.refresh_from_db()
    assert plan.state == "messages_off"
    ladder.climb_all(now + 72 * HOUR)
    assert rungs(alex) == ["U1"]


@pytest.mark.parametrize("end", ["record_death", "discharge"])
def test_when_the_plan_ends_so_does_its_ladder(alex, dana, plan, now, end):
    ladder.climb_all(now + 72 * HOUR)
    later = now + 73 * HOUR
    more = {"reason": "left"} if end == "discharge" else {}
    getattr(actions, end)(client_id=alex.pk, on=later.date(), by=dana, now=later, **more)
    ladder.climb_all(later + 60 * SECOND)
    assert rungs(alex) == []
    assert rung(alex, Rung.CALL).ended_why == "plan_ended"
    ladder.climb_all(now + 40 * DAY)
    assert LadderRung.objects.count() == 1


def test_a_plan_is_not_completed_in_a_silence(alex, dana, now):
    plan = report(alex, dana, now, stage="emotional").plan
    ladder.climb_all(now + 10 * DAY)
    plan.messages.all().withdraw(reason="test", at=now)
    for todo in plan.todos.open():
        ToDo.objects.filter(pk=todo.pk).update(state="done", done_at=now, done_by=dana)
    assert complete_finished(now + 29 * DAY) == 0
    attempt(alex, dana, now + 29 * DAY, "reached")
    assert complete_finished(now + 29 * DAY) == 1


# --- looking twice, and at once ---
def test_looking_twice_changes_nothing(alex, dana, plan, now):
    for hours in (72, 97, 24 * 8, 24 * 31):
        ladder.climb_all(now + hours * HOUR)
        before = state_of_everything()
        assert ladder.climb_all(now + hours * HOUR) == 0
        assert ladder.climb_all(now + hours * HOUR + SECOND) == 0
        assert state_of_everything() == before


def test_a_worker_that_slept_catches_up_in_one_look(alex, dana, sam, plan, now):
    assert ladder.climb_all(now + 31 * DAY) == 3
    assert rungs(alex) == ["U1", "U3", "U4"]
    assert ladder.climb_all(now + 32 * DAY + SECOND) == 1  # the call of the first one was not made
    assert rungs(alex) == ["U1", "U2", "U3", "U4"]


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_reach_each_rung_once(alex, dana, sam, plan, now):
    results = together(*[lambda: ladder.climb_all(now + 31 * DAY)] * 4)
    assert sorted(results) == [0, 0, 0, 3]
    assert ToDo.objects.filter(step_key__regex=ladder.KEYS).count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_look_at_once_leave_no_rung_of_a_silence_that_is_over(alex, dana, plan, now):
    at = now + 8 * DAY
    together(lambda: ladder.climb_all(at), lambda: texts(alex, "hello", at))
    ladder.climb_all(at + SECOND)
    assert rungs(alex) == []
    assert not ToDo.objects.open().filter(step_key__regex=ladder.KEYS).exists()


def test_the_database_keeps_one_rung_a_silence(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    one = rung(alex, Rung.CALL)
    with pytest.raises(IntegrityError, match=r"one_rung_per_silence|one_open_rung"), transaction.atomic():
        LadderRung.objects.create(
            client=alex, plan=plan, rung=1, silent_since=now, reached_at=now + DAY, why="silent"
        )
    with pytest.raises(IntegrityError, match="ended_rung_says_why"), transaction.atomic():
        LadderRung.objects.filter(pk=one.pk).update(ended_at=now)
    with pytest.raises(IntegrityError, match="decided_rung"), transaction.atomic():
        LadderRung.objects.filter(pk=one.pk).update(decision=["letter"])


def test_a_look_at_many_plans_takes_the_same_number_of_queries(dana, team, now):
    def look(at):
        with CaptureQueriesContext(connection) as queries:
            ladder.climb_all(at)
        return len(queries)

    def people(number):
        for _ in range(number):
            report(factories.client_of(dana, team=team), dana, now)

    people(2)
    few = look(now + HOUR)
    people(6)
    assert look(now + HOUR) == few
    assert FollowUpPlan.objects.count() == 8


def test_the_beat_looks_by_the_databases_clock(alex, dana, plan, now):
    """The report lies months back by the clock of the database; whatever the host believes, it is due."""
    tasks.tidy()
    assert rungs(alex)[:1] == ["U1"]


def test_the_trail_holds_codes_and_no_names(alex, dana, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    texts(alex, "hello", now + 73 * HOUR)
    events = AuditEvent.objects.filter(verb__startswith="ladder.").order_by("pk")
    assert [event.verb for event in events] == ["ladder.reached", "ladder.ended"]
    assert [event.detail["rung"] for event in events] == [1, 1]
    assert "Alex" not in str([event.detail for event in events])


def test_where_it_stands_and_what_comes_next(alex, dana, plan, now):
    standing = ladder.of_plan(plan)
    assert [timer.rung for timer in standing.ahead(now)] == [1, 3, 4]
    ladder.climb_all(now + 72 * HOUR)
    standing = ladder.of_plan(plan)
    assert [timer.rung for timer in standing.ahead(now + 73 * HOUR)] == [2, 3, 4]
    assert [one.code for one in standing.rungs] == ["U1"]
    actions.pause_client(client_id=alex.pk, reason="hospital", on=now.date(), by=dana, now=now + 74 * HOUR)
    assert ladder.of_plan(plan) is None

"""What a supervisor decides when nobody answers, in place, and what follows from it (clinical.md §4.5)."""

from datetime import timedelta

import pytest

from casework.followup import actions, ladder
from casework.followup.models import LadderRung, Message, Rung
from casework.followup.plan_templates import ToDoKind
from casework.followup.todos import open_todo
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, EmergencyContact
from tests import factories
from tests.followup.making import report, texts
from tests.followup.test_races import together

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def plan(alex, dana, sam, now):
    return report(alex, dana, now).plan


def silent_for(client, at, number):
    """Alex has said nothing until `at`: the rung that asks then."""
    ladder.climb_all(at)
    return LadderRung.objects.get(client=client, rung=number, ended_at=None)


@pytest.fixture
def third(alex, plan, now):
    return silent_for(alex, now + 8 * DAY, Rung.DECIDE)


@pytest.fixture
def fourth(alex, plan, now):
    return silent_for(alex, now + 31 * DAY, Rung.GO_ON_OR_CLOSE)


def decide(rung, by, at, *decision, **more):
    return actions.decide_rung(rung_id=rung.pk, decision=decision, by=by, now=at, **more)


def mother(client, now, **fields):
    return EmergencyContact.objects.create(
        client=client,
        name="Rosa Moreno",
        relationship="mother",
        phone="602-555-0147",
        recorded_at=now,
        **{"consent_given_at": now, **fields},
    )


def letters_agreed(client, now):
    return factories.PermissionFactory(client=client, channel="letter", granted_at=now)


def opened(client, kind):
    return client.todos.open().filter(kind=kind, step_key__startswith="U")


# --- who decides ---
@pytest.mark.parametrize("who", ["dana", "robin", "ada", "audrey"])
def test_only_a_supervisor_decides(request, third, who, now):
    with pytest.raises(NotAllowed):
        decide(third, request.getfixturevalue(who), now + 9 * DAY, "keep_trying")


# --- U2 ---
def test_at_the_second_rung_other_ways_are_tried(alex, dana, sam, plan, now):
    ladder.climb_all(now + 72 * HOUR)
    second = silent_for(alex, now + 97 * HOUR, Rung.OTHER_WAYS)
    done = decide(
        second, sam, now + 98 * HOUR, "looked_up", "other_channel", note=" Not in the jail roster. "
    )
    assert done.decision == ["other_channel", "looked_up"]
    assert (done.decided_by, done.note) == (sam, "Not in the jail roster.")
    done.todo.refresh_from_db()
    assert (done.todo.state, done.todo.done_by) == ("done", sam)
    assert done.is_open  # the silence lasts


# --- U3 ---
def test_keep_trying_asks_the_counselor_for_a_call(alex, dana, sam, third, now):
    at = now + 8 * DAY + HOUR
    decide(third, sam, at, "keep_trying")
    call = opened(alex, ToDoKind.CALL).get(title="Keep trying to reach Alex")
    assert (call.owner, call.due_at) == (dana, at + 24 * HOUR)


def test_a_letter_becomes_a_to_do_of_the_counselor(alex, dana, sam, third, now):
    letters_agreed(alex, now)
    at = now + 8 * DAY
    decide(third, sam, at, "letter", "keep_trying")
    letter = opened(alex, ToDoKind.LETTER).get()
    assert (letter.title, letter.owner, letter.due_at) == ("Send Alex a letter", dana, at + 48 * HOUR)
    assert opened(alex, ToDoKind.CALL).filter(title="Keep trying to reach Alex").exists()


def test_no_letter_without_the_clients_word(alex, sam, third, now):
    with pytest.raises(InvalidInput, match="has not agreed to letters") as declined:
        decide(third, sam, now + 8 * DAY, "letter")
    assert declined.value.field == "decision"
    third.refresh_from_db()
    assert third.decided_at is None
    assert not opened(alex, ToDoKind.LETTER).exists()


def test_an_emergency_contact_whom_the_client_named_may_be_called(alex, sam, third, now):
    named = mother(alex, now)
    done = decide(third, sam, now + 8 * DAY, "emergency_contact", emergency_contact=named)
    assert done.emergency_contact == named
    assert opened(alex, ToDoKind.OTHER).get().title == "Call the emergency contact that Alex named"


@pytest.mark.parametrize(
    "how", ["nobody", "without consent", "withdrawn", "retired", "later", "another client's"]
)
def test_nobody_else_is_called(alex, dana, sam, team, third, now, how):
    at = now + 8 * DAY
    somebody = {
        "nobody": lambda: None,
        "without consent": lambda: mother(alex, now, consent_given_at=None),
        "withdrawn": lambda: mother(alex, now, consent_withdrawn_at=at),
        "retired": lambda: mother(alex, now, retired_at=now),
        "later": lambda: mother(alex, now, consent_given_at=at + HOUR),
        "another client's": lambda: mother(factories.client_of(dana, team=team), now),
    }[how]()
    with pytest.raises(InvalidInput, match="only somebody whom Alex named") as declined:
        decide(third, sam, at, "emergency_contact", emergency_contact=somebody)
    assert declined.value.field == "emergency_contact"


def test_a_welfare_check_is_asked_for_under_the_sites_policy(alex, sam, third, now):
    decide(third, sam, now + 8 * DAY, "welfare_check")
    assert opened(alex, ToDoKind.OTHER).get().title.startswith("Ask for a welfare check on Alex")


def test_who_wants_no_calls_is_not_called(alex, sam, third, now):
    factories.PermissionFactory(
        client=alex, channel="call", granted_at=now - DAY, withdrawn_at=now, withdrawn_how="staff"
    )
    decide(third, sam, now + 8 * DAY, "keep_trying")
    assert opened(alex, ToDoKind.OTHER).get().title.startswith("Reach Alex, who wants no calls")


@pytest.mark.parametrize("decision", [(), ("close",), ("keep_trying", "burn_it")])
def test_only_what_the_rung_offers_is_taken(sam, third, now, decision):
    with pytest.raises(InvalidInput) as declined:
        decide(third, sam, now + 8 * DAY, *decision)
    assert declined.value.field == "decision"


def test_decided_is_decided(sam, third, now):
    decide(third, sam, now + 8 * DAY, "keep_trying")
    with pytest.raises(Conflict, match="decided meanwhile"):
        decide(third, sam, now + 9 * DAY, "welfare_check")


def test_nothing_is_left_to_decide_once_the_client_is_in_touch(alex, sam, third, now):
    texts(alex, "hello", now + 8 * DAY + HOUR)
    with pytest.raises(Conflict, match="the client is in touch again"):
        decide(third, sam, now + 9 * DAY, "welfare_check")


def test_an_answer_takes_back_what_was_decided(alex, sam, third, now):
    letters_agreed(alex, now)
    decide(third, sam, now + 8 * DAY, "letter", "keep_trying", "welfare_check")
    texts(alex, "hello", now + 9 * DAY)
    assert not alex.todos.open().filter(step_key__regex=ladder.KEYS).exists()
    third.refresh_from_db()
    assert third.decision == ["letter", "welfare_check", "keep_trying"]


# --- U4 ---
def test_of_several_rungs_only_the_highest_asks_the_supervisor(alex, fourth):
    assert list(LadderRung.objects.to_decide()) == [fourth]
    assert [one.title for one in opened(alex, ToDoKind.DECISION)] == ["No contact with Alex: go on or close"]


def test_to_go_on_begins_the_count_anew(alex, dana, sam, plan, fourth, now):
    at = now + 31 * DAY
    decide(fourth, sam, at, "go_on")
    assert not LadderRung.objects.open().exists()
    assert opened(alex, ToDoKind.CALL).get().due_at == at + 7 * DAY
    ladder.climb_all(at + 72 * HOUR - timedelta(seconds=1))
    assert not LadderRung.objects.open().exists()
    ladder.climb_all(at + 72 * HOUR)
    assert LadderRung.objects.open().get().silent_since == at


def test_to_close_leaves_the_door_open_and_marks_nobody(alex, dana, sam, plan, fourth, now):
    letters_agreed(alex, now)
    at = now + 31 * DAY
    decide(fourth, sam, at, "close")
    plan.refresh_from_db()
    alex.refresh_from_db()
    assert (plan.state, plan.closed_at, plan.closed_reason) == ("closed_open_door", at, "open_door")
    assert (alex.state, alex.state_reason) == ("active", "")
    assert not Message.objects.filter(plan=plan).waiting().exists()
    left = alex.todos.open().order_by("pk")
    assert {one.kind for one in left} == {ToDoKind.LETTER, ToDoKind.SAFETY_CHECKLIST}
    assert left.get(kind=ToDoKind.LETTER).title == "Send Alex an open-door letter"
    ladder.climb_all(now + 60 * DAY)
    assert not LadderRung.objects.open().exists()


def test_closing_without_consent_to_letters_sends_none(alex, sam, fourth, now):
    decide(fourth, sam, now + 31 * DAY, "close")
    assert not opened(alex, ToDoKind.LETTER).exists()


def test_after_a_discharge_only_the_letter_is_left_to_decide(alex, dana, sam, plan, fourth, now):
    letters_agreed(alex, now)
    at = now + 32 * DAY
    actions.discharge(client_id=alex.pk, reason="left", on=at.date(), by=dana, now=at)
    ladder.climb_all(at)
    fourth.refresh_from_db()
    assert (fourth.is_open, fourth.todo.is_open) == (True, True)
    with pytest.raises(InvalidInput, match="only the letter"):
        decide(fourth, sam, at, "go_on")
    decide(fourth, sam, at, "close")
    plan.refresh_from_db()
    assert plan.state == "closed_discharged"
    assert opened(alex, ToDoKind.LETTER).get().title == "Send Alex an open-door letter"
    assert not LadderRung.objects.open().exists()


def test_a_letter_that_was_decided_outlives_the_discharge_and_a_call_does_not(alex, dana, sam, third, now):
    letters_agreed(alex, now)
    at = now + 9 * DAY
    decide(third, sam, at, "letter", "keep_trying")
    actions.discharge(client_id=alex.pk, reason="left", on=at.date(), by=dana, now=at)
    ladder.climb_all(at)
    assert [one.kind for one in alex.todos.open().filter(step_key__regex=ladder.KEYS)] == [ToDoKind.LETTER]
    third.refresh_from_db()
    assert third.ended_why == "plan_ended"


def test_one_either_goes_on_or_closes(sam, fourth, now):
    with pytest.raises(InvalidInput, match="go on, or close"):
        decide(fourth, sam, now + 31 * DAY, "go_on", "close")


def test_the_trail_holds_codes_and_no_words(sam, third, now):
    decide(third, sam, now + 8 * DAY, "keep_trying", note="Alex was seen at the market")
    event = AuditEvent.objects.get(verb="ladder.decided")
    assert event.detail == {"rung": 3, "decision": ["keep_trying"]}


@pytest.mark.django_db(transaction=True)
def test_of_two_supervisors_at_once_one_decides(alex, dana, sam, team, now):
    plan = report(alex, dana, now).plan
    noor = factories.supervisor("Noor Aziz", team=team)
    rung = silent_for(alex, now + 8 * DAY, Rung.DECIDE)
    results = together(*[lambda by=by: decide(rung, by, now + 8 * DAY, "keep_trying") for by in (sam, noor)])
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "LadderRung"]
    assert plan.todos.filter(title="Keep trying to reach Alex").count() == 1


# --- ticking does not stand for deciding ---
def test_what_was_decided_is_not_opened_again(sam, third, now):
    decide(third, sam, now + 8 * DAY, "keep_trying")
    with pytest.raises(Conflict, match="stays as it is"):
        actions.reopen_todo(todo_id=third.todo_id, by=sam, now=now + 8 * DAY)
    third.todo.refresh_from_db()
    assert third.todo.state == "done"


def test_what_is_decided_cannot_be_ticked(dana, sam, third, now):
    with pytest.raises(InvalidInput, match="on its own page"):
        actions.complete_todo(todo_id=third.todo_id, by=sam, now=now + 8 * DAY)


# --- the letter ---
def test_the_letter_is_marked_as_sent_once_by_a_person(alex, dana, sam, third, now):
    letters_agreed(alex, now)
    decide(third, sam, now + 8 * DAY, "letter")
    letter = opened(alex, ToDoKind.LETTER).get()
    with pytest.raises(InvalidInput, match="Print the letter"):
        actions.complete_todo(todo_id=letter.pk, by=dana, now=now + 9 * DAY)
    for _ in range(2):
        sent = actions.mark_letter_sent(todo_id=letter.pk, by=dana, now=now + 9 * DAY)
    assert (sent.state, sent.done_by, sent.outcome) == ("done", dana, "Letter sent")
    assert AuditEvent.objects.filter(verb="letter.sent").count() == 1
    third.refresh_from_db()
    assert third.is_open  # a letter is an attempt, no contact


def test_a_letter_does_not_go_to_who_took_the_permission_back_or_has_died(alex, dana, sam, third, now):
    given = letters_agreed(alex, now)
    decide(third, sam, now + 8 * DAY, "letter")
    letter = opened(alex, ToDoKind.LETTER).get()
    given.withdrawn_at, given.withdrawn_how = now + 8 * DAY, "staff"
    given.save()
    with pytest.raises(InvalidInput, match="does not go out"):
        actions.mark_letter_sent(todo_id=letter.pk, by=dana, now=now + 9 * DAY)
    actions.record_death(client_id=alex.pk, on=now.date(), by=dana, now=now + 10 * DAY)
    letter.refresh_from_db()
    assert letter.state == "cancelled"


def test_a_letter_of_no_plan_is_posted_too(alex, dana, now):
    letters_agreed(alex, now)
    letter = open_todo(client=alex, kind=ToDoKind.LETTER, due_at=now, now=now)
    assert actions.mark_letter_sent(todo_id=letter.pk, by=dana, now=now).state == "done"


def test_only_a_letter_is_posted(dana, third, now):
    with pytest.raises(InvalidInput, match="not about a letter"):
        actions.mark_letter_sent(todo_id=third.todo_id, by=dana, now=now)

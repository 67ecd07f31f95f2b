"""What a session means for the follow-up: a contact, a visit, or somebody who should be reached."""

from datetime import timedelta

import pytest

from casework.followup import todos
from casework.followup.actions import sessions as acts
from casework.followup.models import ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.errors import Conflict, NotAllowed
from clients.models import ClientSummary
from sessions.actions import start
from sessions.models import Session

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def summary(client) -> ClientSummary:
    return ClientSummary.objects.get(client=client)


def planned(client, counselor, *, starts_at, now, by=None) -> Session:
    return acts.schedule_session(
        client_id=client.pk,
        counselor=counselor,
        starts_at=starts_at,
        ends_at=starts_at + 50 * MINUTE,
        by=by or counselor,
        now=now,
    )


@pytest.fixture
def session(alex, dana, now) -> Session:
    return planned(alex, dana, starts_at=now, now=now - DAY)


def test_an_attended_session_is_a_contact_at_its_end(session, alex, dana, now):
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + 5 * HOUR)
    assert summary(alex).last_contact_at == session.ends_at
    assert summary(alex).sessions_attended == 1
    assert not ToDo.objects.exists()


def test_an_older_session_entered_late_does_not_turn_the_contact_back(session, alex, dana, now):
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + 5 * HOUR)
    older = planned(alex, dana, starts_at=now - 3 * DAY, now=now + 5 * HOUR)
    acts.close_session(session_id=older.pk, outcome="attended", by=dana, now=now + 6 * HOUR)
    assert summary(alex).last_contact_at == session.ends_at


def test_a_missed_session_opens_one_to_do_for_its_counselor(session, alex, dana, now):
    acts.close_session(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    todo = ToDo.objects.get()
    assert (todo.kind, todo.title, todo.owner) == ("call", "Missed session: reach out to Alex", dana)
    assert todo.due_at == now + 15 * MINUTE + DAY
    assert summary(alex).open_todos == 1
    assert summary(alex).last_contact_at is None


def test_a_supervisor_who_closes_it_does_not_take_the_to_do_over(session, sam, dana, now):
    acts.close_session(session_id=session.pk, outcome="no_show", by=sam, now=now + DAY)
    assert ToDo.objects.get().owner == dana


def test_a_client_who_comes_after_all_closes_the_to_do(session, alex, dana, now):
    acts.close_session(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    start(session_id=session.pk, by=dana, now=now + 20 * MINUTE)
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + 50 * MINUTE)
    todo = ToDo.objects.get()
    assert (todo.state, todo.done_by) == ("done", dana)
    assert summary(alex).open_todos == 0


def test_nobody_is_asked_to_reach_out_to_someone_who_has_died(session, alex, dana, now):
    type(alex).objects.filter(pk=alex.pk).update(state="deceased")
    acts.close_session(session_id=session.pk, outcome="no_show", by=dana, now=now + HOUR)
    assert not ToDo.objects.exists()


def test_a_late_cancellation_asks_nobody_to_reach_out(session, dana, now):
    cancelled = acts.cancel_session(
        session_id=session.pk, cancelled_for="client", reason="Ill", by=dana, now=now - HOUR
    )
    assert (cancelled.state, cancelled.cancel_reason) == ("late_cancel", "Ill")
    assert not ToDo.objects.exists()


def test_planning_a_session_answers_the_offer_of_a_visit_and_holding_it_the_visit(alex, dana, now):
    for kind in (ToDoKind.VISIT_OFFER, ToDoKind.VISIT, ToDoKind.REASSESSMENT):
        todos.open_todo(client=alex, kind=kind, due_at=now + 3 * DAY, now=now)
    session = planned(alex, dana, starts_at=now + DAY, now=now)
    assert ToDo.objects.get(kind=ToDoKind.VISIT_OFFER).state == "done"
    assert ToDo.objects.get(kind=ToDoKind.VISIT).state == "open"
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + DAY + HOUR)
    assert ToDo.objects.get(kind=ToDoKind.VISIT).state == "done"
    assert ToDo.objects.get(kind=ToDoKind.REASSESSMENT).state == "open"
    assert summary(alex).open_todos == 1


def test_entering_a_session_of_the_past_answers_no_offer(alex, dana, now):
    todos.open_todo(client=alex, kind=ToDoKind.VISIT_OFFER, due_at=now + DAY, now=now - HOUR)
    planned(alex, dana, starts_at=now - 2 * DAY, now=now)
    assert ToDo.objects.get().state == "open"


def test_a_session_that_began_before_the_visit_was_asked_for_is_not_that_visit(session, alex, dana, now):
    todos.open_todo(client=alex, kind=ToDoKind.VISIT, due_at=now + DAY, now=now + 20 * MINUTE)
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + HOUR)
    assert ToDo.objects.get().state == "open"


def test_moving_a_session_refuses_a_double_booking(session, alex, dana, now):
    planned(alex, dana, starts_at=now + DAY, now=now)
    with pytest.raises(Conflict):
        acts.reschedule_session(
            session_id=session.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )
    moved = acts.reschedule_session(
        session_id=session.pk, starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR, by=dana, now=now
    )
    assert summary(alex).next_session_at == now + DAY
    assert moved.starts_at == now + 2 * DAY


def test_people_without_the_verb_change_nothing(session, ada, now):
    with pytest.raises(NotAllowed):
        acts.close_session(session_id=session.pk, outcome="no_show", by=ada, now=now)
    assert Session.objects.get().state == "scheduled"


def test_when_the_to_do_cannot_be_opened_the_session_stays_open(session, alex, dana, now, monkeypatch):
    real = audit.record

    def broken(verb, **row):
        if verb == "todo.opened":
            raise RuntimeError("no trail")
        return real(verb, **row)

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        acts.close_session(session_id=session.pk, outcome="no_show", by=dana, now=now)
    assert Session.objects.get().state == "scheduled"
    assert not ToDo.objects.exists()
    assert summary(alex).next_session_at == now

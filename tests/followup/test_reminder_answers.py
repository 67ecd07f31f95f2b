"""C, R and what else comes after a reminder of a visit (clinical.md §5.3)."""

from datetime import timedelta

import pytest

from casework.followup import todos, visits
from casework.followup.models import Message, NamedVisit
from clients.models import Client
from sessions.models import Session
from tests import factories
from tests.followup.making import report, sent, texts
from tests.followup.reminding import at, cancel, check_ins, move, reminders, visit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MONDAY = at(16, 10)  # the reminder of Tuesday's visit goes


@pytest.fixture
def session(alex, dana, now) -> Session:
    """Alex is reminded on Monday at ten of the visit on Tuesday at two."""
    planned = visit(alex, dana, at(17, 14), now)
    sent(reminders(alex)[0], MONDAY)
    return planned


def answer(session):
    """When the client confirmed, and when they asked for another time, of the session as it stands."""
    return (
        session.named_in.filter(starts_at=session.starts_at)
        .values_list("confirmed_at", "change_asked_at")
        .last()
    )


def asked(client) -> list[str]:
    return list(client.todos.open().order_by("pk").values_list("title", flat=True))


def replies(client) -> list[str]:
    return list(
        Message.objects.filter(client=client)
        .exclude(kind__in=["plan", "reminder"])
        .values_list("kind", flat=True)
    )


def test_c_confirms_and_asks_nobody_for_anything(session, alex):
    inbound = texts(alex, "C", MONDAY + HOUR)
    assert answer(session) == (MONDAY + HOUR, None)
    assert (inbound.answers.session, asked(alex), replies(alex)) == (session, [], [])
    session.refresh_from_db()
    assert session.state == "scheduled"


def test_c_twice_is_said_once(session, alex):
    texts(alex, "C", MONDAY + HOUR)
    texts(alex, "c.", MONDAY + 2 * HOUR)
    assert answer(session) == (MONDAY + HOUR, None)
    assert asked(alex) == []


def test_r_leaves_the_visit_booked_asks_its_counselor_and_says_so(session, alex, dana):
    texts(alex, "R", MONDAY + HOUR)
    todo = alex.todos.get()
    assert (todo.title, todo.owner, todo.kind) == ("Alex wants another time for the visit", dana, "answer")
    assert answer(session) == (None, MONDAY + HOUR)
    assert replies(alex) == ["change_reply"]
    session.refresh_from_db()
    assert session.state == "scheduled"


def test_r_on_the_eve_is_due_before_the_visit(session, alex):
    texts(alex, "R", at(16, 22))
    assert alex.todos.get().due_at <= session.starts_at - HOUR


def test_r_twice_is_one_to_do_and_one_answer(session, alex):
    texts(alex, "R", MONDAY + HOUR)
    texts(alex, "R", MONDAY + 2 * HOUR)
    assert len(asked(alex)) == 1
    assert replies(alex) == ["change_reply"]


def test_r_after_the_to_do_was_done_asks_again(session, alex, dana):
    texts(alex, "R", MONDAY + HOUR)
    alex.todos.update(state="done", done_at=MONDAY + 2 * HOUR)
    texts(alex, "R", MONDAY + 3 * HOUR)
    assert len(asked(alex)) == 1


def test_c_after_r_takes_it_back(session, alex):
    texts(alex, "R", MONDAY + HOUR)
    texts(alex, "C", MONDAY + 2 * HOUR)
    assert answer(session) == (MONDAY + 2 * HOUR, None)
    assert asked(alex) == []
    assert alex.todos.get().outcome == "The client will come after all"


def test_r_after_c_takes_that_back(session, alex):
    texts(alex, "C", MONDAY + HOUR)
    texts(alex, "R", MONDAY + 2 * HOUR)
    assert answer(session) == (None, MONDAY + 2 * HOUR)
    assert len(asked(alex)) == 1


def test_another_time_ends_the_to_do_and_the_new_one_is_confirmed_by_nobody(session, alex):
    texts(alex, "R", MONDAY + HOUR)
    moved = move(session, at(24, 9), MONDAY + 2 * HOUR)
    assert asked(alex) == []
    assert answer(moved) == (None, None)


def test_a_visit_called_off_after_r_ends_the_to_do_too(session, alex):
    texts(alex, "R", MONDAY + HOUR)
    cancel(session, MONDAY + 2 * HOUR, "client")
    assert asked(alex) == []


@pytest.mark.parametrize("body", ["C", "R"])
def test_an_answer_about_a_visit_called_off_since_is_told_so_by_a_person(session, alex, body):
    cancel(session, MONDAY + HOUR, "client")
    texts(alex, body, MONDAY + 2 * HOUR)
    assert asked(alex) == ["Alex answers a reminder of a visit that is off or has moved: tell them"]
    assert not NamedVisit.objects.exclude(confirmed_at=None, change_asked_at=None).exists()
    assert replies(alex) == []


def test_an_answer_about_a_visit_that_moved_confirms_nothing(session, alex):
    move(session, at(17, 16), MONDAY + HOUR, wished_by="client")
    texts(alex, "C", MONDAY + 2 * HOUR)
    assert answer(Session.objects.get()) is None
    assert len(asked(alex)) == 1


def test_c_after_the_visit_began_is_for_a_person(session, alex):
    texts(alex, "C", at(17, 14) + HOUR)
    assert asked(alex) == ["Alex wrote: read and answer"]


def test_c_confirms_all_visits_of_the_day(alex, dana, now):
    both = [visit(alex, dana, at(17, hour), now) for hour in (9, 14)]
    sent(reminders(alex)[0], MONDAY)
    texts(alex, "C", MONDAY + HOUR)
    assert [answer(one) for one in both] == [(MONDAY + HOUR, None)] * 2


def test_of_two_visits_one_called_off_the_other_is_confirmed_and_a_person_tells(alex, dana, now):
    first, second = (visit(alex, dana, at(17, hour), now) for hour in (9, 14))
    sent(reminders(alex)[0], MONDAY)
    cancel(first, MONDAY + HOUR, "client")
    texts(alex, "C", MONDAY + 2 * HOUR)
    assert answer(second) == (MONDAY + 2 * HOUR, None)
    assert len(asked(alex)) == 1


def test_of_two_reminders_the_later_one_is_answered(session, alex, dana):
    wednesday = visit(alex, dana, at(18, 9), at(12, 9))
    sent(reminders(alex)[0], at(17, 10))
    texts(alex, "C", at(17, 11))
    assert answer(wednesday) == (at(17, 11), None)
    assert answer(session) == (None, None)


def test_a_c_answers_the_reminder_and_not_the_check_in_before_it(alex, dana, now, session):
    report(alex, dana, now)
    check_in = sent(check_ins(alex)[0], MONDAY + HOUR)
    texts(alex, "C", MONDAY + 2 * HOUR)
    check_in.refresh_from_db()
    assert check_in.answered_at is None
    assert Message.objects.get(kind="reminder").answered_at == MONDAY + 2 * HOUR


def test_who_has_stopped_texts_gets_no_answer_to_r(session, alex):
    texts(alex, "STOP", MONDAY + HOUR)
    texts(alex, "R", MONDAY + 2 * HOUR)
    assert "change_reply" not in replies(alex)
    assert len(asked(alex)) == 1


def test_a_stop_overtakes_the_answer_to_r(session, alex):
    texts(alex, "R", MONDAY + HOUR)
    texts(alex, "STOP", MONDAY + HOUR + timedelta(minutes=1))
    assert Message.objects.get(kind="change_reply").status == "cancelled"


# --- what the practice owes to whom it has reminded ---
def test_whoever_was_reminded_is_told_when_the_practice_calls_it_off(session, alex, dana):
    cancel(session, MONDAY + HOUR)
    todo = alex.todos.get()
    assert todo.title == "Tell Alex: the visit of our reminder is off or has moved"
    assert (todo.kind, todo.owner) == ("call", dana)
    assert todo.due_at <= at(17, 13)


def test_or_moves_it(session, alex):
    move(session, at(17, 16), MONDAY + HOUR, wished_by="practice")
    assert len(asked(alex)) == 1


@pytest.mark.parametrize("wish", ["client", "practice"])
def test_but_not_when_no_reminder_has_left(alex, dana, now, wish):
    cancel(visit(alex, dana, at(17, 14), now), now + HOUR, wish)
    assert asked(alex) == []


def test_nor_when_it_was_the_clients_wish(session, alex):
    cancel(session, MONDAY + HOUR, "client")
    assert asked(alex) == []


def test_nor_after_the_time_of_the_visit(session, alex):
    cancel(session, at(17, 15))
    assert asked(alex) == []


def test_nobody_is_called_who_left(session, alex):
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    alex.refresh_from_db()
    Session.objects.update(state="cancelled", cancelled_for="practice", closed_at=MONDAY)
    visits.ask_to_tell(alex, [session], by=None, now=MONDAY + HOUR)
    assert asked(alex) == []


def test_a_reminder_that_could_not_be_sent_becomes_a_call_while_the_visit_is_ahead(session, alex):
    reminder = Message.objects.get(kind="reminder")
    assert todos.message_failed(message=reminder, reason="too_late", now=at(17, 13, 30)) is not None
    assert todos.message_failed(message=reminder, reason="no_permission", now=at(17, 13, 30)) is None
    assert todos.message_failed(message=reminder, reason="too_late", now=at(17, 15)) is None


def test_on_a_shared_phone_the_one_who_was_reminded_has_answered(session, alex, dana, team):
    kim = factories.client_of(dana, team=team, given_name="Kim")
    kim.contact_points.update(normalized=alex.contact_points.get().normalized)
    assert texts(kim, "C", MONDAY + HOUR).client == alex
    assert answer(session) == (MONDAY + HOUR, None)

"""The one thing to do next: every button leads somewhere, and the right one posts."""

from datetime import timedelta

import pytest
from django.urls import resolve

from casework.desk import next_steps
from casework.followup.plan_templates import ToDoKind
from sessions.models import Session
from tests.desk.conftest import answer, todo
from tests.sessions.conftest import booked, drafted, held, signed

pytestmark = pytest.mark.django_db

LEADS_TO = {
    ToDoKind.FIRST_CONTACT: "followup:log_contact",
    ToDoKind.CALL: "followup:log_contact",
    ToDoKind.TALK: "followup:log_contact",
    ToDoKind.CRISIS: "followup:acknowledge_todo",
    ToDoKind.EMERGENCY: "followup:acknowledge_todo",
    ToDoKind.SAFETY_CHECKLIST: "followup:checklist",
    ToDoKind.VISIT_OFFER: "counseling:new",
    ToDoKind.VISIT: "counseling:new",
    ToDoKind.REASSESSMENT: "followup:assess",
    ToDoKind.LEARNING_REVIEW: "followup:todo_review",
    ToDoKind.MEASURE: "desk:measures",
    ToDoKind.PLAN_REVIEW: "counseling:treatment",
    ToDoKind.UPGRADE: "followup:report",
    ToDoKind.SILENT: "followup:decide",
    ToDoKind.DECISION: "followup:decide",
    ToDoKind.LETTER: "followup:letter",
    ToDoKind.OTHER: "followup:complete_todo",
}


def leads_to(step):
    return resolve(step.url.partition("?")[0]).view_name


@pytest.mark.parametrize("kind", ToDoKind)
def test_a_to_do_leads_to_the_page_where_it_is_done(alex, now, kind):
    step = next_steps.for_todo(todo(alex, kind=kind, due_at=now))
    assert leads_to(step) == LEADS_TO.get(kind, "followup:todo")
    assert step.label
    assert step.post is (kind in {ToDoKind.OTHER, ToDoKind.CRISIS, ToDoKind.EMERGENCY})


def test_an_emergency_that_somebody_has_is_opened(alex, dana, now):
    one = todo(alex, kind=ToDoKind.CRISIS, due_at=now, acknowledged_at=now, acknowledged_by=dana)
    step = next_steps.for_todo(one)
    assert (leads_to(step), step.post) == ("followup:todo", False)


def test_a_talk_is_logged_for_its_to_do(alex, now):
    one = todo(alex, kind=ToDoKind.CALL, due_at=now)
    assert next_steps.for_todo(one).url.endswith(f"?todo={one.uid}")


def test_an_answer_is_marked_read_at_once(alex, now):
    step = next_steps.for_answer(answer(alex, at=now))
    assert (leads_to(step), step.post) == ("followup:answer_read", True)


def test_a_session_is_started_then_closed_then_written_about(alex, dana, now):
    session = booked(alex, dana, starts_at=now, now=now)
    step = next_steps.for_session(session)
    assert (leads_to(step), step.post) == ("counseling:start", True)
    session.state = Session.State.IN_PROGRESS
    assert leads_to(next_steps.for_session(session)) == "counseling:outcome"
    assert leads_to(next_steps.for_unclosed(session)) == "counseling:outcome"


def test_after_a_session_the_note_is_next_until_it_is_signed(alex, dana, now):
    session = held(alex, dana, ended_at=now - timedelta(hours=1))
    assert str(next_steps.for_session(session).label) == "Write note"
    drafted(session, now=now)
    session = Session.objects.get(pk=session.pk)
    assert str(next_steps.for_session(session).label) == "Finish note"
    signed(held(alex, dana, ended_at=now - timedelta(days=1)), now=now)
    done = Session.objects.order_by("starts_at").first()
    assert next_steps.for_session(done) is next_steps.NOTHING


def test_a_session_that_fell_through_asks_for_nothing(alex, dana, now):
    session = booked(alex, dana, starts_at=now, now=now)
    session.state = Session.State.NO_SHOW
    assert next_steps.for_session(session) is next_steps.NOTHING

"""Starting a session and saying how it went."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.actions import lower
from sessions.models import Session
from tests import factories
from tests.sessions.conftest import booked, signed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_starting_notes_the_actual_time(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now + 4 * MINUTE)
    session.refresh_from_db()
    assert (session.state, session.started_at) == ("in_progress", now + 4 * MINUTE)
    assert AuditEvent.objects.get(verb="session.started").actor_id == dana.pk


def test_a_session_starts_up_to_an_hour_early(session, dana, now):
    with pytest.raises(InvalidInput, match="too early"):
        actions.start(session_id=session.pk, by=dana, now=now - 61 * MINUTE)
    assert actions.start(session_id=session.pk, by=dana, now=now - HOUR).state == "in_progress"


def test_only_its_own_counselor_starts_a_session(session, sam, now):
    with pytest.raises(NotAllowed, match="Dana"):
        actions.start(session_id=session.pk, by=sam, now=now)


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_people_without_the_verb_start_and_close_nothing(session, now, who, request):
    by = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        actions.start(session_id=session.pk, by=by, now=now)
    with pytest.raises(NotAllowed):
        lower.close(session_id=session.pk, outcome="attended", by=by, now=now)


def test_a_session_is_not_started_twice(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        actions.start(session_id=session.pk, by=dana, now=now)


def test_closing_on_time_takes_the_actual_times(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now + 5 * MINUTE)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 48 * MINUTE)
    session.refresh_from_db()
    assert (session.state, session.minutes) == ("attended", 43)
    assert (session.closed_at, session.closed_by) == (now + 48 * MINUTE, dana)


def test_a_session_may_run_over(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    closed = lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 80 * MINUTE)
    assert closed.minutes == 80


def test_a_session_closed_in_the_evening_ended_as_planned(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now)
    closed = lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 8 * HOUR)
    assert (closed.ended_at, closed.minutes) == (session.ends_at, 50)


def test_a_session_begun_only_after_its_planned_end_ends_when_closed(session, dana, now):
    actions.start(session_id=session.pk, by=dana, now=now + 2 * HOUR)
    closed = lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 3 * HOUR)
    assert closed.minutes == 60


def test_a_session_nobody_started_is_logged_with_its_planned_times(session, dana, now):
    closed = lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 5 * HOUR)
    assert (closed.started_at, closed.ended_at) == (session.starts_at, session.ends_at)


def test_the_counselor_can_say_the_real_times(session, dana, now):
    closed = lower.close(
        session_id=session.pk,
        outcome="attended",
        began_at=now + 10 * MINUTE,
        ended_at=now + 35 * MINUTE,
        by=dana,
        now=now + 5 * HOUR,
    )
    assert closed.minutes == 25


@pytest.mark.parametrize(
    ("began", "ended", "field"),
    [(0, 0, "ends_at"), (30, 20, "ends_at"), (0, 61, "ended_at"), (61, 70, "began_at")],
)
def test_impossible_times_are_refused(session, dana, now, began, ended, field):
    with pytest.raises(InvalidInput) as refusal:
        lower.close(
            session_id=session.pk,
            outcome="attended",
            began_at=now + began * MINUTE,
            ended_at=now + ended * MINUTE,
            by=dana,
            now=now + HOUR,
        )
    assert refusal.value.field == field
    session.refresh_from_db()
    assert session.state == "scheduled"


def test_a_session_still_to_come_has_no_outcome(session, dana, now):
    for outcome in ("attended", "no_show"):
        with pytest.raises(InvalidInput, match="has not begun"):
            lower.close(session_id=session.pk, outcome=outcome, by=dana, now=now - MINUTE)


@pytest.mark.parametrize("outcome", ["cancelled", "scheduled", "vanished", ""])
def test_closing_knows_only_attended_and_missed(session, dana, now, outcome):
    with pytest.raises(InvalidInput):
        lower.close(session_id=session.pk, outcome=outcome, by=dana, now=now)


def test_a_supervisor_can_close_what_a_counselor_left_open(session, sam, now):
    assert lower.close(session_id=session.pk, outcome="no_show", by=sam, now=now + 30 * HOUR).closed_by == sam


def test_a_missed_session_has_no_times_of_its_own(session, dana, now):
    closed = lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    assert (closed.state, closed.started_at, closed.ended_at) == ("no_show", None, None)


def test_a_client_who_comes_late_after_all_can_still_be_seen(session, dana, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    begun = actions.start(session_id=session.pk, by=dana, now=now + 20 * MINUTE)
    assert (begun.state, begun.closed_at, begun.closed_by) == ("in_progress", None, None)


def test_a_late_start_is_refused_when_somebody_else_has_the_time_by_now(session, alex, dana, team, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    kim = factories.client_of(dana, team=team, given_name="Kim")
    booked(kim, dana, starts_at=now + 30 * MINUTE, now=now + 16 * MINUTE)
    with pytest.raises(Conflict):
        actions.start(session_id=session.pk, by=dana, now=now + 20 * MINUTE)
    with pytest.raises(Conflict):
        lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + 2 * HOUR)


def test_an_attended_session_is_final(session_held, dana, now):
    with pytest.raises(InvalidTransition):
        lower.close(session_id=session_held.pk, outcome="no_show", by=dana, now=now)
    with pytest.raises(InvalidTransition):
        actions.start(session_id=session_held.pk, by=dana, now=now)


def test_a_missed_session_whose_note_is_signed_stays_missed(session, dana, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now + 15 * MINUTE)
    signed(session, now=now + HOUR)
    with pytest.raises(InvalidTransition, match="signed"):
        actions.start(session_id=session.pk, by=dana, now=now + HOUR)
    with pytest.raises(InvalidTransition, match="signed"):
        lower.close(session_id=session.pk, outcome="attended", by=dana, now=now + HOUR)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("attended_session_has_both_times", {"state": "attended", "closed_at": "now"}),
        ("session_closed_at_means_closed", {"state": "no_show"}),
        ("session_closed_at_means_closed", {"closed_at": "now"}),
        ("cancelled_session_says_for_whom", {"state": "cancelled", "closed_at": "now"}),
        ("cancelled_session_says_for_whom", {"cancelled_for": "client"}),
        ("held_session_lasts_up_to_twelve_hours", {"started_at": "now", "ended_at": "now"}),
    ],
)
def test_the_database_refuses_contradictions(session, now, constraint, changes):
    values = {field: now if value == "now" else value for field, value in changes.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(**values)


def test_states_tell_whether_there_is_something_to_write_about():
    takes = {state for state in Session.State if Session(state=state).takes_note}
    assert takes == {"in_progress", "attended", "no_show", "late_cancel"}


def test_a_session_is_named_by_its_state_and_time_alone(session):
    assert str(session) == "Scheduled 2026-03-11 15:00Z"

"""The facts kept beside the client, and what the desk asks."""

from datetime import timedelta

import pytest

from clients.models import ClientSummary
from sessions import actions, queries, summary
from sessions.actions import lower
from tests import factories
from tests.sessions.conftest import booked, drafted, held, signed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def kim(dana, team):
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")


def facts(client) -> ClientSummary:
    return ClientSummary.objects.get(client=client)


def test_a_planned_session_is_the_next_one(alex, dana, now):
    booked(alex, dana, starts_at=now + 7 * DAY, now=now)
    booked(alex, dana, starts_at=now + 2 * DAY, now=now)
    assert facts(alex).next_session_at == now + 2 * DAY
    assert facts(alex).sessions_attended == 0


def test_moving_and_cancelling_change_the_next_one(session, alex, dana, now):
    lower.reschedule(session_id=session.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now)
    assert facts(alex).next_session_at == now + DAY
    lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now)
    assert facts(alex).next_session_at is None


def test_an_attended_session_counts_and_waits_for_its_note(alex, dana, now):
    held(alex, dana, ended_at=now - 2 * DAY)
    held(alex, dana, ended_at=now - DAY)
    row = facts(alex)
    assert (row.sessions_attended, row.unsigned_notes) == (2, 2)
    assert row.oldest_unsigned_at == now - 2 * DAY
    assert row.last_session_at == now - DAY - timedelta(minutes=50)
    assert row.next_session_at is None


def test_signing_takes_the_note_off_the_list(alex, dana, now):
    first = held(alex, dana, ended_at=now - 2 * DAY)
    second = held(alex, dana, ended_at=now - DAY)
    signed(first, now=now)
    assert (facts(alex).unsigned_notes, facts(alex).oldest_unsigned_at) == (1, now - DAY)
    drafted(second, now=now)
    assert facts(alex).unsigned_notes == 1
    actions.sign(session_id=second.pk, version=1, by=dana, now=now, proven_at=now)
    assert (facts(alex).unsigned_notes, facts(alex).oldest_unsigned_at) == (0, None)


def test_a_missed_session_needs_no_note_but_a_draft_of_one_is_not_forgotten(session, alex, dana, now):
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now)
    assert (facts(alex).unsigned_notes, facts(alex).sessions_attended) == (0, 0)
    drafted(session, now=now)
    assert facts(alex).unsigned_notes == 1
    assert list(queries.unsigned_notes(dana, now)) == [session]


def test_a_client_without_a_summary_row_is_no_obstacle(alex, dana, now):
    ClientSummary.objects.filter(client=alex).delete()
    assert booked(alex, dana, starts_at=now + DAY, now=now).pk
    summary.refresh(alex.pk)


def test_other_rooms_columns_are_left_alone(alex, dana, now):
    ClientSummary.objects.filter(client=alex).update(stage="mental", open_todos=3)
    booked(alex, dana, starts_at=now + DAY, now=now)
    assert (facts(alex).stage, facts(alex).open_todos) == ("mental", 3)


def test_today_is_the_day_of_the_practices_zone(alex, kim, dana, now):
    # `now` is 11:00 on Wednesday in New York, 15:00 UTC.
    first = booked(alex, dana, starts_at=now - 7 * HOUR, now=now)  # 04:00 there
    last = booked(kim, dana, starts_at=now + 12.5 * HOUR, now=now)  # 23:30 there, 03:30 UTC tomorrow
    booked(kim, dana, starts_at=now + 13 * HOUR + timedelta(minutes=20), now=now)  # Thursday there
    booked(alex, dana, starts_at=now - 12 * HOUR, now=now)  # Tuesday there
    assert list(queries.todays_sessions(dana, now)) == [first, last]


def test_today_leaves_out_what_was_cancelled_and_what_is_others(alex, dana, sam, session, now):
    assert list(queries.todays_sessions(dana, now)) == [session]
    assert not queries.todays_sessions(sam, now)
    lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now)
    assert not queries.todays_sessions(dana, now)


def test_a_client_who_is_no_longer_ones_own_is_on_no_list(alex, dana, session, session_held, now):
    alex.care_team.update(ends_at=now - DAY)
    assert not queries.todays_sessions(dana, now)
    assert not queries.unsigned_notes(dana, now)


def test_sessions_of_days_gone_by_without_an_outcome_are_found(alex, dana, session, now):
    left_open = booked(alex, dana, starts_at=now - 2 * DAY, now=now - 9 * DAY)
    held(alex, dana, ended_at=now - 3 * DAY)
    assert list(queries.unclosed_sessions(dana, now)) == [left_open]


def test_unsigned_notes_come_oldest_first(alex, kim, dana, now):
    younger = held(alex, dana, ended_at=now - DAY)
    older = held(kim, dana, ended_at=now - 3 * DAY)
    signed(held(alex, dana, ended_at=now - 5 * DAY), now=now - 5 * DAY)
    rows = list(queries.unsigned_notes(dana, now))
    assert rows == [older, younger]
    assert rows[0].over == now - 3 * DAY


def test_the_chart_gets_held_and_missed_sessions_in_time_order(alex, dana, session, now):
    came = held(alex, dana, ended_at=now - 2 * DAY)
    booked(alex, dana, starts_at=now + DAY, now=now)
    lower.close(session_id=session.pk, outcome="no_show", by=dana, now=now)
    marks = queries.sessions_for_chart(alex)
    assert [(mark.uid, mark.attended) for mark in marks] == [(came.uid, True), (session.uid, False)]


def test_lists_cost_one_query_whatever_they_hold(alex, kim, dana, now, django_assert_num_queries):
    for number in range(4):
        booked(alex, dana, starts_at=now + number * HOUR, now=now)
        held(kim, dana, ended_at=now - (number + 1) * DAY)
    rows = queries.todays_sessions(dana, now)
    with django_assert_num_queries(1):
        assert [(row.client.display_name, row.counselor.full_name) for row in rows]
    rows = queries.unsigned_notes(dana, now)
    with django_assert_num_queries(1):
        assert len([row.client.display_name for row in rows]) == 4

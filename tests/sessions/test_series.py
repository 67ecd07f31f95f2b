"""Sessions that come back: planning them, leaving one out, moving one, ending and changing the series."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from clients.access import Role
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Closure
from sessions.actions import lower
from sessions.actions.lower_changing import change_series
from sessions.actions.lower_series import end_series, plan_series
from sessions.models import Room, Series, Session
from sessions.recurrence import Rule
from tests import factories
from tests.sessions.conftest import booked, drafted

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2026, 3, 17)  # a Tuesday, six days after `now`
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)


def rule(**changed) -> Rule:
    usual = {"every": "week", "starts_on": FIRST, "until_on": FIRST + 3 * WEEK, "at": time(9), "minutes": 50}
    return Rule(**{**usual, **changed})


def planned(client, counselor, *, now, skip_taken=False, by=None, shared=None, **changed):
    return plan_series(
        client=client,
        counselor=counselor,
        rule=rule(**changed),
        by=by or counselor,
        now=now,
        skip_taken=skip_taken,
        **(shared or {}),
    )


def local(session) -> tuple[date, time]:
    here = session.starts_at.astimezone(NEW_YORK)
    return here.date(), here.time()


def days_of(series):
    rows = Session.objects.filter(series=series, state="scheduled").order_by("starts_at")
    return [local(one)[0] for one in rows]


@pytest.fixture
def kim(dana, team):
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")


@pytest.fixture
def room(practice, team):
    return Room.objects.create(site=team.site, name="Room 2")


# --- planning ---
def test_each_day_of_the_rule_gets_a_session_of_its_own(alex, dana, now):
    done = planned(alex, dana, now=now)
    assert [local(one) for one in done.sessions] == [(FIRST + n * WEEK, time(9)) for n in range(4)]
    assert {(one.minutes, one.client_id, one.counselor_id) for one in done.sessions} == {
        (50, alex.pk, dana.pk)
    }
    assert list(done.series.sessions.order_by("series_on").values_list("series_on", flat=True)) == [
        FIRST + n * WEEK for n in range(4)
    ]


def test_the_hour_stays_when_the_clocks_change(alex, dana, now):
    november = datetime(2026, 10, 20, 12, tzinfo=NEW_YORK)
    done = planned(alex, dana, now=november, starts_on=date(2026, 10, 27), until_on=date(2026, 11, 3))
    assert [local(one)[1] for one in done.sessions] == [time(9), time(9)]
    assert done.sessions[1].starts_at - done.sessions[0].starts_at == WEEK + HOUR


def test_a_family_series_names_who_comes_along(alex, dana, room, now):
    shared = {"kind": "family", "companions": "Her mother", "room": room}
    done = planned(alex, dana, now=now, shared=shared)
    assert {(one.kind, one.companions, one.room) for one in done.sessions} == {("family", "Her mother", room)}


def test_who_comes_along_is_kept_for_family_sessions_alone(alex, dana, now):
    done = planned(alex, dana, now=now, shared={"companions": "Her mother"})
    assert {one.companions for one in (done.series, *done.sessions)} == {""}


def test_planning_a_series_leaves_one_audit_row_and_the_next_session(alex, dana, now):
    done = planned(alex, dana, now=now)
    row = AuditEvent.objects.get(verb="series.planned")
    assert row.detail["sessions"] == [one.pk for one in done.sessions]
    alex.summary.refresh_from_db()
    assert alex.summary.next_session_at == done.sessions[0].starts_at


def test_days_on_which_the_practice_is_closed_are_left_out(alex, dana, now):
    Closure.objects.create(on=FIRST + WEEK, what="Holiday")
    done = planned(alex, dana, now=now)
    assert done.left_out == [FIRST + WEEK]
    assert FIRST + WEEK not in days_of(done.series)
    assert len(done.sessions) == 3


def test_a_taken_day_stops_it_and_says_which_session_is_in_the_way(alex, kim, dana, now):
    at = datetime.combine(FIRST + WEEK, time(9, 30), NEW_YORK)
    booked(kim, dana, starts_at=at, now=now)
    with pytest.raises(
        Conflict, match="Dana Reyes already has a session with Kim Ito then: Tue 24 Mar, 09:30"
    ):
        planned(alex, dana, now=now)
    assert not Series.objects.exists()
    assert not Session.objects.filter(client=alex).exists()


def test_more_than_three_taken_days_are_counted(alex, kim, dana, now):
    planned(kim, dana, now=now, until_on=FIRST + 5 * WEEK)
    with pytest.raises(Conflict, match="And 3 days more"):
        planned(alex, dana, now=now, until_on=FIRST + 5 * WEEK)


def test_taken_days_can_be_left_out(alex, kim, dana, now):
    booked(kim, dana, starts_at=datetime.combine(FIRST + WEEK, time(9), NEW_YORK), now=now)
    done = planned(alex, dana, now=now, skip_taken=True)
    assert done.left_out == [FIRST + WEEK]
    assert days_of(done.series) == [FIRST, FIRST + 2 * WEEK, FIRST + 3 * WEEK]


def test_a_series_without_a_free_day_is_none(alex, kim, dana, now):
    planned(kim, dana, now=now)
    with pytest.raises(InvalidInput, match="None of these days is free"):
        planned(alex, dana, now=now, skip_taken=True)
    assert not Series.objects.filter(client=alex).exists()


def test_the_room_of_a_series_is_taken_for_everybody(alex, kim, dana, sam, room, now):
    factories.assign(kim, sam, role="covering")
    planned(alex, dana, now=now, shared={"room": room})
    with pytest.raises(Conflict, match="Room 2 is taken then by Dana Reyes"):
        planned(kim, sam, now=now, shared={"room": room})


def test_a_booking_made_at_the_same_moment_undoes_the_whole_series(alex, kim, dana, now, monkeypatch):
    booked(kim, dana, starts_at=datetime.combine(FIRST + WEEK, time(9), NEW_YORK), now=now)
    monkeypatch.setattr("sessions.actions.lower_series.clashes", lambda *_a, **_k: [])
    with pytest.raises(Conflict, match="just booked"):
        planned(alex, dana, now=now)
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"until_on": FIRST - timedelta(days=1)}, "until_on"),
        ({"until_on": FIRST + timedelta(days=367)}, "until_on"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 721}, "minutes"),
        ({"starts_on": date(2026, 3, 10)}, "starts_at"),
        ({"starts_on": date(2026, 3, 11), "at": time(11)}, "starts_at"),  # this very moment
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(alex, dana, now, changed, field):
    with pytest.raises(InvalidInput) as refusal:
        planned(alex, dana, now=now, **changed)
    assert refusal.value.field == field


def test_a_year_ahead_is_allowed(alex, dana, now):
    done = planned(alex, dana, now=now, until_on=FIRST + timedelta(days=366))
    assert len(done.sessions) == 53


def test_no_series_for_a_client_who_is_not_in_care(alex, dana, now):
    alex.state = "discharged"
    alex.save(update_fields=["state"])
    with pytest.raises(InvalidInput, match="no session can be planned"):
        planned(alex, dana, now=now)


def test_a_group_comes_back_by_its_own_page(alex, dana, now):
    with pytest.raises(InvalidInput, match="with the group"):
        planned(alex, dana, now=now, shared={"kind": "group"})


def test_a_series_needs_the_verb(alex, dana, now):
    auditor = factories.UserFactory(role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        planned(alex, dana, now=now, by=auditor)


def test_the_database_keeps_one_session_a_day_of_a_series(alex, dana, now):
    first = planned(alex, dana, now=now).sessions[0]
    twin = Session(
        client=alex, counselor=dana, series=first.series, series_on=first.series_on, scheduled_at=now
    )
    twin.starts_at, twin.ends_at = first.starts_at + 5 * HOUR, first.ends_at + 5 * HOUR
    with pytest.raises(IntegrityError, match="one_session_per_day_of_a_series"), transaction.atomic():
        twin.save()


# --- exceptions ---
def test_one_session_is_left_out_and_the_others_stay(alex, dana, now):
    done = planned(alex, dana, now=now)
    lower.cancel(session_id=done.sessions[1].pk, cancelled_for="client", by=dana, now=now)
    assert days_of(done.series) == [FIRST, FIRST + 2 * WEEK, FIRST + 3 * WEEK]


def test_one_session_moves_and_keeps_its_day_in_the_series(alex, dana, now):
    second = planned(alex, dana, now=now).sessions[1]
    at = second.starts_at + timedelta(days=2)
    moved = lower.reschedule(session_id=second.pk, starts_at=at, ends_at=at + HOUR, by=dana, now=now)
    assert (moved.series_on, local(moved)[0]) == (FIRST + WEEK, FIRST + WEEK + timedelta(days=2))


# --- ending ---
def test_an_ended_series_calls_off_what_lies_ahead_and_leaves_the_rest(alex, dana, now):
    done = planned(alex, dana, now=now)
    series, off = end_series(series_id=done.series.pk, from_on=FIRST + 2 * WEEK, by=dana, now=now)
    assert [one.series_on for one in off] == [FIRST + 2 * WEEK, FIRST + 3 * WEEK]
    assert days_of(series) == [FIRST, FIRST + WEEK]
    assert (series.ended_on, series.ended_at, series.ended_by) == (FIRST + 2 * WEEK, now, dana)
    assert {(one.state, one.cancelled_for) for one in off} == {("cancelled", "practice")}
    assert {one.changes.get().what for one in off} == {"cancelled"}


def test_a_client_who_ends_it_within_a_day_of_a_session_cancels_that_one_late(alex, dana, now):
    done = planned(alex, dana, now=now)
    evening_before = done.sessions[0].starts_at - 15 * HOUR
    _series, off = end_series(
        series_id=done.series.pk, from_on=FIRST, cancelled_for="client", by=dana, now=evening_before
    )
    assert [one.state for one in off] == ["late_cancel", "cancelled", "cancelled", "cancelled"]


def test_a_session_moved_to_before_the_end_still_belongs_to_its_day(alex, dana, now):
    done = planned(alex, dana, now=now)
    third = done.sessions[2]
    at = third.starts_at - timedelta(days=6)
    lower.reschedule(session_id=third.pk, starts_at=at, ends_at=at + HOUR, by=dana, now=now)
    _series, off = end_series(series_id=done.series.pk, from_on=FIRST + 2 * WEEK, by=dana, now=now)
    assert third in off


def test_a_series_ends_once(alex, dana, now):
    done = planned(alex, dana, now=now)
    end_series(series_id=done.series.pk, from_on=FIRST, by=dana, now=now)
    with pytest.raises(InvalidTransition, match="ended on 17 Mar 2026"):
        end_series(series_id=done.series.pk, from_on=FIRST, by=dana, now=now)


def test_who_ended_it_is_one_of_the_two(alex, dana, now):
    done = planned(alex, dana, now=now)
    with pytest.raises(InvalidInput) as refusal:
        end_series(series_id=done.series.pk, from_on=FIRST, cancelled_for="weather", by=dana, now=now)
    assert refusal.value.field == "cancelled_for"


def test_a_session_with_a_note_begun_outlives_its_series(alex, dana, now):
    done = planned(alex, dana, now=now)
    first = done.sessions[0]
    Session.objects.filter(pk=first.pk).update(state="in_progress", started_at=first.starts_at)
    first.refresh_from_db()
    drafted(first, now=first.starts_at)
    _series, off = end_series(series_id=done.series.pk, from_on=FIRST, by=dana, now=now)
    assert first not in off
    assert len(off) == 3


# --- changing from a day on ---
def changed(series, client, counselor, *, now, from_on, skip_taken=False, room=None, **new):
    return change_series(
        series_id=series.pk,
        from_on=from_on,
        client=client,
        counselor=counselor,
        rule=rule(**new),
        by=counselor,
        now=now,
        skip_taken=skip_taken,
        modality="in_person",
        location="",
        room=room,
    )


def test_from_a_day_on_the_same_sessions_come_at_another_time(alex, dana, now):
    done = planned(alex, dana, now=now)
    ids = [one.pk for one in done.sessions]
    second = FIRST + WEEK
    thursday = second + timedelta(days=2)
    after = changed(
        done.series,
        alex,
        dana,
        now=now,
        from_on=second,
        starts_on=thursday,
        until_on=thursday + 2 * WEEK,
        at=time(14),
    )
    assert [one.pk for one in after.sessions] == ids[1:]
    assert [local(one) for one in after.sessions] == [(thursday + n * WEEK, time(14)) for n in range(3)]
    assert (after.series.continues, after.called_off) == (done.series, [])
    assert days_of(done.series) == [FIRST]
    change = after.sessions[0].changes.get()
    assert (change.what, change.by, change.was_starts_at) == ("moved", dana, done.sessions[1].starts_at)


def test_sessions_may_take_the_places_of_those_before_and_after_them(alex, dana, now):
    done = planned(alex, dana, now=now)
    on = FIRST + WEEK  # every session takes the place that the next one had
    after = changed(done.series, alex, dana, now=now, from_on=FIRST, starts_on=on, until_on=on + 3 * WEEK)
    assert days_of(after.series) == [on + n * WEEK for n in range(4)]


def test_what_comes_less_often_calls_off_what_is_left_over(alex, dana, now):
    done = planned(alex, dana, now=now)
    after = changed(
        done.series, alex, dana, now=now, from_on=FIRST, every="other_week", until_on=FIRST + 2 * WEEK
    )
    assert days_of(after.series) == [FIRST, FIRST + 2 * WEEK]
    assert [one.state for one in after.called_off] == ["cancelled", "cancelled"]
    assert {local(one)[0] for one in after.called_off} == {FIRST + 2 * WEEK, FIRST + 3 * WEEK}


def test_a_longer_series_plans_what_is_missing(alex, dana, now):
    done = planned(alex, dana, now=now)
    after = changed(done.series, alex, dana, now=now, from_on=FIRST, until_on=FIRST + 5 * WEEK)
    assert len(days_of(after.series)) == 6


def test_a_day_that_was_left_out_stays_so(alex, dana, now):
    done = planned(alex, dana, now=now)
    lower.cancel(session_id=done.sessions[1].pk, cancelled_for="client", by=dana, now=now)
    after = changed(done.series, alex, dana, now=now, from_on=FIRST, at=time(15))
    assert days_of(after.series) == [FIRST, FIRST + 2 * WEEK, FIRST + 3 * WEEK]


def test_a_new_time_that_is_taken_changes_nothing(alex, kim, dana, now):
    done = planned(alex, dana, now=now)
    booked(kim, dana, starts_at=datetime.combine(FIRST + WEEK, time(15), NEW_YORK), now=now)
    with pytest.raises(Conflict, match="Kim Ito"):
        changed(done.series, alex, dana, now=now, from_on=FIRST, at=time(15))
    done.series.refresh_from_db()
    assert (done.series.ended_on, len(days_of(done.series))) == (None, 4)


def test_a_taken_day_that_is_left_out_is_called_off_where_it_stood(alex, kim, dana, now):
    done = planned(alex, dana, now=now)
    booked(kim, dana, starts_at=datetime.combine(FIRST + WEEK, time(15), NEW_YORK), now=now)
    after = changed(done.series, alex, dana, now=now, from_on=FIRST, at=time(15), skip_taken=True)
    (off,) = after.called_off
    assert (off.pk, local(off), off.state) == (done.sessions[1].pk, (FIRST + WEEK, time(9)), "cancelled")
    assert after.left_out == [FIRST + WEEK]
    assert off.changes.get().starts_at == done.sessions[1].starts_at


def test_a_new_day_on_which_the_practice_is_closed_is_left_out(alex, dana, now):
    done = planned(alex, dana, now=now)
    Closure.objects.create(on=FIRST + WEEK, what="Holiday")
    after = changed(done.series, alex, dana, now=now, from_on=FIRST, at=time(15))
    assert days_of(after.series) == [FIRST, FIRST + 2 * WEEK, FIRST + 3 * WEEK]
    assert [one.pk for one in after.called_off] == [done.sessions[1].pk]


def test_a_series_that_was_ended_changes_no_more(alex, dana, now):
    done = planned(alex, dana, now=now)
    end_series(series_id=done.series.pk, from_on=FIRST + WEEK, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        changed(done.series, alex, dana, now=now, from_on=FIRST)


def test_a_changed_series_may_have_another_counselor_and_room(alex, dana, sam, room, now):
    factories.assign(alex, sam, role="covering")
    done = planned(alex, dana, now=now)
    after = changed(done.series, alex, sam, now=now, from_on=FIRST + WEEK, starts_on=FIRST + WEEK, room=room)
    assert {(one.counselor, one.room) for one in after.sessions} == {(sam, room)}

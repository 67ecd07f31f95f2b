"""Meetings of groups: planned, moved, called off, attended; each member's session beside them."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from casework.followup.actions import groups as composite
from casework.followup.actions.sessions import schedule_session
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.models import AuditEvent
from sessions.actions import groups
from sessions.actions.group_notes import save_shared
from sessions.actions.lower import close
from sessions.actions.start import start
from sessions.models import GroupMark, GroupMeeting, Room, Session
from tests import factories
from tests.sessions.conftest import booked
from tests.sessions.grouping import HOUR, begun, marked, member, met

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def group(dana, team, now):
    return begun(dana, now=now - 30 * DAY, team=team)


@pytest.fixture
def bo(group, dana, team, now):
    return member(group, dana, team, now=now - 20 * DAY, given_name="Bo", family_name="Lind")


@pytest.fixture
def alex_in(group, alex, dana, now):
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=now - 20 * DAY)
    return alex


def states(meeting):
    return dict(meeting.sessions.order_by("client").values_list("client", "state"))


# --- planning ---
def test_every_member_has_a_session_of_a_planned_meeting(group, alex_in, bo, dana, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    assert states(meeting) == {alex_in.pk: "scheduled", bo.pk: "scheduled"}
    assert {one.kind for one in meeting.sessions.all()} == {"group"}
    alex_in.summary.refresh_from_db()
    assert alex_in.summary.next_session_at == now + DAY


def test_who_joins_is_expected_at_the_meetings_to_come(group, alex, dana, now):
    past = met(group, dana, starts_at=now - DAY, now=now - 2 * DAY)
    coming = met(group, dana, starts_at=now + DAY, now=now)
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=now)
    assert (states(past), states(coming)) == ({}, {alex.pk: "scheduled"})


def test_who_leaves_is_no_longer_expected(group, alex_in, dana, now):
    coming = met(group, dana, starts_at=now + DAY, now=now)
    place = group.memberships.get()
    composite.leave_group(membership_id=place.pk, reason="left", by=dana, now=now)
    assert states(coming) == {alex_in.pk: "cancelled"}


def test_who_leaves_and_comes_back_is_expected_again(group, alex_in, dana, now):
    coming = met(group, dana, starts_at=now + DAY, now=now)
    composite.leave_group(membership_id=group.memberships.get().pk, reason="left", by=dana, now=now)
    composite.join_group(group_id=group.pk, client_id=alex_in.pk, by=dana, now=now + HOUR)
    assert sorted(coming.sessions.values_list("state", flat=True)) == ["cancelled", "scheduled"]


def test_a_member_who_has_another_session_then_is_told_of_and_not_expected(
    group, alex_in, bo, dana, robin, now
):
    factories.assign(alex_in, robin, role="covering")
    schedule_session(
        client_id=alex_in.pk,
        counselor=robin,
        starts_at=now + DAY,
        ends_at=now + DAY + HOUR,
        by=robin,
        now=now,
    )
    planned = composite.plan_meeting(
        group_id=group.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
    )
    assert planned.taken == [alex_in]
    assert states(planned.meetings[0]) == {bo.pk: "scheduled"}


def test_a_counselor_does_not_lead_a_meeting_while_holding_a_session(group, alex, dana, now):
    schedule_session(
        client_id=alex.pk, counselor=dana, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
    )
    with pytest.raises(Conflict, match="Dana Reyes is taken then") as refused:
        met(group, dana, starts_at=now + DAY + HOUR / 2, now=now)
    assert refused.value.field == "starts_at"
    assert met(group, dana, starts_at=now + DAY + HOUR, now=now).state == "scheduled"


def test_a_counselor_holds_no_session_while_leading_a_meeting(group, alex, dana, now):
    met(group, dana, starts_at=now + DAY, now=now)
    with pytest.raises(Conflict):
        schedule_session(
            client_id=alex.pk, counselor=dana, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )


def test_two_meetings_of_one_counselor_do_not_overlap(group, dana, team, now):
    other = begun(dana, now=now, team=team, name="Mornings")
    met(group, dana, starts_at=now + DAY, now=now)
    with pytest.raises(Conflict):
        met(other, dana, starts_at=now + DAY + HOUR, now=now)


def test_a_room_is_not_taken_by_a_meeting_and_a_session_at_once(group, alex, dana, robin, team, now):
    room = Room.objects.create(site=team.site, name="Oak")
    factories.assign(alex, robin, role="covering")
    when = {"starts_at": now + DAY, "ends_at": now + DAY + HOUR}
    schedule_session(client_id=alex.pk, counselor=robin, room=room, by=robin, now=now, **when)
    with pytest.raises(Conflict, match="Oak is taken"):
        met(group, dana, starts_at=now + DAY, now=now, room=room)


def session_row(client, counselor, start, **fields):
    return Session(
        client=client,
        counselor=counselor,
        starts_at=start,
        ends_at=start + HOUR,
        scheduled_at=start,
        **fields,
    )


def test_the_database_keeps_sessions_and_meetings_of_a_counselor_apart(group, alex, dana, now):
    met(group, dana, starts_at=now + DAY, now=now)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        session_row(alex, dana, now + DAY).save()
    session_row(alex, dana, now + 2 * DAY).save()
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        GroupMeeting.objects.filter(group=group).update(starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        Session.objects.filter(client=alex).update(starts_at=now + DAY, ends_at=now + DAY + HOUR)


def test_the_database_keeps_sessions_and_meetings_in_a_room_apart(group, alex, dana, robin, team, now):
    room = Room.objects.create(site=team.site, name="Oak")
    met(group, dana, starts_at=now + DAY, now=now, room=room)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_room"), transaction.atomic():
        session_row(alex, robin, now + DAY, room=room).save()
    session_row(alex, robin, now + 2 * DAY, room=room).save()
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_room"), transaction.atomic():
        GroupMeeting.objects.filter(group=group).update(starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR)


def test_a_called_off_meeting_leaves_the_time_free(group, alex, dana, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    composite.cancel_meeting(meeting_id=meeting.pk, by=dana, now=now)
    session_row(alex, dana, now + DAY).save()
    assert Session.objects.count() == 1


# --- again and again ---
def weekly(group, dana, now, *, weeks, **said):
    return composite.plan_meetings(
        group_id=group.pk,
        starts_at=now + DAY,
        ends_at=now + DAY + HOUR,
        every="week",
        until_on=(now + DAY + timedelta(weeks=weeks - 1)).date(),
        by=dana,
        now=now,
        **said,
    )


def test_weekly_meetings_keep_the_wall_clock_when_the_clocks_change(group, dana, now):
    before = now - timedelta(weeks=2)  # the clocks go forward in New York on 8 March
    planned = weekly(group, dana, before, weeks=3)
    first, second, third = (one.starts_at for one in planned.meetings)
    assert second - first == timedelta(weeks=1)
    assert third - second == timedelta(weeks=1) - HOUR


def test_a_day_that_is_taken_is_left_out_of_the_row(group, alex, dana, now):
    when = now + DAY + timedelta(weeks=1)
    schedule_session(client_id=alex.pk, counselor=dana, starts_at=when, ends_at=when + HOUR, by=dana, now=now)
    planned = weekly(group, dana, now, weeks=3)
    assert (len(planned.meetings), planned.skipped) == (2, [when.date()])


@pytest.mark.parametrize("weeks", [0, 14])
def test_a_row_of_meetings_has_an_end_within_a_quarter(group, dana, now, weeks):
    with pytest.raises(InvalidInput) as refused:
        weekly(group, dana, now, weeks=weeks)
    assert refused.value.field == "until_on"


def test_a_row_to_the_end_of_all_calendars_is_declined(group, dana, now):
    when = {"starts_at": now + DAY, "ends_at": now + DAY + HOUR, "every": "week", "until_on": date.max}
    with pytest.raises(InvalidInput, match="13 meetings"):
        composite.plan_meetings(group_id=group.pk, by=dana, now=now, **when)


def test_a_row_with_no_free_day_is_declined_whole(group, alex, dana, now):
    weekly(group, dana, now, weeks=1)
    with pytest.raises(Conflict, match="every one of these days"):
        weekly(group, dana, now, weeks=1)


# --- moving and calling off ---
def test_a_moved_meeting_takes_its_members_sessions_along(group, alex_in, bo, dana, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    composite.move_meeting(
        meeting_id=meeting.pk, starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR, by=dana, now=now
    )
    assert set(meeting.sessions.values_list("starts_at", flat=True)) == {now + 2 * DAY}
    assert alex_in.sessions.get().changes.get().what == "moved"


def test_who_is_elsewhere_at_the_new_time_is_called_off_and_told_of(group, alex_in, dana, robin, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    factories.assign(alex_in, robin, role="covering")
    when = {"starts_at": now + 2 * DAY, "ends_at": now + 2 * DAY + HOUR}
    schedule_session(client_id=alex_in.pk, counselor=robin, by=robin, now=now, **when)
    moved = composite.move_meeting(meeting_id=meeting.pk, by=dana, now=now, **when)
    assert moved.taken == [alex_in]
    assert states(meeting) == {alex_in.pk: "cancelled"}


def test_another_counselor_leads_until_something_was_written(group, dana, kim_co, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    when = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
    composite.move_meeting(meeting_id=meeting.pk, counselor=kim_co, by=dana, now=now, **when)
    meeting.refresh_from_db()
    assert (meeting.counselor, meeting.co_counselor) == (kim_co, dana)
    save_shared(meeting_id=meeting.pk, version=0, text="Begun.", by=kim_co, now=now)
    with pytest.raises(InvalidInput) as refused:
        composite.move_meeting(meeting_id=meeting.pk, counselor=dana, by=dana, now=now, **when)
    assert refused.value.field == "counselor"


@pytest.fixture
def kim_co(group, dana, team, now):
    kim = factories.counselor("Kim Soto", team=team)
    composite.hand_over_group(group_id=group.pk, facilitator=dana, co_facilitator=kim, by=dana, now=now)
    return kim


def test_who_stands_beside_has_no_session_of_their_own_then(group, kim_co, bo, dana, team, now):
    met(group, dana, starts_at=now + DAY, now=now)
    theirs = factories.client_of(kim_co, team=team)
    with pytest.raises(Conflict) as refused:
        schedule_session(
            client_id=theirs.pk,
            counselor=kim_co,
            by=kim_co,
            now=now,
            starts_at=now + DAY + HOUR,
            ends_at=now + DAY + 2 * HOUR,
        )
    assert "Kim Soto" in str(refused.value)
    assert "Tuesday evening" in str(refused.value)
    booked(theirs, kim_co, starts_at=now + 2 * DAY, now=now)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        Session.objects.filter(client=theirs).update(starts_at=now + DAY, ends_at=now + DAY + HOUR)


def test_no_meeting_is_planned_over_a_session_of_who_stands_beside(group, kim_co, dana, team, now):
    theirs = factories.client_of(kim_co, team=team)
    when = {"starts_at": now + DAY, "ends_at": now + DAY + HOUR}
    schedule_session(client_id=theirs.pk, counselor=kim_co, by=kim_co, now=now, **when)
    with pytest.raises(Conflict, match="Kim Soto is taken then"):
        met(group, dana, starts_at=now + DAY, now=now)
    free = met(group, dana, starts_at=now + 2 * DAY, now=now)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        GroupMeeting.objects.filter(pk=free.pk).update(**when)


def test_nobody_leads_one_meeting_and_stands_beside_in_another(group, kim_co, dana, team, now):
    met(group, dana, starts_at=now + DAY, now=now)
    theirs = begun(kim_co, now=now, team=team, name="Noon group")
    with pytest.raises(Conflict, match="Kim Soto is taken then"):
        met(theirs, kim_co, starts_at=now + DAY, now=now)
    free = met(theirs, kim_co, starts_at=now + 2 * DAY, now=now)
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_counselor"), transaction.atomic():
        GroupMeeting.objects.filter(pk=free.pk).update(starts_at=now + DAY, ends_at=now + DAY + HOUR)


def test_a_members_session_does_not_begin_by_itself(group, alex_in, dana, now):
    meeting = met(group, dana, starts_at=now, now=now - DAY)
    with pytest.raises(InvalidTransition, match="part of a group"):
        start(session_id=meeting.sessions.get().pk, by=dana, now=now)


def test_calling_a_meeting_off_loses_nothing_that_was_written(group, alex_in, dana, now):
    meeting = met(group, dana, starts_at=now + DAY, now=now)
    save_shared(meeting_id=meeting.pk, version=0, text="Prepared: breathing.", by=dana, now=now)
    composite.cancel_meeting(meeting_id=meeting.pk, reason="Snow", by=dana, now=now)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.cancel_reason, meeting.shared_text) == (
        "cancelled",
        "Snow",
        "Prepared: breathing.",
    )
    assert states(meeting) == {alex_in.pk: "cancelled"}
    save_shared(
        meeting_id=meeting.pk, version=1, text="Prepared: breathing. For next time.", by=dana, now=now
    )


def test_only_a_meeting_still_to_come_is_moved_or_called_off(group, alex_in, dana, now):
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    marked(meeting, dana, now=now)
    with pytest.raises(InvalidTransition):
        composite.cancel_meeting(meeting_id=meeting.pk, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        composite.move_meeting(
            meeting_id=meeting.pk, starts_at=now + DAY, ends_at=now + DAY + HOUR, by=dana, now=now
        )


# --- attendance ---
@pytest.fixture
def running(group, alex_in, bo, dana, now):
    """A meeting that began half an hour ago."""
    return met(group, dana, starts_at=now - HOUR / 2, now=now - DAY)


def mark(meeting, client, said, dana, now):
    return composite.mark(meeting_id=meeting.pk, client_id=client.pk, mark=said, by=dana, now=now)


def test_a_mark_can_be_changed_and_taken_back_until_the_meeting_is_closed(running, alex_in, bo, dana, now):
    mark(running, alex_in, "absent", dana, now)
    mark(running, alex_in, "present", dana, now)
    assert GroupMark.objects.get().mark == "present"
    mark(running, alex_in, "", dana, now)
    assert not GroupMark.objects.exists()
    assert states(running) == {alex_in.pk: "scheduled", bo.pk: "scheduled"}
    marked(running, dana, now=now + 2 * HOUR)
    with pytest.raises(InvalidTransition, match="closed"):
        mark(running, alex_in, "absent", dana, now + 2 * HOUR)


def test_the_same_tap_twice_is_one_mark_and_one_row_of_the_trail(running, alex_in, dana, now):
    for _tap in range(2):
        mark(running, alex_in, "present", dana, now)
    assert GroupMark.objects.count() == 1
    assert AuditEvent.objects.filter(verb="meeting.marked").count() == 1


def test_an_unknown_mark_is_declined(running, alex_in, dana, now):
    with pytest.raises(InvalidInput) as refused:
        mark(running, alex_in, "maybe", dana, now)
    assert refused.value.field == "mark"


@pytest.mark.parametrize(
    ("said", "before", "early"),
    [
        ("present", 61, True),
        ("present", 60, False),
        ("absent", 61, True),
        ("late_cancel", 24 * 60, False),
        ("late_cancel", 24 * 60 + 1, True),
    ],
)
def test_how_early_a_mark_can_be_set(group, alex_in, dana, now, said, before, early):
    meeting = met(group, dana, starts_at=now + 3 * DAY, now=now)
    at = meeting.starts_at - timedelta(minutes=before)
    if early:
        with pytest.raises(InvalidInput, match="too early"):
            mark(meeting, alex_in, said, dana, at)
    else:
        assert mark(meeting, alex_in, said, dana, at).mark == said


def test_closing_turns_each_mark_into_the_outcome_of_that_session(group, alex_in, bo, dana, team, now):
    late = member(group, dana, team, now=now - 5 * DAY, given_name="Cleo")
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    mark(meeting, bo, "absent", dana, now)
    mark(meeting, late, "late_cancel", dana, now)
    mark(meeting, alex_in, "present", dana, now)
    closed = composite.close_meeting(meeting_id=meeting.pk, by=dana, now=now)
    assert states(meeting) == {alex_in.pk: "attended", bo.pk: "no_show", late.pk: "late_cancel"}
    session = meeting.sessions.get(client=alex_in)
    assert (session.started_at, session.ended_at) == (closed.started_at, closed.ended_at)
    assert bo.todos.open().filter(step_key__startswith="MISSED-").count() == 1
    alex_in.summary.refresh_from_db()
    assert alex_in.summary.last_contact_at == closed.ended_at
    assert alex_in.summary.unsigned_notes == 1


def test_a_meeting_is_not_closed_while_somebody_is_not_marked(running, alex_in, dana, now):
    mark(running, alex_in, "present", dana, now)
    with pytest.raises(InvalidInput, match="for 1"):
        composite.close_meeting(meeting_id=running.pk, by=dana, now=now + 2 * HOUR)


def test_the_rest_is_present_in_one_tap(running, alex_in, bo, dana, now):
    mark(running, bo, "absent", dana, now)
    assert composite.mark_rest(meeting_id=running.pk, by=dana, now=now) == 1
    assert dict(GroupMark.objects.values_list("session__client", "mark")) == {
        alex_in.pk: "present",
        bo.pk: "absent",
    }


def test_a_meeting_closed_while_it_runs_ends_now(running, dana, now):
    closed = marked(running, dana, now=now)
    assert (closed.started_at, closed.ended_at) == (running.starts_at, now)


def test_a_meeting_that_has_not_begun_cannot_be_closed(group, alex_in, dana, now):
    meeting = met(group, dana, starts_at=now + HOUR / 2, now=now)
    with pytest.raises(InvalidInput, match="not begun"):
        marked(meeting, dana, now=now)


def test_a_meeting_cannot_have_ended_in_the_future(running, dana, now):
    composite.mark_rest(meeting_id=running.pk, by=dana, now=now)
    with pytest.raises(InvalidInput) as refused:
        composite.close_meeting(meeting_id=running.pk, ended_at=now + HOUR, by=dana, now=now)
    assert refused.value.field == "ended_at"


def test_a_member_without_a_session_who_comes_all_the_same_gets_one(group, alex, dana, now):
    meeting = met(group, dana, starts_at=now - HOUR / 2, now=now - DAY)
    composite.join_group(group_id=group.pk, client_id=alex.pk, by=dana, now=now)
    mark(meeting, alex, "present", dana, now)
    assert states(meeting) == {alex.pk: "scheduled"}


def test_who_is_no_member_cannot_be_marked(running, dana, team, now):
    stranger = factories.client_of(dana, team=team)
    with pytest.raises(InvalidInput) as refused:
        mark(running, stranger, "present", dana, now)
    assert refused.value.field == "client"


def test_a_member_who_sits_elsewhere_cannot_be_marked(running, group, dana, robin, team, now):
    late = factories.client_of(dana, team=team)
    factories.assign(late, robin, role="covering")
    schedule_session(client_id=late.pk, counselor=robin, starts_at=now, ends_at=now + HOUR, by=robin, now=now)
    composite.join_group(group_id=group.pk, client_id=late.pk, by=dana, now=now)
    with pytest.raises(Conflict, match="another session"):
        mark(running, late, "present", dana, now)


def test_members_of_one_meeting_are_closed_beside_each_other(running, alex_in, bo, dana, now):
    """The same counselor at the same time twenty times over is no double booking."""
    for session in running.sessions.order_by("pk"):
        close(session_id=session.pk, outcome="attended", by=dana, now=now + 2 * HOUR)
    assert set(states(running).values()) == {"attended"}


# --- topics ---
@pytest.fixture
def topics(group, dana, now):
    return [
        groups.add_topic(group_id=group.pk, title=title, by=dana, now=now)
        for title in ("Triggers", "Urges", "People")
    ]


def plan(group, dana, now, *days):
    return [met(group, dana, starts_at=now + day * DAY, now=now) for day in days]


def taught(*meetings):
    return [GroupMeeting.objects.get(pk=one.pk).about for one in meetings]


def test_meetings_take_the_topics_in_turn_and_begin_anew(group, topics, dana, now):
    assert taught(*plan(group, dana, now, 1, 2, 3, 4)) == ["Triggers", "Urges", "People", "Triggers"]


def test_a_called_off_meeting_gives_its_turn_to_the_next(group, topics, dana, now):
    first, second, third = plan(group, dana, now, 1, 2, 3)
    composite.cancel_meeting(meeting_id=first.pk, by=dana, now=now)
    assert taught(second, third) == ["Triggers", "Urges"]


def test_a_meeting_with_a_topic_of_its_own_takes_no_turn(group, topics, dana, now):
    first, second, third = plan(group, dana, now, 1, 2, 3)
    groups.choose_topic(meeting_id=second.pk, topic=topics[2], by=dana, now=now)
    assert taught(first, second, third) == ["Triggers", "People", "Urges"]
    groups.choose_topic(meeting_id=second.pk, topic=None, subject="Holidays", by=dana, now=now)
    assert taught(first, second, third) == ["Triggers", "Holidays", "Urges"]
    groups.choose_topic(meeting_id=second.pk, topic=None, by=dana, now=now)
    assert taught(first, second, third) == ["Triggers", "Urges", "People"]


def test_the_series_goes_on_after_the_last_held_meeting(group, topics, alex_in, dana, now):
    held = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    marked(held, dana, now=now)
    assert taught(held, *plan(group, dana, now, 1, 2)) == ["Triggers", "Urges", "People"]
    groups.move_topic(topic_id=topics[2].pk, up=True, by=dana, now=now)
    groups.retire_topic(topic_id=topics[0].pk, by=dana, now=now)
    coming = GroupMeeting.objects.filter(state="scheduled").order_by("starts_at")
    assert taught(held, *coming) == ["Triggers", "People", "Urges"]


def test_a_meeting_put_before_others_takes_the_turn_of_its_place(group, topics, dana, now):
    later = met(group, dana, starts_at=now + 5 * DAY, now=now)
    sooner = met(group, dana, starts_at=now + DAY, now=now)
    assert taught(sooner, later) == ["Triggers", "Urges"]


def test_topics_change_places(group, topics, dana, now):
    groups.move_topic(topic_id=topics[1].pk, up=True, by=dana, now=now)
    groups.move_topic(topic_id=topics[1].pk, up=True, by=dana, now=now)
    groups.move_topic(topic_id=topics[0].pk, up=False, by=dana, now=now)
    assert [one.title for one in group.topics.all()] == ["Urges", "People", "Triggers"]


def test_a_group_without_topics_meets_all_the_same(group, dana, now):
    assert taught(*plan(group, dana, now, 1)) == [""]


def test_a_topic_needs_a_title_and_is_taken_out_once(group, topics, dana, now):
    with pytest.raises(InvalidInput) as refused:
        groups.add_topic(group_id=group.pk, title=" ", by=dana, now=now)
    assert refused.value.field == "title"
    groups.retire_topic(topic_id=topics[0].pk, by=dana, now=now)
    with pytest.raises(InvalidTransition):
        groups.move_topic(topic_id=topics[0].pk, up=True, by=dana, now=now)


def test_another_groups_topic_is_declined_and_a_held_meeting_keeps_its_own(
    group, topics, alex_in, dana, team, now
):
    other = begun(dana, now=now, team=team, name="Mornings")
    foreign = groups.add_topic(group_id=other.pk, title="Sleep", by=dana, now=now)
    meeting = met(group, dana, starts_at=now - 2 * HOUR, now=now - DAY)
    with pytest.raises(InvalidInput) as refused:
        groups.choose_topic(meeting_id=meeting.pk, topic=foreign, by=dana, now=now)
    assert refused.value.field == "topic"
    marked(meeting, dana, now=now)
    with pytest.raises(InvalidTransition):
        groups.choose_topic(meeting_id=meeting.pk, topic=topics[1], by=dana, now=now)

"""A reminder of a visit: the day before, once, and only of what is still planned (clinical.md §4.2, §5.5)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from casework.followup import reminders as keeping
from casework.followup import schedule
from casework.followup.actions import discharge, pause_client, record_death, withdraw_permission
from casework.followup.actions import sessions as acts
from casework.followup.models import Message, NamedVisit
from clients.errors import Conflict
from clients.models import Client, ContactPoint, Permission
from sessions.actions import lower
from sessions.models import Session
from tests import factories
from tests.followup.making import report, sent, texts
from tests.followup.reminding import PHOENIX, at, cancel, check_ins, days, move, reminders, visit

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_visit_is_reminded_of_on_the_day_before_at_ten_where_the_client_lives(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    (reminder,) = reminders(alex)
    assert (reminder.due_at, reminder.session, reminder.template_key) == (at(16, 10), session, "appt")
    assert reminder.useful_until == at(17, 13)
    assert [(one.session, one.starts_at) for one in reminder.visits.all()] == [(session, session.starts_at)]


def test_the_reminder_is_written_in_the_transaction_of_the_visit(alex, dana, now, monkeypatch):
    def broken(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(keeping, "keep", broken)
    with pytest.raises(RuntimeError):
        visit(alex, dana, at(17, 14), now)
    assert not Session.objects.exists()


@pytest.mark.parametrize("booked", [at(16, 9), at(16, 15), at(17, 9)])
def test_who_books_for_tomorrow_or_today_needs_no_reminder(alex, dana, booked):
    visit(alex, dana, at(17, 14), booked)
    assert reminders(alex, live=False) == []


def test_a_session_entered_afterwards_has_none(alex, dana, now):
    visit(alex, dana, now - 2 * DAY, now)
    assert reminders(alex, live=False) == []


@pytest.mark.parametrize(
    "forget",
    [
        lambda alex: Permission.objects.all().delete(),
        lambda alex: ContactPoint.objects.update(state="bad"),
        lambda alex: ContactPoint.objects.update(is_shared=True),
        lambda alex: Client.objects.filter(pk=alex.pk).update(state="paused"),
    ],
)
def test_without_a_way_to_the_client_there_is_none(alex, dana, now, forget):
    forget(alex)
    visit(alex, dana, at(17, 14), now)
    assert reminders(alex, live=False) == []


def test_with_permission_for_e_mail_alone_it_goes_by_e_mail(dana, team, now):
    kim = factories.client_of(dana, team=team, channels=("email",), time_zone="America/Phoenix")
    factories.ContactPointFactory(
        client=kim, kind="email", value="kim@example.org", normalized="kim@example.org"
    )
    visit(kim, dana, at(17, 14), now)
    assert len(reminders(kim)) == 1


def test_two_visits_of_one_day_have_one_reminder_that_names_both(alex, dana, now):
    later = visit(alex, dana, at(17, 14), now)
    earlier = visit(alex, dana, at(17, 9), now)
    (reminder,) = reminders(alex)
    assert reminder.session == earlier
    assert reminder.useful_until == at(17, 8)
    assert [one.session for one in reminder.visits.all()] == [earlier, later]


def test_two_visits_on_two_days_have_two(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    visit(alex, dana, at(19, 14), now)
    assert days(alex) == [(date(2026, 3, 16), 10), (date(2026, 3, 18), 10)]


def test_a_visit_that_moves_takes_its_reminder_with_it(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    (before,) = reminders(alex)
    move(session, at(20, 9), now + HOUR)
    (after,) = reminders(alex)
    assert (after.pk, after.due_at, after.useful_until) == (before.pk, at(19, 10), at(20, 8))
    assert NamedVisit.objects.get().starts_at == at(20, 9)


def test_a_visit_that_moves_within_its_day_keeps_the_hour_of_its_reminder(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    move(session, at(17, 9), now + HOUR)
    (reminder,) = reminders(alex)
    assert (reminder.due_at, reminder.useful_until) == (at(16, 10), at(17, 8))


def test_a_visit_that_moves_to_tomorrow_loses_its_reminder(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    move(session, at(12, 9), at(11, 11))
    assert reminders(alex) == []
    assert Message.objects.get(kind="reminder").reason_code == "visit_off"


def test_a_visit_that_is_called_off_has_none(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    cancel(session, now + HOUR)
    (reminder,) = reminders(alex, live=False)
    assert (reminder.status, reminder.reason_code, reminder.closed_at) == (
        "cancelled",
        "visit_off",
        now + HOUR,
    )


def test_when_one_of_two_is_called_off_the_other_is_still_reminded_of(alex, dana, now):
    first, second = visit(alex, dana, at(17, 9), now), visit(alex, dana, at(17, 14), now)
    cancel(first, now + HOUR)
    (reminder,) = reminders(alex)
    assert (reminder.session, reminder.useful_until) == (second, at(17, 13))
    assert NamedVisit.objects.get().session == second


def test_two_visits_that_come_to_lie_on_one_day_share_the_reminder(alex, dana, now):
    visit(alex, dana, at(17, 9), now)
    other = visit(alex, dana, at(19, 9), now)
    move(other, at(17, 14), now + HOUR)
    (reminder,) = reminders(alex)
    assert reminder.visits.count() == 2
    assert Message.objects.get(kind="reminder", status="cancelled").reason_code == "reminded_together"


def test_a_visit_taken_back_after_it_was_called_off_is_reminded_of_anew(alex, dana, now):
    cancel(visit(alex, dana, at(17, 14), now), now + HOUR)
    visit(alex, dana, at(17, 14), now + 2 * HOUR)
    assert days(alex) == [(date(2026, 3, 16), 10)]


# --- what has left, or is leaving ---
def test_a_reminder_that_went_is_not_written_again(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    sent(reminders(alex)[0], at(16, 10))
    assert keeping.keep(alex.pk, now=at(16, 11)) is False
    assert len(reminders(alex, live=False)) == 1


def test_a_visit_that_moves_after_its_reminder_is_reminded_of_once_more(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    sent(reminders(alex)[0], at(16, 10))
    move(session, at(24, 14), at(16, 12))
    assert days(alex) == [(date(2026, 3, 23), 10)]
    move(session, at(17, 14), at(16, 13))  # and back: that time has been told
    assert reminders(alex) == []


def claimed(message):
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=at(16, 11), attempt_id="00000000-0000-0000-0000-000000000001", fence=1
    )


def test_a_reminder_that_a_sender_holds_is_called_back_with_its_visit(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    claimed(reminders(alex)[0])
    cancel(session, at(16, 10))
    (reminder,) = reminders(alex, live=False)
    assert (reminder.status, reminder.recalled, reminder.recall_reason) == ("claimed", "cancel", "visit_off")


def test_a_visit_that_moves_while_its_reminder_is_being_sent_has_a_new_one(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    claimed(reminders(alex)[0])
    move(session, at(24, 14), at(16, 10))
    assert days(alex) == [(date(2026, 3, 23), 10)]
    assert Message.objects.filter(recalled="cancel").count() == 1


def test_another_visit_of_the_day_does_not_call_back_what_is_being_sent(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    claimed(reminders(alex)[0])
    visit(alex, dana, at(17, 9), at(16, 10))
    (reminder,) = reminders(alex)
    assert reminder.status == "claimed"


# --- what happens to the client ---
def test_a_stop_withdraws_the_reminder_and_start_brings_it_back(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    texts(alex, "STOP", now + HOUR)
    assert reminders(alex) == []
    assert alex.todos.filter(kind="call").count() == 0
    texts(alex, "START", now + 2 * HOUR)
    keeping.keep_all(at(15, 10))
    assert days(alex) == [(date(2026, 3, 16), 10)]


def test_a_permission_taken_back_at_the_desk_does_the_same(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    withdraw_permission(client_id=alex.pk, channel="messages", by=dana, now=now)
    assert keeping.keep_all(at(15, 10)) == 0
    assert reminders(alex) == []


@pytest.mark.parametrize("agreed_after", [False, True])
def test_nobody_who_left_is_reminded_even_where_texts_go_on(alex, dana, now, agreed_after):
    if agreed_after:
        factories.PermissionFactory(client=alex, channel="post_discharge")
    visit(alex, dana, at(17, 14), now)
    discharge(client_id=alex.pk, reason="completed", on=date(2026, 3, 11), by=dana, now=now)
    keeping.keep_all(at(15, 10))
    assert reminders(alex) == []


def test_nobody_who_has_died_is_reminded(alex, dana, sam, now):
    visit(alex, dana, at(17, 14), now)
    record_death(client_id=alex.pk, on=date(2026, 3, 11), by=sam, now=now)
    assert reminders(alex) == []


def test_a_pause_keeps_the_reminder_waiting(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    pause_client(client_id=alex.pk, reason="hospital", on=date(2026, 3, 11), by=dana, now=now)
    assert len(reminders(alex)) == 1


def test_who_moves_to_another_zone_is_reminded_at_ten_there(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    Client.objects.filter(pk=alex.pk).update(time_zone="America/New_York")
    keeping.keep_all(at(14, 10))
    (reminder,) = reminders(alex)
    assert (reminder.tz, reminder.due_at) == ("America/New_York", at(16, 7))


# --- the caps ---
def test_a_check_in_gives_its_day_to_a_reminder(alex, dana, now):
    report(alex, dana, now)  # day 2 is Friday the 13th
    visit(alex, dana, at(14, 14), now)
    friday = next(one for one in check_ins(alex) if one.local_date == date(2026, 3, 13))
    assert days(alex) == [(date(2026, 3, 13), 10)]
    assert (friday.status, friday.reason_code, friday.due_at) == ("planned", "gave_way", at(14, 9))


def test_the_check_in_goes_back_to_its_day_when_the_visit_is_called_off(alex, dana, now):
    report(alex, dana, now)
    before = [(one.due_at, one.reason_code) for one in check_ins(alex)]
    session = visit(alex, dana, at(14, 14), now)
    cancel(session, now + HOUR)
    assert [(one.due_at, one.reason_code) for one in check_ins(alex)] == before


def test_no_week_has_more_than_three_and_no_day_more_than_one(alex, dana, now):
    report(alex, dana, now)
    for day in (14, 17, 19, 21, 24, 26):
        visit(alex, dana, at(day, 14), now)
    going = sorted(
        one.due_at
        for one in Message.objects.filter(client=alex, status="planned", kind__in=["plan", "reminder"])
    )
    assert len(going) == len({one.astimezone(PHOENIX).date() for one in going})
    for end in going:
        assert sum(end - schedule.WEEK < one <= end for one in going) <= 3


def test_a_check_in_that_finds_no_day_near_is_left_out_and_comes_back(alex, dana, now):
    report(alex, dana, now)
    sessions = [visit(alex, dana, at(day, 14), now) for day in (13, 14, 15)]
    left_out = Message.objects.get(client=alex, local_date=date(2026, 3, 13), kind="plan")
    assert (left_out.status, left_out.reason_code) == ("skipped", "visit_took_it")
    for session in sessions:
        cancel(session, now + HOUR)
    left_out.refresh_from_db()
    assert (left_out.status, left_out.reason_code, left_out.closed_at) == ("planned", "", None)


def test_daily_visits_have_three_reminders_a_week(alex, dana, now):
    for day in range(16, 21):
        visit(alex, dana, at(day, 14), now)
    assert [day.day for day, _hour in days(alex)] == [15, 16, 17]


def test_where_the_day_before_is_taken_it_goes_in_the_morning(alex, dana, now):
    report(alex, dana, now)
    friday = next(one for one in check_ins(alex) if one.local_date == date(2026, 3, 13))
    Message.objects.filter(pk=friday.pk).update(
        status="claimed", lease_until=at(13, 11), attempt_id=friday.uid
    )
    visit(alex, dana, at(14, 14), now)
    assert days(alex) == [(date(2026, 3, 14), 9)]


def test_or_two_days_before_when_the_visit_is_early(alex, dana, now):
    report(alex, dana, now)
    due = at(16, 10)
    Message.objects.filter(pk=check_ins(alex)[3].pk).update(
        status="claimed", lease_until=at(16, 11), attempt_id=alex.uid, due_at=due
    )
    visit(alex, dana, at(17, 9), now)
    assert days(alex) == [(date(2026, 3, 15), 10)]


def test_a_plan_begun_later_leaves_the_reminders_their_days(alex, dana, now):
    visit(alex, dana, at(14, 14), now)
    report(alex, dana, now)
    keeping.keep_all(now)
    assert days(alex) == [(date(2026, 3, 13), 10)]
    going = [one.due_at.astimezone(PHOENIX).date() for one in check_ins(alex) if one.status == "planned"]
    assert date(2026, 3, 13) not in going


# --- the sweep ---
def test_the_sweep_writes_what_another_door_left_out(alex, dana, now):
    session = lower.schedule(
        client=alex, counselor=dana, starts_at=at(17, 14), ends_at=at(17, 15), by=dana, now=now
    )
    assert keeping.keep_all(at(15, 12)) == 1
    assert keeping.keep_all(at(15, 12)) == 0
    assert reminders(alex)[0].session == session


def test_the_sweep_withdraws_what_another_door_called_off(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    lower.cancel(session_id=session.pk, cancelled_for="client", by=dana, now=now)
    assert keeping.keep_all(at(15, 12)) == 1
    assert reminders(alex) == []


def test_the_sweep_has_nothing_to_do_where_all_is_well(alex, dana, now, django_assert_max_num_queries):
    visit(alex, dana, at(17, 14), now)
    report(alex, dana, now)
    keeping.keep_all(at(15, 12))
    with django_assert_max_num_queries(8):
        assert keeping.keep_all(at(15, 12)) == 0


def test_a_session_closed_early_is_reminded_of_no_more(alex, dana, now):
    session = visit(alex, dana, at(17, 14), now)
    Session.objects.filter(pk=session.pk).update(state="in_progress", started_at=now)
    acts.close_session(session_id=session.pk, outcome="attended", by=dana, now=now + HOUR)
    assert reminders(alex) == []


def test_the_database_refuses_a_second_reminder_that_may_still_leave(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    (one,) = reminders(alex)
    one.pk, one.uid, one.dedupe_key = None, alex.uid, "another"
    one._state.adding = True
    with pytest.raises(IntegrityError, match="one_live_reminder_per_session"):
        one.save()


def test_a_double_booking_writes_no_reminder(alex, dana, now):
    visit(alex, dana, at(17, 14), now)
    with pytest.raises(Conflict):
        visit(alex, dana, at(17, 14), now)
    assert len(reminders(alex, live=False)) == 1

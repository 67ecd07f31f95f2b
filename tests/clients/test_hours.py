"""Staffed hours, closed days and the on-call roster."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from clients import audit, hours, keeping_hours
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Closure, OnCall, StaffedHours

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE, FIVE = time(9), time(17)


def new_york(*when):
    """An instant by the practice's clock, in March after the clocks went forward."""
    return datetime(*when, tzinfo=hours.hours_at(datetime(2026, 3, 11, tzinfo=UTC)).zone)


@pytest.mark.parametrize(
    ("when", "here"),
    [
        ((2026, 3, 11, 8, 59), False),
        ((2026, 3, 11, 9, 0), True),
        ((2026, 3, 11, 16, 59), True),
        ((2026, 3, 11, 17, 0), False),
        ((2026, 3, 14, 12, 0), False),
        ((2026, 3, 15, 12, 0), False),
    ],
)
def test_hours_that_nobody_has_set_are_monday_to_friday_nine_to_five(practice, when, here):
    assert hours.is_staffed(new_york(*when)) is here


def test_the_hours_are_those_of_the_practices_clock(practice):
    assert hours.is_staffed(datetime(2026, 3, 11, 13, 0, tzinfo=UTC))  # 9:00 in New York
    assert not hours.is_staffed(datetime(2026, 3, 11, 12, 59, tzinfo=UTC))


def test_the_practice_sets_its_own_hours(practice, sam, now):
    keeping_hours.set_hours(week={5: (time(10), time(14))}, by=sam, now=now)
    assert hours.is_staffed(new_york(2026, 3, 14, 10, 0))
    assert not hours.is_staffed(new_york(2026, 3, 11, 12, 0))
    keeping_hours.set_hours(week={5: (time(12), time(14)), 0: (NINE, FIVE)}, by=sam, now=now)
    assert not hours.is_staffed(new_york(2026, 3, 14, 10, 0))
    assert list(StaffedHours.objects.values_list("weekday", flat=True)) == [0, 5]
    assert AuditEvent.objects.filter(verb="hours.set").count() == 2


@pytest.mark.parametrize(
    ("week", "field"), [({}, None), ({2: (FIVE, NINE)}, "closes_2"), ({2: (NINE, NINE)}, "closes_2")]
)
def test_hours_that_cannot_be_are_declined_and_nothing_is_saved(practice, sam, now, week, field):
    with pytest.raises(InvalidInput) as declined:
        keeping_hours.set_hours(week=week, by=sam, now=now)
    assert declined.value.field == field
    assert not StaffedHours.objects.exists()


def test_nobody_is_here_on_a_closed_day(practice, sam, now):
    keeping_hours.add_closure(on=date(2026, 3, 12), what=" Inventory ", by=sam, now=now)
    assert not hours.is_staffed(new_york(2026, 3, 12, 12, 0))
    assert Closure.objects.get().what == "Inventory"


@pytest.mark.parametrize(
    ("closed", "asked", "due"),
    [
        ([], (2026, 3, 11, 11), (2026, 3, 12, 17)),
        ([], (2026, 3, 13, 11), (2026, 3, 16, 17)),
        ([], (2026, 3, 14, 11), (2026, 3, 16, 17)),
        ([], (2026, 3, 11, 1), (2026, 3, 12, 17)),
        ([date(2026, 3, 12)], (2026, 3, 11, 11), (2026, 3, 13, 17)),
        ([date(2026, 3, 16), date(2026, 3, 17)], (2026, 3, 13, 23), (2026, 3, 18, 17)),
    ],
)
def test_what_may_wait_is_due_at_the_end_of_the_next_business_day(practice, sam, now, closed, asked, due):
    for day in closed:
        keeping_hours.add_closure(on=day, what="", by=sam, now=now)
    assert hours.next_business_close(new_york(*asked)) == new_york(*due)


def test_a_practice_closed_for_a_year_still_has_a_time_to_answer_by(practice, now):
    Closure.objects.bulk_create(Closure(on=now.date() + number * DAY) for number in range(400))
    assert hours.next_business_close(now) == now + DAY


def test_a_closed_day_lies_ahead_is_named_once_and_can_be_taken_back(practice, sam, now):
    with pytest.raises(InvalidInput):
        keeping_hours.add_closure(on=now.date() - DAY, what="", by=sam, now=now)
    closure = keeping_hours.add_closure(on=now.date(), what="", by=sam, now=now)
    with pytest.raises(Conflict):
        keeping_hours.add_closure(on=now.date(), what="", by=sam, now=now)
    for _twice in range(2):
        keeping_hours.remove_closure(closure_id=closure.pk, by=sam, now=now)
    assert not Closure.objects.exists()
    assert AuditEvent.objects.filter(verb="closure.removed").count() == 1


# --- on call ---------------------------------------------------------------------------------------------------------
def test_on_call_is_whoever_the_roster_names_at_that_instant(dana, sam, now):
    keeping_hours.add_duty(user=sam, from_at=now, to_at=now + HOUR, by=sam, now=now)
    keeping_hours.add_duty(user=dana, from_at=now + HOUR, to_at=now + 2 * HOUR, by=sam, now=now)
    assert hours.on_call(now - HOUR) == []
    assert hours.on_call(now) == [sam]
    assert hours.on_call(now + HOUR) == [dana]


def test_nobody_who_has_left_is_on_call(sam, now):
    OnCall.objects.create(user=sam, from_at=now, to_at=now + HOUR)
    sam.is_active = False
    sam.save()
    assert hours.on_call(now) == []


def test_a_duty_that_cannot_be_is_declined(dana, sam, ada, now):
    wrong = [
        ({"user": ada}, "user"),
        ({"to_at": now}, "to_at"),
        ({"from_at": now - 2 * HOUR, "to_at": now - HOUR}, "to_at"),
    ]
    for changed, field in wrong:
        facts = {"user": dana, "from_at": now, "to_at": now + HOUR, **changed}
        with pytest.raises(InvalidInput) as declined:
            keeping_hours.add_duty(**facts, by=sam, now=now)
        assert declined.value.field == field
    keeping_hours.add_duty(user=dana, from_at=now, to_at=now + HOUR, by=sam, now=now)
    with pytest.raises(Conflict):
        keeping_hours.add_duty(user=dana, from_at=now + HOUR / 2, to_at=now + 2 * HOUR, by=sam, now=now)


def test_a_duty_that_has_begun_ends_now_and_one_to_come_is_gone(dana, sam, now):
    running = OnCall.objects.create(user=dana, from_at=now - HOUR, to_at=now + HOUR)
    coming = OnCall.objects.create(user=dana, from_at=now + DAY, to_at=now + 2 * DAY)
    for duty in (running, coming, coming):
        keeping_hours.end_duty(duty_id=duty.pk, by=sam, now=now)
    assert list(OnCall.objects.values_list("to_at", flat=True)) == [now]
    assert AuditEvent.objects.filter(verb="on_call.ended").count() == 2


def test_the_database_refuses_a_duty_that_ends_first(dana, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        OnCall.objects.create(user=dana, from_at=now, to_at=now)


# --- who may ---------------------------------------------------------------------------------------------------------
def acts(dana, by, now):
    return [
        lambda: keeping_hours.set_hours(week={0: (NINE, FIVE)}, by=by, now=now),
        lambda: keeping_hours.add_closure(on=now.date(), what="", by=by, now=now),
        lambda: keeping_hours.remove_closure(closure_id=1, by=by, now=now),
        lambda: keeping_hours.add_duty(user=dana, from_at=now, to_at=now + HOUR, by=by, now=now),
        lambda: keeping_hours.end_duty(duty_id=1, by=by, now=now),
        lambda: keeping_hours.set_crisis_reply(on=False, by=by, now=now),
    ]


def test_counselors_and_auditors_keep_no_hours(dana, audrey, now):
    for person in (dana, audrey):
        for act in acts(dana, person, now):
            with pytest.raises(NotAllowed):
                act()


def test_supervisors_and_administrators_do(dana, sam, ada, now):
    for act in acts(dana, ada, now):
        act()
    OnCall.objects.all().delete()
    Closure.objects.all().delete()
    for act in acts(dana, sam, now):
        act()


def test_without_the_trail_nothing_is_kept(dana, sam, now, monkeypatch):
    def broken(*args, **fields):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)
    changing = [act for number, act in enumerate(acts(dana, sam, now)) if number not in {2, 4}]
    for act in changing:
        with pytest.raises(RuntimeError):
            act()
    assert [model.objects.count() for model in (StaffedHours, Closure, OnCall)] == [0, 0, 0]


def test_before_set_up_there_is_no_crisis_text_to_switch(db, now):
    with pytest.raises(InvalidInput):
        keeping_hours.set_crisis_reply(on=False, by=None, now=now)

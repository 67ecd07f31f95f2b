"""The calendar: whose, which days, what stands in them and what a phone gets."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from clients.absences import arrange_absence
from clients.access import Role
from clients.models import AuditEvent, Closure, Supervision
from sessions import calendar
from sessions.actions import lower
from sessions.models import Group, GroupMeeting, Room, Session
from tests import factories
from tests.sessions.conftest import booked
from tests.sessions.test_pages import text_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 3, 9)
PAGE = "/calendar/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def signed_in(person) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def of(dana, *, now, viewer=None, view="week", on=MONDAY) -> calendar.Calendar:
    return calendar.calendar_of(dana, viewer=viewer or dana, view=view, on=on, now=now, zone=NEW_YORK)


def day_of(shown: calendar.Calendar, on: date) -> calendar.Day:
    return next(day for day in shown.days if day.on == on)


@pytest.fixture
def kim(dana, team):
    return factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")


@pytest.fixture
def meeting(dana, team, now):
    group = Group.objects.create(name="Tuesday evening", team=team, facilitator=dana, begun_at=now)
    return GroupMeeting.objects.create(
        group=group, counselor=dana, starts_at=at(MONDAY, 17), ends_at=at(MONDAY, 18, 30), scheduled_at=now
    )


# --- what lies in the days ---
def test_a_week_begins_on_monday_and_shows_the_working_days(dana, now):
    shown = of(dana, now=now, on=MONDAY + 3 * DAY)
    assert [day.on for day in shown.days] == [MONDAY + n * DAY for n in range(5)]
    assert [day.is_today for day in shown.days] == [False, False, True, False, False]


def test_a_weekend_day_is_there_when_something_lies_in_it(alex, dana, now):
    booked(alex, dana, starts_at=at(MONDAY + 5 * DAY, 10), now=now)
    assert of(dana, now=now).days[-1].on == MONDAY + 5 * DAY


def test_a_session_stands_at_its_quarter_of_the_practices_clock(alex, dana, now):
    booked(alex, dana, starts_at=at(MONDAY, 9, 10), now=now, minutes=50)
    (entry,) = day_of(of(dana, now=now), MONDAY).entries
    assert (entry.row, entry.rows) == (5, 4)  # 9:00 is the fifth quarter from 8:00; 50 minutes touch four


def test_the_hours_grow_with_what_lies_outside_of_them(alex, kim, dana, now):
    booked(alex, dana, starts_at=at(MONDAY, 6, 30), now=now)
    booked(kim, dana, starts_at=at(MONDAY, 19, 30), now=now)
    shown = of(dana, now=now)
    assert (shown.first_hour, shown.last_hour) == (6, 21)
    assert shown.hours[:2] == [(6, 1), (7, 5)]


def test_a_session_over_midnight_ends_with_its_day(alex, dana, now):
    booked(alex, dana, starts_at=at(MONDAY, 23), now=now, minutes=120)
    shown = of(dana, now=now)
    (entry,) = day_of(shown, MONDAY).entries
    assert (shown.last_hour, entry.rows) == (24, 4)


def test_what_fell_through_and_what_took_its_place_stand_side_by_side(alex, kim, dana, now):
    missed = booked(alex, dana, starts_at=at(MONDAY, 9), now=now)
    lower.close(session_id=missed.pk, outcome="no_show", by=dana, now=at(MONDAY, 10))
    booked(kim, dana, starts_at=at(MONDAY, 9, 15), now=now)
    day = day_of(of(dana, now=now), MONDAY)
    assert [(entry.lane, entry.is_gone) for entry in day.entries] == [(1, True), (2, False)]
    assert day.lanes == 2


def test_sessions_that_follow_each_other_have_the_whole_width(alex, kim, dana, now):
    booked(alex, dana, starts_at=at(MONDAY, 9), now=now, minutes=60)
    booked(kim, dana, starts_at=at(MONDAY, 10), now=now)
    assert day_of(of(dana, now=now), MONDAY).lanes == 0


@pytest.mark.parametrize(("view", "there"), [("week", False), ("day", False), ("list", True)])
def test_what_was_called_off_is_in_the_list_alone(alex, dana, now, view, there):
    session = booked(alex, dana, starts_at=at(MONDAY, 9), now=now - 5 * DAY)
    lower.cancel(session_id=session.pk, cancelled_for="practice", by=dana, now=now - 4 * DAY)
    shown = of(dana, now=now, view=view)
    assert bool([entry for day in shown.days for entry in day.entries]) is there


def test_a_list_shows_four_weeks_and_only_days_with_something(alex, dana, now):
    booked(alex, dana, starts_at=at(MONDAY + 27 * DAY, 9), now=now)
    booked(alex, dana, starts_at=at(MONDAY + 28 * DAY, 9), now=now)
    assert [day.on for day in of(dana, now=now, view="list").days] == [MONDAY + 27 * DAY]


def test_a_group_is_there_once_however_many_belong_to_it(alex, kim, dana, meeting, now):
    for client in (alex, kim):
        Session.objects.create(
            client=client, counselor=dana, kind="group", meeting=meeting, starts_at=meeting.starts_at,
            ends_at=meeting.ends_at, scheduled_at=now,
        )  # fmt: skip
    (entry,) = day_of(of(dana, now=now), MONDAY).entries
    assert (entry.meeting, entry.session, entry.can_move) == (meeting, None, False)


def test_a_cancelled_group_is_gone_from_the_week_and_told_in_the_list(dana, meeting, now):
    GroupMeeting.objects.filter(pk=meeting.pk).update(state="cancelled", closed_at=now)
    assert day_of(of(dana, now=now), MONDAY).entries == []
    (entry,) = of(dana, now=now, view="list").days[0].entries
    assert entry.is_gone


def test_sessions_of_clients_whom_one_may_not_see_are_time_that_is_taken(alex, dana, robin, meeting, now):
    booked(alex, dana, starts_at=at(MONDAY, 9), now=now)
    shown = of(dana, now=now, viewer=robin)
    assert [(one.session, one.meeting) for one in day_of(shown, MONDAY).entries] == [(None, None)] * 2
    assert shown.ids == []


def test_closed_days_and_absences_are_told(dana, sam, now):
    Closure.objects.create(on=MONDAY + DAY, what="Holiday")
    start, end = at(MONDAY + 3 * DAY, 12), at(MONDAY + 5 * DAY, 0)
    arrange_absence(user=dana, starts_at=start, ends_at=end, cover=sam, by=dana, now=now)
    shown = of(dana, now=now)
    assert day_of(shown, MONDAY + DAY).closed.what == "Holiday"
    assert [bool(day.away) for day in shown.days] == [False, False, False, True, True]


# --- whose ---
def test_one_sees_ones_own_calendar_and_of_those_whom_one_covers_or_supervises(dana, robin, sam, team, now):
    lee = factories.counselor("Lee Park", team=team)
    assert list(calendar.people_for(dana, now)) == [dana]
    arrange_absence(user=lee, starts_at=now, ends_at=now + DAY, cover=dana, by=lee, now=now)
    assert list(calendar.people_for(dana, now)) == [dana, lee]
    assert set(calendar.people_for(sam, now)) == {dana, lee, sam}
    assert robin not in calendar.people_for(sam, now)
    assert list(calendar.people_for(dana, now + DAY)) == [dana]


def test_a_personal_supervisor_sees_the_calendar_too(dana, now):
    chief = factories.UserFactory(full_name="Chief", role=Role.SUPERVISOR)
    Supervision.objects.create(supervisor=chief, supervisee=dana, from_on=date(2020, 1, 1))
    assert dana in calendar.people_for(chief, now)


def test_an_auditor_reads_every_calendar(dana, robin, now):
    auditor = factories.UserFactory(role=Role.AUDITOR)
    assert {dana, robin} <= set(calendar.people_for(auditor, now))


# --- the page ---
def test_the_page_shows_the_week_with_names_and_places(as_dana, alex, dana, team, now):
    room = Room.objects.create(site=team.site, name="Room 2")
    session = booked(alex, dana, starts_at=at(MONDAY + 3 * DAY, 9), now=now, room=room)
    answer = as_dana.get(PAGE)
    page = text_of(answer)
    assert "09:00–09:50 Alex Moreno Room 2" in page
    assert reverse("counseling:session", args=[session.uid]) in answer.content.decode()
    assert f'data-move="{reverse("counseling:move", args=[session.uid])}"' in answer.content.decode()


def test_a_session_that_was_held_cannot_be_dragged(as_dana, alex, dana, now):
    session = booked(alex, dana, starts_at=at(MONDAY, 9), now=now)
    lower.close(session_id=session.pk, outcome="attended", by=dana, now=now)
    assert "data-move" not in as_dana.get(PAGE).content.decode()


@pytest.mark.parametrize("view", ["day", "week", "list", "year", ""])
def test_each_view_opens_and_an_unknown_one_is_the_week(as_dana, alex, dana, now, view):
    booked(alex, dana, starts_at=at(MONDAY + 2 * DAY, 14), now=now)
    answer = as_dana.get(PAGE, {"view": view, "on": "2026-03-11"})
    assert answer.context["view"] == (view if view in calendar.VIEWS else "week")
    assert "Alex Moreno" in text_of(answer)


@pytest.mark.parametrize("on", ["x", "2026-02-31", "0001-01-01", "9999-12-31", "1750-01-01"])
def test_a_day_that_no_calendar_has_is_today(as_dana, on):
    assert as_dana.get(PAGE, {"on": on}).context["on"] == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("view", "said"),
    [("day", "Wednesday 11 March 2026"), ("week", "9 Mar – 15 Mar 2026"), ("list", "11 Mar – 7 Apr 2026")],
)
def test_the_page_says_which_days_it_shows(as_dana, view, said):
    assert said in text_of(as_dana.get(PAGE, {"view": view, "on": "2026-03-11"}))


def test_the_neighbours_of_a_page_lie_a_step_away(as_dana):
    said = as_dana.get(PAGE, {"on": "2026-03-11"}).context
    assert (said["earlier"], said["later"]) == (MONDAY - 7 * DAY, MONDAY + 7 * DAY)
    said = as_dana.get(PAGE, {"on": "2026-03-11", "view": "day"}).context
    assert (said["earlier"], said["later"]) == (date(2026, 3, 10), date(2026, 3, 12))


def test_a_supervisor_chooses_a_counselor_and_a_counselor_has_no_choice(as_dana, dana, sam):
    assert 'name="counselor"' not in as_dana.get(PAGE).content.decode()
    answer = signed_in(sam).get(PAGE, {"counselor": str(dana.uid)})
    assert "Calendar of Dana Reyes" in text_of(answer)


@pytest.mark.parametrize("who", ["robin", "nobody"])
def test_a_calendar_that_is_not_ones_to_open_is_404_and_leaves_a_row(as_dana, dana, robin, who):
    uid = robin.uid if who == "robin" else "00000000-0000-4000-8000-000000000000"
    assert as_dana.get(PAGE, {"counselor": str(uid)}).status_code == 404
    assert AuditEvent.objects.filter(verb="access.refused", actor_id=dana.pk).exists()


def test_an_auditor_reads_a_calendar_and_is_offered_nothing_to_do(alex, dana, now):
    booked(alex, dana, starts_at=at(MONDAY + 3 * DAY, 9), now=now)
    auditor = factories.UserFactory(role=Role.AUDITOR)
    page = signed_in(auditor).get(PAGE, {"counselor": str(dana.uid)}).content.decode()
    assert "Alex Moreno" in page
    assert "data-move" not in page
    assert reverse("counseling:plan") not in page


def test_nobody_to_look_at_is_said_in_words():
    auditor = factories.UserFactory(role=Role.AUDITOR)
    assert "Nobody's calendar to show" in signed_in(auditor).get(PAGE).content.decode()


def test_looking_at_a_calendar_leaves_one_row_with_what_was_seen(as_dana, alex, dana, now):
    session = booked(alex, dana, starts_at=at(MONDAY + 3 * DAY, 9), now=now)
    as_dana.get(PAGE)
    row = AuditEvent.objects.get(verb="list.viewed", detail__list="calendar")
    assert row.detail["ids"] == [session.pk]


def test_absence_and_cover_are_on_the_page(as_dana, dana, sam, now):
    arrange_absence(user=dana, starts_at=now + DAY, ends_at=now + 2 * DAY, cover=sam, by=dana, now=now)
    assert "Dana is away; Sam Ortiz covers" in text_of(as_dana.get(PAGE))


def test_the_page_takes_as_many_questions_for_thirty_sessions_as_for_three(
    as_dana, alex, dana, team, now, django_assert_max_num_queries
):
    def fill(number: int, hour: int) -> None:
        for n in range(number):
            client = factories.client_of(dana, team=team, given_name=f"C{n}", record_number=f"Q-{hour}{n}")
            booked(client, dana, starts_at=at(MONDAY + (n % 5) * DAY, hour + n // 5), now=now, minutes=50)

    fill(5, 8)
    as_dana.get(PAGE)  # the first look of a sign-in keeps it going, which is not the page's
    with django_assert_max_num_queries(12) as few:
        as_dana.get(PAGE)
    fill(25, 9)
    with django_assert_max_num_queries(12) as many:
        as_dana.get(PAGE)
    assert len(many) == len(few), [query["sql"][:160] for query in many.captured_queries]


# --- planning from it ---
def test_planning_begins_with_whom_and_takes_the_time_along(as_dana, alex, kim):
    answer = as_dana.get(reverse("counseling:plan"), {"q": "kim", "at": "2026-03-12T09:15"})
    assert [one.pk for one in answer.context["found"]] == [kim.pk]
    link = f"{reverse('counseling:new', args=[kim.uid])}?at=2026-03-12T09%3A15"
    assert link in answer.content.decode()
    form = as_dana.get(link).context["form"]
    assert f"{form['starts_at'].value():%d %H:%M}" == "12 09:15"


def test_those_without_a_session_ahead_are_offered_first(as_dana, alex, kim, dana, now):
    booked(alex, dana, starts_at=now + DAY, now=now)
    found = as_dana.get(reverse("counseling:plan")).context["found"]
    assert [one.pk for one in found] == [kim.pk, alex.pk]


def test_whom_one_does_not_see_is_not_found(alex, robin):
    answer = signed_in(robin).get(reverse("counseling:plan"), {"q": "Alex"})
    assert answer.context["found"] == []
    assert "Nobody found" in text_of(answer)


@pytest.mark.parametrize("moment", ["x", "2026-03-12T25:00", "2026-03-12T09:00Z"])
def test_a_time_that_is_none_leaves_the_form_empty(as_dana, alex, moment):
    form = as_dana.get(reverse("counseling:new", args=[alex.uid]), {"at": moment}).context["form"]
    assert form["starts_at"].value() is None


def test_a_dragged_session_opens_its_form_with_the_new_time(as_dana, alex, dana, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now)
    answer = as_dana.get(reverse("counseling:move", args=[session.uid]), {"to": "2026-03-13T14:30"})
    assert f"{answer.context['form']['starts_at'].value():%d %H:%M}" == "13 14:30"
    session.refresh_from_db()
    assert session.starts_at == now + DAY  # looking moves nothing

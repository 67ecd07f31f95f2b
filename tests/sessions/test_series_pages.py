"""Planning, changing and ending a series from its pages, and what a session's page says of itself."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clients.absences import arrange_absence
from clients.access import Role
from clients.models import AuditEvent, Closure
from sessions.actions import lower
from sessions.models import Group, GroupMeeting, Room, Series, Session
from tests import factories
from tests.sessions.conftest import booked
from tests.sessions.test_calendar import signed_in
from tests.sessions.test_pages import text_of
from tests.sessions.test_series import FIRST, WEEK, planned

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def series(alex, dana, now) -> Series:
    """Four Tuesdays at nine."""
    return planned(alex, dana, now=now).series


def sent(dana, **changed) -> dict[str, str]:
    usual = {
        "starts_at": "2026-03-17T09:00",
        "minutes": "50",
        "modality": "in_person",
        "counselor": str(dana.uid),
        "every": "week",
        "until_on": "2026-04-07",
    }
    return {**usual, **changed}


def to(name: str, thing) -> str:
    return reverse(name, args=[thing.uid])


# --- planning ---
def test_a_series_is_planned_from_the_form_of_a_session(as_dana, alex, dana, team):
    room = Room.objects.create(site=team.site, name="Room 2")
    said = sent(dana, kind="family", companions="Her mother", room=str(room.uid))
    answer = as_dana.post(to("followup:schedule_session", alex), said, follow=True)
    series = Series.objects.get()
    assert answer.redirect_chain[-1][0] == to("counseling:series", series)
    assert "4 sessions are planned." in text_of(answer)
    assert {(one.kind, one.companions, one.room) for one in series.sessions.all()} == {
        ("family", "Her mother", room)
    }


def test_without_a_last_day_it_lasts_twelve_weeks(as_dana, alex, dana):
    as_dana.post(to("followup:schedule_session", alex), sent(dana, until_on=""))
    assert Session.objects.count() == 12


def test_days_that_were_left_out_are_told(as_dana, alex, dana):
    Closure.objects.create(on=FIRST + WEEK, what="Holiday")
    answer = as_dana.post(to("followup:schedule_session", alex), sent(dana), follow=True)
    assert "3 sessions are planned. Left out: 24 Mar." in text_of(answer)


def test_a_taken_day_keeps_what_was_typed_and_offers_to_leave_it_out(as_dana, alex, dana, team, now):
    kim = factories.client_of(dana, team=team, given_name="Kim", family_name="Ito")
    planned(kim, dana, now=now, until_on=FIRST)
    answer = as_dana.post(to("followup:schedule_session", alex), sent(dana, location="Annex"))
    assert "Dana Reyes already has a session with Kim Ito then" in text_of(answer)
    assert 'value="Annex"' in answer.content.decode()
    assert not Series.objects.filter(client=alex).exists()
    as_dana.post(to("followup:schedule_session", alex), sent(dana, skip_taken="on"))
    assert Series.objects.get(client=alex).sessions.count() == 3


def test_only_this_once_plans_one_session(as_dana, alex, dana):
    as_dana.post(to("followup:schedule_session", alex), sent(dana, every="", until_on="", kind=""))
    assert (Session.objects.count(), Series.objects.count()) == (1, 0)


# --- its page ---
def test_the_page_tells_the_rule_and_each_session(as_dana, series, dana):
    page = text_of(as_dana.get(to("counseling:series", series)))
    assert "Every week , Tuesday 09:00, 50 min · Dana Reyes" in page
    assert "From 17 Mar 2026 until 7 Apr 2026." in page
    assert page.count("in a series") == 4
    assert AuditEvent.objects.filter(verb="record.viewed", target_type="counseling.Series").exists()


def test_who_may_not_plan_gets_no_buttons(series):
    auditor = factories.UserFactory(role=Role.AUDITOR)
    page = signed_in(auditor).get(to("counseling:series", series)).content.decode()
    assert "Change from a session on" not in page


@pytest.mark.parametrize("name", ["counseling:series", "counseling:change_series", "counseling:end_series"])
def test_a_stranger_finds_no_series(robin, series, name):
    assert signed_in(robin).get(to(name, series)).status_code == 404


@pytest.mark.parametrize("name", ["followup:change_series", "followup:end_series"])
def test_a_stranger_changes_no_series(robin, series, name):
    assert signed_in(robin).post(to(name, series)).status_code == 404
    assert Session.objects.filter(state="scheduled").count() == 4


# --- changing ---
def test_the_form_begins_with_the_series_as_it_is(as_dana, series):
    form = as_dana.get(to("counseling:change_series", series)).context["form"]
    assert (form["every"].value(), form["until_on"].value(), form["minutes"].value()) == (
        "week",
        date(2026, 4, 7),
        50,
    )
    assert "companions" not in form.fields


def test_from_a_chosen_session_on_it_comes_at_another_time(as_dana, series, dana):
    third = series.sessions.get(series_on=FIRST + 2 * WEEK)
    page = as_dana.get(to("counseling:change_series", series), {"session": str(third.uid)})
    assert page.context["session"] == third
    said = sent(dana, starts_at="2026-04-01T14:00", until_on="2026-04-08", session=str(third.uid))
    answer = as_dana.post(to("followup:change_series", series), said, follow=True)
    new = Series.objects.get(continues=series)
    assert "2 sessions are planned." in text_of(answer)
    assert (new.sessions.count(), series.sessions.count()) == (2, 2)
    assert "The series before" in text_of(answer)
    assert "How it goes on" in text_of(as_dana.get(to("counseling:series", series)))


@pytest.mark.parametrize("chosen", ["x", "00000000-0000-4000-8000-000000000000"])
def test_a_session_that_is_none_means_the_next_one(as_dana, series, chosen):
    page = as_dana.get(to("counseling:change_series", series), {"session": chosen})
    assert page.context["session"].series_on == FIRST


def test_a_session_called_off_meanwhile_changes_nothing_before_it(as_dana, series, dana, now):
    third = series.sessions.get(series_on=FIRST + 2 * WEEK)
    lower.cancel(session_id=third.pk, cancelled_for="client", by=dana, now=now)
    said = sent(dana, starts_at="2026-04-01T14:00", until_on="2026-04-08", session=str(third.uid))
    answer = as_dana.post(to("followup:change_series", series), said, follow=True)
    assert "Nothing was changed." in text_of(answer)
    assert (Series.objects.count(), series.sessions.filter(state="scheduled").count()) == (1, 3)


@pytest.mark.parametrize("year", ["0026", "9999"])
@pytest.mark.parametrize("every", ["", "week"])
def test_a_mistyped_year_comes_back_with_the_form(as_dana, alex, dana, year, every):
    said = sent(dana, starts_at=f"{year}-12-31T23:50", until_on="", every=every)
    answer = as_dana.post(to("followup:schedule_session", alex), said)
    assert "Check the year." in text_of(answer)
    assert not Session.objects.exists()


def test_a_wrong_time_comes_back_with_the_form(as_dana, series, dana):
    answer = as_dana.post(to("followup:change_series", series), sent(dana, starts_at="2026-03-01T09:00"))
    assert "lies ahead" in text_of(answer)
    assert as_dana.post(to("followup:change_series", series), {}).context["form"].errors
    assert Series.objects.count() == 1


def test_nothing_ahead_is_nothing_to_change(as_dana, series, dana):
    as_dana.post(to("followup:end_series", series), {"from_on": "2026-03-17", "cancelled_for": "client"})
    answer = as_dana.get(to("counseling:change_series", series), follow=True)
    assert "No session of this series lies ahead." in text_of(answer)
    assert as_dana.post(to("followup:change_series", series), sent(dana)).status_code == 302
    assert Series.objects.count() == 1


def test_by_link_one_lands_on_the_series(as_dana, series):
    for name in ("followup:change_series", "followup:end_series"):
        assert as_dana.get(to(name, series))["Location"] == to("counseling:series", series)


# --- ending ---
def test_ending_calls_off_what_lies_ahead_and_says_how_many(as_dana, series):
    assert as_dana.get(to("counseling:end_series", series)).context["form"]["from_on"].value() == FIRST
    said = {"from_on": "2026-03-31", "cancelled_for": "practice", "reason": "Moved away"}
    answer = as_dana.post(to("followup:end_series", series), said, follow=True)
    assert "The series is ended; 2 sessions are called off." in text_of(answer)
    assert "No session of it from 31 Mar 2026 on." in text_of(answer)


def test_ending_asks_whose_wish_it_is(as_dana, series):
    answer = as_dana.post(to("followup:end_series", series), {"from_on": "2026-03-31"})
    assert answer.context["form"].errors["cancelled_for"]
    as_dana.post(to("followup:end_series", series), {"from_on": "2026-03-31", "cancelled_for": "client"})
    again = as_dana.post(
        to("followup:end_series", series), {"from_on": "2026-03-31", "cancelled_for": "client"}
    )
    assert "This series was ended on 31 Mar 2026." in text_of(again)


# --- the page of one session ---
def test_a_session_tells_its_room_series_and_history(as_dana, series, dana, now):
    session = series.sessions.order_by("pk").first()
    at = session.starts_at + DAY
    lower.reschedule(
        session_id=session.pk, starts_at=at, ends_at=at + HOUR, reason="A shift", by=dana, now=now
    )
    page = text_of(as_dana.get(to("counseling:session", session)))
    assert "Moved from Tue 17 Mar, 09:00 to Wed 18 Mar, 09:00. “A shift”" in page
    assert "Every week" in page


def test_a_video_session_has_its_link(as_dana, alex, dana, now):
    session = booked(
        alex, dana, starts_at=now + DAY, now=now, modality="video", location="https://meet.example/x"
    )
    page = as_dana.get(to("counseling:session", session)).content.decode()
    assert '<a href="https://meet.example/x" rel="noreferrer noopener"' in page


@pytest.mark.parametrize("covered", [True, False])
def test_a_session_whose_counselor_is_away_says_so(as_dana, alex, dana, sam, now, covered):
    session = booked(alex, dana, starts_at=now + DAY, now=now)
    cover = sam if covered else None
    arrange_absence(user=dana, starts_at=now + HOUR, ends_at=now + 3 * DAY, cover=cover, by=dana, now=now)
    page = text_of(as_dana.get(to("counseling:session", session)))
    assert "Dana is away then" in page
    assert ("Sam Ortiz covers." in page) is covered


def test_moving_says_whose_wish_it_was(as_dana, alex, dana, now):
    session = booked(alex, dana, starts_at=now + DAY, now=now)
    said = {
        "starts_at": "2026-03-13T10:00",
        "minutes": "50",
        "modality": "phone",
        "counselor": str(dana.uid),
        "wished_by": "client",
        "reason": "Work",
    }
    as_dana.post(to("followup:reschedule_session", session), said)
    change = session.changes.get()
    assert (change.wished_by, change.reason, change.modality) == ("client", "Work", "phone")


def test_a_member_of_a_group_has_no_buttons_of_its_own(as_dana, alex, dana, team, now):
    group = Group.objects.create(name="Evening", team=team, facilitator=dana, begun_at=now)
    times = {"starts_at": now - HOUR, "ends_at": now + HOUR, "scheduled_at": now}
    meeting = GroupMeeting.objects.create(group=group, counselor=dana, **times)
    session = Session.objects.create(client=alex, counselor=dana, kind="group", meeting=meeting, **times)
    page = text_of(as_dana.get(to("counseling:session", session)))
    assert "Move…" not in page
    assert "Did not come" not in page
    answer = as_dana.get(to("counseling:move", session), follow=True)
    assert "move the group&#x27;s meeting" in answer.content.decode()

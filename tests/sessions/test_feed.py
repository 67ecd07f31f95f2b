"""The feed that a counselor's own calendar reads: when they are taken, and nothing about anybody."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse
from icalendar import Calendar

from clients.access import Role
from clients.errors import NotAllowed
from clients.models import AuditEvent
from sessions.actions import lower
from sessions.actions.feeds import give_feed, owner_of, revoke_feed
from sessions.models import CalendarFeed, Group, GroupMeeting, Session
from tests import factories
from tests.sessions.conftest import booked

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def fetched(secret: str):
    return Browser().get(reverse("counseling:ics", kwargs={"secret": secret}))


def events(secret: str):
    return Calendar.from_ical(fetched(secret).content).walk("VEVENT")


@pytest.fixture
def secret(dana, now):
    return give_feed(by=dana, now=now)


def test_a_calendar_gets_the_times_and_a_link_and_no_name(alex, dana, secret, now):
    session = booked(
        alex, dana, starts_at=now + DAY, now=now, kind="family", companions="Her mother", location="Oak St 5"
    )
    answer = fetched(secret)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = events(secret)
    assert (event.start, event.end) == (session.starts_at, session.ends_at)
    assert str(event["summary"]) == "Session"
    assert str(event["url"]).endswith(reverse("counseling:session", args=[session.uid]))
    body = answer.content.decode()
    for told in (alex.given_name, alex.family_name, alex.record_number, str(alex.uid), "mother", "Oak"):
        assert told not in body


def test_a_group_is_one_event_called_group(alex, dana, team, secret, now):
    group = Group.objects.create(name="Early recovery", team=team, facilitator=dana, begun_at=now)
    times = {"starts_at": now + DAY, "ends_at": now + DAY + timedelta(hours=1), "scheduled_at": now}
    meeting = GroupMeeting.objects.create(group=group, counselor=dana, **times)
    Session.objects.create(client=alex, counselor=dana, kind="group", meeting=meeting, **times)
    (event,) = events(secret)
    assert str(event["summary"]) == "Group"
    assert "Early" not in fetched(secret).content.decode()


def test_a_group_is_in_the_calendar_of_who_stands_beside_too(dana, team, secret, now):
    kim = factories.counselor("Kim Soto", team=team)
    group = Group.objects.create(name="Noon", team=team, facilitator=kim, co_facilitator=dana, begun_at=now)
    times = {"starts_at": now + DAY, "ends_at": now + DAY + timedelta(hours=1), "scheduled_at": now}
    GroupMeeting.objects.create(group=group, counselor=kim, co_counselor=dana, **times)
    assert [str(event["summary"]) for event in events(secret)] == ["Group"]


def test_what_was_called_off_is_gone_and_what_was_held_stays(alex, dana, secret, now):
    off = booked(alex, dana, starts_at=now + DAY, now=now)
    lower.cancel(session_id=off.pk, cancelled_for="client", by=dana, now=now)
    held = booked(alex, dana, starts_at=now - DAY, now=now - 2 * DAY)
    lower.close(session_id=held.pk, outcome="attended", by=dana, now=now)
    assert [event.start for event in events(secret)] == [held.starts_at]


@pytest.mark.parametrize(("days", "there"), [(-31, False), (-29, True), (365, True), (367, False)])
def test_it_reaches_from_a_month_ago_to_a_year_ahead(alex, dana, secret, now, days, there):
    booked(alex, dana, starts_at=now + days * DAY, now=now - 40 * DAY)
    assert bool(events(secret)) is there


def test_another_counselors_sessions_are_not_in_it(alex, dana, sam, secret, now):
    factories.assign(alex, sam, role="covering")
    booked(alex, sam, starts_at=now + DAY, now=now)
    assert events(secret) == []


def test_it_speaks_the_language_of_its_owner(alex, dana, now):
    dana.language = "es"
    dana.save(update_fields=["language"])
    booked(alex, dana, starts_at=now + DAY, now=now)
    (event,) = events(give_feed(by=dana, now=now))
    assert str(event["summary"]) == "Sesión"


def test_a_wrong_or_old_secret_leads_nowhere(dana, secret, now):
    assert fetched("nothing").status_code == 404
    newer = give_feed(by=dana, now=now)
    assert fetched(secret).status_code == 404
    assert fetched(newer).status_code == 200


def test_what_is_taken_back_leads_nowhere(dana, secret, now):
    assert revoke_feed(by=dana, now=now) is True
    assert fetched(secret).status_code == 404
    assert revoke_feed(by=dana, now=now) is False


def test_who_left_or_holds_no_sessions_any_more_has_no_feed(dana, secret):
    dana.is_active = False
    dana.save(update_fields=["is_active"])
    assert owner_of(secret) is None
    assert fetched(secret).status_code == 404


def test_the_secret_is_kept_nowhere_and_no_cache_keeps_the_answer(dana, secret):
    feed = CalendarFeed.objects.get()
    assert secret not in str(vars(feed))
    assert "no-store" in fetched(secret)["Cache-Control"]
    assert not AuditEvent.objects.filter(detail__icontains=secret).exists()


def test_giving_and_taking_back_are_in_the_trail(dana, secret, now):
    revoke_feed(by=dana, now=now)
    verbs = AuditEvent.objects.filter(actor_id=dana.pk).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["calendar_feed.given", "calendar_feed.revoked"]


def test_whoever_holds_no_sessions_gets_no_address(now):
    with pytest.raises(NotAllowed):
        give_feed(by=factories.UserFactory(role=Role.AUDITOR), now=now)


def test_the_database_keeps_one_address_a_person(dana, secret, now):
    with pytest.raises(IntegrityError, match="one_calendar_feed_per_person"), transaction.atomic():
        CalendarFeed.objects.create(user=dana, secret_hash="a" * 64, made_at=now)


def test_the_page_shows_a_new_address_once(as_dana):
    page = reverse("counseling:feed")
    assert "There is no address yet" in as_dana.get(page).content.decode()
    made = as_dana.post(page)
    address = made.context["address"]
    assert address.endswith(".ics")
    assert address in made.content.decode()
    assert Browser().get(address.removeprefix("http://testserver")).status_code == 200
    again = as_dana.get(page).content.decode()
    assert "An address is in use since" in again
    assert address not in again


def test_the_page_takes_it_back(as_dana, secret):
    answer = as_dana.post(reverse("counseling:revoke_feed"), follow=True)
    assert "taken back" in answer.content.decode()
    assert "There is no address yet" in answer.content.decode()
    as_dana.post(reverse("counseling:revoke_feed"))
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 0

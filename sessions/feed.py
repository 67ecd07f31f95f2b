"""What a counselor's own calendar gets to read: when they are taken, and nothing about anybody (RFC 5545)."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from sessions.models import GroupMeeting, Session

BACK, AHEAD = timedelta(days=30), timedelta(days=366)
GONE = (Session.State.CANCELLED, Session.State.LATE_CANCEL)


def calendar_of(user: Any, *, now: datetime, address: Callable[[Any], str]) -> bytes:
    """The person's sessions and groups from a month ago to a year ahead, as an iCalendar object.

    `address` makes the link to a session or a meeting: it names no client, and asks whoever follows it to sign in.
    """
    with translation.override(user.language or translation.get_language()):
        calendar = Calendar()
        calendar.add("prodid", "-//Turnaround//Calendar//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", _("Sessions"))
        calendar.add("x-published-ttl", "PT1H")
        for row in _rows(user, now):
            calendar.add_component(_event(row, address(row)))
    return calendar.to_ical()


def _rows(user: Any, now: datetime) -> Iterable[Any]:
    period = {"starts_at__gte": now - BACK, "starts_at__lt": now + AHEAD}
    sessions = Session.objects.filter(meeting=None, counselor=user, **period).exclude(state__in=GONE)
    leads = Q(counselor=user) | Q(co_counselor=user)
    meetings = GroupMeeting.objects.filter(leads, **period).exclude(state=GroupMeeting.State.CANCELLED)
    columns = ("uid", "starts_at", "ends_at", "scheduled_at")
    yield from sessions.only(*columns).order_by("starts_at", "pk")
    yield from meetings.only(*columns).order_by("starts_at", "pk")


def _event(row: Any, address: str) -> Event:
    event = Event()
    event.add("uid", f"{row.uid}@turnaround")
    event.add("dtstamp", row.scheduled_at.astimezone(UTC))
    event.add("dtstart", row.starts_at.astimezone(UTC))
    event.add("dtend", row.ends_at.astimezone(UTC))
    event.add("summary", _("Group") if isinstance(row, GroupMeeting) else _("Session"))
    event.add("url", address)
    event.add("class", "PRIVATE")
    return event

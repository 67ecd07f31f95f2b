"""The calendar of one counselor: days, and what lies in them, placed in quarters of an hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone

from clients.absences import colleagues, covered_people
from clients.access import ROLE_VERBS, Role, Verb
from clients.models import Absence, Closure
from sessions.models import GroupMeeting, Session
from sessions.queries import day_bounds

QUARTER = timedelta(minutes=15)
PER_HOUR = 4
USUAL_HOURS = (8, 18)
WEEK = 7
AGENDA = 28
VIEWS = ("day", "week", "list")
HOLDERS = [role for role, verbs in ROLE_VERBS.items() if Verb.HOLD_SESSION in verbs]
GONE = frozenset({Session.State.CANCELLED, Session.State.LATE_CANCEL, Session.State.NO_SHOW})


@dataclass
class Entry:
    """A session, the meeting of a group, or time that is taken by something one may not see."""

    starts_at: datetime
    ends_at: datetime
    session: Session | None = None
    meeting: GroupMeeting | None = None
    row: int = 1
    rows: int = 1
    lane: int = 0  # 0: the whole width; 1 and 2: beside another one that fell through

    @property
    def is_gone(self) -> bool:
        """Whether nobody meets there any more."""
        if self.session is not None:
            return self.session.state in GONE
        return self.meeting is not None and self.meeting.state == GroupMeeting.State.CANCELLED

    @property
    def can_move(self) -> bool:
        """Whether it is still to come, and moves by itself."""
        return self.session is not None and self.session.state == Session.State.SCHEDULED


@dataclass
class Day:
    """A day of the calendar."""

    on: date
    is_today: bool
    closed: Closure | None = None
    entries: list[Entry] = field(default_factory=list)
    away: list[Absence] = field(default_factory=list)

    @property
    def lanes(self) -> int:
        return max((entry.lane for entry in self.entries), default=0)


@dataclass(frozen=True)
class Calendar:
    """Some days of one counselor, from the first hour shown to the last."""

    counselor: Any
    view: str
    days: list[Day]
    first_hour: int
    last_hour: int

    @property
    def hours(self) -> list[tuple[int, int]]:
        """Each full hour with the row at which it stands."""
        return [
            (hour, (hour - self.first_hour) * PER_HOUR + 1) for hour in range(self.first_hour, self.last_hour)
        ]

    @property
    def ids(self) -> list[int]:
        return [entry.session.pk for day in self.days for entry in day.entries if entry.session is not None]


def people_for(user: Any, at: datetime) -> QuerySet[Any]:
    """Whose calendars one may open: one's own, of those for whom one covers or answers; an auditor reads all."""
    people = get_user_model().objects.filter(role__in=HOLDERS, is_active=True)
    if user.role != Role.AUDITOR:
        people = people.filter(
            Q(pk=user.pk)
            | Q(pk__in=covered_people(user, at))
            | Q(pk__in=colleagues(user, at).order_by().values("pk"))
        )
    return people.order_by("full_name", "pk")


def span_of(view: str, on: date) -> tuple[date, date]:
    """The first day and the last that a view shows around a day; a week begins on Monday."""
    match view:
        case "day":
            return on, on
        case "week":
            monday = on - timedelta(days=on.weekday())
            return monday, monday + timedelta(days=WEEK - 1)
        case _:
            return on, on + timedelta(days=AGENDA - 1)


def step_of(view: str) -> timedelta:
    """How far the next page lies."""
    return timedelta(days={"day": 1, "week": WEEK}.get(view, AGENDA))


def calendar_of(
    counselor: Any, *, viewer: Any, view: str, on: date, now: datetime, zone: ZoneInfo
) -> Calendar:
    """What lies in the counselor's days, by that zone's clock. Sessions of clients whom the viewer may not see are
    time that is taken."""
    first, last = span_of(view, on)
    begin, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    today = timezone.localdate(now, zone)
    closed = {closure.on: closure for closure in Closure.objects.filter(on__range=(first, last))}
    days = [
        Day(day, day == today, closed.get(day))
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
    ]
    by_day = {day.on: day for day in days}
    for entry in _entries(counselor, viewer, view, begin, end, now):
        by_day[timezone.localdate(max(entry.starts_at, begin), zone)].entries.append(entry)
    for absence in Absence.objects.touching(begin, end).filter(user=counselor).select_related("cover"):
        for day in days:
            start, over = day_bounds(day.on, zone)
            if absence.starts_at < over and absence.ends_at > start:
                day.away.append(absence)
    hours = _hours(days, zone)
    for day in days:
        _lay_out(day, hours[0], zone)
    return Calendar(counselor, view, _shown(days, view), *hours)


def _entries(
    counselor: Any, viewer: Any, view: str, begin: datetime, end: datetime, now: datetime
) -> Iterable[Entry]:
    period = Q(counselor=counselor, starts_at__lt=end, ends_at__gt=begin)
    own = Session.objects.filter(period, meeting=None)
    if view != "list":
        own = own.exclude(state=Session.State.CANCELLED)
    seen = list(own.visible_to(viewer, at=now).for_rows().order_by("starts_at", "pk"))
    hidden = own.exclude(pk__in=[one.pk for one in seen]).exclude(state__in=GONE)
    led = GroupMeeting.objects.filter(
        Q(counselor=counselor) | Q(co_counselor=counselor), starts_at__lt=end, ends_at__gt=begin
    )
    if view != "list":
        led = led.exclude(state=GroupMeeting.State.CANCELLED)
    meetings = list(led.visible_to(viewer, at=now).select_related("group", "room", "topic"))
    others = led.exclude(pk__in=[one.pk for one in meetings]).exclude(state=GroupMeeting.State.CANCELLED)
    taken = hidden.values_list("starts_at", "ends_at").union(others.values_list("starts_at", "ends_at"))
    entries = [
        *(Entry(one.starts_at, one.ends_at, session=one) for one in seen),
        *(Entry(one.starts_at, one.ends_at, meeting=one) for one in meetings),
        *(Entry(*times) for times in taken),
    ]
    return sorted(entries, key=lambda entry: (entry.starts_at, entry.ends_at))


def _hours(days: Sequence[Day], zone: ZoneInfo) -> tuple[int, int]:
    """The usual working day, and as much before and after as sessions need."""
    first, last = USUAL_HOURS
    for entry in (entry for day in days for entry in day.entries):
        start, end = entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)
        first = min(first, start.hour)
        over = end.hour + (1 if end.minute or end.second else 0)
        last = 24 if end.date() > start.date() else max(last, over)
    return first, last


def _lay_out(day: Day, first_hour: int, zone: ZoneInfo) -> None:
    """Rows by the clock; what fell through and the session booked in its place stand side by side."""
    midnight, tomorrow = day_bounds(day.on, zone)
    before: Entry | None = None
    for entry in day.entries:
        start = max(entry.starts_at, midnight).astimezone(zone)
        length = min(entry.ends_at, tomorrow) - max(entry.starts_at, midnight)
        entry.row = (start.hour - first_hour) * PER_HOUR + start.minute // 15 + 1
        entry.rows = max(1, -(-length // QUARTER))
        if before is not None and entry.starts_at < before.ends_at:
            before.lane = before.lane or 1
            entry.lane = 3 - before.lane
        if before is None or entry.ends_at >= before.ends_at:
            before = entry


def _shown(days: list[Day], view: str) -> list[Day]:
    """All days; of a week's Saturday and Sunday those on which there is something, of a list's days likewise."""
    if view == "day":
        return days
    if view == "week":
        return [day for day in days if day.on.weekday() < WEEK - 2 or day.entries]
    return [day for day in days if day.entries or day.closed or day.away]

"""Is somebody here who reads what clients write, and who answers when nobody is (clinical.md §5.3)?

All of it in the practice's zone. Hours that nobody has set are Monday to Friday, 9 to 17.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clients.models import Closure, OnCall, Practice, StaffedHours

AS_SHIPPED: Mapping[int, tuple[time, time]] = {day: (time(9), time(17)) for day in range(5)}
LOOK_AHEAD = 366  # days; a practice that is closed for longer has no next business day


@dataclass(frozen=True)
class Hours:
    """The week, and the days of the coming year on which nobody works."""

    week: Mapping[int, tuple[time, time]]
    closed: frozenset[date]
    zone: ZoneInfo

    def of_day(self, day: date) -> tuple[time, time] | None:
        """When somebody is here on a day; None when nobody is."""
        return None if day in self.closed else self.week.get(day.weekday())

    def staffed(self, at: datetime) -> bool:
        """Whether somebody is here at an instant: from the opening until just before the closing."""
        local = at.astimezone(self.zone)
        hours = self.of_day(local.date())
        return hours is not None and hours[0] <= local.time() < hours[1]

    def next_close(self, at: datetime) -> datetime:
        """The end of the next business day after that of `at`; a day on when there is none within a year."""
        today = at.astimezone(self.zone).date()
        for ahead in range(1, LOOK_AHEAD):
            day = today + timedelta(days=ahead)
            hours = self.of_day(day)
            if hours is not None:
                return datetime.combine(day, hours[1], self.zone).astimezone(UTC)
        return at + timedelta(days=1)


def hours_at(at: datetime) -> Hours:
    """The practice's hours, with the closed days that matter from then on."""
    zone = Practice.current().zone
    rows = list(StaffedHours.objects.order_by("weekday"))
    week = {row.weekday: (row.opens, row.closes) for row in rows} if rows else AS_SHIPPED
    today = at.astimezone(zone).date()
    coming = Closure.objects.filter(on__gte=today, on__lte=today + timedelta(days=LOOK_AHEAD))
    return Hours(week, frozenset(coming.order_by("on").values_list("on", flat=True)), zone)


def is_staffed(at: datetime) -> bool:
    """Whether somebody of the practice reads messages at that instant."""
    return hours_at(at).staffed(at)


def next_business_close(at: datetime) -> datetime:
    """When an answer is due that may wait for the next business day: the end of that day."""
    return hours_at(at).next_close(at)


def on_call(at: datetime) -> list[Any]:
    """The people who answer for emergencies at that instant, by the roster. Nobody who has left is named."""
    duties = OnCall.objects.at(at).filter(user__is_active=True).select_related("user")
    return list({duty.user_id: duty.user for duty in duties.order_by("from_at", "pk")}.values())

"""When invented people meet: each client has an hour of the week, and nobody is in two places. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOURS = (8, 9, 10, 11, 13, 14, 15, 16)
LENGTH = timedelta(minutes=50)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Place:
    """An hour of the week: 0 is Monday."""

    weekday: int
    hour: int

    def on(self, day: date, zone: ZoneInfo) -> datetime:
        """The start on a day, in the practice's zone."""
        return datetime.combine(day, time(self.hour), zone)


def places() -> Iterator[Place]:
    """Every hour of a counselor's week once, spread over the days."""
    for hour in HOURS:
        for weekday in range(5):
            yield Place(weekday, hour)


def weekly(place: Place, *, first: date, last: date, every: int = 1) -> Iterator[date]:
    """The days of that place in the week from `first` up to and without `last`, every so many weeks."""
    day = first + timedelta(days=(place.weekday - first.weekday()) % 7)
    while day < last:
        yield day
        day += WEEK * every


def today_starts(now: datetime) -> list[datetime]:
    """Five starts on the day of `now`: two behind us where the day is old enough, one in a moment, the rest ahead.

    Before nine the day has not begun and all lie ahead; near midnight the list is shorter.
    """
    soon = now.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=30 * (now.minute // 30 + 1))
    soon = max(soon, now.replace(hour=9, minute=0, second=0, microsecond=0))
    behind = [soon - timedelta(hours=hours) for hours in (4, 2)]
    ahead = [soon + timedelta(hours=hours) for hours in (0, 1, 3, 4, 5)]
    begun = [start for start in behind if start.hour >= 8 and start < now]
    return [start for start in [*begun, *ahead] if start.date() == now.date()][:5]

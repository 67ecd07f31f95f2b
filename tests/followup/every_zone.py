"""Every change of the clocks from 2026 to 2030, in every IANA zone, and a slow calendar to check the resolver by.

Zones whose clocks agree at every instant of those years are one kind: what holds for one of them holds for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LOOKS = timedelta(hours=6)  # no zone changes its clocks back and forth within so short a time
ZONES = sorted(available_timezones() - {"localtime"})


@dataclass(frozen=True)
class Change:
    """A change of a zone's clocks: the first instant that has the new offset."""

    zone: ZoneInfo
    at: datetime

    @property
    def day(self) -> date:
        return self.at.astimezone(self.zone).date()

    @property
    def days(self) -> set[date]:
        """The local days that it touches: one that ends a day is the next day's already."""
        return {self.day, _wall(self.at - MINUTE, self.zone).date()}

    @property
    def shape(self) -> tuple[time, time]:
        """What the clocks show a minute before and at the change."""
        return _wall(self.at - MINUTE, self.zone).time(), _wall(self.at, self.zone).time()


@cache
def kinds() -> dict[str, tuple[datetime, ...]]:
    """One zone of each kind, with the instants at which its clocks change."""
    found: dict[tuple[object, ...], str] = {}
    changes: dict[str, tuple[datetime, ...]] = {}
    for name in ZONES:
        zone = ZoneInfo(name)
        instants = tuple(_changes(zone))
        kind = (
            FIRST.astimezone(zone).utcoffset(),
            *((at, at.astimezone(zone).utcoffset()) for at in instants),
        )
        if kind not in found:
            found[kind], changes[name] = name, instants
    return changes


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    at, offset = FIRST, FIRST.astimezone(zone).utcoffset()
    while at < LAST:
        later = at + LOOKS
        if later.astimezone(zone).utcoffset() != offset:
            yield _first_with_other_offset(at, later, zone)
            offset = later.astimezone(zone).utcoffset()
        at = later


def _first_with_other_offset(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def changes() -> Iterator[Change]:
    """Every change of every kind of zone."""
    for name, instants in kinds().items():
        yield from (Change(ZoneInfo(name), at) for at in instants)


def shapes() -> Iterator[Change]:
    """The first change of each shape of every kind of zone: the later ones differ in their date only."""
    seen = set()
    for change in changes():
        if (change.zone.key, change.shape) not in seen:
            seen.add((change.zone.key, change.shape))
            yield change


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def first_showing(first: date, days: int, zone: ZoneInfo) -> dict[datetime, datetime]:
    """For every minute on the wall of these local days: the first instant that shows it, or the next there is.

    Found by looking at the clock at every minute of the world's time, one after another.
    """
    shown: dict[datetime, datetime] = {}
    at = datetime.combine(first, time(), tzinfo=UTC) - DAY
    for _minute in range((days + 2) * 1440):
        shown.setdefault(_wall(at, zone), at)
        at += MINUTE
    asked: dict[datetime, datetime] = {}
    begin = datetime.combine(first, time())
    following = min(wall for wall in shown if wall >= begin + days * DAY)
    for minute in reversed(range(days * 1440)):
        wall = begin + minute * MINUTE
        following = wall if wall in shown else following
        asked[wall] = shown[following]
    return asked

"""On which days something comes back, and at which instants: the practice's wall clock, kept when the clocks change."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from sessions.models.series import Every

STEP = {Every.WEEK: timedelta(weeks=1), Every.OTHER_WEEK: timedelta(weeks=2)}
LAST = 5  # a fifth Tuesday is the last one, for many months have four


@dataclass(frozen=True)
class Rule:
    """How often, from which day to which, at what time of the practice's clock, and for how long."""

    every: str
    starts_on: date
    until_on: date
    at: time
    minutes: int

    def days(self) -> Iterator[date]:
        """The days of the rule, closed ones among them."""
        return days(every=self.every, starts_on=self.starts_on, until_on=self.until_on)


def days(*, every: str, starts_on: date, until_on: date) -> Iterator[date]:
    """The days from the first to the last, both counted. By the month it keeps the weekday: each second Tuesday."""
    for number in count():
        day = _monthly(starts_on, number) if every == Every.MONTH else starts_on + STEP[Every(every)] * number
        if day > until_on:
            return
        yield day


def _monthly(starts_on: date, number: int) -> date:
    """The same weekday of the month that lies `number` months later; the fifth means the last."""
    months = starts_on.month - 1 + number
    year, month = starts_on.year + months // 12, months % 12 + 1
    first_weekday, length = monthrange(year, month)
    first = 1 + (starts_on.weekday() - first_weekday) % 7
    which = (starts_on.day - 1) // 7 + 1
    day = first + 7 * (which - 1)
    if which == LAST:
        day = first + 7 * ((length - first) // 7)
    return date(year, month, day)


def span(day: date, at: time, minutes: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when, in UTC. A time that the clocks jump over lies an hour later; of a doubled one, the first."""
    start = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    return start, start + timedelta(minutes=minutes)

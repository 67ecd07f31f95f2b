"""When a step is due: calendar days in the client's own time zone (clinical.md §4.2). Pure.

"Day 7" is a date on the client's wall, not 168 hours: a change of the clocks moves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEK = timedelta(hours=168)
WEEKLY_CAP = 3  # in any half-open 168 hours; and one a local day
TOO_LATE = timedelta(hours=48)
TIME_TO_CALL = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A site's hours. Messages go from `opens` until just before `closes`, client's local time."""

    first_delay: timedelta = timedelta(minutes=60)
    send_at: time = time(10)
    opens: time = time(9)
    closes: time = time(20)


@dataclass(frozen=True)
class Moment:
    """The local intent and the instant it comes to."""

    on: date
    at: time
    instant: datetime


@lru_cache(maxsize=4096)  # thousands are due at the same hour of the same day
def resolve(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time: in a gap the first valid minute after it, in an overlap the first one."""
    wall = datetime.combine(on, at).replace(fold=0)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The transition that skipped `wall`, between the two readings of it, rounded up to a whole local minute."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    low, high, offset = 0, int((after - before).total_seconds()), after.astimezone(zone).utcoffset()
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    instant = before + timedelta(seconds=low)
    return instant + timedelta(seconds=-instant.astimezone(zone).second % 60)


def moment(instant: datetime, zone: ZoneInfo) -> Moment:
    """An instant as the client's wall shows it."""
    local = instant.astimezone(zone)
    return Moment(local.date(), local.time().replace(tzinfo=None), instant.astimezone(UTC))


def on_day(day: date, at: time, zone: ZoneInfo) -> Moment:
    """A wall-clock intent, resolved; the intent is kept as it was meant even where the clocks skip it."""
    return Moment(day, at, resolve(day, at, zone))


def is_open(instant: datetime, zone: ZoneInfo, timing: Timing) -> bool:
    """Whether automated messages may go at this instant."""
    return timing.opens <= instant.astimezone(zone).time() < timing.closes


@lru_cache(maxsize=256)
def next_open(instant: datetime, zone: ZoneInfo, timing: Timing) -> datetime:
    """This instant if the window is open, else the next opening."""
    if is_open(instant, zone, timing):
        return instant
    local = instant.astimezone(zone)
    day = local.date() if local.time() < timing.opens else local.date() + timedelta(days=1)
    opening = resolve(day, timing.opens, zone)
    return opening if opening >= instant else resolve(day + timedelta(days=1), timing.opens, zone)


def closing(instant: datetime, zone: ZoneInfo, timing: Timing) -> datetime:
    """When the window of this local day closes."""
    return resolve(instant.astimezone(zone).date(), timing.closes, zone)


def same_day(now: datetime, zone: ZoneInfo, timing: Timing) -> datetime:
    """Until when somebody should have called: the end of the client's day; of an evening, early the next one."""
    closes, opens = closing(now, zone, timing), next_open(now, zone, timing)
    if opens > now:
        return opens + TIME_TO_CALL
    return max(closes, now + TIME_TO_CALL)


def step(starts_at: datetime, offset: int, zone: ZoneInfo, timing: Timing) -> Moment:
    """The moment of a message `offset` calendar days on. Day 0 waits for the first delay and the window."""
    if offset == 0:
        return moment(next_open(starts_at + timing.first_delay, zone, timing), zone)
    return on_day(starts_at.astimezone(zone).date() + timedelta(days=offset), timing.send_at, zone)


def first_allowed(instant: datetime, sent: Sequence[datetime], zone: ZoneInfo, timing: Timing) -> datetime:
    """The first instant from this one inside the window and within one a local day and three in any 168 hours."""
    candidate = next_open(instant, zone, timing)
    while (later := _after_caps(candidate, sent, zone, timing)) > candidate:
        candidate = next_open(later, zone, timing)
    return candidate


def _after_caps(candidate: datetime, sent: Sequence[datetime], zone: ZoneInfo, timing: Timing) -> datetime:
    day = candidate.astimezone(zone).date()
    if any(one.astimezone(zone).date() == day for one in sent):
        return resolve(day + timedelta(days=1), timing.opens, zone)
    recent = sorted(one for one in sent if candidate - WEEK < one <= candidate)
    return recent[-WEEKLY_CAP] + WEEK if len(recent) >= WEEKLY_CAP else candidate


def cap_reached(instant: datetime, sent: Sequence[datetime], zone: ZoneInfo) -> str:
    """Which cap a send at this instant would break: "day", "week" or ""."""
    day = instant.astimezone(zone).date()
    if any(one.astimezone(zone).date() == day for one in sent):
        return "day"
    return "week" if sum(instant - WEEK < one <= instant for one in sent) >= WEEKLY_CAP else ""


def fits(instant: datetime, others: Sequence[datetime], zone: ZoneInfo) -> bool:
    """Whether a message then leaves every other one, sent or still to go, its day and its place among three a week."""
    day = instant.astimezone(zone).date()
    if any(other.astimezone(zone).date() == day for other in others):
        return False
    near = sorted([instant, *(other for other in others if abs(other - instant) < WEEK)])
    ends = [end for end in near if end >= instant]
    return all(sum(end - WEEK < one <= end for one in near) <= WEEKLY_CAP for end in ends)


def first_free(instant: datetime, others: Sequence[datetime], zone: ZoneInfo, timing: Timing) -> datetime:
    """The first instant from this one inside the window that fits among all others, those still to go included."""
    candidate = first_allowed(instant, others, zone, timing)
    while not fits(candidate, others, zone):
        day = candidate.astimezone(zone).date() + timedelta(days=1)
        candidate = first_allowed(resolve(day, timing.opens, zone), others, zone, timing)
    return candidate


def cap_in_the_way(instant: datetime, others: Sequence[datetime], zone: ZoneInfo) -> str:
    """Which cap a message at this instant would break, for itself or for another still to go."""
    return cap_reached(instant, others, zone) or ("" if fits(instant, others, zone) else "week")

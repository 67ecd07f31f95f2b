"""Where it is day now: so that a demo started at any hour shows a working day, and texts that may leave. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(9), time(20)
SOON = timedelta(minutes=25)

HOME_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Guam",
)
CLIENT_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Puerto_Rico",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Guam",
    "Europe/Madrid",
    "Europe/London",
    "Asia/Manila",
    "Asia/Kolkata",
)


def home_zone(now: datetime) -> str:
    """The practice's zone: the first where a working day is under way (8:00 to 16:00), else New York."""
    for name in HOME_ZONES:
        if time(8) <= now.astimezone(ZoneInfo(name)).time() < time(16):
            return name
    return HOME_ZONES[0]


def awake_zones(now: datetime, home: str) -> list[str]:
    """Zones where texts may leave from now until a while from now, the practice's own first. Never empty.

    Only those with the practice's date: "two days ago" must be the same day there.
    """
    today = now.astimezone(ZoneInfo(home)).date()
    names = [home, *(name for name in CLIENT_ZONES if name != home)]
    return [name for name in names if is_awake(now, name) and now.astimezone(ZoneInfo(name)).date() == today]


def is_awake(now: datetime, name: str) -> bool:
    """Whether the whole time from a moment ago until soon lies between 9:00 and 20:00 there."""
    zone = ZoneInfo(name)
    first, last = now.astimezone(zone), (now + SOON).astimezone(zone)
    return first.date() == last.date() and first.time() >= OPENS and last.time() < CLOSES

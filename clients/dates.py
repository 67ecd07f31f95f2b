"""Days that can be in a person's record, neither before anybody's time nor still to come; instants in addresses."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clients.errors import InvalidInput

EARLIEST, LATEST = date(1880, 1, 1), date(2200, 1, 1)


def is_in_reach(day: date) -> bool:
    """Whether a day, or an instant, lies where calendars have room for it, whatever the zone."""
    return EARLIEST.year < day.year < LATEST.year


def check_past(*, zone: Any, now: datetime, **days: date | None) -> None:
    """Decline a day that cannot have happened, where the client lives. Raises InvalidInput that names its field."""
    today = timezone.localdate(now, zone)
    for field, day in days.items():
        if day is not None and day > today:
            raise InvalidInput(_("This day lies in the future."), field=field)
        if day is not None and day < EARLIEST:
            raise InvalidInput(_("This day lies before anybody's time. Check the year."), field=field)


def instant_in(text: str) -> datetime | None:
    """The instant that an address names; nothing when it names none, or none with its zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None

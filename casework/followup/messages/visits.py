"""A visit's day and time as a text message says them: short, and in letters that texts have room for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from casework.followup.messages.texts import language_for

DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    # A Saturday has no short name without an á, which would make two texts of one: its date says it.
    "es": ("lun", "mar", "mié", "jue", "vie", "", "dom"),
}
MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
TWO: Mapping[str, str] = {"en": "%s and %s", "es": "%s y %s"}
MORE: Mapping[str, str] = {"en": "%s and %d more", "es": "%s y otras %d"}


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that a reminder names. `stands`: it is still to be held, and at that time."""

    starts_at: datetime
    stands: bool


def words(starts: Sequence[datetime], zone: ZoneInfo, language: str) -> dict[str, str]:
    """The variables {day} and {time} for visits of one local day, earliest first."""
    spoken = language_for(language)
    local = [start.astimezone(zone) for start in starts]
    times = [_clock(one, spoken) for one in local]
    if len(times) == 1:
        said = times[0]
    elif len(times) == 2:
        said = TWO[spoken] % tuple(times)
    else:
        said = MORE[spoken] % (times[0], len(times) - 1)
    return {"day": _day(local[0], spoken), "time": said}


def _day(local: datetime, language: str) -> str:
    parts = [DAYS[language][local.weekday()], str(local.day), MONTHS[language][local.month - 1]]
    said = " ".join(part for part in parts if part)
    return f"el {said}" if language == "es" else said


def _clock(local: datetime, language: str) -> str:
    """Twelve hours in English, twenty-four in Spanish, where "a las 13:00" needs no other word."""
    if language == "es":
        return f"{local.hour}:{local:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"

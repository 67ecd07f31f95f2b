"""Instants and dates as people say them. Pure: `now` and the zone come from the caller."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as spell
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Moment = datetime | date


def time_tag(value: Moment, *, style: str, now: datetime, zone: tzinfo, place: bool = False) -> SafeString:
    """<time> with the spoken form to read, the exact one on hover and, hidden, for screen readers.

    `place` names the zone's city, for times that are not the reader's own.
    """
    said, whole = spoken(value, style=style, now=now, zone=zone), exact(value, zone)
    if place and isinstance(value, datetime):
        said = _("%(time)s in %(city)s") % {"time": said, "city": city(zone)}
    hidden = "" if said == whole else format_html('<span class="vh"> ({})</span>', whole)
    return format_html('<time datetime="{}" title="{}">{}{}</time>', value.isoformat(), whole, said, hidden)


def spoken(value: Moment, *, style: str, now: datetime, zone: tzinfo) -> str:
    return STYLES[style](_local(value, zone), now.astimezone(zone))


def exact(value: Moment, zone: tzinfo) -> str:
    """Weekday, full date and, for an instant, the time and its zone."""
    local = _local(value, zone)
    if not isinstance(local, datetime):
        return spell(local, _("l j F Y"))
    said = spell(local, _("l j F Y, H:i"))
    return f"{said} {local.tzname()}"


def city(zone: tzinfo) -> str:
    """Phoenix, of America/Phoenix: how a person names a time zone."""
    return zone.key.rpartition("/")[2].replace("_", " ") if isinstance(zone, ZoneInfo) else str(zone)


def away(value: Moment, now: datetime) -> str:
    """How far off a day is: "today", "3 days ago", "in 5 weeks"."""
    days = (_day(value) - now.date()).days
    if days in NEAR:
        return NEAR[days]()
    past, size = days < 0, abs(days)
    for limit, length, words in UNITS:
        if size < limit:
            count = size // length
            return (_("%s ago") if past else _("in %s")) % (words(count) % {"count": count})
    raise AssertionError(days)  # the last unit has no limit


NEAR: dict[int, Callable[[], str]] = {
    -1: lambda: _("yesterday"),
    0: lambda: _("today"),
    1: lambda: _("tomorrow"),
}
UNITS: tuple[tuple[float, int, Callable[[int], str]], ...] = (
    (21, 1, lambda n: ngettext("%(count)d day", "%(count)d days", n)),
    (61, 7, lambda n: ngettext("%(count)d week", "%(count)d weeks", n)),
    (730, 30, lambda n: ngettext("%(count)d month", "%(count)d months", n)),
    (float("inf"), 365, lambda n: ngettext("%(count)d year", "%(count)d years", n)),
)


def _local(value: Moment, zone: tzinfo) -> Moment:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _day(value: Moment) -> date:
    return value.date() if isinstance(value, datetime) else value


def _short(value: Moment, now: datetime) -> str:
    """Tue 12 Nov, and the year where it is not this one."""
    return spell(value, _("D j M") if value.year == now.year else _("D j M Y"))


def _clock(value: Moment) -> str:
    return spell(value, "H:i") if isinstance(value, datetime) else ""


def _say_day(value: Moment, now: datetime) -> str:
    return f"{_short(value, now)}, {away(value, now)}"


def _say_at(value: Moment, now: datetime) -> str:
    return ", ".join(part for part in (_short(value, now), _clock(value)) if part)


def _say_due(value: Moment, now: datetime) -> str:
    """today 14:00; further off the day itself; past days say how long ago."""
    days = (_day(value) - now.date()).days
    day = NEAR[days]() if days in NEAR else _short(value, now)
    said = f"{day} {_clock(value)}".strip()
    return f"{said}, {away(value, now)}" if days < -1 else said


STYLES: dict[str, Callable[[Moment, datetime], str]] = {
    "day": _say_day,
    "at": _say_at,
    "due": _say_due,
    "ago": away,
    "time": lambda value, _now: _clock(value),
    "date": lambda value, _now: spell(value, _("j M Y")),
    "weekday": lambda value, _now: spell(value, _("l j F")),
    "exact": lambda value, now: exact(value, now.tzinfo),  # type: ignore[arg-type]
}

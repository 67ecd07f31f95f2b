"""The use calendar as a strip of weeks, drawn on the server, with its table behind. Colours are classes (recovery.css).

The shape carries the meaning: a filled circle is use, a square a day without, a dot a day nobody spoke of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dateformat import format as spell
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.relapse.use_calendar import Day, UseCalendar
from casework.relapse.use_days import DayState, Metrics

STEP, SIZE, LEFT, TOP = 22, 16, 34, 22
WORDS: dict[str, str | Promise] = {
    DayState.USED: gettext_lazy("used"),
    DayState.NO_USE: gettext_lazy("no use"),
    DayState.UNKNOWN: gettext_lazy("not known"),
}
SHAPES = {
    DayState.USED: '<circle cx="8" cy="8" r="7"/>',
    DayState.NO_USE: '<rect x="2" y="2" width="12" height="12" rx="2.5"/>',
    DayState.UNKNOWN: '<circle cx="8" cy="8" r="2"/>',
}
DIFFERS = '<path class="day-differs" d="M9 0h7v7z"/>'


@dataclass(frozen=True)
class Told:
    """A number with its name."""

    label: str
    value: str


@dataclass(frozen=True)
class Strip:
    """What templates/components/chart_frame.html shows."""

    svg: SafeString
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    achievements: tuple[Told, ...] = ()


def strip(calendar: UseCalendar, *, window: int = 0) -> Strip:
    """The calendar's days, a column a week; the table holds every day of which somebody spoke, newest first.

    With a `window`, the three numbers of so many days stand beneath.
    """
    spoken = [day for day in reversed(calendar.days) if day.said]
    return Strip(
        svg=_svg(calendar),
        head=(_("Day"), _("What is known"), _("Who said what")),
        rows=tuple((spell(day.on, _("D j M Y")), state_words(day), _heard(day)) for day in spoken),
        achievements=_in_short(calendar.metrics(window)) if window else (),
    )


def _in_short(found: Metrics) -> tuple[Told, ...]:
    percent = found.percent_abstinent
    return (
        Told(
            _("Days without use, of %(known)s known in %(all)s days")
            % {"known": found.known, "all": found.window},
            _("too little known") if percent is None else f"{percent} %",
        ),
        Told(_("Days with use"), str(found.use_days)),
        Told(_("Longest run without use"), _("%(count)s days") % {"count": found.longest_run}),
    )


def state_words(day: Day) -> str:
    """What a day comes to, in words."""
    said = str(WORDS[day.state])
    if day.state is DayState.USED and day.what:
        said = _("used: %(what)s") % {"what": ", ".join(day.what)}
    more = [
        word
        for word, holds in (
            (_("heavy"), day.heavy),
            (_("about that day"), day.estimated),
            (_("sources differ"), day.differs),
        )
        if holds
    ]
    return ", ".join((said, *more))


def _heard(day: Day) -> str:
    return "; ".join(
        f"{one.source}: {WORDS[DayState.USED if one.word.used else DayState.NO_USE]}" for one in day.said
    )


def told(found: Metrics) -> tuple[Told, ...]:
    """The numbers of a window, each with what it is counted of (clinical.md §2.14)."""
    known = _("%(count)s of %(known)s known") % {"count": found.abstinent, "known": found.known}
    percent = found.percent_abstinent
    share = _("too little known") if percent is None else f"{percent} %"
    return (
        Told(_("Days without use"), f"{share} ({known})"),
        Told(_("Days with use"), str(found.use_days)),
        Told(_("Days not known"), _("%(count)s of %(all)s") % {"count": found.missing, "all": found.window}),
        Told(_("Longest run without use"), _("%(count)s days") % {"count": found.longest_run}),
        Told(_("Days since the last use"), _since(found)),
        Told(_("Heavy days"), str(found.heavy_days)),
    )


def _since(found: Metrics) -> str:
    if found.days_since_last_use is None:
        return _("none on record")
    if not found.unknown_since_last_use:
        return str(found.days_since_last_use)
    return _("%(count)s, of which %(unknown)s not known") % {
        "count": found.days_since_last_use,
        "unknown": found.unknown_since_last_use,
    }


# --- the drawing --------------------------------------------------------------------------------------------------


def _svg(calendar: UseCalendar) -> SafeString:
    weeks = _weeks(calendar.days)
    width, height = LEFT + STEP * len(weeks), TOP + STEP * 7
    summary = _("Use calendar from %(first)s to %(last)s: %(use)s days with use, %(missing)s not known.") % {
        "first": spell(calendar.first, _("j F Y")),
        "last": spell(calendar.last, _("j F Y")),
        "use": sum(day.state is DayState.USED for day in calendar.days),
        "missing": sum(day.state is DayState.UNKNOWN for day in calendar.days),
    }
    return format_html(
        '<div class="chart" data-chart><svg class="chart-sheet day-strip" viewBox="0 0 {} {}" role="group" '
        'aria-label="{}"><g aria-hidden="true">{}</g><g class="chart-marks">{}</g></svg>{}{}</div>',
        width,
        height,
        summary,
        _joined(_axis(weeks)),
        _joined(_cells(weeks)),
        format_html(
            '<p class="chart-said" data-chart-said>{}</p>',
            _("Point at a day, or tab to one and use the arrow keys."),
        ),
        legend(calendar.days),
    )


def _weeks(days: Iterable[Day]) -> list[list[tuple[int, Day]]]:
    """Columns of (row, day), a new one each first day of the week as the reader's language has it."""
    weeks: list[list[tuple[int, Day]]] = []
    for day in days:
        row = week_row(day.on)
        if row == 0 or not weeks:
            weeks.append([])
        weeks[-1].append((row, day))
    return weeks


def week_row(on: date) -> int:
    """0 for the first day of the week in the reader's language."""
    return (on.isoweekday() - int(get_format("FIRST_DAY_OF_WEEK"))) % 7


def _axis(weeks: list[list[tuple[int, Day]]]) -> Iterator[SafeString]:
    monday = date(2026, 11, 2)
    for on in (monday, monday + timedelta(days=2), monday + timedelta(days=4)):
        place = TOP + STEP * week_row(on) + 13
        yield format_html('<text class="chart-small" x="0" y="{}">{}</text>', place, spell(on, "D"))
    for column, week in enumerate(weeks):
        first = next((day.on for _row, day in week if day.on.day == 1), None)
        if first is not None:
            place = LEFT + STEP * column
            yield format_html('<text class="chart-small" x="{}" y="13">{}</text>', place, spell(first, "M"))


def _cells(weeks: list[list[tuple[int, Day]]]) -> Iterator[SafeString]:
    first = True
    for column, week in enumerate(weeks):
        for row, day in week:
            says = f"{spell(day.on, _('D j M Y'))}: {state_words(day)}"
            yield format_html(
                '<g class="chart-mark day-{}{}" role="img" aria-label="{}" tabindex="{}" '
                'transform="translate({} {})"><title>{}</title>'
                '<rect class="day-room" width="16" height="16"/>{}</g>',
                day.state.value,
                " day-heavy" if day.heavy else "",
                says,
                0 if first else -1,
                LEFT + STEP * column,
                TOP + STEP * row,
                says,
                shape(day),
            )
            first = False


def shape(day: Day) -> SafeString:
    """A day's own shape in a square of 16."""
    return mark_safe(SHAPES[day.state] + (DIFFERS if day.differs else ""))


def legend(days: Iterable[Day]) -> SafeString:
    """What the shapes mean, of those that are there."""
    days = list(days)
    states = [state for state in DayState if any(day.state is state for day in days)]
    rows: list[tuple[str, SafeString, str]] = [
        (state.value, mark_safe(SHAPES[state]), str(WORDS[state])) for state in states
    ]
    if any(day.differs for day in days):
        rows.append(("both", mark_safe(DIFFERS), _("sources differ")))
    return format_html(
        '<ul class="chart-legend">{}</ul>',
        format_html_join(
            "",
            '<li><svg class="chart-key day-{}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}'
            "</svg> {}</li>",
            rows,
        ),
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))

"""The chart of one score: bands, the results over time, and marks of change; the same as a table behind it.

Pure: plain dataclasses in, SVG and rows out. Colours are classes (static/css/measures.css).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from django.utils.dateformat import format as spell
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from casework.desk.series import Chart
from casework.desk.sheet import draw_said
from casework.measures.changes import Changed
from casework.measures.definitions import Instrument, Score
from casework.measures.wording import band_word, score_word

AT_LEAST = timedelta(days=28)
TOP, DEEP, FOOT = 22, 150, 34


@dataclass(frozen=True)
class Point:
    """One result: when, and what became of the score. Without a value it was incomplete."""

    at: datetime
    change: Changed | None = None
    how: str = ""


@dataclass(frozen=True)
class Sheet:
    """The sheet in the units of its own viewBox; one is drawn for a desk and one for a phone."""

    name: str
    width: int
    start: datetime
    end: datetime
    score: Score
    gutter: int
    right: int = 26

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(self.gutter + 14 + share * (self.width - self.gutter - self.right - 14), 1)

    def y(self, value: float) -> float:
        share = (value - self.score.lowest) / (self.score.highest - self.score.lowest)
        return round(TOP + (1 - share) * DEEP, 1)


def score_chart(instrument: Instrument, score: Score, points: Sequence[Point], *, tz: tzinfo) -> Chart:
    """Draw one score of one measure, oldest to newest, in the zone's time."""
    points = sorted(points, key=lambda one: one.at)
    end = max(points[-1].at, points[0].at + AT_LEAST)
    sheets = [
        Sheet("wide", 720, points[0].at, end, score, gutter=156),
        Sheet("narrow", 340, points[0].at, end, score, gutter=30),
    ]
    drawn = _joined(_draw(sheet, instrument, points, tz) for sheet in sheets)
    head = (_("When"), _("Score"), _("Band"), _("Since the last"), _("What it means"), _("How"))
    svg = format_html('<div class="chart" data-chart>{}{}</div>', drawn, draw_said())
    return Chart(svg, head, tuple(_row(instrument, score, one, tz) for one in reversed(points)))


# --- words ---


def meaning(change: Changed) -> str:
    """The marks of change in words (clinical.md §2.20)."""
    said = []
    if change.remission:
        said.append(_("Remission: below 5, and was not at the start"))
    elif change.response:
        said.append(_("Response: down by 5, or by half, since the first"))
    if change.marked:
        said.append(
            _("clearly better than last time") if change.better else _("clearly worse than last time")
        )
    return "; ".join(said)


def signed(difference: int | None) -> str:
    """A difference with its sign; nothing where there is none to speak of."""
    if difference is None:
        return ""
    return f"{difference:+d}".replace("-", "−") if difference else "±0"


def _row(instrument: Instrument, score: Score, one: Point, tz: tzinfo) -> tuple[str, ...]:
    when = spell(one.at.astimezone(tz), _("D j M Y, H:i"))
    if one.change is None:
        return when, "–", "", "", _("Incomplete: no score"), one.how
    band = score.band(one.change.value)
    return (
        when,
        f"{one.change.value} / {score.highest}",
        band_word(instrument, band) if band else "",
        signed(one.change.since_last),
        meaning(one.change),
        one.how,
    )


def _says(instrument: Instrument, score: Score, one: Point, tz: tzinfo) -> str:
    when, value, band, _since, meant, _how = _row(instrument, score, one, tz)
    return ", ".join(part for part in (f"{when}: {value}", band, meant) if part)


# --- drawing ---


def _draw(sheet: Sheet, instrument: Instrument, points: Sequence[Point], tz: tzinfo) -> SafeString:
    ground = [*_bands(sheet, instrument), *_axis(sheet, points, tz), *_line(sheet, points)]
    marks = [_mark(sheet, instrument, one, tz, n) for n, one in enumerate(points)]
    name = f"{instrument.title}, {score_word(instrument, sheet.score.key)}"
    return format_html(
        '<svg class="chart-sheet chart-{}" viewBox="0 0 {} {}" role="group" aria-label="{}">'
        '<g role="img" aria-label="{}">{}</g><g class="chart-marks">{}</g></svg>',
        sheet.name,
        sheet.width,
        TOP + DEEP + FOOT,
        name,
        "; ".join(_says(instrument, sheet.score, one, tz) for one in points[-6:]),
        _joined(ground),
        _joined(marks),
    )


def _bands(sheet: Sheet, instrument: Instrument) -> Iterator[SafeString]:
    """Bands with their words on the left, or the two ends of the scale where there are none."""
    starts = list(sheet.score.bands) or [(sheet.score.lowest, "")]
    limits = [*(start for start, _word in starts[1:]), sheet.score.highest]
    for n, ((start, word), top) in enumerate(zip(starts, limits, strict=True)):
        high, low = sheet.y(top), sheet.y(start)
        yield format_html(
            '<rect class="chart-band{}" x="{}" y="{}" width="{}" height="{}"/>',
            "" if n % 2 else " chart-band-odd",
            sheet.gutter,
            high,
            sheet.width - sheet.gutter - 4,
            round(low - high, 1),
        )
        if word and sheet.name == "wide":
            yield _text(0, (high + low) / 2 + 4, f"{band_word(instrument, word)}", "chart-small")
    for value in dict.fromkeys([sheet.score.lowest, *limits]):
        yield _text(sheet.gutter - 24, sheet.y(value) + 4, str(value), "chart-small")


def _axis(sheet: Sheet, points: Sequence[Point], tz: tzinfo) -> Iterator[SafeString]:
    """The day of the first and the last result, and those between that have room."""
    room, last = (64 if sheet.name == "wide" else 52), -1000.0
    for one in points:
        x = sheet.x(one.at)
        if x - last < room and one is not points[0]:
            continue
        last = x
        words = spell(one.at.astimezone(tz), _("j M"))
        yield _text(min(x - 14, sheet.width - 44), TOP + DEEP + 22, words, "chart-small")


def _line(sheet: Sheet, points: Sequence[Point]) -> Iterator[SafeString]:
    """From score to score; an incomplete result breaks the line."""
    for before, after in pairwise(points):
        if before.change is not None and after.change is not None:
            yield format_html(
                '<path class="chart-line" d="M{} {}L{} {}"/>',
                sheet.x(before.at),
                sheet.y(before.change.value),
                sheet.x(after.at),
                sheet.y(after.change.value),
            )


def _mark(sheet: Sheet, instrument: Instrument, one: Point, tz: tzinfo, place: int) -> SafeString:
    says = _says(instrument, sheet.score, one, tz)
    return format_html(
        '<g class="chart-mark chart-mark-{}" role="img" aria-label="{}" tabindex="{}"><title>{}</title>{}</g>',
        _kind(one),
        says,
        -1 if place else 0,
        says,
        _shape(sheet, one),
    )


def _kind(one: Point) -> str:
    if one.change is None:
        return "gap"
    if not one.change.marked:
        return "score"
    return "score chart-mark-better" if one.change.better else "score chart-mark-worse"


def _shape(sheet: Sheet, one: Point) -> SafeString:
    """A dot; a diamond where the change is marked, so that colour is not all; a ring where nothing was scored."""
    x = sheet.x(one.at)
    if one.change is None:
        return format_html('<circle cx="{}" cy="{}" r="5"/>', x, TOP + DEEP)
    y = sheet.y(one.change.value)
    shape = (
        format_html('<path d="M{} {}l7 7-7 7-7-7z"/>', x, round(y - 7, 1))
        if one.change.marked
        else format_html('<circle cx="{}" cy="{}" r="5"/>', x, y)
    )
    above = y - 12 if y > TOP + 8 else y + 22
    return format_html(
        '{}<text class="chart-value" x="{}" y="{}">{}</text>', shape, x, round(above, 1), one.change.value
    )


def _text(x: float, y: float, words: str, css: str) -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', css, x, round(y, 1), words)


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))

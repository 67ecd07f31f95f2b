"""The drawing of the stage chart. Colours are classes (static/css/charts.css), so it prints and darkens well."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from math import ceil

from django.utils.dateformat import format as spell
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from casework.desk.series import Mark, PlanSpan, StageSeries, StageStep, midnight, stage_word
from clients.stage import RANKED, Stage


@dataclass(frozen=True)
class Frame:
    """The sheet, in the units of its own viewBox; one sheet is drawn for a desk and one for a phone."""

    name: str
    width: int
    start: datetime
    end: datetime
    gutter: int
    label_room: int
    top: int = 26
    band: int = 46
    foot: int = 54
    right: int = 14

    @property
    def base(self) -> int:
        return self.top + 3 * self.band + 22

    @property
    def height(self) -> int:
        return self.base + self.foot

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(self.gutter + min(max(share, 0), 1) * (self.width - self.gutter - self.right), 1)

    def y(self, stage: str) -> float:
        """The middle of a stage's band; none is the base line."""
        rank = Stage(stage).rank or 0
        return self.base if rank == 0 else self.top + (3 - rank + 0.5) * self.band


def draw_sheet(frame: Frame, series: StageSeries, marks: Sequence[Mark], tz: tzinfo) -> SafeString:
    """A drawing that describes itself as one picture, and over it the marks that can be pointed at."""
    ground = [*_plans(frame, series.plans, tz), *_bands(frame), *_axis(frame, tz), _line(frame, series.steps)]
    return format_html(
        '<svg class="chart-sheet chart-{}" viewBox="0 0 {} {}" role="group" aria-label="{}">'
        '<g role="img" aria-label="{}">{}</g><g class="chart-marks">{}</g></svg>',
        frame.name,
        frame.width,
        frame.height,
        _("Stages over time"),
        _summary(series, frame, tz),
        _joined(ground),
        _joined(_drawn(frame, mark, first=n == 0) for n, mark in enumerate(marks)),
    )


def _summary(series: StageSeries, frame: Frame, tz: tzinfo) -> str:
    """The whole picture in one sentence, for those who hear it."""
    span = _("From %(start)s to %(end)s.") % {
        "start": spell(frame.start.astimezone(tz), _("j F Y")),
        "end": spell((frame.end - timedelta(seconds=1)).astimezone(tz), _("j F Y")),
    }
    ranked = [
        step for step in sorted(series.steps, key=lambda step: step.at) if Stage(step.stage).rank is not None
    ]
    if not ranked:
        return " ".join((span, _("No stage assessed yet.")))
    moves = ", ".join(
        f"{stage_word(step.stage)} ({spell(step.at.astimezone(tz), _('j M'))})" for step in ranked[-6:]
    )
    return " ".join((span, _("Stage: %(moves)s.") % {"moves": moves}))


def _plans(frame: Frame, plans: Sequence[PlanSpan], tz: tzinfo) -> Iterator[SafeString]:
    for plan in plans:
        left = frame.x(midnight(plan.start_on, tz))
        right = frame.x(midnight(plan.end_on + timedelta(days=1), tz)) if plan.end_on else frame.x(frame.end)
        if right - left < 1:
            continue
        yield format_html(
            '<rect class="chart-plan" x="{}" y="4" width="{}" height="{}" rx="4"><title>{}</title></rect>',
            left,
            round(right - left, 1),
            frame.base - 4,
            plan.what or _("Follow-up plan"),
        )
        if right - left > 96:
            yield format_html(
                '<text class="chart-small chart-plan-word" x="{}" y="19">{}</text>',
                left + 12,
                _("Follow-up plan"),
            )


def _bands(frame: Frame) -> Iterator[SafeString]:
    """Three bands, the highest stage on top, and the base line."""
    for rank, stage in enumerate(RANKED[1:], start=1):
        top = frame.top + (3 - rank) * frame.band
        yield format_html(
            '<rect class="chart-band chart-band-{}" x="{}" y="{}" width="{}" height="{}"/>',
            stage.value,
            frame.gutter,
            top + 1,
            frame.width - frame.gutter - frame.right,
            frame.band - 2,
        )
        yield _band_word(frame, stage, top)
    yield format_html(
        '<path class="chart-base" d="M{} {}H{}"/>', frame.gutter, frame.base, frame.width - frame.right
    )
    if frame.name == "wide":
        word = stage_word(Stage.NONE)
        yield format_html('<text class="chart-word chart-none" x="0" y="{}">{}</text>', frame.base + 5, word)


def _band_word(frame: Frame, stage: Stage, top: int) -> SafeString:
    inside = frame.name == "narrow"
    return format_html(
        '<text class="chart-word chart-{}" x="{}" y="{}">{}</text>',
        stage.value,
        frame.gutter + 7 if inside else 0,
        top + 16 if inside else top + frame.band / 2 + 5,
        stage_word(stage),
    )


def _axis(frame: Frame, tz: tzinfo) -> Iterator[SafeString]:
    """A line for every tick, and as many words, evenly, as have room."""
    ticks = [(frame.x(midnight(day, tz)), word) for day, word in _ticks(frame, tz)]
    closest = min((after[0] - before[0] for before, after in pairwise(ticks)), default=frame.width)
    every = ceil(frame.label_room / closest)
    for n, (x, word) in enumerate(ticks):
        yield format_html('<path class="chart-grid" d="M{} {}V{}"/>', x, frame.top, frame.base + 20)
        if n % every == 0 and x + frame.label_room - 16 <= frame.width:
            yield format_html('<text class="chart-small" x="{}" y="{}">{}</text>', x, frame.base + 42, word)


def _ticks(frame: Frame, tz: tzinfo) -> Iterator[tuple[date, str]]:
    """Months; weeks where the sheet shows less than ten of them."""
    day, last = frame.start.astimezone(tz).date(), frame.end.astimezone(tz).date()
    weekly = (last - day).days < 70
    while day < last:
        if weekly and day.weekday() == 0:
            yield day, spell(day, _("j M"))
        elif not weekly and day.day == 1:
            yield day, spell(day, _("M Y") if day.month == 1 else _("M"))
        day += timedelta(days=1)


def _line(frame: Frame, steps: Sequence[StageStep]) -> SafeString:
    """The counselor's stage as a step line. "Not enough known" never moves it; what came before the sheet leads in."""
    ranked = sorted((step for step in steps if Stage(step.stage).rank is not None), key=lambda step: step.at)
    ranked = [step for step in ranked if step.at < frame.end]
    if not ranked:
        return mark_safe("")
    way = f"M{frame.x(ranked[0].at)} {frame.y(ranked[0].stage)}"
    for step in ranked[1:]:
        way += f"H{frame.x(step.at)}V{frame.y(step.stage)}"
    return format_html('<path class="chart-line" d="{}H{}"/>', way, frame.x(frame.end))


def _drawn(frame: Frame, mark: Mark, first: bool) -> SafeString:
    """A mark says what and when: as a hover title, to screen readers, and below the chart when focused."""
    return format_html(
        '<g class="chart-mark chart-mark-{}{}" role="img" aria-label="{}" tabindex="{}"><title>{}</title>{}</g>',
        mark.kind,
        f" chart-{mark.stage}" if mark.stage else "",
        mark.says,
        0 if first else -1,
        mark.says,
        SHAPES[mark.kind](frame, mark),
    )


def _dot(frame: Frame, mark: Mark) -> SafeString:
    y = frame.base if Stage(mark.stage).rank is None else frame.y(mark.stage)
    return format_html('<circle cx="{}" cy="{}" r="4.5"/>', frame.x(mark.at), y)


def _ring(frame: Frame, mark: Mark) -> SafeString:
    return format_html('<circle cx="{}" cy="{}" r="8.5"/>', frame.x(mark.at), frame.y(Stage.PHYSICAL))


def _tick(frame: Frame, mark: Mark) -> SafeString:
    return format_html(
        '<rect x="{}" y="{}" width="5" height="13" rx="1.5"/>', frame.x(mark.at) - 2.5, frame.base + 5
    )


def _diamond(frame: Frame, mark: Mark) -> SafeString:
    x, y = frame.x(mark.at), frame.top - 8
    return format_html(
        '<path class="chart-drop" d="M{} {}V{}"/><path d="M{} {}l6 6-6 6-6-6z"/>',
        x,
        y + 6,
        frame.base,
        x,
        y - 6,
    )


SHAPES = {"assessment": _dot, "use": _ring, "attended": _tick, "missed": _tick, "report": _diamond}


def draw_said() -> SafeString:
    """The line below the drawing that says the mark one points at."""
    hint = _("Point at a mark, or tab to one and use the arrow keys.")
    return format_html('<p class="chart-said" data-chart-said>{}</p>', hint)


def draw_legend(series: StageSeries, marks: Sequence[Mark]) -> SafeString:
    """What the shapes mean, of those that are on the sheet."""
    kinds = {mark.kind for mark in marks}
    kinds |= {kind for kind, there in (("line", series.steps), ("plan", series.plans)) if there}
    shown = ((kind, mark_safe(KEYS[kind]), word) for kind, word in _key_words() if kind in kinds)
    return format_html('<ul class="chart-legend">{}</ul>', format_html_join("", KEY, shown))


KEY = (
    '<li><svg class="chart-key chart-mark-{}" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">'
    "{}</svg> {}</li>"
)
_TICK = '<rect x="6.5" y="2" width="5" height="13" rx="1.5"/>'
KEYS = {
    "line": '<path class="chart-line" d="M1 12H8V5H17"/>',
    "assessment": '<circle cx="9" cy="9" r="4.5"/>',
    "use": '<circle cx="9" cy="9" r="6.5"/>',
    "report": '<path d="M9 3l6 6-6 6-6-6z"/>',
    "attended": _TICK,
    "missed": _TICK,
    "plan": '<rect class="chart-plan" x="1" y="2" width="16" height="14" rx="3"/>',
}


def _key_words() -> tuple[tuple[str, str], ...]:
    return (
        ("line", _("Counselor's stage")),
        ("assessment", _("Assessment")),
        ("use", _("Use")),
        ("report", _("Report")),
        ("attended", _("Session")),
        ("missed", _("Missed session")),
        ("plan", _("Follow-up plan")),
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))

"""The stage chart: a client's way drawn on the server, the same facts as a table, and what only ever grows.

Pure: plain dataclasses in, SVG and rows out. Colours are classes (static/css/charts.css),
so it prints and darkens well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from django.utils import translation
from django.utils.dateformat import format as spell
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.stage import RANKED, Stage


@dataclass(frozen=True)
class StageStep:
    """From this moment on the counselor's stage is this one."""

    at: datetime
    stage: str


@dataclass(frozen=True)
class AssessmentMark:
    at: datetime
    stage: str
    suggested: str = ""


@dataclass(frozen=True)
class UseMark:
    on: date
    what: str = ""


@dataclass(frozen=True)
class SessionMark:
    at: datetime
    attended: bool
    what: str = ""


@dataclass(frozen=True)
class ReportMark:
    at: datetime
    what: str = ""


@dataclass(frozen=True)
class PlanSpan:
    start_on: date
    end_on: date | None = None
    what: str = ""


@dataclass(frozen=True)
class Achievements:
    """What has been achieved. None of it goes back to zero after a return to use."""

    days_in_care: int
    sessions_attended: int
    longest_run: int


@dataclass(frozen=True)
class StageSeries:
    steps: Sequence[StageStep] = ()
    assessments: Sequence[AssessmentMark] = ()
    uses: Sequence[UseMark] = ()
    sessions: Sequence[SessionMark] = ()
    reports: Sequence[ReportMark] = ()
    plans: Sequence[PlanSpan] = ()
    achievements: Achievements | None = None


@dataclass(frozen=True)
class Achieved:
    label: str
    value: str


@dataclass(frozen=True)
class Chart:
    svg: SafeString
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    achievements: tuple[Achieved, ...] = ()


@dataclass(frozen=True)
class Mark:
    """One thing on the chart: where, what it looks like, and what it says when pointed at."""

    at: datetime
    kind: str
    says: str
    stage: str = ""
    detail: str = ""


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


def longest_run(start: date, end: date, use_days: Iterable[date]) -> int:
    """Days in the longest stretch from `start` to `end`, both included, that holds no day of use."""
    inside = (day for day in use_days if start <= day <= end)
    walls = sorted({start - timedelta(days=1), *inside, end + timedelta(days=1)})
    return max(((after - before).days - 1 for before, after in pairwise(walls)), default=0)


def stage_chart(series: StageSeries, *, start: date, end: date, tz: tzinfo, lang: str) -> Chart:
    """Draw the days from `start` to `end`, both included, in the zone's time and the language's words."""
    with translation.override(lang):
        first, last = (
            midnight(day, tz).astimezone(UTC) for day in (start, max(end, start) + timedelta(days=1))
        )
        marks = sorted(_marks(series, tz), key=lambda mark: mark.at)
        shown = [mark for mark in marks if first <= mark.at < last]
        frames = (
            Frame("wide", 720, first, last, gutter=96, label_room=58),
            Frame("narrow", 340, first, last, gutter=5, label_room=50, right=7),
        )
        drawn = format_html_join("", "{}", ((_sheet(frame, series, shown, tz),) for frame in frames))
        svg = format_html('<div class="chart" data-chart>{}{}{}</div>', drawn, _said(), _legend())
        return Chart(
            svg, (_("When"), _("What"), _("Stage")), _rows(marks, tz), _achieved(series.achievements)
        )


def midnight(day: date, tz: tzinfo) -> datetime:
    return datetime.combine(day, time(), tz)


# --- what is marked -----------------------------------------------------------------------------------------------


def _marks(series: StageSeries, tz: tzinfo) -> Iterator[Mark]:
    for session in series.sessions:
        kind, word = (
            ("attended", _("Session attended")) if session.attended else ("missed", _("Missed session"))
        )
        yield _mark(session.at, kind, session.what or word, tz)
    for assessed in series.assessments:
        yield _assessment(assessed, tz)
    for use in series.uses:
        said = _("Use: %(what)s") % {"what": use.what} if use.what else _("Use")
        yield _mark(
            midnight(use.on, tz) + timedelta(hours=12), "use", said, tz, stage=Stage.PHYSICAL, timed=False
        )
    for report in series.reports:
        yield _mark(report.at, "report", report.what or _("Relapse reported"), tz)


def _assessment(assessed: AssessmentMark, tz: tzinfo) -> Mark:
    said = _("Assessed: %(stage)s") % {"stage": _word(assessed.stage)}
    if assessed.suggested and assessed.suggested != assessed.stage:
        said = _("%(said)s (suggested: %(stage)s)") % {"said": said, "stage": _word(assessed.suggested)}
    return _mark(assessed.at, "assessment", said, tz, stage=assessed.stage)


def _mark(at: datetime, kind: str, what: str, tz: tzinfo, stage: str = "", timed: bool = True) -> Mark:
    says = f"{_day(at, tz, timed)}: {what}"
    return Mark(at=at, kind=kind, says=says, stage=str(stage), detail=what)


def _day(at: datetime, tz: tzinfo, timed: bool = True) -> str:
    return spell(at.astimezone(tz), "D j M Y, H:i" if timed else "D j M Y")


def _word(stage: str) -> str:
    return str(Stage(stage).label)


def _rows(marks: Sequence[Mark], tz: tzinfo) -> tuple[tuple[str, ...], ...]:
    """Newest first, everything on record, also what lies before the sheet."""
    return tuple(
        (_day(mark.at, tz, timed=mark.kind != "use"), mark.detail, _word(mark.stage) if mark.stage else "")
        for mark in reversed(marks)
    )


def _achieved(done: Achievements | None) -> tuple[Achieved, ...]:
    if done is None:
        return ()
    run = ngettext("%(count)d day", "%(count)d days", done.longest_run) % {"count": done.longest_run}
    return (
        Achieved(_("Days in care"), str(done.days_in_care)),
        Achieved(_("Sessions attended"), str(done.sessions_attended)),
        Achieved(_("Longest run without use"), run),
    )


# --- how it is drawn ----------------------------------------------------------------------------------------------


def _sheet(frame: Frame, series: StageSeries, marks: Sequence[Mark], tz: tzinfo) -> SafeString:
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
        "start": spell(frame.start.astimezone(tz), "j F Y"),
        "end": spell((frame.end - timedelta(seconds=1)).astimezone(tz), "j F Y"),
    }
    ranked = [
        step for step in sorted(series.steps, key=lambda step: step.at) if Stage(step.stage).rank is not None
    ]
    if not ranked:
        return f"{span} {_('No stage assessed yet.')}"
    moves = ", ".join(f"{_word(step.stage)} ({spell(step.at.astimezone(tz), 'j M')})" for step in ranked[-6:])
    return f"{span} {_('Stage:')} {moves}."


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
                left + 8,
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
        word = _word(Stage.NONE)
        yield format_html('<text class="chart-word chart-none" x="0" y="{}">{}</text>', frame.base + 5, word)


def _band_word(frame: Frame, stage: Stage, top: int) -> SafeString:
    inside = frame.name == "narrow"
    return format_html(
        '<text class="chart-word chart-{}" x="{}" y="{}">{}</text>',
        stage.value,
        frame.gutter + 7 if inside else 0,
        top + 16 if inside else top + frame.band / 2 + 5,
        _word(stage),
    )


def _axis(frame: Frame, tz: tzinfo) -> Iterator[SafeString]:
    free = 0.0
    for day, word in _ticks(frame, tz):
        x = frame.x(midnight(day, tz))
        yield format_html('<path class="chart-grid" d="M{} {}V{}"/>', x, frame.top, frame.base + 20)
        if x >= free and x + frame.label_room - 12 <= frame.width:
            yield format_html('<text class="chart-small" x="{}" y="{}">{}</text>', x, frame.base + 42, word)
            free = x + frame.label_room


def _ticks(frame: Frame, tz: tzinfo) -> Iterator[tuple[date, str]]:
    """Months; weeks where the sheet shows less than ten of them."""
    day, last = frame.start.astimezone(tz).date(), frame.end.astimezone(tz).date()
    weekly = (last - day).days < 70
    while day < last:
        if weekly and day.weekday() == 0:
            yield day, spell(day, "j M")
        elif not weekly and day.day == 1:
            yield day, spell(day, "M Y" if day.month == 1 else "M")
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


def _said() -> SafeString:
    return format_html(
        '<p class="chart-said" data-chart-said>{}</p>',
        _("Point at a mark, or tab to one and use the arrow keys."),
    )


def _legend() -> SafeString:
    keys = (
        ("line", _("Counselor's stage"), '<path class="chart-line" d="M1 12H8V5H17"/>'),
        ("assessment", _("Assessment"), '<circle cx="9" cy="9" r="4.5"/>'),
        ("use", _("Use"), '<circle cx="9" cy="9" r="6.5"/>'),
        ("report", _("Report"), '<path d="M9 3l6 6-6 6-6-6z"/>'),
        ("attended", _("Session"), '<rect x="6.5" y="2" width="5" height="13" rx="1.5"/>'),
        ("missed", _("Missed session"), '<rect x="6.5" y="2" width="5" height="13" rx="1.5"/>'),
        ("plan", _("Follow-up plan"), '<rect class="chart-plan" x="1" y="2" width="16" height="14" rx="3"/>'),
    )
    items = (
        (kind, mark_safe(shape), word)  # the shapes are ours, above
        for kind, word, shape in keys
    )
    one = (
        '<li><svg class="chart-key chart-mark-{}" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">'
        "{}</svg> {}</li>"
    )
    return format_html('<ul class="chart-legend">{}</ul>', format_html_join("", one, items))


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))

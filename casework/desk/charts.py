"""The stage chart: a client's way drawn on the server, the same facts as a table, and what only ever grows.

Pure: plain dataclasses in, SVG and rows out.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.utils import translation
from django.utils.dateformat import format as spell
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.desk.series import (
    Achieved,
    Achievements,
    AssessmentMark,
    Chart,
    Mark,
    PlanSpan,
    ReportMark,
    SessionMark,
    StageSeries,
    StageStep,
    UseMark,
    midnight,
    stage_word,
)
from casework.desk.sheet import Frame, draw_legend, draw_said, draw_sheet
from clients.stage import Stage

__all__ = [
    "Achievements",
    "AssessmentMark",
    "Chart",
    "PlanSpan",
    "ReportMark",
    "SessionMark",
    "StageSeries",
    "StageStep",
    "UseMark",
    "stage_chart",
]


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
        drawn = format_html_join("", "{}", ((draw_sheet(frame, series, shown, tz),) for frame in frames))
        said = draw_said() if shown else ""
        svg = format_html(
            '<div class="chart" data-chart>{}{}{}</div>', drawn, said, draw_legend(series, shown)
        )
        return Chart(
            svg, (_("When"), _("What"), _("Stage")), _rows(marks, tz), _achieved(series.achievements)
        )


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
    said = _("Assessed: %(stage)s") % {"stage": stage_word(assessed.stage)}
    if assessed.suggested and assessed.suggested != assessed.stage:
        said = _("%(said)s (suggested: %(stage)s)") % {"said": said, "stage": stage_word(assessed.suggested)}
    return _mark(assessed.at, "assessment", said, tz, stage=assessed.stage)


def _mark(at: datetime, kind: str, what: str, tz: tzinfo, stage: str = "", timed: bool = True) -> Mark:
    says = f"{_day(at, tz, timed)}: {what}"
    return Mark(at=at, kind=kind, says=says, stage=str(stage), detail=what)


def _day(at: datetime, tz: tzinfo, timed: bool = True) -> str:
    return spell(at.astimezone(tz), _("D j M Y, H:i") if timed else _("D j M Y"))


def _rows(marks: Sequence[Mark], tz: tzinfo) -> tuple[tuple[str, ...], ...]:
    """Newest first, everything on record, also what lies before the sheet."""
    return tuple(
        (
            _day(mark.at, tz, timed=mark.kind != "use"),
            mark.detail,
            stage_word(mark.stage) if mark.stage else "",
        )
        for mark in reversed(marks)
    )


def _achieved(done: Achievements | None) -> tuple[Achieved, ...]:
    if done is None:
        return ()
    known = done.longest_run
    run = "–" if known is None else ngettext("%(count)d day", "%(count)d days", known) % {"count": known}
    return (
        Achieved(_("Days in care"), str(done.days_in_care)),
        Achieved(_("Sessions attended"), str(done.sessions_attended)),
        Achieved(_("Longest run without use"), run),
    )

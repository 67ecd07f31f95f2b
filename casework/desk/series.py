"""What the stage chart is told: plain facts, and what it makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from django.utils.safestring import SafeString

from clients.stage import Stage


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
    longest_run: int | None  # None while nobody has asked: unknown days are not days without use


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


def midnight(day: date, tz: tzinfo) -> datetime:
    return datetime.combine(day, time(), tz)


def stage_word(stage: str) -> str:
    return str(Stage(stage).label)

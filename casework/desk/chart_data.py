"""What the stage chart of a client shows, gathered from the rooms that know it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casework.desk import charts
from casework.followup.models import FollowUpPlan
from casework.relapse.current import History, UseMark, history_asked
from clients.models import Client, EpisodeOfCare
from clients.together import Asker, alone, reading, side_by_side
from sessions.queries import SessionMark, chart_asked

SHOWN = timedelta(days=365)
AT_LEAST = timedelta(days=28)


@dataclass(frozen=True)
class Drawn:
    """What the chart draws."""

    past: History
    sessions: list[SessionMark]
    plans: list[FollowUpPlan]


def asked(client: Client, *, now: datetime) -> Asker[Drawn]:
    """What `chart_of` draws, for a page that asks for more."""
    plans = FollowUpPlan.objects.of(client).order_by("starts_at")
    past, sessions, _rows = yield from side_by_side(
        history_asked(client, at=now), chart_asked(client), reading(plans)
    )
    return Drawn(past, sessions, list(plans))


def chart_of(client: Client, *, episodes: Iterable[EpisodeOfCare], now: datetime) -> charts.Chart:
    """The last twelve months, or since care began; the table behind it holds everything."""
    return chart_from(client, alone(asked(client, now=now)), episodes=episodes, now=now)


def chart_from(
    client: Client, drawn: Drawn, *, episodes: Iterable[EpisodeOfCare], now: datetime
) -> charts.Chart:
    """The same from what was read before."""
    past = drawn.past
    end = timezone.localdate(now)
    start = min(max(past.in_care_since, end - SHOWN), end - AT_LEAST)
    series = charts.StageSeries(
        steps=[charts.StageStep(step.at, step.stage) for step in past.steps],
        assessments=[
            charts.AssessmentMark(one.assessed_at, one.counselor_stage, one.suggested_stage)
            for one in past.assessments
        ],
        uses=[charts.UseMark(day, _substance(mark)) for mark in past.use for day in mark.days],
        sessions=[charts.SessionMark(one.at, one.attended) for one in drawn.sessions],
        reports=[
            charts.ReportMark(one.reported_at, _report(one.get_stage_display())) for one in past.reports
        ],
        plans=[_span(plan) for plan in drawn.plans],
        achievements=achieved(client, past, episodes, end),
    )
    zone = timezone.get_current_timezone()
    return charts.stage_chart(series, start=start, end=end, tz=zone, lang=get_language() or "en")


def achieved(
    client: Client, past: History, episodes: Iterable[EpisodeOfCare], today: date
) -> charts.Achievements:
    """What has been achieved so far; a return to use takes nothing of it away."""
    return charts.Achievements(
        days_in_care=days_in_care(episodes, today) or (today - past.in_care_since).days + 1,
        sessions_attended=client.summary.sessions_attended,
        longest_run=past.longest_run,
    )


def days_in_care(episodes: Iterable[EpisodeOfCare], today: date) -> int:
    """Days that lie in any episode of care up to today, each counted once; first and last days count."""
    spans = sorted((one.admitted_on, min(one.discharged_on or today, today)) for one in episodes)
    total, reached = 0, date.min
    for first, last in spans:
        first = max(first, reached + timedelta(days=1)) if reached > date.min else first
        if last >= first:
            total += (last - first).days + 1
            reached = last
    return total


def _substance(mark: UseMark) -> str:
    return mark.episode.substance.name if mark.episode.substance else ""


def _report(stage: str) -> str:
    return _("Reported: %(stage)s") % {"stage": stage}


def _span(plan: FollowUpPlan) -> charts.PlanSpan:
    end = timezone.localdate(plan.closed_at) if plan.closed_at else None
    what = _("Follow-up plan, %(stage)s stage") % {"stage": plan.get_stage_display().lower()}
    return charts.PlanSpan(plan.started_on, end, what)

"""A relapse is reported, confirmed, or taken back: the report, its plan, messages and to-dos in one transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import follow_report, schedule, summary, todos
from casework.followup.follow_report import Alarm
from casework.followup.hours import timing_of
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse import actions as relapse
from casework.relapse.models import RelapseReport
from casework.relapse.reporting import Following, ReportState
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput, InvalidTransition
from clients.models import Client, Practice
from clients.stage import Stage

SUDDEN_WITHIN = timedelta(days=14)  # a sudden stop is dangerous that long (clinical.md §3.2 S-2)
DECISIONS = {
    ReportState.UNSUBSTANTIATED: relapse.mark_unsubstantiated,
    ReportState.RETRACTED: relapse.retract,
    ReportState.ENTERED_IN_ERROR: relapse.mark_report_error,
}


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The report that stands, the plan that follows it or took it in, and the to-do that comes before a plan."""

    report: RelapseReport
    created: bool
    plan: FollowUpPlan | None = None
    todo: ToDo | None = None


@transaction.atomic
def report_relapse(
    *,
    client_id: int,
    stage: str,
    source: str,
    by: Any,
    now: datetime,
    use: Mapping[str, Any] | None = None,
    red_flags: Collection[str] = (),
    idempotency_key: str = "",
    reported_at: datetime | None = None,
    occurred_on: date | None = None,
    occurred_precision: str = "",
    narrative: str = "",
    handled_in_contact: bool = False,
    stopped_on: date | None = None,
) -> Reported:
    """Record a relapse and start what follows it. The same key again gives back the first report.

    `use`: what `relapse.record_use` takes of days and substances. Raises InvalidTransition for a client who has died,
    InvalidInput for what cannot be reported, medicine taken as prescribed among it.
    """
    require(by, Verb.REPORT_RELAPSE)
    client = locked(client_id)
    if client.state == Client.State.DECEASED:
        raise InvalidTransition(
            _("%(first)s has died: nothing can be reported any more.") % {"first": client.first_name}
        )
    known = relapse.with_key(client, idempotency_key)
    if known is not None:
        return Reported(report=known, created=False, plan=_plan_of(known))
    with audit.together():
        recorded = relapse.take_report(
            client,
            stage=stage,
            source=source,
            by=by,
            now=now,
            reported_at=reported_at,
            occurred_on=occurred_on,
            occurred_precision=occurred_precision,
            narrative=narrative,
            use_days=use["days"] if use else (),
            handled_in_contact=handled_in_contact,
            stopped_on=stopped_on,
            idempotency_key=idempotency_key,
            **_record_use(client, stage, source, use, by=by, now=now),
        )
        alarm = Alarm(
            red_flags=tuple(red_flags),
            escalated=_escalated(recorded),
            medical_by=_medical_by(client, stopped_on, reported_at or now, now),
        )
        return _set_in_motion(client, recorded, alarm, by=by, now=now)


def _plan_of(report: RelapseReport) -> FollowUpPlan | None:
    own = report.plans.order_by("-pk").first()
    joined = getattr(report, "joined_plan", None)
    return own or (joined.plan if joined else None)


def _record_use(
    client: Client, stage: str, source: str, use: Mapping[str, Any] | None, *, by: Any, now: datetime
) -> dict[str, Any]:
    if use is None:
        return {}
    if stage != Stage.PHYSICAL:
        raise InvalidInput(_("Any use is the physical stage, even one time."), field="stage")
    recorded = relapse.take_use(client, source=source, by=by, now=now, **use)
    return {
        "episode": recorded.latest,
        "is_new_episode": recorded.is_new,
        "reclassified": recorded.reclassified,
    }


def _set_in_motion(client: Client, recorded: Any, alarm: Alarm, *, by: Any, now: datetime) -> Reported:
    report, plan, todo = recorded.report, None, None
    if recorded.confirmed_now:
        _finish_talks(report, by=by, now=now)
    if recorded.following is Following.TALK_FIRST or (
        recorded.following is Following.PLAN and not client.is_in_touch
    ):
        todo = follow_report.talk_first(client, report, by=by, now=now)
    elif recorded.following is Following.PLAN:
        plan = follow_report.follow(client, report, by=by, now=now, alarm=alarm)
    if plan is None:
        follow_report.raise_alarm(client, report, alarm, by=by, now=now)
        plan = _plan_of(report)
    return Reported(report=report, created=recorded.created, plan=plan, todo=todo)


def _escalated(recorded: Any) -> bool:
    return recorded.moved is not None and recorded.moved.escalated


def _medical_by(client: Client, stopped_on: date | None, told_at: datetime, now: datetime) -> datetime | None:
    """By when somebody reaches a prescriber; None unless something dangerous to stop was stopped within 14 days."""
    if stopped_on is None or told_at.astimezone(client.zone).date() - stopped_on > SUDDEN_WITHIN:
        return None
    midnight = schedule.resolve(now.astimezone(client.zone).date() + timedelta(days=1), time(), client.zone)
    return min(schedule.same_day(now, client.zone, timing_of(Practice.current())), midnight)


def _finish_talks(report: RelapseReport, *, by: Any, now: datetime) -> None:
    """Confirmed: the talk that was to come first has been held."""
    talks = report.client.todos.open().filter(report=report, kind=ToDoKind.TALK).order_by("pk")
    todos.finish(talks, by=by, now=now)
    summary.refresh(report.client.pk)


@transaction.atomic
def confirm_report(*, report_id: int, by: Any, now: datetime) -> Reported:
    """A counselor has talked with the client and it is so: the plan starts now, its clocks count from the report."""
    require(by, Verb.DECIDE_REPORT)
    confirmed = relapse.corroborate(report_id=report_id, by=by, now=now)
    report, client = confirmed.report, confirmed.report.client
    _finish_talks(report, by=by, now=now)
    if confirmed.following is not Following.PLAN or not client.is_in_touch:
        return Reported(report=report, created=False, plan=_plan_of(report))
    plan = follow_report.follow(client, report, by=by, now=now, alarm=Alarm(escalated=_escalated(confirmed)))
    return Reported(report=report, created=False, plan=plan)


@transaction.atomic
def retract_report(
    *, report_id: int, reason: str, by: Any, now: datetime, how: str = ReportState.RETRACTED
) -> RelapseReport:
    """Take a report back (or find it unsubstantiated, or a mistake): what it began is cancelled and counts nowhere."""
    require(by, Verb.DECIDE_REPORT)
    if how not in DECISIONS:
        raise InvalidInput(_("Choose what became of the report."), field="how")
    closed = DECISIONS[ReportState(how)](report_id=report_id, reason=reason, by=by, now=now)
    follow_report.withdraw(closed.report.client, closed.report, by=by, now=now)
    return closed.report

"""A relapse is reported, confirmed, or taken back: the report, its plan, messages and to-dos in one transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import follow_report, summary, tasks, todos
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse import actions as relapse
from casework.relapse.models import RelapseReport, ReportRepeat
from casework.relapse.reporting import Following, ReportState
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput, InvalidTransition
from clients.models import Client
from clients.stage import Stage

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
    known = _known(client, idempotency_key)
    if known is not None:
        return Reported(report=known, created=False, plan=_plan_of(known))
    episode, reclassified = _record_use(client, stage, source, use, by=by, now=now)
    recorded = relapse.record_report(
        client_id=client_id,
        stage=stage,
        source=source,
        by=by,
        now=now,
        reported_at=reported_at,
        occurred_on=occurred_on,
        occurred_precision=occurred_precision,
        narrative=narrative,
        episode=episode,
        use_days=use["days"] if use else (),
        reclassified=reclassified,
        handled_in_contact=handled_in_contact,
        idempotency_key=idempotency_key,
    )
    return _set_in_motion(client, recorded, tuple(red_flags), by=by, now=now)


def _known(client: Client, key: str) -> RelapseReport | None:
    if not key:
        return None
    report = RelapseReport.objects.filter(client=client, idempotency_key=key).order_by("pk").first()
    if report is not None:
        return report
    repeat = (
        ReportRepeat.objects.filter(report__client=client, idempotency_key=key)
        .select_related("report")
        .first()
    )
    return repeat.report if repeat else None


def _plan_of(report: RelapseReport) -> FollowUpPlan | None:
    own = report.plans.order_by("-pk").first()
    joined = getattr(report, "joined_plan", None)
    return own or (joined.plan if joined else None)


def _record_use(
    client: Client, stage: str, source: str, use: Mapping[str, Any] | None, *, by: Any, now: datetime
) -> tuple[Any, bool]:
    if use is None:
        return None, False
    if stage != Stage.PHYSICAL:
        raise InvalidInput(_("Any use is the physical stage, even one time."), field="stage")
    recorded = relapse.record_use(client_id=client.pk, source=source, by=by, now=now, **use)
    return recorded.latest, recorded.reclassified


def _set_in_motion(
    client: Client, recorded: Any, red_flags: tuple[str, ...], *, by: Any, now: datetime
) -> Reported:
    report, plan, todo = recorded.report, None, None
    if recorded.confirmed_now:
        _finish_talks(report, by=by, now=now)
    if recorded.following is Following.TALK_FIRST or (
        recorded.following is Following.PLAN and not client.is_in_touch
    ):
        todo = follow_report.talk_first(client, report, by=by, now=now)
    elif recorded.following is Following.PLAN:
        plan = follow_report.follow(client, report, by=by, now=now, red_flags=red_flags)
        _tell_supervisor(client, plan, recorded, by=by, now=now)
        transaction.on_commit(tasks.wake)
    if red_flags:
        _raise_alarm(client, report, by=by, now=now)
    return Reported(report=report, created=recorded.created, plan=plan or _plan_of(report), todo=todo)


def _raise_alarm(client: Client, report: RelapseReport, *, by: Any, now: datetime) -> None:
    """A red flag is an emergency and the supervisor's to know, whoever told it and whatever else the report begins."""
    asks = (
        (ToDoKind.EMERGENCY, follow_report.EMERGENCY_WITHIN),
        (ToDoKind.SUPERVISOR_REVIEW, follow_report.REVIEW_WITHIN),
    )
    for kind, within in asks:
        if not client.todos.open().filter(kind=kind).exists():
            todos.open_todo(
                client=client,
                kind=kind,
                due_at=now + within,
                now=now,
                by=by,
                report=report,
                urgent=kind == ToDoKind.EMERGENCY,
                step_key=f"REPORT-{report.pk}-{kind.replace('_', '-').upper()}",
            )


def _finish_talks(report: RelapseReport, *, by: Any, now: datetime) -> None:
    """Confirmed: the talk that was to come first has been held."""
    talks = report.client.todos.open().filter(report=report, kind=ToDoKind.TALK).order_by("pk")
    todos.finish(talks, by=by, now=now)
    summary.refresh(report.client_id)


def _tell_supervisor(client: Client, plan: FollowUpPlan, recorded: Any, *, by: Any, now: datetime) -> None:
    """Plans of the higher stages carry their review; an escalation without one asks for it (clinical.md §4.3)."""
    if recorded.moved is None or not recorded.moved.escalated:
        return
    if not plan.todos.filter(kind=ToDoKind.SUPERVISOR_REVIEW).exists():
        todos.open_todo(
            client=client,
            kind=ToDoKind.SUPERVISOR_REVIEW,
            due_at=now + follow_report.REVIEW_WITHIN,
            now=now,
            by=by,
            plan=plan,
            report=recorded.report,
            step_key="ESCALATED-SUPERVISOR-REVIEW",
        )


@transaction.atomic
def confirm_report(*, report_id: int, by: Any, now: datetime) -> Reported:
    """A counselor has talked with the client and it is so: the plan starts now, its clocks count from the report."""
    require(by, Verb.DECIDE_REPORT)
    confirmed = relapse.corroborate(report_id=report_id, by=by, now=now)
    report, client = confirmed.report, confirmed.report.client
    _finish_talks(report, by=by, now=now)
    if confirmed.following is not Following.PLAN or not client.is_in_touch:
        return Reported(report=report, created=False, plan=_plan_of(report))
    plan = follow_report.follow(client, report, by=by, now=now)
    _tell_supervisor(client, plan, confirmed, by=by, now=now)
    transaction.on_commit(tasks.wake)
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

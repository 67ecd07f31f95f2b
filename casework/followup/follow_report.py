"""What a report does to the client's plan (clinical.md §4.6). The caller holds the client's row and has the right."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from casework.followup import plan_start, summary, todos
from casework.followup.models import FollowUpPlan, Message, PlanReport, PlanState, ToDoState
from casework.followup.plan_start import Told
from casework.followup.plan_templates import SAFETY, ToDoKind
from casework.followup.plan_upkeep import can_still_message, declines_calls, turn_messages_into_calls
from casework.relapse.models import RelapseReport
from clients import audit
from clients.models import Client
from clients.stage import Stage

ALARMS = SAFETY - {ToDoKind.SAFETY_CHECKLIST}
TALK_WITHIN = timedelta(hours=24)
EMERGENCY_WITHIN = timedelta(minutes=15)
REVIEW_WITHIN = timedelta(hours=72)
LOOK_AGAIN_WITHIN = timedelta(hours=72)


def follow(
    client: Client, report: RelapseReport, *, by: Any, now: datetime, red_flags: tuple[str, ...] = ()
) -> FollowUpPlan:
    """Begin the report's plan, or take the report into a running plan of a higher stage."""
    told = told_of(report, red_flags)
    running = plan_start.running_plan(client)
    if running is not None and _rank(told.stage) < _rank(running.stage):
        _join(running, report, by=by, now=now)
        return running
    return _begin(client, report, told, running, by=by, now=now)


def told_of(report: RelapseReport, red_flags: tuple[str, ...] = ()) -> Told:
    """The facts of a saved report, as the planner wants them."""
    return Told(
        stage=Stage(report.stage),
        source=report.source,
        reported_at=report.reported_at,
        occurred_on=report.occurred_on,
        red_flags=red_flags,
    )


def _rank(stage: str) -> int:
    return Stage(stage).rank or 0


def _join(plan: FollowUpPlan, report: RelapseReport, *, by: Any, now: datetime) -> None:
    PlanReport.objects.create(plan=plan, report=report, at=now)
    todos.open_todo(
        client=plan.client,
        kind=ToDoKind.REASSESSMENT,
        due_at=now + LOOK_AGAIN_WITHIN,
        now=now,
        by=by,
        plan=plan,
        report=report,
        step_key=f"REPORT-{report.pk}-REASSESSMENT",
    )
    audit.record("plan.report_joined", by=by, at=now, client_id=plan.client_id, target=plan, report=report.pk)


def _begin(
    client: Client, report: RelapseReport, told: Told, running: FollowUpPlan | None, *, by: Any, now: datetime
) -> FollowUpPlan:
    confirmed = report.counts_from or report.reported_at
    draft = plan_start.draft(client, told, now=now, starts_at=confirmed)
    left = plan_start.safety_left(running) if running is not None else []
    if running is not None:
        _supersede(running, now)
    plan = plan_start.write(client, report, draft, by=by, now=now, take_over=left)
    _without_permission(client, plan, now)
    if client.state == Client.State.PAUSED and plan.state == PlanState.ACTIVE:
        plan.move_to(PlanState.PAUSED)
        plan.save(update_fields=["state"])
    audit.record(
        "plan.started",
        by=by,
        at=now,
        client_id=client.pk,
        target=plan,
        report=report.pk,
        stage=plan.stage,
        tier=plan.risk_tier,
    )
    summary.refresh(client.pk)
    return plan


def _supersede(plan: FollowUpPlan, now: datetime) -> None:
    Message.objects.filter(plan=plan).withdraw(reason="superseded", at=now)
    todos.close(plan.todos.exclude(kind__in=SAFETY), state=ToDoState.SUPERSEDED, reason="superseded")
    plan_start.close_plan(plan, PlanState.SUPERSEDED, reason="superseded", now=now)


def _without_permission(client: Client, plan: FollowUpPlan, now: datetime) -> None:
    """A client who agreed to no messages is called on those days, or left in peace if they want no calls either."""
    if can_still_message(client, now):
        return
    if not declines_calls(client, now):
        turn_messages_into_calls(plan, reason="no_permission", now=now)
        return
    Message.objects.filter(plan=plan).withdraw(reason="messages_off", at=now)
    plan.move_to(PlanState.MESSAGES_OFF)
    plan.save(update_fields=["state"])


def talk_first(client: Client, report: RelapseReport, *, by: Any, now: datetime) -> Any:
    """Somebody else told us: the counselor talks with the client before anything goes out (clinical.md §1.7)."""
    return todos.open_todo(
        client=client,
        kind=ToDoKind.TALK,
        title=_("Talk with %(first)s about an unconfirmed report") % {"first": client.first_name},
        due_at=report.reported_at + TALK_WITHIN,
        now=now,
        by=by,
        report=report,
        step_key=f"TALK-{report.pk}",
    )


def withdraw(client: Client, report: RelapseReport, *, by: Any, now: datetime) -> None:
    """The report was taken back: what it began ends, as if it had not been."""
    todos.close(client.todos.filter(report=report), state=ToDoState.CANCELLED, reason="voided")
    plans = FollowUpPlan.objects.select_for_update(of=("self",)).filter(report=report).order_by("pk")
    for plan in plans:
        if plan.can_move_to(PlanState.VOIDED):
            _void(plan, by=by, now=now)
    if not FollowUpPlan.objects.running().filter(client=client).exists():
        _fall_back(client, by=by, now=now)
    summary.refresh(client.pk)


def _void(plan: FollowUpPlan, *, by: Any, now: datetime) -> None:
    Message.objects.filter(plan=plan).withdraw(reason="voided", at=now)
    ends = plan.todos.all()
    if _replaced(plan.client).exists():
        # What an earlier report that stands had asked for stays: nobody has acted on that alarm yet.
        ends = ends.exclude(kind__in=ALARMS, opened_at__lt=plan.starts_at)
    todos.close(ends, state=ToDoState.CANCELLED, reason="voided")
    plan_start.close_plan(plan, PlanState.VOIDED, reason="voided", now=now)
    audit.record("plan.voided", by=by, at=now, client_id=plan.client_id, target=plan, report=plan.report_id)


def _replaced(client: Client) -> QuerySet[RelapseReport]:
    """Reports that stand and whose own plan gave way to a later one."""
    return RelapseReport.objects.standing().filter(client=client, plans__state=PlanState.SUPERSEDED)


def _fall_back(client: Client, *, by: Any, now: datetime) -> None:
    """A report that still stands had no plan of its own, or lost it to the one taken back: somebody decides."""
    without = RelapseReport.objects.standing().filter(
        client=client, joined_plan__plan__state=PlanState.VOIDED
    )
    standing = (
        without.order_by("-reported_at", "-pk").first()
        or _replaced(client).order_by("-reported_at", "-pk").first()
    )
    if standing is not None:
        todos.open_todo(
            client=client,
            kind=ToDoKind.UPGRADE,
            title=_("An earlier report still stands without a plan: decide what follows"),
            due_at=now + TALK_WITHIN,
            now=now,
            by=by,
            report=standing,
            step_key=f"STANDS-{standing.pk}",
        )

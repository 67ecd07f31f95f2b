"""What a report does to the client's plan (clinical.md §4.6). The caller holds the client's row and has the right."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from casework.followup import plan_start, summary, todos
from casework.followup.models import FollowUpPlan, Message, PlanReport, PlanState, ToDo, ToDoState
from casework.followup.plan_facts import Known
from casework.followup.plan_start import Draft, Told
from casework.followup.plan_templates import SAFETY, ToDoKind
from casework.followup.plan_upkeep import do_by_hand
from casework.relapse.models import RelapseReport
from casework.relapse.reporting import ReportSource
from clients import audit
from clients.models import Client
from clients.stage import Stage

TALK_WITHIN = timedelta(hours=24)
EMERGENCY_WITHIN = timedelta(minutes=15)
REVIEW_WITHIN = timedelta(hours=72)
LOOK_AGAIN_WITHIN = timedelta(hours=72)
OF_THE_TALK = "CHECKLIST-"  # how the step keys of what the safety checklist asked for begin


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What a report asks of people beside its plan: a red flag now, a supervisor's look after an escalation, and by
    when a prescriber is reached after a sudden stop."""

    red_flags: tuple[str, ...] = ()
    escalated: bool = False
    medical_by: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A to-do that an alarm opens. `of_plan`: it belongs to the plan, and ends with it."""

    kind: ToDoKind
    step_key: str
    within: timedelta = timedelta()
    by: datetime | None = None  # instead of a time from now
    of_plan: bool = False

    def due_at(self, now: datetime) -> datetime:
        return self.by or now + self.within

    def links(self, plan: FollowUpPlan | None, report: RelapseReport) -> dict[str, Any]:
        """The to-do's fields beside its kind and its times."""
        urgent = self.kind in {ToDoKind.EMERGENCY, ToDoKind.MEDICAL}
        own = {"plan": plan} if self.of_plan else {}
        return {**own, "report": report, "step_key": self.step_key, "urgent": urgent}


def follow(
    client: Client, report: RelapseReport, *, by: Any, now: datetime, alarm: Alarm = Alarm()
) -> FollowUpPlan:
    """Begin the report's plan, or take the report into a running plan of a higher stage."""
    told = told_of(report, alarm.red_flags)
    confirmed = report.counts_from or report.reported_at
    draft = plan_start.draft(client, told, now=now, starts_at=confirmed)
    running = plan_start.running_plan(client) if draft.known.has_running_plan else None
    if running is not None and _rank(told.stage) < _rank(running.stage):
        _join(running, report, by=by, now=now)
        raise_alarm(client, report, alarm, plan=running, by=by, now=now)
        return running
    return _begin(client, report, draft, running, alarm, by=by, now=now)


def begin_again(
    client: Client, plan: FollowUpPlan, *, day_zero: datetime, by: Any, now: datetime
) -> FollowUpPlan:
    """The same report's plan from a new day 0, in place of the one that stood still. It thanks nobody for telling."""
    told = Told(stage=Stage(plan.stage), source=ReportSource.OTHER_PROVIDER, reported_at=day_zero)
    draft = plan_start.draft(client, told, now=now, day_zero=day_zero, known_before=plan)
    silent = plan.state == PlanState.MESSAGES_OFF
    return _begin(client, plan.report, draft, plan, Alarm(), by=by, now=now, silent=silent)


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


def raise_alarm(
    client: Client,
    report: RelapseReport,
    alarm: Alarm,
    *,
    by: Any,
    now: datetime,
    plan: FollowUpPlan | None = None,
) -> None:
    """A red flag is an emergency and the supervisor's to know, whoever told it and whatever else the report begins."""
    kinds = set(plan.todos.order_by("pk").values_list("kind", flat=True)) if plan is not None else set()
    for ask in _asks(
        report, alarm, in_plan=kinds, still_open=_open_alarms(client, alarm), has_plan=bool(plan)
    ):
        todos.open_todo(
            client=client,
            kind=ask.kind,
            due_at=ask.due_at(now),
            now=now,
            by=by,
            **ask.links(plan, report),
        )


def _open_alarms(client: Client, alarm: Alarm) -> set[str]:
    """Which of the to-dos of an alarm somebody has already."""
    if not alarm.red_flags and alarm.medical_by is None:
        return set()
    kinds = (ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW, ToDoKind.MEDICAL)
    return set(client.todos.open().filter(kind__in=kinds).order_by("pk").values_list("kind", flat=True))


def _asks(
    report: RelapseReport,
    alarm: Alarm,
    *,
    in_plan: Collection[str],
    still_open: Collection[str],
    has_plan: bool,
) -> Iterator[Ask]:
    """Plans of the higher stages carry their review; an escalation without one asks for it (clinical.md §4.3)."""
    review, emergency = ToDoKind.SUPERVISOR_REVIEW, ToDoKind.EMERGENCY
    reviewed = review in still_open
    if alarm.escalated and has_plan and review not in in_plan:
        reviewed = True
        yield Ask(kind=review, within=REVIEW_WITHIN, step_key="ESCALATED-SUPERVISOR-REVIEW", of_plan=True)
    if alarm.red_flags and emergency not in still_open:
        yield Ask(kind=emergency, within=EMERGENCY_WITHIN, step_key=f"REPORT-{report.pk}-EMERGENCY")
    if alarm.red_flags and not reviewed:
        yield Ask(kind=review, within=REVIEW_WITHIN, step_key=f"REPORT-{report.pk}-SUPERVISOR-REVIEW")
    if alarm.medical_by is not None and ToDoKind.MEDICAL not in still_open:
        yield Ask(kind=ToDoKind.MEDICAL, by=alarm.medical_by, step_key=f"REPORT-{report.pk}-MEDICAL")


def _begin(
    client: Client,
    report: RelapseReport,
    draft: Draft,
    running: FollowUpPlan | None,
    alarm: Alarm,
    *,
    by: Any,
    now: datetime,
    silent: bool = False,
) -> FollowUpPlan:
    left = plan_start.safety_left(running) if running is not None else []
    if running is not None:
        _supersede(running, now)
    plan = plan_start.write(client, report, draft, by=by, now=now)
    _open_todos(client, report, plan, draft, alarm, left, by=by, now=now)
    if silent:
        _without_messages(plan, now)
    else:
        _without_permission(plan, draft.known, now)
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


def _open_todos(
    client: Client,
    report: RelapseReport,
    plan: FollowUpPlan,
    draft: Draft,
    alarm: Alarm,
    left: list[ToDo],
    *,
    by: Any,
    now: datetime,
) -> None:
    """The plan's own to-dos, and those of the alarm."""
    taken_over = plan_start.take_over(plan, left)
    in_plan = taken_over | plan_start.write_todos(plan, draft, taken_over=taken_over, now=now)
    asks = _asks(
        report, alarm, in_plan=in_plan, still_open=in_plan | set(draft.known.open_alarms), has_plan=True
    )
    further = [
        ToDo(
            client=client,
            kind=ask.kind,
            title=str(ask.kind.label),
            due_at=ask.due_at(now),
            opened_at=now,
            owner_id=draft.known.owner_of(ask.kind),
            **ask.links(plan, report),
        )
        for ask in asks
    ]
    ToDo.objects.bulk_create(further)
    for row in further:
        todos.note_opened(row, by=by, now=now)


def _supersede(plan: FollowUpPlan, now: datetime) -> None:
    Message.objects.filter(plan=plan).withdraw(reason="superseded", at=now)
    todos.close(plan.todos.exclude(kind__in=SAFETY), state=ToDoState.SUPERSEDED, reason="superseded")
    plan_start.close_plan(plan, PlanState.SUPERSEDED, reason="superseded", now=now)


def _without_permission(plan: FollowUpPlan, known: Known, now: datetime) -> None:
    """A client who agreed to no messages is called or written to on those days, or left in peace."""
    if known.may_be_messaged:
        return
    if known.way_by_hand is not None:
        do_by_hand(plan, known.way_by_hand, reason="no_permission", now=now)
        return
    _without_messages(plan, now)


def _without_messages(plan: FollowUpPlan, now: datetime) -> None:
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
    # What the talk brought up holds whether or not the report does.
    ends = plan.todos.exclude(kind__in=SAFETY, step_key__startswith=OF_THE_TALK)
    if _replaced(plan.client).exists():
        # What an earlier report that stands had asked for stays: nobody has acted on it yet.
        ends = ends.exclude(kind__in=SAFETY, opened_at__lt=plan.starts_at)
    todos.close(ends, state=ToDoState.CANCELLED, reason="voided")
    plan_start.close_plan(plan, PlanState.VOIDED, reason="voided", now=now)
    audit.record("plan.voided", by=by, at=now, client_id=plan.client_id, target=plan, report=plan.report_id)


def _replaced(client: Client) -> QuerySet[RelapseReport]:
    """Reports that stand and whose own plan gave way to a later one."""
    return RelapseReport.objects.of(client).standing().filter(plans__state=PlanState.SUPERSEDED)


def _fall_back(client: Client, *, by: Any, now: datetime) -> None:
    """A report that still stands had no plan of its own, or lost it to the one taken back: somebody decides."""
    without = RelapseReport.objects.of(client).standing().filter(joined_plan__plan__state=PlanState.VOIDED)
    standing = (
        without.order_by("-reported_at", "-pk").first()
        or _replaced(client).order_by("-reported_at", "-pk").first()
    )
    if standing is not None:
        ask_what_follows(client, standing, by=by, now=now)


def ask_what_follows(client: Client, report: RelapseReport, *, by: Any, now: datetime) -> Any:
    """Nothing follows a report that stands: a person decides what should. Asked once for each report."""
    return todos.open_todo(
        client=client,
        kind=ToDoKind.UPGRADE,
        title=_("An earlier report still stands without a plan: decide what follows"),
        due_at=now + TALK_WITHIN,
        now=now,
        by=by,
        report=report,
        step_key=f"STANDS-{report.pk}",
    )

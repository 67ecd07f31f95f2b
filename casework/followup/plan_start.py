"""From a report to its plan: gather the facts, plan, write. The page's preview stops before the writing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casework.followup import outbox, planner, schedule
from casework.followup.hours import timing_of
from casework.followup.messages.policy import AUTOMATED
from casework.followup.models import FollowUpPlan, Message, PlanState, ToDo
from casework.followup.people import counselor_of, supervisor_of
from casework.followup.plan_templates import FOR_SUPERVISOR, SAFETY, VERSION, template_for
from casework.followup.planner import PlanFacts, PlannedMessage, PlannedToDo
from casework.followup.risk import RiskFacts, RiskReason, RiskTier, provisional
from casework.relapse.models import StageAssessment, UseDay
from casework.relapse.reporting import SELF_REPORTS
from clients.models import Client, ClientSubstance, EpisodeOfCare, Practice
from clients.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a report says, saved or still being typed."""

    stage: Stage
    source: str
    reported_at: datetime
    occurred_on: date | None = None
    red_flags: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plan before it is written: the tier with its reasons, and every dated step."""

    told: Told
    tier: RiskTier
    reasons: Sequence[RiskReason]
    steps: Sequence[PlannedMessage | PlannedToDo]
    starts_at: datetime
    zone_name: str

    @property
    def messages(self) -> list[PlannedMessage]:
        return [step for step in self.steps if isinstance(step, PlannedMessage)]

    @property
    def todos(self) -> list[PlannedToDo]:
        return [step for step in self.steps if isinstance(step, PlannedToDo)]


def draft(client: Client, told: Told, *, now: datetime, starts_at: datetime | None = None) -> Draft:
    """The plan that this report would begin. Writes nothing."""
    tier, reasons = provisional(_risk_facts(client, told))
    zone = client.zone
    facts = PlanFacts(
        zone=zone,
        tier=tier,
        told_us=told.source in SELF_REPORTS,
        sent=_recent_sends(client, now),
        timing=timing_of(Practice.current()),
    )
    # A report entered late begins its texts now; a day that has passed is not caught up on.
    start = max(now, starts_at or told.reported_at)
    steps = planner.preview(told.stage, told.reported_at, facts, starts_at=start)
    return Draft(told=told, tier=tier, reasons=reasons, steps=steps, starts_at=start, zone_name=zone.key)


def _risk_facts(client: Client, told: Told) -> RiskFacts:
    classes = (
        ClientSubstance.objects.filter(client=client)
        .order_by("pk")
        .values_list("substance__klass", flat=True)
    )
    return RiskFacts(
        stage=told.stage,
        red_flags=[*told.red_flags, *_flags_of_today(client, told.reported_at)],
        substance_classes=list(classes),
        days_without_use=_days_without_use(client, told),
    )


def _flags_of_today(client: Client, at: datetime) -> list[str]:
    """Red flags of a final assessment made within a day before the report."""
    rows = StageAssessment.objects.filter(
        client=client, state="final", assessed_at__range=(at - schedule.TOO_LATE / 2, at)
    )
    return [flag for flags in rows.order_by("pk").values_list("red_flags", flat=True) for flag in flags]


def _days_without_use(client: Client, told: Told) -> int | None:
    """Days from the last use on record, or from admission where none is, to this one. None when neither is known."""
    day = told.occurred_on or told.reported_at.astimezone(client.zone).date()
    used = UseDay.objects.filter(episode__client=client, on__lt=day).exclude(episode__verification="void")
    known = [used.order_by("-on").values_list("on", flat=True).first()]
    last = ClientSubstance.objects.filter(client=client, last_used_on__lt=day).order_by("-last_used_on")
    known.append(last.values_list("last_used_on", flat=True).first())
    if not any(known):
        admitted = EpisodeOfCare.objects.filter(client=client, admitted_on__lte=day).order_by("-admitted_on")
        known.append(admitted.values_list("admitted_on", flat=True).first())
    dates = [one for one in known if one is not None]
    return (day - max(dates)).days if dates else None


def _recent_sends(client: Client, now: datetime) -> list[datetime]:
    rows = Message.objects.filter(client=client, kind__in=AUTOMATED, sent_at__gte=now - schedule.WEEK)
    return list(rows.order_by("sent_at").values_list("sent_at", flat=True))


def write(
    client: Client, report: Any, plan_draft: Draft, *, by: Any, now: datetime, take_over: Sequence[ToDo] = ()
) -> FollowUpPlan:
    """Save a plan with its messages and to-dos. `take_over`: safety to-dos of the plan before, with their own times."""
    told, start = plan_draft.told, plan_draft.starts_at
    plan = FollowUpPlan.objects.create(
        client=client,
        report=report,
        stage=told.stage,
        risk_tier=plan_draft.tier,
        risk_reasons=list(plan_draft.reasons),
        reported_at=told.reported_at,
        starts_at=start,
        started_on=schedule.moment(start, client.zone).on,
        tz=plan_draft.zone_name,
        template_version=VERSION,
        created_by=by,
    )
    outbox.write_plan(plan, plan_draft.messages)
    _write_todos(plan, plan_draft.todos, take_over, now)
    return plan


def _write_todos(
    plan: FollowUpPlan, steps: Sequence[PlannedToDo], take_over: Sequence[ToDo], now: datetime
) -> None:
    moved = _take_over(plan, take_over)
    counselor = counselor_of(plan.client, now)
    supervisor = supervisor_of(plan.client, counselor, now) or counselor
    ToDo.objects.bulk_create(
        ToDo(
            client_id=plan.client_id,
            plan=plan,
            step_key=step.key,
            kind=step.kind,
            title=str(step.kind.label),
            due_at=step.due_at,
            grace=step.grace,
            urgent=step.urgent,
            owner=supervisor if step.kind in FOR_SUPERVISOR else counselor,
            opened_at=now,
        )
        for step in steps
        if step.kind not in moved
    )


def _take_over(plan: FollowUpPlan, todos: Sequence[ToDo]) -> set[str]:
    """Safety to-dos not yet done move to the new plan under its own key; of two alike the first due stays."""
    prefix = template_for(Stage(plan.stage), plan.template_version).prefix
    for todo in todos:
        todo.plan = plan
        todo.step_key = f"{prefix}-{todo.kind.replace('_', '-').upper()}"
        todo.save(update_fields=["plan", "step_key"])
    return {todo.kind for todo in todos}


def safety_left(plan: FollowUpPlan) -> list[ToDo]:
    """What about safety is still open in a plan."""
    return list(plan.todos.open().filter(kind__in=SAFETY).order_by("pk"))


def close_plan(plan: FollowUpPlan, state: PlanState, *, reason: str, now: datetime) -> None:
    """End a plan. What becomes of its messages and to-dos is the caller's to say."""
    plan.move_to(state)
    plan.closed_at, plan.closed_reason = now, reason
    plan.save(update_fields=["state", "closed_at", "closed_reason"])


def running_plan(client: Client) -> FollowUpPlan | None:
    """The client's running plan, held until the transaction ends."""
    return (
        FollowUpPlan.objects.running()
        .select_for_update(of=("self",))
        .filter(client=client)
        .order_by("pk")
        .first()
    )

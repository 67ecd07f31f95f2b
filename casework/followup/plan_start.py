"""From a report to its plan: gather the facts, plan, write. The page's preview stops before the writing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casework.followup import outbox, plan_facts, planner, schedule
from casework.followup.hours import timing_in
from casework.followup.models import FollowUpPlan, PlanState, ToDo
from casework.followup.plan_facts import Known
from casework.followup.plan_templates import PREFIX, SAFETY
from casework.followup.plan_versions import template_for
from casework.followup.planner import PlanFacts, PlannedMessage, PlannedToDo
from casework.followup.risk import RiskFacts, RiskReason, RiskTier, provisional, still_at_risk
from casework.relapse.reporting import SELF_REPORTS
from clients.models import Client, Practice
from clients.rows import insert_alike
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
    version: int
    known: Known

    @property
    def messages(self) -> list[PlannedMessage]:
        return [step for step in self.steps if isinstance(step, PlannedMessage)]

    @property
    def todos(self) -> list[PlannedToDo]:
        return [step for step in self.steps if isinstance(step, PlannedToDo)]


def draft(
    client: Client,
    told: Told,
    *,
    now: datetime,
    starts_at: datetime | None = None,
    day_zero: datetime | None = None,
    known_before: FollowUpPlan | None = None,
) -> Draft:
    """The plan that this report would begin. Writes nothing. `day_zero`: its texts count from there, past or not.

    `known_before`: the plan whose place it takes; what that one knew of risks still holds.
    """
    day = told.occurred_on or told.reported_at.astimezone(client.zone).date()
    known = plan_facts.read(client, stage=told.stage, day=day, reported_at=told.reported_at, now=now)
    tier, reasons = provisional(
        RiskFacts(
            stage=told.stage,
            red_flags=[*told.red_flags, *known.red_flags],
            substance_classes=known.substance_classes,
            days_without_use=known.days_without_use(day),
        )
    )
    if known_before is not None:
        tier, reasons = still_at_risk(tier, reasons, known_before.risk_tier, known_before.risk_reasons)
    zone = client.zone
    facts = PlanFacts(
        zone=zone,
        tier=tier,
        told_us=told.source in SELF_REPORTS,
        sent=known.sent,
        by_hand=known.by_hand(client.preferred_channel),
        timing=timing_in(known.jurisdiction or Practice().jurisdiction),
    )
    # A report entered late begins its texts now; a day that has passed is not caught up on.
    start = day_zero or max(now, starts_at or told.reported_at)
    template = template_for(told.stage, known.template_version)
    return Draft(
        told=told,
        tier=tier,
        reasons=reasons,
        steps=planner.preview(template, told.reported_at, facts, starts_at=start),
        starts_at=start,
        zone_name=zone.key,
        version=known.template_version,
        known=known,
    )


def write(client: Client, report: Any, plan_draft: Draft, *, by: Any, now: datetime) -> FollowUpPlan:
    """Save a plan with its messages. Its to-dos are `write_todos`, once it is known which ones are taken over."""
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
        template_version=plan_draft.version,
        created_by=by,
    )
    outbox.write_plan(plan, plan_draft.messages)
    return plan


def write_todos(
    plan: FollowUpPlan, plan_draft: Draft, *, taken_over: Collection[str], now: datetime
) -> set[str]:
    """Save the plan's to-dos, without the kinds that were taken over from the plan before. Returns their kinds."""
    steps = [step for step in plan_draft.todos if step.kind not in taken_over]
    if steps:
        insert_alike(
            ToDo(client_id=plan.client_id, plan=plan, opened_at=now),
            {
                "step_key": [step.key for step in steps],
                "kind": [step.kind for step in steps],
                "title": [str(step.kind.label) for step in steps],
                "due_at": [step.due_at for step in steps],
                "grace": [step.grace for step in steps],
                "urgent": [step.urgent for step in steps],
                "owner_id": [plan_draft.known.owner_of(step.kind) for step in steps],
            },
        )
    return {str(step.kind) for step in steps}


def take_over(plan: FollowUpPlan, todos: Sequence[ToDo]) -> set[str]:
    """Safety to-dos not yet done move to the new plan under its own key; of two alike the first due stays."""
    prefix = PREFIX[Stage(plan.stage)]
    for todo in todos:
        todo.plan = plan
        todo.step_key = f"{prefix}-{todo.kind.replace('_', '-').upper()}"
    if todos:
        ToDo.objects.bulk_update(todos, ["plan", "step_key"])
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

"""What pages and other rooms ask about treatment plans."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from clients.models import Client, Practice
from sessions.models import Goal, GoalStep, TreatmentChange, TreatmentPlan
from sessions.models.treatment import TreatmentPlanQuerySet


@dataclass(frozen=True)
class GoalShown:
    """A goal with what is under it, as a page lists it."""

    goal: Goal
    objectives: tuple[GoalStep, ...]
    interventions: tuple[GoalStep, ...]

    def due(self, on: date) -> bool:
        """Whether the goal or anything under it is to be gone through by that day."""
        if self.goal.state != Goal.State.OPEN:
            return False
        steps = [*self.objectives, *self.interventions]
        days = [one.review_on for one in steps if one.state == GoalStep.State.OPEN]
        return min([self.goal.review_on, *days]) <= on


@dataclass(frozen=True)
class PlanShown:
    """The running plan, and its goals: those worked on first."""

    plan: TreatmentPlan
    goals: tuple[GoalShown, ...]

    @property
    def open(self) -> tuple[GoalShown, ...]:
        return tuple(one for one in self.goals if one.goal.state == Goal.State.OPEN)

    @property
    def closed(self) -> tuple[GoalShown, ...]:
        return tuple(one for one in self.goals if one.goal.state != Goal.State.OPEN)


def running_plan(client: Client) -> TreatmentPlan | None:
    """The client's own running plan, else one of a merged record."""
    rows = list(TreatmentPlan.objects.of(client).active().select_related("client", "begun_by"))
    return min(rows, key=lambda one: one.client_id != client.pk, default=None)


def shown(client: Client) -> PlanShown | None:
    """The running plan with the goals of all running plans of the person; in three queries."""
    plan = running_plan(client)
    if plan is None:
        return None
    goals = list(
        Goal.objects.of(client)
        .filter(plan__state=TreatmentPlan.State.ACTIVE)
        .select_related("added_by", "state_by")
        .order_by("added_at", "pk")
    )
    steps: dict[tuple[int, str], list[GoalStep]] = defaultdict(list)
    for step in GoalStep.objects.filter(goal__in=goals).order_by("added_at", "pk"):
        steps[step.goal_id, step.kind].append(step)
    kinds = GoalStep.Kind
    return PlanShown(
        plan,
        tuple(
            GoalShown(goal, tuple(steps[goal.pk, kinds.OBJECTIVE]), tuple(steps[goal.pk, kinds.INTERVENTION]))
            for goal in goals
        ),
    )


def history(client: Client, *, limit: int = 200) -> list[TreatmentChange]:
    """What was changed in the person's plans, the newest first."""
    rows = TreatmentChange.objects.of(client).select_related("by", "goal", "step", "plan")
    return list(rows.order_by("-at", "-pk")[:limit])


def words_at(goals: Iterable[Goal], at: datetime) -> list[str]:
    """How each of the goals was worded at `at`, whatever was made of it since; in one query."""
    known = list(goals)
    later = TreatmentChange.objects.filter(
        goal__in=known, step=None, what=TreatmentChange.What.REWORDED, at__gt=at
    )
    # From the latest back to the first after that moment, which has the last say.
    then = {change.goal_id: change.words_before for change in later.order_by("-at", "-pk")}
    return [then.get(goal.pk, goal.words) for goal in known]


def ended_plans(client: Client) -> list[TreatmentPlan]:
    """Plans that ended, the latest first."""
    ended = TreatmentPlan.objects.of(client).filter(state=TreatmentPlan.State.ENDED)
    return list(ended.order_by("-ended_at", "-pk"))


def reviews_due(user: Any, at: datetime) -> TreatmentPlanQuerySet:
    """Running plans of the clients whom `user` sees with anything to go through by the practice's today."""
    today = timezone.localdate(at, Practice.current().zone)
    return TreatmentPlan.objects.visible_to(user, at=at).review_due(today).select_related("client")

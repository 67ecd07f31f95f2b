"""Quarterly checkups after a plan (clinical.md §4.3), where a practice's template has them. They may be run twice.

Each is opened two weeks before its day, for whoever is the counselor then; a newer plan takes its own place.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from casework.followup import schedule, todos
from casework.followup.models import FollowUpPlan, PlanState, TemplateVersion, ToDo
from casework.followup.plan_check import LAST_CHECKUP
from casework.followup.plan_templates import PREFIX, ToDoKind
from casework.followup.plan_versions import template_for
from casework.followup.planner import END_OF_WORK
from clients.actions import locked
from clients.models import Client
from clients.stage import Stage

AHEAD = timedelta(days=14)
GRACE = timedelta(days=7)
DAY = timedelta(days=1)


def open_checkups(now: datetime) -> int:
    """Open the checkups whose day is near. Returns how many. Without a template that has any: one query."""
    asking = list(
        TemplateVersion.objects.released()
        .exclude(checkups=[])
        .order_by("stage", "version")
        .values_list("stage", "version")
    )
    return sum(open_next(plan_id, now) for stage, version in asking for plan_id in _due(stage, version, now))


def _due(stage: str, version: int, now: datetime) -> list[int]:
    """Completed plans without a later one, whose client is in touch and which have a checkup near that is not open."""
    template = template_for(Stage(stage), version)
    today = now.date()
    days = [number for number in range(LAST_CHECKUP) if _near(template.checkups, number) is not None]
    begun = [today - number * DAY + shift for number in days for shift in (-DAY, timedelta(0), DAY)]
    later = FollowUpPlan.objects.filter(client=OuterRef("client"), starts_at__gt=OuterRef("starts_at"))
    plans = FollowUpPlan.objects.filter(
        stage=stage,
        template_version=version,
        state=PlanState.COMPLETED,
        started_on__in=begun,
        client__state=Client.State.ACTIVE,
    ).exclude(Exists(later.exclude(state=PlanState.VOIDED)))
    return list(plans.order_by("pk").values_list("pk", flat=True))


def _near(checkups: tuple[int, ...], day: int) -> int | None:
    """The checkup that a plan is about to reach on its day `day`."""
    return next((one for one in checkups if 0 <= one - day <= AHEAD.days), None)


@transaction.atomic
def open_next(plan_id: int, now: datetime) -> bool:
    """Open the checkup that this plan is about to reach, once."""
    client = locked(FollowUpPlan.objects.values_list("client_id", flat=True).get(pk=plan_id))
    plan = FollowUpPlan.objects.get(pk=plan_id)
    today: date = schedule.moment(now, client.zone).on
    template = template_for(Stage(plan.stage), plan.template_version)
    day = _near(template.checkups, (today - plan.started_on).days)
    key = f"{PREFIX[Stage(plan.stage)]}-D{day}-CHECKUP"
    if day is None or ToDo.objects.filter(plan=plan, step_key=key).exists():
        return False
    todos.open_todo(
        client=client,
        kind=ToDoKind.CHECKUP,
        due_at=schedule.resolve(plan.started_on + day * DAY, END_OF_WORK, client.zone),
        now=now,
        plan=plan,
        step_key=key,
        grace=GRACE,
    )
    return True

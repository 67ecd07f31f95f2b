"""An assessment becomes the record: the stage moves, and what that asks of people is opened in the same transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import summary, todos
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.relapse import actions as relapse
from casework.relapse.actions.assessing import Finalised, Sheet
from casework.relapse.models import RelapseReport, StageAssessment
from casework.relapse.moving import Moved
from clients.access import Verb, require
from clients.actions import locked
from clients.models import Client
from clients.stage import Stage

REPORT_WITHIN = timedelta(hours=24)
REVIEW_WITHIN = timedelta(hours=72)
EMERGENCY_WITHIN = timedelta(minutes=15)
EARLY_BY = timedelta(days=2)  # a re-assessment this long before its day is the one that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The assessment, how the stage moved, and the to-dos that opened."""

    assessment: StageAssessment
    moved: Moved
    opened: tuple[ToDo, ...]


@transaction.atomic
def finalise_assessment(
    *, client_id: int, sheet: Sheet, by: Any, now: datetime, session: Any = None
) -> Assessed:
    """Save the sheet as final. Raises what `relapse.save_assessment` and `relapse.finalise` raise, and changes nothing.

    A red flag opens the emergency to-do; an escalation asks for the supervisor's review, and, where no report tells of
    the stage it rose to, asks the counselor whether to record one. Re-assessments that were due are done.
    """
    require(by, Verb.ASSESS_STAGE)
    client = locked(client_id)
    draft = relapse.save_assessment(client_id=client_id, sheet=sheet, by=by, now=now, session=session)
    done = relapse.finalise(assessment_id=draft.pk, by=by, now=now)
    _finish_due(client, by=by, now=now)
    opened = _open_todos(client, done, by=by, now=now)
    summary.refresh(client_id)
    return Assessed(assessment=done.assessment, moved=done.moved, opened=tuple(opened))


def _finish_due(client: Client, *, by: Any, now: datetime) -> None:
    due = client.todos.open().filter(kind=ToDoKind.REASSESSMENT, due_at__lte=now + EARLY_BY).order_by("pk")
    todos.finish(due, by=by, now=now, outcome=_("Assessed"))


def _open_todos(client: Client, done: Finalised, *, by: Any, now: datetime) -> list[ToDo]:
    """Nobody who has died is asked after; nobody who left is either, but for a red flag."""
    if client.state == Client.State.DECEASED:
        return []
    plan = running_plan(client)
    wanted: list[tuple[ToDoKind, timedelta]] = []
    if done.assessment.red_flags:
        wanted.append((ToDoKind.EMERGENCY, EMERGENCY_WITHIN))
    if done.moved.rose and not _told_of(client, done, plan):
        wanted.append((ToDoKind.UPGRADE, REPORT_WITHIN))
    if done.moved.escalated and not _review_is_open(client):
        wanted.append((ToDoKind.SUPERVISOR_REVIEW, REVIEW_WITHIN))
    return [
        todos.open_todo(
            client=client,
            kind=kind,
            due_at=now + within,
            now=now,
            by=by,
            plan=plan,
            urgent=kind == ToDoKind.EMERGENCY,
            step_key=f"{_key(done.assessment)}{kind}",
        )
        for kind, within in wanted
    ]


def _told_of(client: Client, done: Finalised, plan: FollowUpPlan | None) -> bool:
    """Whether a running plan, or a report since the last assessment, already speaks of this stage or a higher one."""
    held = Stage(done.assessment.counselor_stage).rank or 0
    if plan is not None and (Stage(plan.stage).rank or 0) >= held:
        return True
    earlier = StageAssessment.objects.final().filter(client=client).exclude(pk=done.assessment.pk).first()
    reports = RelapseReport.objects.standing().filter(client=client)
    if earlier is not None:
        reports = reports.filter(reported_at__gt=earlier.assessed_at)
    return any((Stage(report.stage).rank or 0) >= held for report in reports)


def _review_is_open(client: Client) -> bool:
    return client.todos.open().filter(kind=ToDoKind.SUPERVISOR_REVIEW).exists()


@transaction.atomic
def mark_assessment_error(*, assessment_id: int, reason: str, by: Any, now: datetime) -> StageAssessment:
    """Mark an assessment as a mistake: the stage is reckoned anew, and what it had asked of people is cancelled."""
    require(by, Verb.ASSESS_STAGE)
    undone = relapse.mark_assessment_error(
        assessment_id=assessment_id, reason=reason, by=by, now=now
    ).assessment
    asked = undone.client.todos.filter(step_key__startswith=_key(undone))
    todos.close(asked, state=ToDo.State.CANCELLED, reason="voided")
    summary.refresh(undone.client_id)
    return undone


def _key(assessment: StageAssessment) -> str:
    return f"ASSESSED-{assessment.pk}-"

"""A look back is finished: the prevention plan takes it in, and the to-do that asked for it is done (§1.8)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from casework.followup import summary, todos
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_if_done
from casework.relapse.actions import reviews
from casework.relapse.actions.reviews import Finished
from casework.relapse.learning import Told
from casework.relapse.models import RelapseReport
from clients.access import Verb, require
from clients.actions import locked
from clients.models import Client


@transaction.atomic
def finish_review(*, report_id: int, version: int, told: Told, by: Any, now: datetime) -> Finished:
    """Keep what was told, and make it stand. Raises what `relapse.save_review` and `relapse.finish_review` raise.

    Of the to-dos to look back, that of the report's own plan, or of the plan that it joined, is done.
    """
    require(by, Verb.RUN_PLAN)
    client = locked(RelapseReport.objects.values_list("client", flat=True).get(pk=report_id))
    reviews.save_review(report_id=report_id, version=version, told=told, by=by, now=now)
    done = reviews.finish_review(report_id=report_id, by=by, now=now)
    _close(client, report_id, by=by, now=now)
    return done


def asked_by(client: Client, report_id: int) -> QuerySet[ToDo]:
    """The open to-dos that ask to look back at this report."""
    of_report = Q(report=report_id) | Q(plan__report=report_id) | Q(plan__further_reports__report=report_id)
    rows = client.todos.open().filter(of_report, kind=ToDoKind.LEARNING_REVIEW)
    return rows.select_related("plan").order_by("pk").distinct()


def _close(client: Client, report_id: int, *, by: Any, now: datetime) -> None:
    due = list(asked_by(client, report_id))
    todos.finish(due, by=by, now=now, outcome=_("Looked back together"))
    for plan in _plans(due):
        complete_if_done(plan, now)
    summary.refresh(client.pk)


def _plans(due: list[ToDo]) -> list[FollowUpPlan]:
    return [todo.plan for todo in due if todo.plan is not None]

"""This room's columns of the client's summary, brought up to date in the transaction that changes them."""

from datetime import datetime

from django.db.models import Count, F, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from casework.followup.models import FollowUpPlan, InboundMessage, ToDo
from clients.models import ClientSummary


def refresh(client_id: int) -> None:
    """Recount open to-dos and unread answers, and note the running plan, or the last one. One statement."""
    of_client = {"client": OuterRef("client_id")}
    todos = ToDo.objects.open().filter(**of_client).order_by().values("client")
    unread = InboundMessage.objects.filter(**of_client, read_at__isnull=True).order_by().values("client")
    running_first = F("closed_at").desc(nulls_first=True)
    plan = FollowUpPlan.objects.filter(**of_client).order_by(running_first, "-starts_at", "-pk")
    ClientSummary.objects.filter(client=client_id).update(
        open_todos=Coalesce(Subquery(todos.annotate(n=Count("pk")).values("n")), 0),
        next_due_todo_at=Subquery(todos.annotate(due=Min("due_at")).values("due")),
        unread_answers=Coalesce(Subquery(unread.annotate(n=Count("pk")).values("n")), 0),
        plan_state=Coalesce(Subquery(plan.values("state")[:1]), Value("")),
        plan_stage=Coalesce(Subquery(plan.values("stage")[:1]), Value("")),
        plan_started_at=Subquery(plan.values("starts_at")[:1]),
    )


def contact_made(client_id: int, at: datetime) -> None:
    """Remember the latest two-way contact; an older one entered late changes nothing."""
    later = Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at)
    ClientSummary.objects.filter(later, client=client_id).update(last_contact_at=at)

"""The plan's page, and the safety checklist."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.followup import ladder_view
from casework.followup.contact_clock import clock_of
from casework.followup.models import FollowUpPlan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_view import view_of
from casework.relapse.models import RelapseReport
from clients.access import Verb
from clients.doors import client_or_404
from clients.models import Client
from clients.views.guard import needs

FEW = ":6"  # the next steps, where the plan is not the page's own matter


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The running plan, or the last one; earlier ones below; what waits for a decision on top."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    plans = _plans(client)
    current = _current(plans)
    context = {
        "client": client,
        "now": now,
        "plan": current,
        "view": view_of(current, now) if current else None,
        "ladder": ladder_view.view_of(current, now) if current and current.is_running else None,
        "clock": clock_of(current) if current and current.is_running else None,
        "earlier": [plan for plan in plans if plan is not current],
        "crises": client.todos.open().filter(kind=ToDoKind.CRISIS).in_order() if current else [],
        "unconfirmed": RelapseReport.objects.of(client).awaiting_confirmation(),
        "standing": RelapseReport.objects.of(client).standing().select_related("learning_review")[:20],
    }
    return render(request, "followup/plan.html", context)


@require_safe
@needs(Verb.VIEW_CLIENT)
def steps(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The steps alone, anew, for a page that is open while something is sent. The look was audited with the page."""
    client = client_or_404(request, uid)
    now = timezone.now()
    plan = _current(_plans(client))
    if plan is None:
        return HttpResponse(status=204)
    few = FEW if request.GET.get("few") == FEW else ":"
    context = {"plan": plan, "view": view_of(plan, now), "now": now, "few": few}
    return render(request, "followup/_steps.html", context)


def _plans(client: Client) -> list[FollowUpPlan]:
    return list(FollowUpPlan.objects.of(client).select_related("report", "client"))


def _current(plans: Sequence[FollowUpPlan]) -> FollowUpPlan | None:
    """The one that runs, or the last one."""
    return next((plan for plan in plans if plan.is_running), plans[0] if plans else None)

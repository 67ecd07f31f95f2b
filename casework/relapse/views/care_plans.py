"""The part of the client's page that shows the prevention plan and the treatment plan; a request of its own."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from casework.relapse.prevention import queries
from clients.access import Verb, can
from clients.doors import client_or_404
from clients.views.guard import needs
from sessions import treatment


@require_GET
@needs(Verb.VIEW_CLIENT)
def care_plans(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What holds, what is being written, which goals are worked on, and what is due for review."""
    client = client_or_404(request, uid)
    today = timezone.localdate(timezone.now(), client.zone)
    shown = treatment.shown(client)
    context = {
        "client": client,
        "standing": queries.standing(client),
        "shown": shown,
        "due": {one.goal.pk for one in shown.open if one.due(today)} if shown else set(),
        "plan_due": shown is not None and shown.plan.next_review_on <= today,
        "writes": client.is_in_touch and can(request.user, Verb.WRITE_PLANS),
    }
    return render(request, "relapse/_care_plans.html", context)

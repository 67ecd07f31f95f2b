"""Who needs me now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.desk.today import held, today
from casework.followup.queries import unknown_senders
from clients import audit
from clients.access import Verb, can


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Today, for those who care for clients; for the others a page that names no client."""
    if not can(request.user, Verb.COMPLETE_TODO):
        return render(request, "desk/no_clients.html")
    now = timezone.now()
    sections = today(request.user, now)
    audit.record_list("today", by=request.user, at=now, filters={}, ids=held(sections))
    unknown = unknown_senders(request.user, at=now).count()
    pressing = [one for one in sections if one.key != "coming"]
    context = {
        "now": now,
        "sections": pressing,
        "coming": sections[-1],
        "waiting": any(section.rows for section in pressing),
        "unknown": unknown,
    }
    return render(request, "desk/today.html", context)

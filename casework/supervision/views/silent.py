"""Clients who do not answer, with what can be decided about each, in place."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.followup.ladder_view import cases
from casework.supervision import silent
from clients import audit
from clients.access import Verb
from clients.views.guard import needs

PAGE = 20


@require_safe
@needs(Verb.REVIEW_CASELOAD)
def page(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, the highest rung first; below it, who has only just gone silent."""
    now = timezone.now()
    shown = Paginator(silent.to_decide(request.user, now), PAGE).get_page(request.GET.get("page"))
    calls = list(silent.waiting(request.user, now)[:PAGE])
    ids = sorted({rung.client_id for rung in [*shown, *calls]})
    audit.record_list("silent", by=request.user, at=now, filters={"page": shown.number}, ids=ids)
    context = {"now": now, "page": shown, "cases": cases(shown, now), "calls": calls}
    return render(request, "supervision/silent.html", context)

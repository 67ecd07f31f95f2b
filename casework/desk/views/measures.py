"""A client's measures over time, and one result."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.desk.measures import brief, measures_page, result_page
from casework.measures.models import MeasureResult
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.views.guard import needs


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What is due, and every measure over time."""
    client = client_or_404(request, uid, viewing=True)
    context = measures_page(client, user=request.user, now=timezone.now())
    return render(request, "measures/page.html", {"client": client, **context})


@require_safe
@needs(Verb.VIEW_CLIENT)
def in_brief(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The latest of each, for the client's page."""
    client = client_or_404(request, uid)
    context = brief(client, user=request.user, now=timezone.now())
    return render(request, "measures/_brief.html", {"client": client, **context})


@require_safe
@needs(Verb.VIEW_CLIENT)
def measure(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One result, answer by answer."""
    rows = MeasureResult.objects.select_related("client__merged_into", "recorded_by", "voided_by", "session")
    result = record_or_404(request, rows.with_scores(), uid, viewing=True)
    context = {"client": result.client.survivor, "result": result, **result_page(result)}
    return render(request, "measures/result.html", context)

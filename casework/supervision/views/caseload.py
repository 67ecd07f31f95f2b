"""The caseload of those who supervise, or audit."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.supervision import caseload
from clients import audit
from clients.access import Verb
from clients.last_contact import days_since
from clients.views.guard import needs

PAGE = 50
A_ROW = 5


@require_safe
@needs(Verb.REVIEW_CASELOAD)
def page(request: HttpRequest) -> HttpResponse:
    """Totals that open their lists, and the list."""
    now = timezone.now()
    wanted = caseload.Wanted.of(request.GET)
    clients = caseload.caseload(request.user, wanted, now)
    shown = Paginator(caseload.rows(clients, wanted, now), PAGE).get_page(request.GET.get("page"))
    for client in shown:
        client.days_since = days_since(client.counts_from, now)
    counts = caseload.totals(clients, now)
    told = [(total, counts[total.key]) for total in caseload.TOTALS]
    filters = {"show": wanted.show, "counselor": wanted.counselor, "page": shown.number}
    audit.record_list("caseload", by=request.user, at=now, filters=filters, ids=[one.pk for one in shown])
    context = {
        "now": now,
        "page": shown,
        "wanted": wanted,
        "groups": [told[:A_ROW], told[A_ROW:]],
        "shown": caseload.BY_KEY[wanted.show],
        "counselors": caseload.counselors(request.user, now),
    }
    return render(request, "supervision/caseload.html", context)

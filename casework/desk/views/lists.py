"""Lists of clients: mine, and those that a search finds."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.desk.my_clients import SHOWS, SORTS, Wanted, my_clients
from clients import audit
from clients.access import Verb
from clients.last_contact import with_last_contact
from clients.models import Client
from clients.views.guard import needs

PAGE = 50
MOST_FOUND = 50


@require_safe
@needs(Verb.VIEW_CLIENT)
def clients(request: HttpRequest) -> HttpResponse:
    """My clients; for a supervisor those of their teams."""
    now = timezone.now()
    wanted = Wanted.of(request.GET)
    page = Paginator(my_clients(request.user, wanted, now), PAGE).get_page(request.GET.get("page"))
    filters = {"show": wanted.show, "sort": wanted.sort, "page": page.number}
    audit.record_list("clients", by=request.user, at=now, filters=filters, ids=[one.pk for one in page])
    context = {"page": page, "wanted": wanted, "now": now, "shows": SHOWS.items(), "sorts": SORTS.items()}
    return render(request, "desk/clients.html", context)


@require_safe
@needs(Verb.VIEW_CLIENT)
def search(request: HttpRequest) -> HttpResponse:
    """By name, phone or record number, among the clients that the person may see. The trail keeps no words."""
    now = timezone.now()
    words = request.GET.get("q", "").strip()[:80]
    visible = Client.objects.visible_to(request.user, at=now).matching(words)
    found = list(
        with_last_contact(visible.for_list()).order_by("family_name", "given_name", "pk")[: MOST_FOUND + 1]
    )
    shown = found[:MOST_FOUND]
    audit.record_list("search", by=request.user, at=now, filters={}, ids=[one.pk for one in shown])
    context = {
        "words": words,
        "found": shown,
        "more": len(found) > MOST_FOUND,
        "now": now,
        "most": MOST_FOUND,
    }
    return render(request, "desk/search.html", context)

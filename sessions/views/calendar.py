"""The calendar: a day, a week or a list of somebody's sessions."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from clients import audit
from clients.access import Verb, can
from clients.dates import is_in_reach
from clients.doors import refuse
from clients.models import Client
from clients.views.guard import needs
from sessions import calendar

FIRST_OFFERED = 20
NONE_AHEAD_FIRST = F("summary__next_session_at").asc(nulls_first=True)


@require_GET
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest) -> HttpResponse:
    """The days that the address asks for: whose, around which day, and in which view."""
    now = timezone.now()
    people = list(calendar.people_for(request.user, now))
    counselor = _whose(request, people)
    view = request.GET.get("view", "")
    view = view if view in calendar.VIEWS else "week"
    today = timezone.localdate(now)
    on = day_in(request.GET.get("on", "")) or today
    shown = None
    if counselor is not None:
        zone = timezone.get_current_timezone()
        shown = calendar.calendar_of(counselor, viewer=request.user, view=view, on=on, now=now, zone=zone)
        audit.record_list(
            "calendar",
            by=request.user,
            at=now,
            filters={"view": view, "on": str(on), "counselor": str(counselor.uid)},
            ids=shown.ids,
        )
    first, last = calendar.span_of(view, on)
    context = {
        "calendar": shown,
        "people": people,
        "counselor": counselor,
        "view": view,
        "on": on,
        "period": _period(first, last),
        "earlier": first - calendar.step_of(view),
        "later": first + calendar.step_of(view),
        "today": today,
        "now": now,
        "plans": can(request.user, Verb.SCHEDULE_SESSION),
        "own": counselor is not None and counselor.pk == request.user.pk,
    }
    return render(request, "sessions/calendar.html", context)


def _period(first: date, last: date) -> str:
    """From which day to which, as the page's subtitle says it."""
    if first == last:
        return date_format(first, "l j F Y")
    return f"{date_format(first, 'j M')} – {date_format(last, 'j M Y')}"


def day_in(text: str) -> date | None:
    """The day that an address names; nothing when it names none that a calendar has room for."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found is not None and is_in_reach(found) else None


def _whose(request: HttpRequest, people: list[Any]) -> Any:
    """The person asked for, else oneself, else the first whose calendar one may open."""
    try:
        asked = UUID(request.GET.get("counselor", ""))
    except ValueError:
        return request.user if request.user in people else next(iter(people), None)
    for person in people:
        if person.uid == asked:
            return person
    raise refuse(request, what="calendar", uid=asked)


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def plan(request: HttpRequest) -> HttpResponse:
    """With whom? The clients whom one sees, those without a session ahead first; the time goes along."""
    now = timezone.now()
    words = request.GET.get("q", "").strip()
    clients = Client.objects.visible_to(request.user, at=now).in_touch().for_list()
    if words:
        clients = clients.filter(pk__in=Client.objects.matching(words).order_by().values("pk"))
    found = list(clients.order_by(NONE_AHEAD_FIRST, "family_name", "pk")[: FIRST_OFFERED + 1])
    audit.record_list(
        "calendar.plan", by=request.user, at=now, filters={}, ids=[one.pk for one in found[:FIRST_OFFERED]]
    )
    context = {
        "found": found[:FIRST_OFFERED],
        "more": len(found) > FIRST_OFFERED,
        "q": words,
        "at": request.GET.get("at", "")[:16],
        "now": now,
    }
    return render(request, "sessions/plan.html", context)

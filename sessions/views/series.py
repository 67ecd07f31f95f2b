"""A series: its rule, its sessions, and the forms that change or end it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.access import Verb, can
from clients.doors import record_or_404
from clients.views.guard import needs
from sessions.booking_forms import ChangeSeriesForm, EndSeriesForm
from sessions.models import Series, Session


def found_series(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> Series:
    """The series with its people, if its client is the person's to see."""
    rows = Series.objects.select_related(
        "client__merged_into", "counselor", "room", "made_by", "ended_by", "continues", "continued_by"
    )
    return record_or_404(request, rows, uid, viewing=viewing)


@require_GET
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The rule in words, each session of the series and how it stands."""
    series = found_series(request, uid, viewing=True)
    now = timezone.now()
    sessions = list(Session.objects.filter(series=series).for_rows().order_by("starts_at", "pk"))
    ahead = [one for one in sessions if one.state == Session.State.SCHEDULED and one.starts_at > now]
    context = {
        "series": series,
        "client": series.client.survivor,
        "sessions": sessions,
        "changes": bool(ahead) and series.ended_on is None and can(request.user, Verb.SCHEDULE_SESSION),
        "now": now,
        "mine": series.counselor_id == request.user.pk,
    }
    return render(request, "sessions/series.html", context)


def first_ahead(series: Series, request: HttpRequest, now: datetime) -> Session | None:
    """The session from which on the series is to change: the one that is asked for, else the next one.

    Of a form that was sent, none when that one is not planned any more: another would change more than was asked.
    """
    rows = Session.objects.filter(series=series, state=Session.State.SCHEDULED, starts_at__gt=now)
    rows = rows.select_related("counselor", "room").order_by("series_on")
    try:
        asked = UUID(request.POST.get("session") or request.GET.get("session", ""))
    except ValueError:
        return rows.first()
    found = rows.filter(uid=asked).first()
    return found if request.method == "POST" else found or rows.first()


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def change(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that changes a series from a session on; it is sent to casework.followup."""
    series, now = found_series(request, uid), timezone.now()
    session = first_ahead(series, request, now)
    if session is None or series.ended_on is not None:
        messages.warning(request, _("No session of this series lies ahead."))
        return redirect("counseling:series", uid=series.uid)
    initial = ChangeSeriesForm.of(series, session)
    form = ChangeSeriesForm(
        kind=series.kind, client=series.client.survivor, by=request.user, now=now, initial=initial
    )
    return change_page(request, series, session, form)


def change_page(request: HttpRequest, series: Series, session: Session, form: Any) -> HttpResponse:
    """The page with that form, filled or not."""
    context = {"series": series, "session": session, "client": series.client.survivor, "form": form}
    return render(request, "sessions/series_change.html", {**context, "now": timezone.now()})


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that ends a series; it is sent to casework.followup."""
    series, now = found_series(request, uid), timezone.now()
    session = first_ahead(series, request, now)
    first = session.series_on if session is not None else None
    return end_page(request, series, EndSeriesForm(first=first or timezone.localdate(now)))


def end_page(request: HttpRequest, series: Series, form: Any) -> HttpResponse:
    """The page with that form, filled or not."""
    context = {"series": series, "client": series.client.survivor, "form": form, "now": timezone.now()}
    return render(request, "sessions/series_end.html", context)

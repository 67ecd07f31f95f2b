"""Changing and ending a series: the forms are in `sessions`, what follows is here."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.followup.actions.series import change_series, end_series
from clients.access import Verb
from clients.forms import answering
from clients.views.guard import needs
from sessions.actions.lower_series import Planned
from sessions.booking_forms import ChangeSeriesForm, EndSeriesForm
from sessions.views.series import change_page, end_page, first_ahead, found_series


def series_planned(planned: Planned) -> str:
    """How many sessions there are now, and which days were left out."""
    number = len(planned.sessions)
    said = ngettext("%(n)s session is planned.", "%(n)s sessions are planned.", number) % {"n": number}
    if not planned.left_out:
        return said
    days = ", ".join(date_format(day, "j M") for day in planned.left_out)
    return said + " " + _("Left out: %(days)s.") % {"days": days}


@needs(Verb.SCHEDULE_SESSION)
def change(request: HttpRequest, uid: UUID) -> HttpResponse:
    """From one of its sessions on the series follows another rule."""
    series, now = found_series(request, uid), timezone.now()
    session = first_ahead(series, request, now)
    if request.method != "POST":
        return redirect("counseling:series", uid=series.uid)
    if session is None:
        messages.warning(request, _("That session has moved or was called off. Nothing was changed."))
        return redirect("counseling:series", uid=series.uid)
    form = ChangeSeriesForm(
        request.POST, kind=series.kind, client=series.client.survivor, by=request.user, now=now
    )
    if form.is_valid():
        with answering(form):
            planned = change_series(
                series_id=series.pk, from_on=session.series_on, by=request.user, now=now, **form.series()
            )
            messages.success(request, series_planned(planned))
            return redirect("counseling:series", uid=planned.series.uid)
    return change_page(request, series, session, form)


@needs(Verb.SCHEDULE_SESSION)
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """No session of the series from a day on."""
    series, now = found_series(request, uid), timezone.now()
    if request.method != "POST":
        return redirect("counseling:series", uid=series.uid)
    form = EndSeriesForm(request.POST, first=timezone.localdate(now))
    if form.is_valid():
        with answering(form):
            _series, off = end_series(series_id=series.pk, by=request.user, now=now, **form.cleaned_data)
            number = len(off)
            messages.success(
                request,
                ngettext(
                    "The series is ended; %(n)s session is called off.",
                    "The series is ended; %(n)s sessions are called off.",
                    number,
                )
                % {"n": number},
            )
            return redirect("counseling:series", uid=series.uid)
    return end_page(request, series, form)

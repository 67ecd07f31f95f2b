"""Planning, moving, cancelling and closing a session: the forms are in `sessions`, what follows is here."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.followup.actions import sessions as actions
from casework.followup.actions.series import schedule_series
from casework.followup.views.series import series_planned
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering
from clients.views.guard import needs
from sessions.booking_forms import CancelForm, CloseForm, MoveForm, SessionForm
from sessions.models import Session
from sessions.views.session import change_page, found_session, new_page, posted


@needs(Verb.SCHEDULE_SESSION)
def schedule(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Plan a session, or enter one already held."""
    client = client_or_404(request, uid)
    if request.method != "POST":
        return redirect("counseling:new", uid=client.uid)
    now = timezone.now()
    form = SessionForm(request.POST, client=client, by=request.user, now=now)
    if form.is_valid() and form.comes_back:
        with answering(form):
            planned = schedule_series(client_id=client.pk, by=request.user, now=now, **form.series())
            messages.success(request, series_planned(planned))
            return redirect("counseling:series", uid=planned.series.uid)
    elif form.is_valid():
        with answering(form):
            session = actions.schedule_session(
                client_id=client.pk, by=request.user, now=now, **form.planned()
            )
            messages.success(request, _("The session is planned."))
            return redirect("counseling:session", uid=session.uid)
    return new_page(request, client, form)


@needs(Verb.SCHEDULE_SESSION)
@posted
def reschedule(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Move a session."""
    session, now = found_session(request, uid), timezone.now()
    form = MoveForm(request.POST, kind=session.kind, client=session.client, by=request.user, now=now)
    if form.is_valid():
        with answering(form):
            actions.reschedule_session(session_id=session.pk, by=request.user, now=now, **form.planned())
            messages.success(request, _("The session is moved."))
            return redirect("counseling:session", uid=session.uid)
    return change_page(request, session, form, "move")


@needs(Verb.SCHEDULE_SESSION)
@posted
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Call a session off."""
    session, form = found_session(request, uid), CancelForm(request.POST)
    if form.is_valid():
        with answering(form):
            actions.cancel_session(
                session_id=session.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The session is called off."))
            return redirect("counseling:session", uid=session.uid)
    return change_page(request, session, form, "cancel")


@needs(Verb.HOLD_SESSION)
@posted
def close(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Say how a session went, in one click or with its actual times."""
    session, form = found_session(request, uid), CloseForm(request.POST)
    if form.is_valid():
        with answering(form):
            closed = actions.close_session(
                session_id=session.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _after(closed))
            return redirect("counseling:session", uid=session.uid)
    return change_page(request, session, form, "close")


def _after(session: Session) -> str:
    if session.state == Session.State.ATTENDED:
        return _("Attended, %(minutes)s minutes. The note is next.") % {"minutes": session.minutes}
    return _("Missed session noted. A to-do to reach out is due within 24 hours.")

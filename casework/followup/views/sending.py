"""What goes to a client beside a plan: the link to their own plan, and the reminder of a visit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from casework.followup.actions.links import send_plan
from casework.followup.visit_view import reminding
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import telling
from clients.views.guard import needs
from sessions.models import Session


@require_POST
@needs(Verb.SEND_MESSAGE)
def plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Text the client a link to the signed plan."""
    client, now = client_or_404(request, uid), timezone.now()
    with telling(request):
        message = send_plan(client_id=client.pk, by=request.user, now=now)
        said = _("The link is on its way to %(first)s. It opens once, within a day.")
        if message.due_at > now:
            said = _("It is night where %(first)s lives: the link goes in the morning.")
        messages.success(request, said % {"first": client.first_name})
    return redirect("relapse:prevention_plan", uid=client.uid)


@require_GET
@needs(Verb.VIEW_CLIENT)
def reminder(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Part of a session's page: when its reminder goes or went, and what the client answered."""
    session = record_or_404(request, Session.objects.select_related("client"), uid)
    now = timezone.now()
    told = {"told": reminding(session, now), "client": session.client, "now": now}
    return render(request, "followup/_reminding.html", told)


urlpatterns = [
    path("clients/<uuid:uid>/prevention-plan/text/", plan, name="send_plan"),
    path("sessions/<uuid:uid>/reminder/", reminder, name="visit_reminder"),
]

"""Discharge, death, and a permission taken back: each page names what will happen before it does."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casework.followup import actions
from casework.followup.actions.endings import ALL_MESSAGES
from casework.followup.forms import DeathForm, DischargeForm
from casework.followup.models import Message
from casework.followup.plan_upkeep import can_still_message
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering, telling
from clients.models import Client, Permission
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


def _waiting(client: Client) -> dict[str, int]:
    """How much of what waits would be cancelled."""
    return {
        "messages_waiting": Message.objects.waiting().filter(client=client).count(),
        "todos_open": client.todos.open().count(),
    }


@require_http_methods(READ_OR_WRITE)
@needs(Verb.DISCHARGE_CLIENT)
def discharge(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End care; messages and to-dos end with it."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = DischargeForm(
        request.POST if request.method == "POST" else None,
        initial={"on": timezone.localdate(now, client.zone)},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.discharge(client_id=client.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("%(first)s is discharged.") % {"first": client.first_name})
            return home(client)
    return form_page(
        request,
        client,
        form,
        title=_("Discharge %(first)s") % {"first": client.first_name},
        save=_("Discharge"),
        page="followup/ending.html",
        kind="discharge",
        **_waiting(client),
    )


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RECORD_DEATH)
def death(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Stop everything for ever."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = DeathForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.record_death(client_id=client.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request, _("Recorded. Nothing goes out to %(first)s any more.") % {"first": client.first_name}
            )
            return home(client)
    return form_page(
        request,
        client,
        form,
        title=_("Record a death"),
        save=_("Record"),
        page="followup/ending.html",
        kind="death",
        **_waiting(client),
    )


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PERMISSIONS)
def withdraw(request: HttpRequest, uid: UUID, channel: str) -> HttpResponse:
    """The client no longer wants to be reached this way."""
    if channel not in {*Permission.Channel.values, ALL_MESSAGES}:
        raise Http404
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    if request.method == "POST":
        with telling(request):
            actions.withdraw_permission(client_id=client.pk, channel=channel, by=request.user, now=now)
            messages.success(request, _("Withdrawn, at once."))
        return home(client, "permissions")
    label = _("All messages") if channel == ALL_MESSAGES else Permission.Channel(channel).label
    context = {
        "client": client,
        "channel": channel,
        "label": label,
        "reachable": can_still_message(client, now),
        **_waiting(client),
    }
    return render(request, "followup/withdraw.html", context)

"""A pause, and its end: each page names what will happen before it does."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casework.followup import actions
from casework.followup.forms import PauseForm, ResumeForm
from casework.followup.models import Message
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def pause(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hold every message until the client is back."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = PauseForm(
        request.POST if request.method == "POST" else None,
        initial={"on": timezone.localdate(now, client.zone)},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.pause_client(client_id=client.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request, _("Paused. No message goes to %(first)s.") % {"first": client.first_name}
            )
            return home(client)
    return form_page(
        request,
        client,
        form,
        title=_("Pause %(first)s") % {"first": client.first_name},
        save=_("Pause"),
        page="followup/pause.html",
        messages_waiting=Message.objects.waiting().filter(client=client).count(),
    )


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def resume(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The client is back."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = ResumeForm(
        request.POST if request.method == "POST" else None,
        initial={"on": timezone.localdate(now, client.zone)},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.resume_client(client_id=client.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("%(first)s is active again.") % {"first": client.first_name})
            return home(client)
    return form_page(
        request,
        client,
        form,
        title=_("Resume with %(first)s") % {"first": client.first_name},
        save=_("Resume"),
        page="followup/resume.html",
    )

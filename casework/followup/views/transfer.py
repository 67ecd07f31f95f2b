"""Handing a client to another counselor."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casework.followup.actions.transferring import transfer_client
from casework.followup.models import Message
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import TransferForm, answering
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page
from sessions.models import Session

SECTION = "care-team"


@require_http_methods(READ_OR_WRITE)
@needs(Verb.ASSIGN_COUNSELOR)
def transfer(request: HttpRequest, uid: UUID) -> HttpResponse:
    """To whom, and what they should know; the page says what goes along."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    before = client.primary_counselor
    form = TransferForm(request.POST if request.method == "POST" else None, team=client.team, before=before)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            counselor = form.cleaned_data["counselor"]
            transfer_client(client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(
                request,
                _("%(person)s is now %(name)s's counselor.")
                % {"person": counselor.full_name, "name": client.first_name},
            )
            return home(client, SECTION)
    return form_page(
        request,
        client,
        form,
        title=_("Hand %(first)s over") % {"first": client.first_name} if before else _("Name the counselor"),
        save=_("Hand over") if before else _("Assign"),
        page="followup/transfer.html",
        before=before,
        todos=client.todos.open().filter(owner=before).count() if before else 0,
        waiting=Message.objects.waiting().filter(client=client).count(),
        planned=Session.objects.of(client).filter(counselor=before, state=Session.State.SCHEDULED).count()
        if before
        else 0,
        unsigned=Session.objects.of(client).awaiting_note().filter(counselor=before).count() if before else 0,
    )


urlpatterns = [path("clients/<uuid:uid>/transfer/", transfer, name="transfer")]

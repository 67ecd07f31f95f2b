"""Registering a client, and putting right who they are."""

import copy
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import ClientForm, RegisterForm, answering, name_in_texts
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.REGISTER_CLIENT)
def new(request: HttpRequest) -> HttpResponse:
    """Open a record, then ask how to reach the person."""
    now = timezone.now()
    form = RegisterForm(request.POST or None, by=request.user, now=now)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            client = actions.register_client(by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request,
                _("%(name)s is registered as %(number)s. How can we reach %(name)s?")
                % {"name": client.first_name, "number": client.record_number},
            )
            _warn_of_the_name(request, client)
            return redirect("clients:contact_new", uid=client.uid)
    return render(request, "clients/new.html", {"form": form, "now": now})


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Names, language, zone and the like."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = ClientForm(request.POST or None, instance=copy.copy(client))
    if request.method == "POST" and form.is_valid():
        with answering(form):
            changed = actions.update_client(
                client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Saved."))
            _warn_of_the_name(request, changed)
            return home(client)
    title = _("Who %(name)s is") % {"name": client.first_name}
    return form_page(request, client, form, title=title, save=_("Save"), page="clients/edit.html")


def _warn_of_the_name(request: HttpRequest, client: Client) -> None:
    """Said once more after saving: texts will go without the name."""
    about = name_in_texts(client.first_name)
    if about:
        messages.warning(request, about)

"""The substances of a client: found by any name, then what is known of each."""

import copy
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import SubstanceForm, answering, telling
from clients.models import ClientSubstance, Substance
from clients.substance_search import search
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

SECTION = "substances"


@require_safe
@needs(Verb.EDIT_CLIENT)
def choose(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The catalogue, narrowed by what one types: a name, a brand or a street name."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    words = request.GET.get("name", "")[:80]
    page = (
        "clients/_substance_choices.html"
        if getattr(request, "htmx", False)
        else "clients/substance_choose.html"
    )
    held = set(client.substances.values_list("substance", flat=True))
    found = search(words)
    return render(request, page, {"client": client, "words": words, "found": found, "held": held})


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def record(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """What is known of one substance; adds it when it is not there yet."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    substance = get_object_or_404(Substance.objects.filter(is_active=True), key=key)
    held = client.substances.filter(substance=substance).first()
    form = SubstanceForm(request.POST or None, instance=copy.copy(held))
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.set_substance(
                client_id=client.pk,
                substance=substance,
                by=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
            messages.success(request, _("Saved."))
            return home(client, SECTION)
    return form_page(
        request,
        client,
        form,
        title=substance.name,
        save=_("Save"),
        page="clients/substance.html",
        substance=substance,
        held=held,
    )


@require_POST
@needs(Verb.EDIT_CLIENT)
def remove(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """Take back what was recorded by mistake."""
    client = client_or_404(request, uid)
    row = get_object_or_404(ClientSubstance.objects.filter(client=client), substance__key=key)
    with telling(request):
        actions.remove_substance(client_substance_id=row.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Removed. It was recorded by mistake."))
    return home(client, SECTION)

"""Whom to call in an emergency, and the client's consent that names them."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients import emergency_contacts as acts
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import EmergencyContactForm, answering, telling
from clients.models import EmergencyContact
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

SECTION = "circle"
CHANGES = {
    "agreed": acts.give_named_consent,
    "withdrawn": acts.withdraw_named_consent,
    "retired": acts.retire_emergency_contact,
}


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Add somebody to call."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = EmergencyContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            acts.add_emergency_contact(
                client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Added."))
            return home(client, SECTION)
    return form_page(request, client, form, title=_("Whom to call in an emergency"), save=_("Add"))


@require_POST
@needs(Verb.MANAGE_PERMISSIONS)
def change(request: HttpRequest, uid: UUID, what: str) -> HttpResponse:
    """Consent given or withdrawn, or nobody to call any more."""
    if what not in CHANGES:
        raise Http404
    found = record_or_404(request, EmergencyContact.objects.select_related("client"), uid)
    with telling(request):
        CHANGES[what](contact_id=found.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Noted, at once."))
    return home(found.client, SECTION)

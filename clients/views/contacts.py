"""Numbers and addresses of a client."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import ContactForm, answering
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

SECTION = "contacts"


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Add a number or an address."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.add_contact_point(
                client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Added."))
            return home(client, SECTION)
    return form_page(request, client, form, title=_("Add a number or address"), save=_("Add"))

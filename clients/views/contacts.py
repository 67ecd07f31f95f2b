"""Numbers and addresses of a client."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import ContactForm, answering, telling
from clients.models import ContactPoint
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


def _point(request: HttpRequest, uid: UUID) -> ContactPoint:
    return record_or_404(request, ContactPoint.objects.select_related("client"), uid)


@require_POST
@needs(Verb.EDIT_CLIENT)
def state(request: HttpRequest, uid: UUID, state: str) -> HttpResponse:
    """Verified, or does not work."""
    point = _point(request, uid)
    with telling(request):
        actions.set_contact_state(contact_id=point.pk, state=state, by=request.user, now=timezone.now())
    return home(point.client, SECTION)


@require_POST
@needs(Verb.EDIT_CLIENT)
def shared_reviewed(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The shared phone was talked over with the client."""
    point = _point(request, uid)
    with telling(request):
        actions.review_shared(contact_id=point.pk, by=request.user, now=timezone.now())
    return home(point.client, SECTION)


@require_POST
@needs(Verb.EDIT_CLIENT)
def retire(request: HttpRequest, uid: UUID) -> HttpResponse:
    """No longer in use; it stays on record."""
    point = _point(request, uid)
    with telling(request):
        actions.retire_contact_point(contact_id=point.pk, by=request.user, now=timezone.now())
        messages.success(request, _("%(value)s is no longer used.") % {"value": point.value})
    return home(point.client, SECTION)

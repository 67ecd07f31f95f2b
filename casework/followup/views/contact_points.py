"""What is said of a number or an address; what a sender holds for it follows."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from casework.followup import actions
from clients.access import Verb
from clients.doors import record_or_404
from clients.forms import telling
from clients.models import ContactPoint
from clients.views.guard import home, needs

SECTION = "contacts"


def _point(request: HttpRequest, uid: UUID) -> ContactPoint:
    return record_or_404(request, ContactPoint.objects.select_related("client"), uid)


@require_POST
@needs(Verb.EDIT_CLIENT)
def state(request: HttpRequest, uid: UUID, state: str) -> HttpResponse:
    """Verified, or does not work."""
    point = _point(request, uid)
    with telling(request):
        actions.mark_contact(contact_id=point.pk, state=state, by=request.user, now=timezone.now())
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

"""What the client agreed to. Withdrawing reaches further and belongs to casework.followup."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import PermissionForm, answering
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PERMISSIONS)
def new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Record that the client agreed to be reached one way."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    offered = {"channel": request.GET.get("channel", ""), "language": client.language[:2], "version": "1"}
    form = PermissionForm(request.POST or None, initial=offered)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.grant_permission(
                client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Recorded."))
            return home(client, "permissions")
    return form_page(request, client, form, title=_("Record a permission"), save=_("Record"))

"""Who decides for the client; a change waits for the consent."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup.actions import pausing as actions
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import GuardianEndForm, GuardianForm, answering, telling
from clients.models import Guardian
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

SECTION = "circle"


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody decides for the client from a day on."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = GuardianForm(
        request.POST if request.method == "POST" else None,
        initial={"from_on": timezone.localdate(now, client.zone)},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.add_guardian(client_id=client.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("Added."))
            return home(client, SECTION)
    title = _("Who decides for %(first)s") % {"first": client.first_name}
    return form_page(request, client, form, title=title, save=_("Add"), page="followup/guardian.html")


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """They decide no more."""
    found = record_or_404(request, Guardian.objects.select_related("client"), uid)
    now = timezone.now()
    form = GuardianEndForm(
        request.POST if request.method == "POST" else None,
        initial={"on": timezone.localdate(now, found.client.zone)},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.end_guardian(guardian_id=found.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("Ended. Go through the consent again."))
            return home(found.client, SECTION)
    title = _("%(name)s decides no more") % {"name": found.name}
    return form_page(request, found.client, form, title=title, save=_("End"), page="followup/guardian.html")


@require_POST
@needs(Verb.MANAGE_PERMISSIONS)
def rechecked(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The consent was gone through with whoever decides now."""
    client = client_or_404(request, uid)
    with telling(request):
        after = actions.recheck_consent(client_id=client.pk, by=request.user, now=timezone.now())
        said = (
            _("Noted. Messages go on.")
            if after.state == after.State.ACTIVE
            else _("Noted. Messages go on when the pause ends.")
        )
        messages.success(request, said)
    return home(client, SECTION)


urlpatterns = [
    path("clients/<uuid:uid>/guardians/new/", new, name="guardian_new"),
    path("guardians/<uuid:uid>/end/", end, name="guardian_end"),
    path("clients/<uuid:uid>/consent/rechecked/", rechecked, name="consent_rechecked"),
]

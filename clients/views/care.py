"""Episodes of care and the care team."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients import actions
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import AdmitForm, CoverForm, answering, telling
from clients.models import CareTeamMember
from clients.overview import overview
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

SECTION = "care-team"


@require_http_methods(READ_OR_WRITE)
@needs(Verb.EDIT_CLIENT)
def admit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Open an episode of care."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = AdmitForm(request.POST or None, initial={"admitted_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.admit(
                client_id=client.pk,
                on=form.cleaned_data["admitted_on"],
                programme=form.cleaned_data["programme"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("%(name)s is admitted.") % {"name": client.first_name})
            return home(client, "episodes")
    title = _("Admit %(name)s") % {"name": client.first_name}
    return form_page(request, client, form, title=title, save=_("Admit"))


@require_safe
@needs(Verb.ASSIGN_COUNSELOR)
def team(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who cares for the client now, the way to hand them over, and the form for cover."""
    client = client_or_404(request, uid, viewing=True)
    context = {
        "client": client,
        "overview": overview(client, timezone.now()),
        "cover_form": CoverForm(prefix="cover"),
    }
    return render(request, "clients/team.html", context)


@require_POST
@needs(Verb.ASSIGN_COUNSELOR)
def cover(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let somebody stand in until a moment."""
    client = client_or_404(request, uid)
    form = CoverForm(request.POST, prefix="cover")
    if form.is_valid():
        with answering(form):
            actions.add_cover(client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Cover is arranged."))
            return home(client, SECTION)
    context = {"client": client, "overview": overview(client, timezone.now()), "cover_form": form}
    return render(request, "clients/team.html", context)


@require_POST
@needs(Verb.ASSIGN_COUNSELOR)
def end_cover(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End a cover now."""
    member = record_or_404(request, CareTeamMember.objects.select_related("client"), uid)
    with telling(request):
        actions.end_cover(member_id=member.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Cover is ended."))
    return home(member.client, SECTION)

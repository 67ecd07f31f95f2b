"""Messages from numbers on nobody's record, for supervisors: whose is it?"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup import actions, queries
from casework.followup.models import InboundMessage
from clients import audit
from clients.access import Verb
from clients.doors import found_or_404
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs

FEW = 12


class LinkForm(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("Name, number or record number"), max_length=80, required=False
    )
    client = forms.UUIDField(required=False)


class DismissForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why it is put aside"), max_length=200)


@require_safe
@needs(Verb.TRIAGE_UNKNOWN)
def page(request: HttpRequest) -> HttpResponse:
    """Words of crisis first, then the newest."""
    now = timezone.now()
    rows = list(queries.unknown_senders(request.user, at=now)[:100])
    audit.record_list("unknown numbers", by=request.user, at=now, filters={}, ids=[row.pk for row in rows])
    return render(request, "followup/unknown.html", {"rows": rows, "now": now})


def _found(request: HttpRequest, uid: UUID) -> InboundMessage:
    return found_or_404(request, queries.unknown_senders(request.user, at=timezone.now()), uid)


@require_POST
@needs(Verb.TRIAGE_UNKNOWN)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody has read it."""
    inbound = _found(request, uid)
    with telling(request):
        actions.read_unknown(inbound_id=inbound.pk, by=request.user, now=timezone.now())
    return redirect("followup:unknown_senders")


@require_http_methods(READ_OR_WRITE)
@needs(Verb.TRIAGE_UNKNOWN)
def link(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Search among the clients whom the person may see, and choose one."""
    inbound, now = _found(request, uid), timezone.now()
    form = LinkForm(request.POST if request.method == "POST" else request.GET or None)
    visible = Client.objects.visible_to(request.user, at=now)
    given: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if request.method == "POST" and given.get("client"):
        client = found_or_404(request, visible, given["client"])
        with answering(form):
            actions.link_unknown(inbound_id=inbound.pk, client=client, by=request.user, now=now)
            messages.success(
                request, _("It stands in the thread with %(first)s now.") % {"first": client.first_name}
            )
            return redirect("followup:thread", uid=client.uid)
    found = list(visible.matching(given.get("words", "")).for_list()[:FEW]) if given else []
    audit.record_list(
        "clients for an unknown number", by=request.user, at=now, filters={}, ids=[one.pk for one in found]
    )
    context = {"inbound": inbound, "form": form, "found": found, "asked": bool(given.get("words"))}
    return render(request, "followup/unknown_link.html", context)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.TRIAGE_UNKNOWN)
def dismiss(request: HttpRequest, uid: UUID) -> HttpResponse:
    """It is nobody's here, and why."""
    inbound = _found(request, uid)
    form = DismissForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.dismiss_unknown(
                inbound_id=inbound.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Put aside."))
            return redirect("followup:unknown_senders")
    return render(request, "followup/unknown_dismiss.html", {"inbound": inbound, "form": form})

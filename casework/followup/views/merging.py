"""Two records of one person: finding them, looking at both, making them one, and taking that back."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from casework.followup.actions import merging as actions
from casework.followup.merge_view import compare
from clients import audit
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.duplicates import Likeness, duplicates_of, likely_duplicates
from clients.forms import answering, telling
from clients.models import Client, ClientMerge
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page

FOUND = 20


class MergeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How you know that both are the same person"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_safe
@needs(Verb.MERGE_CLIENTS)
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs of records that look like one person's."""
    now = timezone.now()
    found = likely_duplicates(request.user, at=now)
    ids = {client.pk for like in found for client in (like.one, like.other)}
    audit.record_list("duplicates", by=request.user, at=now, filters={}, ids=sorted(ids))
    return render(request, "followup/duplicates.html", {"found": found, "now": now})


@require_safe
@needs(Verb.MERGE_CLIENTS)
def choose(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Which other record is this client's: the likely ones, and what a search finds."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    words = request.GET.get("q", "").strip()[:80]
    visible = Client.objects.visible_to(request.user, at=now).exclude(pk=client.pk).for_list()
    searched = visible.matching(words).order_by("family_name", "given_name", "pk")[:FOUND]
    found = (
        [Likeness(client, one, ()) for one in searched]
        if words
        else duplicates_of(client, request.user, at=now)
    )
    audit.record_list("merge", by=request.user, at=now, filters={}, ids=[like.other.pk for like in found])
    context = {"client": client, "found": found, "words": words, "now": now}
    return render(request, "followup/merge_choose.html", context)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MERGE_CLIENTS)
def merge(request: HttpRequest, uid: UUID, other: UUID) -> HttpResponse:
    """Both records side by side, what will happen, and the reason; saving makes them one."""
    viewing = request.method == "GET"
    survivor = client_or_404(request, uid, viewing=viewing)
    merged = client_or_404(request, other, viewing=viewing)
    now = timezone.now()
    form = MergeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            done = actions.merge_clients(
                survivor_id=survivor.pk, merged_id=merged.pk, by=request.user, now=now, **form.cleaned_data
            )
            messages.success(
                request,
                _("%(merged)s is merged into %(kept)s. This can be undone for 30 days.")
                % {"merged": done.merged.record_number, "kept": done.survivor.record_number},
            )
            return home(survivor)
    return form_page(
        request,
        survivor,
        form,
        title=_("Merge two records"),
        save=_("Merge"),
        page="followup/merge.html",
        merged=merged,
        compared=compare(survivor, merged, now),
    )


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MERGE_CLIENTS)
def undo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What undoing does, and the button."""
    rows = ClientMerge.objects.select_related("survivor", "merged", "by")
    found = record_or_404(request, rows, uid, viewing=request.method == "GET")
    now = timezone.now()
    if request.method == "POST":
        with telling(request):
            actions.undo_merge(merge_id=found.pk, by=request.user, now=now)
            messages.success(request, _("Undone. The two records stand apart again."))
        return home(found.survivor)
    context = {"merge": found, "client": found.survivor, "possible": found.can_be_undone(now)}
    return render(request, "followup/undo_merge.html", context)


urlpatterns = [
    path("duplicates/", duplicates, name="duplicates"),
    path("clients/<uuid:uid>/merge/", choose, name="merge_choose"),
    path("clients/<uuid:uid>/merge/<uuid:other>/", merge, name="merge"),
    path("merges/<uuid:uid>/undo/", undo, name="undo_merge"),
]

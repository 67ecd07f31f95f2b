"""The plan that the client carries: read, written, signed, printed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from casework.relapse.forms.prevention import (
    PreventionForm,
    SignPlanForm,
    content_of,
    field_for,
    shown_elsewhere,
)
from casework.relapse.models import PreventionPlan
from casework.relapse.prevention import actions, queries, sheet
from casework.relapse.prevention import content as words
from clients.access import Verb, can
from clients.doors import client_or_404, record_or_404
from clients.errors import DomainError, InvalidTransition
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs


def found_plan(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> PreventionPlan:
    """The version, if its client is the person's to see."""
    return record_or_404(
        request, PreventionPlan.objects.select_related("client__summary", "saved_by"), uid, viewing=viewing
    )


@require_GET
@needs(Verb.VIEW_CLIENT)
def plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The client's plan as it holds, the draft beside it, and every version there was."""
    client = client_or_404(request, uid, viewing=True)
    standing = queries.standing(client)
    shown = standing.current or standing.draft
    context = {
        "client": client,
        "standing": standing,
        "shown": shown,
        "parts": parts_of(shown) if shown else [],
        "signatures": queries.signatures_of(shown) if shown else (),
        "versions": queries.versions(client),
        "languages": _languages(client),
        "writes": client.is_in_touch and can(request.user, Verb.WRITE_PLANS),
    }
    return render(request, "relapse/prevention.html", context)


def parts_of(plan: PreventionPlan) -> list[tuple[str, str, tuple[Any, ...]]]:
    """Key, label and entries of each part, in reading order."""
    content = plan.words
    return [(key, str(words.LABELS[key]), content.part(key)) for key in words.PARTS]


def _languages(client: Client) -> list[tuple[str, str]]:
    """In which languages it can be printed, the client's own first."""
    names = {"en": _("English"), "es": _("Spanish")}
    first = sheet.language_for(client.language)
    return sorted(names.items(), key=lambda pair: pair[0] != first)


@require_POST
@needs(Verb.WRITE_PLANS)
def begin(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The draft that is open, or the next one."""
    client = client_or_404(request, uid)
    with telling(request):
        draft = actions.begin_draft(client_id=client.pk, by=request.user, now=timezone.now())
        return redirect("relapse:prevention_edit", uid=draft.uid)
    return redirect("relapse:prevention_plan", uid=client.uid)


@require_GET
@needs(Verb.VIEW_CLIENT)
def version(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One version, who signed it, and what it changed of the one before."""
    found = found_plan(request, uid, viewing=True)
    client = found.client.survivor
    before = queries.version_before(found, client)
    context = {
        "client": client,
        "plan": found,
        "parts": parts_of(found),
        "signatures": queries.signatures_of(found),
        "before": before,
        "differences": words.compare(before.words, found.words) if before else (),
        "languages": _languages(client),
    }
    return render(request, "relapse/prevention_version.html", context)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.WRITE_PLANS)
def edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The draft, written together. Saves itself; a newer text is never overwritten."""
    found = found_plan(request, uid, viewing=request.method == "GET")
    if request.method == "POST":
        return _save(request, found)
    if found.state != PreventionPlan.State.DRAFT or not found.client.survivor.is_in_touch:
        return redirect("relapse:prevention_version", uid=found.uid)
    return _edit_page(request, found, PreventionForm.of(found))


def _save(request: HttpRequest, found: PreventionPlan) -> HttpResponse:
    try:
        saved = actions.save_draft(
            plan_id=found.pk,
            revision=_revision(request),
            content=content_of(request.POST),
            by=request.user,
            now=timezone.now(),
        )
    except actions.StalePlan as stale:
        return _both_texts(request, found, stale)
    except DomainError as refusal:
        return _refused(request, found, refusal)
    if _wants_json(request):
        return JsonResponse({"version": saved.revision, "saved_at": saved.saved_at.isoformat()})
    if request.POST.get("then") == "sign":
        return redirect("relapse:prevention_sign", uid=found.uid)
    messages.success(request, _("Saved."))
    return redirect("relapse:prevention_edit", uid=found.uid)


def _revision(request: HttpRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _both_texts(request: HttpRequest, found: PreventionPlan, stale: actions.StalePlan) -> HttpResponse:
    """What is stored beside what was typed; nothing is lost and nothing overwritten."""
    if _wants_json(request):
        answer = {
            "version": stale.stored.revision,
            "saved_at": stale.stored.saved_at.isoformat(),
            "fields": shown_elsewhere(stale.stored.words),
            "message": str(stale),
        }
        return JsonResponse(answer, status=409)
    again = request.POST.copy()
    again["version"] = str(stale.stored.revision)
    return _edit_page(request, found, PreventionForm.posted(again), theirs=stale.stored, status=409)


def _refused(request: HttpRequest, found: PreventionPlan, refusal: DomainError) -> HttpResponse:
    status = 409 if isinstance(refusal, InvalidTransition) else 422
    if _wants_json(request):
        return JsonResponse({"message": str(refusal), "code": refusal.code}, status=status)
    if isinstance(refusal, InvalidTransition):
        messages.warning(request, str(refusal))
        return redirect("relapse:prevention_version", uid=found.uid)
    form = PreventionForm.posted(request.POST)
    form.add_error(field_for(refusal.field), str(refusal))
    return _edit_page(request, found, form, status=422)


def _edit_page(
    request: HttpRequest,
    found: PreventionPlan,
    form: PreventionForm,
    *,
    theirs: PreventionPlan | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "client": found.client.survivor,
        "plan": found,
        "form": form,
        "theirs": parts_of(theirs) if theirs else None,
        "too_long": sheet.too_long(found.words),
        "signatures": queries.signatures_of(found),
    }
    return render(request, "relapse/prevention_edit.html", context, status=status)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.WRITE_PLANS)
def sign(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The draft read once more, together, and the signatures of both."""
    found = found_plan(request, uid, viewing=request.method == "GET")
    if found.state != PreventionPlan.State.DRAFT:
        return redirect("relapse:prevention_version", uid=found.uid)
    there = queries.signatures_of(found)
    form = SignPlanForm(
        request.POST or None,
        by=request.user,
        done=frozenset(one.party for one in there),
        initial={"revision": found.revision},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            signed = actions.sign_together(
                plan_id=found.pk, by=request.user, now=timezone.now(), **form.given()
            )
            messages.success(request, _told(signed))
            return redirect("relapse:prevention_plan", uid=found.client.survivor.uid)
        found.refresh_from_db()
    return render(request, "relapse/prevention_sign.html", _sign_context(found, form, there))


def _told(signed: PreventionPlan) -> str:
    if signed.is_signed:
        return _("Signed by both. It can be printed now; an edit begins the next version.")
    return _("Signed. The other signature is still missing.")


def _sign_context(found: PreventionPlan, form: SignPlanForm, there: Any) -> dict[str, Any]:
    client = found.client.survivor
    before = queries.version_before(found, client)
    obstacle = ""
    try:
        sheet.check_fits(found.words)
    except DomainError as refusal:
        obstacle = str(refusal)
    return {
        "client": client,
        "plan": found,
        "form": form,
        "parts": parts_of(found),
        "missing": [(key, words.LABELS[key]) for key in words.missing(found.words)],
        "obstacle": obstacle,
        "signatures": there,
        "differences": words.compare(before.words, found.words) if before else (),
    }


@require_POST
@needs(Verb.WRITE_PLANS)
def set_aside(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Give the draft up; the signed plan goes on."""
    found = found_plan(request, uid)
    with telling(request):
        actions.set_aside(plan_id=found.pk, by=request.user, now=timezone.now())
        messages.success(request, _("The draft is set aside. What was signed before still holds."))
    return redirect("relapse:prevention_plan", uid=found.client.survivor.uid)


@require_GET
@needs(Verb.VIEW_CLIENT)
def printed(request: HttpRequest, uid: UUID, language: str) -> HttpResponse:
    """The sheet as a PDF. Its name tells a stranger nothing."""
    found = found_plan(request, uid, viewing=True)
    now: datetime = timezone.now()
    try:
        page = actions.printed(plan_id=found.pk, language=language, by=request.user, now=now)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("relapse:prevention_version", uid=found.uid)
    headers = {
        "Content-Disposition": f'inline; filename="{sheet.file_name(language)}"',
        "Cache-Control": "no-store",
    }
    return HttpResponse(page, content_type="application/pdf", headers=headers)

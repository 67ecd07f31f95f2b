"""The live suggestion and the draft of an assessment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from casework.relapse import actions, reading
from casework.relapse.forms import AssessmentForm
from casework.relapse.models import StageAssessment
from casework.relapse.suggesting import last_assessment, shown
from clients.access import Verb, can
from clients.doors import client_or_404, record_or_404
from clients.errors import DomainError
from clients.jurisdiction import jurisdiction
from clients.models import Client, Practice
from clients.views.guard import needs


@require_POST
@needs(Verb.ASSESS_STAGE)
def suggest(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What the answers so far suggest. Nothing is saved."""
    client = client_or_404(request, uid)
    now = timezone.now()
    last = last_assessment(client, at=now)
    form = AssessmentForm(request.POST, last=last)
    return render(
        request,
        "relapse/_suggestion.html",
        {"shown": shown(client, form.sheet(), at=now, last=last), "client": client, "live": True},
    )


@require_POST
@needs(Verb.ASSESS_STAGE)
def save_draft(request: HttpRequest, uid: UUID) -> JsonResponse:
    """Keep what was ticked so far, whatever is still wrong with the rest."""
    client = client_or_404(request, uid)
    now = timezone.now()
    form = AssessmentForm(request.POST)
    sheet = form.sheet()
    try:
        draft = actions.save_assessment(
            client_id=client.pk, sheet=sheet, by=request.user, now=now, session=form.session_of(client)
        )
    except DomainError as declined:
        return JsonResponse({"message": str(declined)}, status=422)
    return JsonResponse({"version": version_of(draft), "saved_at": now})


def version_of(draft: StageAssessment | None) -> str:
    """What tells one saving of a draft from the next."""
    return draft.saved_at.isoformat() if draft else ""


def open_draft(client: Client, by: Any) -> StageAssessment | None:
    """The person's unfinished assessment of this client."""
    drafts = StageAssessment.objects.filter(client=client, assessor=by, state=StageAssessment.State.DRAFT)
    return drafts.select_related("session").prefetch_related("signs").first()


def filled_form(
    client: Client, draft: StageAssessment | None, *, last: StageAssessment | None, session: str = ""
) -> AssessmentForm:
    """The form with the draft's answers, or empty."""
    initial = AssessmentForm.initial_of(draft) if draft else {}
    if session:
        initial["session"] = session
    return AssessmentForm(initial=initial, last=last)


def page_context(
    client: Client, form: AssessmentForm, draft: StageAssessment | None, *, now: datetime
) -> dict[str, Any]:
    """What templates/relapse/_assessment_form.html needs."""
    return {
        "client": client,
        "form": form,
        "draft": draft,
        "version": version_of(draft),
        "last": form.last,
        "jurisdiction": jurisdiction(Practice.current().jurisdiction),
        "shown": shown(client, form.sheet_shown(), at=now, last=form.last),
        "now": now,
    }


@needs(Verb.VIEW_CLIENT)
def assessment(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One assessment as it was made."""
    made = StageAssessment.objects.select_related("client", "assessor").prefetch_related("signs")
    found = record_or_404(request, made, uid, viewing=True)
    correctable = found.can_move_to(StageAssessment.State.ENTERED_IN_ERROR) and can(
        request.user, Verb.ASSESS_STAGE
    )
    context = {
        "assessment": found,
        "client": found.client,
        "lists": reading.lists(found),
        "groups": reading.groups(found),
        "can_correct": correctable,
    }
    return render(request, "relapse/assessment.html", context)

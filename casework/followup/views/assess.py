"""The assessment's page. The questions are casework.relapse's; making it final is a composite act."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup.actions.assessment import Assessed, finalise_assessment, mark_assessment_error
from casework.relapse.forms import AssessmentForm
from casework.relapse.models import StageAssessment
from casework.relapse.suggesting import last_assessment
from casework.relapse.views.assessment import filled_form, open_draft, page_context
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import answering, telling
from clients.stage import Stage
from clients.views.guard import READ_OR_WRITE, home, needs


@require_http_methods(READ_OR_WRITE)
@needs(Verb.ASSESS_STAGE)
def assess(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask, see what it suggests, decide."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    last = last_assessment(client, at=now)
    draft = open_draft(client, request.user)
    if request.method == "POST":
        form = AssessmentForm(request.POST, last=last)
        if form.is_valid():
            with answering(form):
                done = finalise_assessment(
                    client_id=client.pk,
                    sheet=form.sheet(),
                    by=request.user,
                    now=now,
                    session=form.session_of(client),
                )
                return _after(request, client, done)
    else:
        form = filled_form(client, draft, last=last, session=request.GET.get("session", ""))
    context = page_context(client, form, draft, now=now)
    return render(request, "followup/assess.html", context, status=422 if form.errors else 200)


def _after(request: HttpRequest, client: Any, done: Assessed) -> HttpResponse:
    messages.success(request, _said(done))
    if done.opened:
        titles = "; ".join(todo.said for todo in done.opened)
        messages.info(request, _("New to-dos: %(titles)s.") % {"titles": titles})
    if done.assessment.session is not None:
        return redirect("counseling:session", uid=done.assessment.session.uid)
    return home(client)


def _said(done: Assessed) -> str:
    stage = str(Stage(done.assessment.counselor_stage).label).lower()
    if done.moved.rose:
        before = str(done.moved.before.label).lower() if done.moved.before else _("not assessed")
        return _("Assessment saved: %(stage)s, up from %(before)s.") % {"stage": stage, "before": before}
    return _("Assessment saved: %(stage)s.") % {"stage": stage}


@require_POST
@needs(Verb.ASSESS_STAGE)
def mark_error(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The assessment was a mistake."""
    found = record_or_404(request, StageAssessment.objects.select_related("client"), uid)
    with telling(request):
        mark_assessment_error(
            assessment_id=found.pk, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now()
        )
        messages.success(request, _("Marked as entered in error. The stage was reckoned anew."))
    return redirect("relapse:assessment", uid=found.uid)

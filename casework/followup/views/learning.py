"""The page of a look back. Its questions are casework.relapse's; finishing it is a composite act."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from casework.followup.actions.learning import finish_review
from casework.followup.models import ToDo
from casework.relapse import learning
from casework.relapse.actions.reviews import Finished, IncompleteReview, StaleReview, check_reviewable
from casework.relapse.forms import ReviewForm
from casework.relapse.forms.review import initial_of
from casework.relapse.models import LearningReview, RelapseReport
from casework.relapse.models.review import DUE_AFTER
from casework.relapse.views.review import version_in
from clients.access import Verb
from clients.doors import record_or_404
from clients.errors import DomainError
from clients.stage import Stage
from clients.views.guard import READ_OR_WRITE, home, needs


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RUN_PLAN)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Look back together; it is kept as it is typed, and finished with the last button."""
    report = record_or_404(
        request, RelapseReport.objects.select_related("client"), uid, viewing=request.method == "GET"
    )
    review = LearningReview.objects.filter(report=report).prefetch_related("links").first()
    if request.method == "POST":
        form = ReviewForm(request.POST)
        done = _finished(request, report, form)
        if done is not None:
            return _after(request, done)
    elif review is not None and review.is_finished:
        return redirect("relapse:review", uid=review.uid)
    else:
        refused = _why_not(report)
        if refused:
            messages.warning(request, refused)
            return home(report.client.survivor)
        form = ReviewForm(initial=initial_of(review) if review else {})
    context = {
        "client": report.client.survivor,
        "report": report,
        "review": review,
        "form": form,
        "due_at": report.reported_at + DUE_AFTER if report.stage == Stage.PHYSICAL else None,
        "version": _version(request, review, form),
        "heavy": review is not None and learning.weighs_heavily(learning.told_of(review, ()).ratings),
        "now": timezone.now(),
    }
    return render(request, "followup/review.html", context, status=422 if form.errors else 200)


def _version(request: HttpRequest, review: LearningReview | None, form: ReviewForm) -> int:
    """What is typed was made from the version that it names; after a refusal the draft has been kept no further."""
    return version_in(request) if form.is_bound else review.version if review else 0


def _why_not(report: RelapseReport) -> str:
    try:
        check_reviewable(report)
    except DomainError as refused:
        return str(refused)
    return ""


def _finished(request: HttpRequest, report: RelapseReport, form: ReviewForm) -> Finished | None:
    """Finish with what the form holds; else say at its fields what is wrong."""
    try:
        return finish_review(
            report_id=report.pk,
            version=version_in(request),
            told=form.told(),
            by=request.user,
            now=timezone.now(),
        )
    except IncompleteReview as open_still:
        form.add_missing(open_still.missing)
    except StaleReview as stale:
        form.add_error(None, _("%(why)s Reload the page to see the other text.") % {"why": stale})
    except DomainError as refused:
        field = "link_text_1" if refused.field == "links" else refused.field
        form.add_error(field if field in form.fields else None, str(refused))
    return None


def _after(request: HttpRequest, done: Finished) -> HttpResponseRedirect:
    said = _("Finished. The prevention plan has taken it in: before and after stand below.")
    messages.success(request, said if done.change is not None else _("Finished."))
    return redirect("relapse:review", uid=done.review.uid)


@require_safe
@needs(Verb.RUN_PLAN)
def of_todo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """From the to-do to what it asks about."""
    todo = record_or_404(request, ToDo.objects.select_related("client", "report", "plan__report"), uid)
    report: Any = todo.report or (todo.plan.report if todo.plan is not None else None)
    if report is None:
        raise Http404
    return redirect("followup:review", uid=report.uid)


urlpatterns = [
    path("reports/<uuid:uid>/learning/", page, name="review"),
    path("todos/<uuid:uid>/learning/", of_todo, name="todo_review"),
]

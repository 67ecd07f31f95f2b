"""The draft of a look back as it is typed, a finished one to read and print, and both on the client's page."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from casework.relapse import learning
from casework.relapse.actions.reviews import REVIEWABLE, StaleReview, save_review
from casework.relapse.forms import ReviewForm
from casework.relapse.forms.review import initial_of, told_in
from casework.relapse.models import LearningReview, RelapseReport
from casework.relapse.models.review import DUE_AFTER, RATINGS, Vulnerability
from casework.relapse.prevention.content import compare, loaded
from casework.relapse.strip import strip
from casework.relapse.use_calendar import WINDOWS, use_calendar
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.errors import DomainError
from clients.models import Client
from clients.stage import Stage
from clients.views.guard import needs

STRIP_DAYS = 90


@require_POST
@needs(Verb.RUN_PLAN)
def save_draft(request: HttpRequest, uid: UUID) -> JsonResponse:
    """Keep what was typed so far. A newer text is never overwritten: both are shown."""
    report = record_or_404(request, RelapseReport.objects.select_related("client"), uid)
    try:
        draft = save_review(
            report_id=report.pk,
            version=version_in(request),
            told=told_in(request.POST),
            by=request.user,
            now=timezone.now(),
        )
    except StaleReview as stale:
        return JsonResponse(_stored(stale), status=409)
    except DomainError as declined:
        return JsonResponse({"message": str(declined)}, status=422)
    return JsonResponse({"version": draft.version, "saved_at": draft.saved_at})


def version_in(request: HttpRequest) -> int:
    """The version of the draft that the page was made from; 0 for none."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _stored(stale: StaleReview) -> dict[str, Any]:
    stored = stale.stored
    return {
        "version": stored.version,
        "saved_at": stored.saved_at,
        "fields": initial_of(stored),
        "message": str(stale),
    }


@require_safe
@needs(Verb.VIEW_CLIENT)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What was learned, to read together or to print."""
    rows = LearningReview.objects.select_related(
        "client", "report", "finished_by", "saved_by", "plan"
    ).prefetch_related("links")
    review = record_or_404(request, rows, uid, viewing=True)
    told = learning.told_of(review, review.links.all())
    context = {
        "client": review.client.survivor,
        "review": review,
        "told": told,
        "links": review.links.all(),
        "vulnerabilities": [Vulnerability(one).label for one in told.vulnerabilities],
        "circumstances": [
            told.said(name) for name in ("event_when", "event_where", "event_who") if told.said(name)
        ],
        "use": _use(review),
        "ratings": [(ReviewForm.base_fields[name].label, told.ratings[name]) for name in RATINGS],
        "lists": {name: told.lines(name) for name in learning.LISTS},
        "heavy": learning.weighs_heavily(told.ratings),
        **_changes(review),
        "now": timezone.now(),
    }
    return render(request, "relapse/review.html", context)


def _use(review: LearningReview) -> list[str]:
    """The use itself, in a line."""
    parts = (review.use_what, review.use_how_much, review.get_use_company_display(), review.use_with_what)
    return [str(part) for part in parts if part]


def _changes(review: LearningReview) -> dict[str, Any]:
    """What finishing changed in the prevention plan; nothing where it left the plan alone."""
    if not review.plan_after:
        return {"differences": (), "changed": False}
    found = compare(loaded(review.plan_before), loaded(review.plan_after))
    return {"differences": found, "changed": any(one.changed for one in found)}


@require_safe
@needs(Verb.VIEW_CLIENT)
def learned(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The last 90 days and the looks back, as a part of the client's page. The look was audited with the page."""
    client = client_or_404(request, uid)
    now = timezone.now()
    today = timezone.localdate(now, client.zone)
    calendar = use_calendar(client, first=today - timedelta(days=STRIP_DAYS - 1), last=today)
    context = {
        "client": client,
        "chart": strip(calendar, window=WINDOWS[0]),
        "reports": to_look_back_at(client),
        "now": now,
    }
    return render(request, "relapse/_learned.html", context)


def to_look_back_at(client: Client) -> list[RelapseReport]:
    """Reports at which one looks back, newest first, each with its review if one was begun, and when it is due."""
    known = Q(stage=Stage.PHYSICAL) | Q(learning_review__isnull=False)
    rows = RelapseReport.objects.of(client).standing().filter(known, stage__in=REVIEWABLE)
    found = [one for one in rows.select_related("learning_review")[:20] if not one.needs_confirmation]
    for report in found:
        report.review = getattr(report, "learning_review", None)
        report.due_at = report.reported_at + DUE_AFTER if report.stage == Stage.PHYSICAL else None
    return found

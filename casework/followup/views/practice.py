"""What the practice itself sets: one page that leads to each."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clients.access import Verb, can
from clients.views.guard import needs


@dataclass(frozen=True)
class Page:
    """A page of the practice's, and who may open it."""

    view: str
    label: str | Promise
    words: str | Promise
    verb: Verb

    @property
    def url(self) -> str:
        return reverse(self.view)


PAGES = (
    Page(
        "followup:texts",
        _("Texts to clients"),
        _("What Turnaround sends by itself: its words, in both languages, version by version."),
        Verb.MANAGE_PRACTICE,
    ),
    Page(
        "clients:hours",
        _("Hours and on call"),
        _("When somebody is here, days closed, and who answers for emergencies."),
        Verb.KEEP_WATCH,
    ),
    Page(
        "counseling:rooms",
        _("Rooms"),
        _("Where sessions take place, so that no two are planned in one room at a time."),
        Verb.KEEP_WATCH,
    ),
    Page(
        "followup:plan_templates",
        _("Plans"),
        _("What follows a report, stage by stage: messages, to-dos and their days."),
        Verb.MANAGE_PRACTICE,
    ),
    Page(
        "followup:crisis_words",
        _("Crisis words"),
        _("The words that make a client's message an emergency, in both languages."),
        Verb.KEEP_WATCH,
    ),
    Page(
        "followup:duplicates",
        _("Possible duplicates"),
        _("Records that may be one person's, to compare and merge."),
        Verb.MERGE_CLIENTS,
    ),
    Page(
        "followup:unknown_senders",
        _("Unknown numbers"),
        _("Messages from numbers on nobody's record, kept for 30 days."),
        Verb.TRIAGE_UNKNOWN,
    ),
)


@require_safe
@needs(Verb.KEEP_WATCH)
def page(request: HttpRequest) -> HttpResponse:
    """The pages that this person may open."""
    mine = [one for one in PAGES if can(request.user, one.verb)]
    return render(request, "followup/practice.html", {"pages": mine})

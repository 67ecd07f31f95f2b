"""The words that make a message a crisis, for supervisors and administrators to keep."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup import actions
from casework.followup.models import CrisisWord
from clients import keeping_hours
from clients.access import Verb
from clients.forms import answering, telling
from clients.models import Practice
from clients.views.guard import READ_OR_WRITE, needs

SHOWS = {
    "on": gettext_lazy("Switched on"),
    "doubtful": gettext_lazy("Switched off"),
    "unreviewed": gettext_lazy("Not reviewed"),
}


class WordForm(forms.Form):
    phrase = forms.CharField(
        label=gettext_lazy("Word or phrase"),
        max_length=60,
        help_text=gettext_lazy(
            "Whole words; accents and capitals do not matter. A * at the end: any ending."
        ),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=CrisisWord.Language.choices)
    why = forms.CharField(label=gettext_lazy("Why"), max_length=200, required=False)


class OffForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why it no longer holds"), max_length=200)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.KEEP_WATCH)
def page(request: HttpRequest) -> HttpResponse:
    """The list, and a new word."""
    form = WordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            word = actions.add_crisis_word(by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("“%(word)s” holds from now on.") % {"word": word.phrase})
            return redirect("followup:crisis_words")
    show = request.GET.get("show", "on")
    show = show if show in SHOWS else "on"
    context: dict[str, Any] = {
        "form": form,
        "show": show,
        "shows": SHOWS.items(),
        "groups": _groups(show),
        "unreviewed": CrisisWord.objects.filter(reviewed_at=None).count(),
        "practice_replies": Practice.current().crisis_auto_reply,
    }
    return render(request, "followup/crisis_words.html", context)


def _groups(show: str) -> list[tuple[str, QuerySet[CrisisWord]]]:
    """The words of each language."""
    rows = CrisisWord.objects.select_related("added_by", "reviewed_by")
    narrowed = {
        "on": rows.filter(active=True),
        "doubtful": rows.filter(active=False),
        "unreviewed": rows.filter(reviewed_at=None),
    }[show]
    return [
        (str(language.label), narrowed.filter(language=language).order_by("folded"))
        for language in CrisisWord.Language
    ]


@require_http_methods(READ_OR_WRITE)
@needs(Verb.KEEP_WATCH)
def off(request: HttpRequest, uid: UUID) -> HttpResponse:
    """It no longer holds, and why."""
    word = get_object_or_404(CrisisWord, uid=uid)
    form = OffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.switch_crisis_word(
                word_id=word.pk, on=False, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("“%(word)s” no longer holds.") % {"word": word.phrase})
            return redirect("followup:crisis_words")
    return render(request, "followup/crisis_word_off.html", {"word": word, "form": form})


@require_POST
@needs(Verb.KEEP_WATCH)
def on(request: HttpRequest, uid: UUID) -> HttpResponse:
    """It holds."""
    word = get_object_or_404(CrisisWord, uid=uid)
    with telling(request):
        actions.switch_crisis_word(word_id=word.pk, on=True, by=request.user, now=timezone.now())
        messages.success(request, _("“%(word)s” holds from now on.") % {"word": word.phrase})
    return redirect("followup:crisis_words")


@require_POST
@needs(Verb.KEEP_WATCH)
def reviewed(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody has looked at it."""
    word = get_object_or_404(CrisisWord, uid=uid)
    with telling(request):
        actions.review_crisis_word(word_id=word.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Reviewed: “%(word)s”.") % {"word": word.phrase})
    return redirect("followup:crisis_words")


@require_POST
@needs(Verb.KEEP_WATCH)
def reply(request: HttpRequest) -> HttpResponse:
    """Whether a crisis word is answered at once."""
    with telling(request):
        keeping_hours.set_crisis_reply(on=request.POST.get("on") == "1", by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    return redirect("followup:crisis_words")

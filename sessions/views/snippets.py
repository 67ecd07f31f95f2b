"""One's own phrases and templates."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.access import Verb
from clients.doors import found_or_404
from clients.forms import answering
from clients.views.guard import needs
from sessions import actions, formats
from sessions.models import Snippet
from sessions.note_forms import PhraseForm, TemplateForm


@require_GET
@needs(Verb.WRITE_NOTE)
def index(request: HttpRequest) -> HttpResponse:
    """All of them, and the forms that add one."""
    return _page(request, PhraseForm())


@needs(Verb.WRITE_NOTE)
def new_phrase(request: HttpRequest) -> HttpResponse:
    """Keep a phrase under a short word."""
    return _phrase(request, None)


@needs(Verb.WRITE_NOTE)
def new_template(request: HttpRequest, format: str) -> HttpResponse:
    """Keep the beginning of a whole note."""
    return _template(request, formats.FORMATS.get(format, formats.DAP), None)


@needs(Verb.WRITE_NOTE)
def edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Change one of one's own."""
    snippet = found_or_404(request, Snippet.objects.visible_to(request.user), uid)
    if snippet.kind == Snippet.Kind.TEMPLATE:
        return _template(request, formats.FORMATS[snippet.format], snippet)
    return _phrase(request, snippet)


@require_POST
@needs(Verb.WRITE_NOTE)
def remove(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Remove one of one's own."""
    snippet = found_or_404(request, Snippet.objects.visible_to(request.user), uid)
    actions.remove_snippet(uid=snippet.uid, by=request.user, now=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("counseling:snippets")


def _phrase(request: HttpRequest, snippet: Snippet | None) -> HttpResponse:
    initial = {"word": snippet.word, "text": snippet.content} if snippet else {}
    form = PhraseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.save_phrase(
                uid=snippet.uid if snippet else None, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Saved."))
            return redirect("counseling:snippets")
    return _page(request, form, snippet=snippet)


def _template(request: HttpRequest, layout: formats.NoteFormat, snippet: Snippet | None) -> HttpResponse:
    initial = {"word": snippet.word, **snippet.sections} if snippet else {}
    form = TemplateForm(request.POST or None, layout=layout, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.save_template(
                word=form.cleaned_data["word"],
                format=layout.key,
                sections=form.sections(),
                uid=snippet.uid if snippet else None,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect("counseling:snippets")
    return _page(request, form, snippet=snippet, layout=layout)


def _page(request: HttpRequest, form: Any, **more: Any) -> HttpResponse:
    mine = list(Snippet.objects.visible_to(request.user).order_by("word"))
    context = {
        "phrases": [one for one in mine if one.kind == Snippet.Kind.PHRASE],
        "templates": [one for one in mine if one.kind == Snippet.Kind.TEMPLATE],
        "layouts": [layout for layout in formats.FORMATS.values() if layout.key != "group"],
        "form": form,
        **more,
    }
    return render(request, "sessions/snippets.html", context)

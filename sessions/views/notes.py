"""Saving a draft, reading a note, adding to a signed one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.access import Verb, can
from clients.doors import record_or_404
from clients.errors import DomainError, InvalidTransition
from clients.forms import answering
from clients.views.guard import needs
from sessions import actions, formats, queries
from sessions.forms import AddendumForm, NoteForm, posted_sections
from sessions.models import Note
from sessions.views.session import found_session, posted, working_page


@needs(Verb.WRITE_NOTE)
@posted
def save(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep the draft: for autosave as JSON, for a button as a page. A newer text is never overwritten."""
    session = found_session(request, uid)
    version = request.POST.get("version") or "0"
    try:
        note = actions.save_draft(
            session_id=session.pk,
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
            sections=posted_sections(request.POST),
            format=request.POST.get("to") or request.POST.get("format") or "",
            by=request.user,
            now=timezone.now(),
        )
    except actions.StaleDraft as stale:
        return _both_texts(request, session, stale)
    except DomainError as refusal:
        return _refused(request, session, refusal)
    if _wants_json(request):
        return JsonResponse({"version": note.version, "saved_at": note.saved_at.isoformat()})
    if request.POST.get("then") == "sign":
        return redirect("counseling:sign", uid=session.uid)
    messages.success(request, _("Saved."))
    return redirect("counseling:session", uid=session.uid)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _layout_of(request: HttpRequest) -> formats.NoteFormat:
    return formats.FORMATS.get(request.POST.get("format", ""), formats.DAP)


def _both_texts(request: HttpRequest, session: Any, stale: actions.StaleDraft) -> HttpResponse:
    """The stored text under the fields of the page that asked, beside what was typed there."""
    layout = _layout_of(request)
    stored = formats.converted(stale.stored.sections, to=layout.key)
    keys = (*layout.keys, formats.RISK, formats.RISK_ACTION)
    if _wants_json(request):
        answer = {
            "version": stale.stored.version,
            "saved_at": stale.stored.saved_at.isoformat(),
            "fields": {key: stored.get(key, "") for key in keys},
            "message": str(stale),
        }
        return JsonResponse(answer, status=409)
    typed = request.POST.copy()
    typed["version"] = str(stale.stored.version)
    form = NoteForm(typed, layout=layout)
    return working_page(request, session, form=form, theirs=stale.stored, status=409)


def _refused(request: HttpRequest, session: Any, refusal: DomainError) -> HttpResponse:
    status = 409 if isinstance(refusal, InvalidTransition) else 422
    if _wants_json(request):
        return JsonResponse({"message": str(refusal), "code": refusal.code}, status=status)
    messages.warning(request, str(refusal))
    return redirect("counseling:session", uid=session.uid)


@require_GET
@needs(Verb.READ_NOTE)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A signed note with its addenda. A draft opens for its author alone, where it is written."""
    note = _found(request, uid, viewing=True)
    if not note.is_signed:
        return redirect("counseling:session", uid=note.session.uid)
    return _read_page(request, note, AddendumForm())


@needs(Verb.WRITE_NOTE)
def add(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Sign an addendum."""
    note = _found(request, uid)
    if request.method != "POST":
        return redirect("counseling:note", uid=note.uid)
    form = AddendumForm(request.POST)
    if form.is_valid():
        with answering(form):
            actions.add_addendum(note_id=note.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("The addendum is signed."))
            return redirect("counseling:note", uid=note.uid)
    return _read_page(request, note, form)


def _found(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> Note:
    rows = Note.objects.readable_by(request.user, at=timezone.now())
    return record_or_404(
        request, rows.select_related("session__counselor", "client", "author"), uid, viewing=viewing
    )


def _read_page(request: HttpRequest, note: Note, form: AddendumForm) -> HttpResponse:
    now = timezone.now()
    context = {
        "note": note,
        "session": note.session,
        "client": note.client,
        "parts": parts_of(note),
        "addenda": note.addenda.select_related("author"),
        "form": form if can(request.user, Verb.WRITE_NOTE) else None,
        "next_unsigned": queries.unsigned_notes(request.user, now).first(),
        "now": now,
    }
    return render(request, "sessions/note.html", context)


def parts_of(note: Note) -> list[tuple[str, str]]:
    """Labels and texts in reading order, the risk statement in words."""
    words = note.sections
    parts = [(str(section.label), words.get(section.key, "")) for section in note.layout.sections]
    risk = words.get(formats.RISK, "")
    parts.append((str(formats.RISK_LABEL), str(formats.RISK_LEVELS[risk]) if risk else ""))
    if words.get(formats.RISK_ACTION):
        parts.append((str(formats.RISK_ACTION_LABEL), words[formats.RISK_ACTION]))
    return parts

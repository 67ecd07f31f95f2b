"""The pages of counseling notes (clinical.md §6.3 REQ-09): their author's, and nobody else's."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.errors import DomainError
from clients.views.guard import needs
from sessions import actions
from sessions.models import CounselingNote
from sessions.note_forms import CounselingNoteForm
from sessions.views.notes import posted_version, wants_json


@needs(Verb.KEEP_COUNSELING_NOTES)
def index(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One's own counseling notes about a client; sending the form begins one."""
    client, now = client_or_404(request, uid), timezone.now()
    if request.method == "POST":
        note = actions.begin_counseling_note(client_id=client.pk, by=request.user, now=now)
        return redirect("counseling:counseling_note", uid=note.uid)
    own = CounselingNote.objects.visible_to(request.user, at=now).of(client).defer("content")
    return render(request, "sessions/counseling_notes.html", {"client": client, "notes": own})


@require_GET
@needs(Verb.KEEP_COUNSELING_NOTES)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The editor, in a colour of its own."""
    note = _own(request, uid, viewing=True)
    form = CounselingNoteForm(initial={"content": note.content, "version": note.version})
    return render(
        request, "sessions/counseling_note.html", {"note": note, "client": note.client, "form": form}
    )


@require_POST
@needs(Verb.KEEP_COUNSELING_NOTES)
def save(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep the words: for autosave as JSON, for a button as a page."""
    note = _own(request, uid)
    try:
        saved = actions.save_counseling_note(
            note_id=note.pk,
            version=posted_version(request),
            content=request.POST.get("content", ""),
            by=request.user,
            now=timezone.now(),
        )
    except actions.StaleCounselingNote as stale:
        return _both_texts(request, stale)
    except DomainError as refusal:
        return JsonResponse({"message": str(refusal), "code": refusal.code}, status=422)
    if wants_json(request):
        return JsonResponse({"version": saved.version, "saved_at": saved.saved_at.isoformat()})
    messages.success(request, _("Saved."))
    return redirect("counseling:counseling_note", uid=saved.uid)


def _both_texts(request: HttpRequest, stale: actions.StaleCounselingNote) -> HttpResponse:
    stored = stale.stored
    if wants_json(request):
        answer = {
            "version": stored.version,
            "saved_at": stored.saved_at.isoformat(),
            "fields": {"content": stored.content},
            "message": str(stale),
        }
        return JsonResponse(answer, status=409)
    typed = request.POST.copy()
    typed["version"] = str(stored.version)
    context = {"note": stored, "client": stored.client, "form": CounselingNoteForm(typed), "theirs": stored}
    return render(request, "sessions/counseling_note.html", context, status=409)


@require_POST
@needs(Verb.KEEP_COUNSELING_NOTES)
def remove(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take one's own note away."""
    note = _own(request, uid)
    actions.remove_counseling_note(note_id=note.pk, by=request.user, now=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("counseling:counseling_notes", uid=note.client.uid)


def _own(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> CounselingNote:
    return record_or_404(request, CounselingNote.objects.select_related("client"), uid, viewing=viewing)

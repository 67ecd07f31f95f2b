"""One's own notes that still need something, and those that await a second signature."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients import audit
from clients.access import Verb
from clients.doors import found_or_404
from clients.forms import answering
from clients.views.guard import needs
from sessions import actions, note_queries
from sessions.models import Note
from sessions.note_forms import AddendumForm
from sessions.proof import prove


@require_GET
@needs(Verb.WRITE_NOTE)
def mine(request: HttpRequest) -> HttpResponse:
    """What was returned, begun, not begun, signed and waiting, or voided."""
    now = timezone.now()
    found = note_queries.my_notes(request.user, now)
    audit.record_list("my_notes", by=request.user, at=now, filters={}, ids=found.ids)
    return render(request, "sessions/my_notes.html", {"found": found, "now": now})


@require_GET
@needs(Verb.COSIGN_NOTE)
def cosign_queue(request: HttpRequest) -> HttpResponse:
    """Trainees' notes and addenda, the first due on top; and drafts whose author is gone."""
    now = timezone.now()
    notes = note_queries.cosign_queue(request.user, now)
    addenda = note_queries.cosign_addenda(request.user, now)
    orphans = note_queries.orphans(request.user, now)
    ids = [note.pk for note in (*notes, *orphans)]
    audit.record_list("cosign_queue", by=request.user, at=now, filters={}, ids=ids)
    context = {"notes": notes, "addenda": addenda, "orphans": orphans, "now": now}
    return render(request, "sessions/cosign_queue.html", context)


@needs(Verb.COSIGN_NOTE)
def author_unavailable(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Close the book on a draft whose author is gone: a signed word of the supervisor's; the draft's stay closed."""
    now = timezone.now()
    rows = Note.objects.visible_to(request.user, at=now).orphaned().without_words()
    note = found_or_404(request, rows.select_related("session", "client", "author"), uid)
    form = AddendumForm(request.POST or None, initial={"reason": _("Author unavailable")})
    if request.method == "POST" and form.is_valid():
        with answering(form):
            told = dict(form.cleaned_data)
            proven_at = prove(request.user, told.pop("password"), now=now)
            actions.add_addendum(
                note_id=note.pk,
                author_unavailable=True,
                by=request.user,
                now=now,
                proven_at=proven_at,
                **told,
            )
            messages.success(request, _("Signed. The draft stays closed and leaves the list."))
            return redirect("counseling:cosign_queue")
    context = {"note": note, "session": note.session, "client": note.client, "form": form}
    return render(request, "sessions/author_unavailable.html", context)

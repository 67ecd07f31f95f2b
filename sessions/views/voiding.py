"""Taking a signed note out of use, writing it anew, and giving a draft up."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clients.access import Verb
from clients.doors import found_or_404, refuse
from clients.forms import answering, telling
from clients.views.guard import needs
from sessions import actions, note_queries
from sessions.models import Note, Session
from sessions.note_forms import VoidForm
from sessions.views.notes import found_note


@needs(Verb.VOID_NOTE)
def void(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Say why a signed note is taken out of use."""
    note = found_note(request, uid)
    if not note.is_signed:
        messages.warning(request, _("Only a signed note is voided; a draft can be changed or deleted."))
        return redirect("counseling:note", uid=note.uid)
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.void(note_id=note.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Voided. Its author can write it anew where it belongs."))
            return redirect("counseling:note", uid=note.uid)
    context = {"note": note, "session": note.session, "client": note.client, "form": form}
    return render(request, "sessions/void.html", context)


@needs(Verb.WRITE_NOTE)
def anew(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Choose for which of one's own sessions a voided note is written anew."""
    note, now = found_note(request, uid), timezone.now()
    if note.author_id != request.user.pk:
        raise refuse(request, what="counseling.Note", uid=uid)
    choices = [note.session, *note_queries.unwritten(request.user, now)[: note_queries.AT_ONCE]]
    if request.method == "POST":
        seen = Session.objects.visible_to(request.user, at=now).filter(counselor=request.user)
        session = found_or_404(request, seen, _uuid(request.POST.get("session", "")))
        with telling(request):
            actions.write_anew(note_id=note.pk, session_id=session.pk, by=request.user, now=now)
            messages.success(request, _("The text is here as a draft. Read it again before you sign it."))
            return redirect("counseling:session", uid=session.uid)
    context = {"note": note, "session": note.session, "client": note.client, "choices": choices}
    return render(request, "sessions/anew.html", context)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


@require_POST
@needs(Verb.WRITE_NOTE)
def delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Set one's own draft aside; what is said next offers the way back."""
    note = _own(request, uid)
    with telling(request):
        actions.delete_draft(note_id=note.pk, by=request.user, now=timezone.now())
        messages.success(request, _("The draft is deleted. It can be taken back on the page of the session."))
    return redirect("counseling:session", uid=note.session.uid)


@require_POST
@needs(Verb.WRITE_NOTE)
def restore(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take a deleted draft up again."""
    note = _own(request, uid)
    with telling(request):
        actions.restore_draft(note_id=note.pk, by=request.user, now=timezone.now())
        messages.success(request, _("The draft is back."))
    return redirect("counseling:session", uid=note.session.uid)


def _own(request: HttpRequest, uid: UUID) -> Note:
    rows = Note.objects.visible_to(request.user, at=timezone.now()).filter(author=request.user)
    return found_or_404(request, rows.select_related("session"), uid)

"""Reading a draft once more, and signing it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.access import Verb
from clients.doors import refuse
from clients.forms import answering
from clients.views.guard import needs
from sessions import actions, formats
from sessions.forms import SignForm
from sessions.integrity import is_late
from sessions.models import Note, Session
from sessions.views.notes import parts_of
from sessions.views.session import found_session
from sessions.wording import suggestions


@needs(Verb.WRITE_NOTE)
def review(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The note as it will stand, what is still missing, and the button that signs it."""
    session = found_session(request, uid)
    note = session.written
    if note is None:
        messages.warning(request, _("There is no note to sign yet."))
        return redirect("counseling:session", uid=session.uid)
    if note.author_id != request.user.pk:
        raise refuse(request, what="counseling.Note", uid=note.uid)
    if note.is_signed:
        return redirect("counseling:note", uid=note.uid)
    now = timezone.now()
    late = is_late(ended_at=session.over_at, signed_at=now)
    form = SignForm(request.POST or None, late=late)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.sign(session_id=session.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(request, _("Signed. The note can no longer be changed; you can add to it."))
            return redirect("counseling:note", uid=note.uid)
        note.refresh_from_db()
    return render(request, "sessions/sign.html", _context(session, note, form, now=now, late=late))


def _context(session: Session, note: Note, form: SignForm, *, now: datetime, late: bool) -> dict[str, Any]:
    parts = parts_of(note)
    missing = formats.missing(note.format, note.sections)
    return {
        "session": session,
        "client": session.client,
        "note": note,
        "form": form,
        "parts": parts,
        "missing": [(key, formats.label_of(key)) for key in missing],
        "ended": not session.is_open and session.over_at <= now,
        "late": late,
        "hints": [(label, hint) for label, text in parts for hint in suggestions(text)],
        "now": now,
    }

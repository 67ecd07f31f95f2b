"""Reading a draft once more and signing it; several at once; a second signature, or sending a note back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clients import audit
from clients.access import Verb
from clients.doors import found_or_404, refuse
from clients.forms import answering, telling
from clients.views.guard import needs
from sessions import actions, formats, note_queries
from sessions.actions.signing import ToSign, unedited
from sessions.integrity import is_late
from sessions.models import Addendum, Note, Session
from sessions.note_forms import CosignForm, PasswordForm, ReturnForm, SignForm
from sessions.proof import prove
from sessions.views.notes import found_note, header_of, parts_of, read_page
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
    if not note.is_begun:
        return redirect("counseling:note", uid=note.uid)
    now = timezone.now()
    late = is_late(ended_at=session.over_at, signed_at=now)
    form = SignForm(request.POST or None, late=late)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            signed = _signed(request, session, form, now)
            messages.success(request, _after(signed))
            return redirect("counseling:note", uid=note.uid)
        note.refresh_from_db()
        note.session = session
    return render(request, "sessions/sign.html", _context(session, note, form, now=now, late=late))


def _signed(request: HttpRequest, session: Session, form: SignForm, now: datetime) -> Note:
    told = dict(form.cleaned_data)
    proven_at = prove(request.user, told.pop("password"), now=now)
    return actions.sign(session_id=session.pk, by=request.user, now=now, proven_at=proven_at, **told)


def _after(note: Note) -> str:
    if note.state == Note.State.NEEDS_COSIGN:
        return _("Signed. Your supervisor is asked to co-sign it; it can no longer be changed meanwhile.")
    return _("Signed. The note can no longer be changed; you can add to it.")


def _context(session: Session, note: Note, form: SignForm, *, now: datetime, late: bool) -> dict[str, Any]:
    parts = parts_of(note)
    return {
        "session": session,
        "client": session.client,
        "note": note,
        "header": header_of(note),
        "form": form,
        "parts": parts,
        "missing": missing_of(note),
        "unedited": [(key, formats.label_of(key)) for key in unedited(note)],
        "returned": note_queries.last_return(note) if note.state == Note.State.RETURNED else None,
        "ended": not session.is_open and session.over_at <= now,
        "late": late,
        "hints": [(label, hint) for label, text in parts for hint in suggestions(text)],
        "now": now,
    }


def missing_of(note: Note) -> list[tuple[str, str]]:
    """Keys and labels of what must still be filled."""
    return [(key, formats.label_of(key)) for key in formats.missing(note.format, note.sections)]


@needs(Verb.WRITE_NOTE)
def several(request: HttpRequest) -> HttpResponse:
    """One's drafts of sessions that are over, each whole; those ticked as read are signed under one password."""
    now = timezone.now()
    form = PasswordForm(request.POST or None)
    declined: dict[int, str] = {}
    if request.method == "POST" and form.is_valid():
        with answering(form):
            declined = _sign_ticked(request, form.cleaned_data["password"], now)
            if not declined:
                return redirect("counseling:my_notes")
    notes = note_queries.to_sign(request.user, now)
    audit.record_list("notes_to_sign", by=request.user, at=now, filters={}, ids=[note.pk for note in notes])
    rows = [_row(request, note, now, declined) for note in notes]
    context = {"rows": rows, "ready": sum(row["ready"] for row in rows), "form": form, "now": now}
    return render(request, "sessions/sign_several.html", context)


def _row(request: HttpRequest, note: Note, now: datetime, declined: dict[int, str]) -> dict[str, Any]:
    missing = missing_of(note) + [(key, formats.label_of(key)) for key in unedited(note)]
    return {
        "note": note,
        "header": header_of(note),
        "parts": parts_of(note),
        "missing": missing,
        "ready": not missing,
        "late": is_late(ended_at=note.session.over_at, signed_at=now),
        "late_reason": request.POST.get(f"late-{note.uid}", ""),
        "ticked": str(note.uid) in request.POST.getlist("read"),
        "declined": declined.get(note.session_id, ""),
    }


def _sign_ticked(request: HttpRequest, password: str, now: datetime) -> dict[int, str]:
    """Sign what was ticked, in the version that was shown. Gives why not, for each session that was declined."""
    ticked = request.POST.getlist("read")
    notes = [note for note in note_queries.to_sign(request.user, now) if str(note.uid) in ticked]
    if not notes:
        messages.warning(request, _("Tick the notes that you have read."))
        return {0: ""}
    proven_at = prove(request.user, password, now=now)
    asked = [
        ToSign(
            session_id=note.session_id,
            version=_version(request.POST.get(f"version-{note.uid}", "")),
            late_reason=request.POST.get(f"late-{note.uid}", ""),
        )
        for note in notes
    ]
    done = actions.sign_several(notes=asked, by=request.user, now=now, proven_at=proven_at)
    if done.signed:
        count = len(done.signed)
        told = ngettext("%(count)s note is signed.", "%(count)s notes are signed.", count) % {"count": count}
        messages.success(request, told)
    return {session_id: str(refusal) for session_id, refusal in done.declined}


def _version(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


@needs(Verb.COSIGN_NOTE)
def cosign(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Put a second name under a trainee's note."""
    note = found_note(request, uid)
    if request.method != "POST":
        return redirect("counseling:note", uid=note.uid)
    form = CosignForm(request.POST)
    if form.is_valid():
        with answering(form):
            now, told = timezone.now(), form.cleaned_data
            proven_at = prove(request.user, told["password"], now=now)
            actions.cosign(
                note_id=note.pk, version=told["version"], by=request.user, now=now, proven_at=proven_at
            )
            messages.success(request, _("Co-signed. The note is final."))
            return redirect("counseling:cosign_queue")
    _say(request, form)
    note.refresh_from_db()
    return read_page(request, found_note(request, uid), cosign=form)


@needs(Verb.COSIGN_NOTE)
def send_back(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Return a trainee's note with a comment."""
    note = found_note(request, uid)
    if request.method != "POST":
        return redirect("counseling:note", uid=note.uid)
    form = ReturnForm(request.POST)
    if form.is_valid():
        with answering(form):
            actions.return_note(note_id=note.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Returned. The author sees your comment and signs anew."))
            return redirect("counseling:cosign_queue")
    _say(request, form)
    return read_page(request, note, return_form=form)


def _say(request: HttpRequest, form: Any) -> None:
    """What concerns no field is said on top, also where the page shows the form no more."""
    for error in form.non_field_errors():
        messages.warning(request, str(error))


@require_POST
@needs(Verb.COSIGN_NOTE)
def cosign_addendum(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Put a second name under a trainee's addendum."""
    now = timezone.now()
    mine = Addendum.objects.visible_to(request.user, at=now) | Addendum.objects.cosignable_by(
        request.user, at=now
    )
    addendum = found_or_404(request, mine.select_related("note").distinct(), uid)
    with telling(request):
        proven_at = prove(request.user, request.POST.get("password", ""), now=now)
        actions.cosign_addendum(addendum_id=addendum.pk, by=request.user, now=now, proven_at=proven_at)
        messages.success(request, _("Co-signed."))
    return redirect("counseling:note", uid=addendum.note.uid)

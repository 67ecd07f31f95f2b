"""Taking a signed note out of use, and writing it where it belongs (clinical.md §9.2)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from sessions import summary
from sessions.actions.notes import LONGEST_TEXT, begun, check_may_write, held_note, locked_note
from sessions.actions.refusals import refusals_audited
from sessions.actions.start import locked
from sessions.integrity import tidy
from sessions.models import Note

NOTE_VOIDED, NOTE_WRITTEN_ANEW = "note.voided", "note.written_anew"


@refusals_audited
def void(*, note_id: int, kind: str, reason: str, by: Any, now: datetime) -> Note:
    """Take a signed note out of use: written under the wrong client, or twice. Its content stays, for audit.

    Supervisors only, with a reason. Refused for a draft, which its author can change or delete.
    """
    require(by, Verb.VOID_NOTE)
    if by is None:
        raise NotAllowed(_("Voiding a note needs a person who answers for it."))
    note = held_note(note_id)
    if not note.is_signed:
        raise InvalidTransition(_("Only a signed note is voided; a draft can be changed or deleted."))
    if kind not in Note.VoidKind.values:
        raise InvalidInput(_("Say whether it has the wrong client or was written twice."), field="kind")
    if not reason.strip() or len(reason) > LONGEST_TEXT or "\x00" in reason:
        raise InvalidInput(_("Say why the note is voided."), field="reason")
    note.move_to(Note.State.VOIDED)
    note.voided_at, note.voided_by = now, by
    note.void_kind, note.void_reason = kind, tidy(reason).strip()
    note.save(update_fields=["state", "voided_at", "voided_by", "void_kind", "void_reason"])
    summary.refresh(note.client_id)
    audit.record(NOTE_VOIDED, client_id=note.client_id, target=note, by=by, at=now, kind=kind)
    return note


@refusals_audited
def write_anew(*, note_id: int, session_id: int, by: Any, now: datetime) -> Note:
    """Begin a draft for the right session with the text of one's own note that was voided. Both know of each other.

    The session may be the same one or another of one's own, of whichever client. Raises Conflict when that session
    has a note already, or when the voided one was written anew before.
    """
    require(by, Verb.WRITE_NOTE)
    session = locked(session_id)
    there = locked_note(session)
    voided = Note.objects.select_for_update(of=("self",)).get(pk=note_id)
    if by is None or voided.author_id != by.pk:
        raise NotAllowed(_("Only its author can write a note anew."))
    if voided.state != Note.State.VOIDED:
        raise InvalidTransition(_("Only a voided note is written anew."))
    if Note.objects.filter(replaces=voided).exists():
        raise Conflict(_("This note was written anew already."))
    if there is not None and there.pk != voided.pk:
        raise Conflict(_("This session has a note already."), field="session")
    check_may_write(session, None, by)
    if there is not None:
        voided.stands_for = None
        voided.save(update_fields=["stands_for"])
    note = begun(session, by=by, now=now)
    note.format, note.sections = voided.format, voided.sections
    note.version, note.replaces = 1, voided
    note.save()
    summary.refresh(session.client_id)
    for one in (voided, note):
        audit.record(
            NOTE_WRITTEN_ANEW, client_id=one.client_id, target=one, by=by, at=now, old=voided.pk, new=note.pk
        )
    return note

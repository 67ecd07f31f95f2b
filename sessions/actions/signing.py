"""Signing, co-signing and sending back (clinical.md §9.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, DomainError, InvalidInput, InvalidTransition, NotAllowed
from sessions import formats, headers, summary
from sessions.actions.group_names import refuse_named
from sessions.actions.notes import LONGEST_TEXT, held_note, locked_note
from sessions.actions.refusals import Incomplete, StaleDraft, Unedited, refusals_audited
from sessions.actions.start import locked
from sessions.integrity import canonical_json, content_hash, is_late, tidy
from sessions.models import Addendum, Note, NoteReturn, Session, Signature
from sessions.proof import check_proof

NOTE_SIGNED, NOTE_COSIGNED, NOTE_RETURNED = "note.signed", "note.cosigned", "note.returned"
ADDENDUM_COSIGNED = "note.addendum_cosigned"
COSIGN_WITHIN = timedelta(days=7)
SCHEMA = 2


@dataclass(frozen=True)
class ToSign:
    """One note as it was read: which session's, in which version, and why it is late, if it is."""

    session_id: int
    version: int
    late_reason: str = ""


@dataclass(frozen=True)
class SignedSeveral:
    """What became of each of several notes."""

    signed: list[Note]
    declined: list[tuple[int, DomainError]]


@refusals_audited
def sign(
    *, session_id: int, version: int, by: Any, now: datetime, proven_at: datetime, late_reason: str = ""
) -> Note:
    """Sign the draft as its author sees it, and lock it for good; a trainee's awaits its co-signature for 7 days.

    `proven_at` is when the signer last proved who they are, at most five minutes ago. Refused before the session has
    ended, for another's note, with required parts empty (Incomplete) or carried text unedited (Unedited), for a
    version other than the stored one (StaleDraft), where another member of the group is named (NamesAnother), and
    more than 72 hours after the end without a reason.
    """
    require(by, Verb.WRITE_NOTE)
    check_proof(by, proven_at=proven_at, now=now)
    session = locked(session_id)
    note = locked_note(session)
    if note is None:
        raise Incomplete(formats.missing(formats.DAP.key, {}))
    _check_may_sign(note, version=version, by=by, now=now, late_reason=late_reason)
    _freeze(note, session)
    said = {"who": note.present["who"], "place": note.place, "late_reason": late_reason}
    refuse_named(session, {**note.sections, **said})
    note.signed_at, note.signed_by = now, by
    note.signer_name, note.credential = by.full_name, by.credential
    note.late_reason = late_reason.strip() if is_late(ended_at=session.over_at, signed_at=now) else ""
    note.content_hash = content_hash(note.signed_content())
    _sign(note, Signature.Meaning.AUTHOR, by=by, now=now)
    if by.is_trainee:
        note.move_to(Note.State.NEEDS_COSIGN)
        note.cosign_due_at = now + COSIGN_WITHIN
    else:
        note.move_to(Note.State.FINAL)
    note.save()
    summary.refresh(session.client_id)
    audit.record(
        NOTE_SIGNED,
        client_id=note.client_id,
        target=note,
        by=by,
        at=now,
        version=note.version,
        hash=note.content_hash,
        late=note.is_late,
    )
    return note


def _check_may_sign(note: Note, *, version: int, by: Any, now: datetime, late_reason: str) -> None:
    if by.pk != note.author_id:
        raise NotAllowed(_("Nobody can sign for another. Only the author signs this note."))
    if not note.is_begun:
        raise InvalidTransition(_("This note is already signed."))
    if note.session.is_open or max(note.session.over_at, note.ended_at or note.session.over_at) > now:
        raise InvalidTransition(_("The session has not ended yet. Close it first, then sign."))
    if version != note.version:
        raise StaleDraft(note)
    if note.state == Note.State.RETURNED:
        raise InvalidInput(
            _("Your supervisor sent this note back. Change what they ask for, then sign again.")
        )
    if empty := formats.missing(note.format, note.sections):
        raise Incomplete(empty)
    if same := unedited(note):
        raise Unedited(same)
    if is_late(ended_at=note.session.over_at, signed_at=now) and not late_reason.strip():
        raise InvalidInput(
            _("This is a late entry, more than 72 hours after the session. Say why it is late."),
            field="late_reason",
        )


def unedited(note: Note) -> list[str]:
    """The fields whose carried text stands as it was taken over, blanks aside, in reading order."""
    words, marks = note.sections, note.carried_text
    return [
        key for key in note.layout.keys if key in marks and marks[key].split() == words.get(key, "").split()
    ]


def _freeze(note: Note, session: Session) -> None:
    """From now on the header stands on its own feet, whatever becomes of the session's page."""
    header = headers.checked(headers.of_note(note))
    for field, value in headers.rows_of(header).items():
        setattr(note, field, value)
    note.say_present(header.roles, header.who)
    note.content_schema = SCHEMA


def _sign(note: Note, meaning: str, *, by: Any, now: datetime, addendum: Addendum | None = None) -> None:
    signed = addendum or note
    Signature.objects.create(
        note=note,
        addendum=addendum,
        meaning=meaning,
        version=note.version,
        signer=by,
        signer_name=by.full_name,
        credential=by.credential,
        content_hash=signed.content_hash,
        signed_at=now,
    )


def sign_several(*, notes: Sequence[ToSign], by: Any, now: datetime, proven_at: datetime) -> SignedSeveral:
    """Sign each of one's notes that was read, under one proof. One that is declined keeps none of the others back."""
    signed: list[Note] = []
    declined: list[tuple[int, DomainError]] = []
    for one in notes:
        try:
            signed.append(
                sign(
                    session_id=one.session_id,
                    version=one.version,
                    late_reason=one.late_reason,
                    by=by,
                    now=now,
                    proven_at=proven_at,
                )
            )
        except DomainError as refusal:
            declined.append((one.session_id, refusal))
    return SignedSeveral(signed, declined)


@refusals_audited
def cosign(*, note_id: int, version: int, by: Any, now: datetime, proven_at: datetime) -> Note:
    """Put a second name under a trainee's note: it is final then.

    Only whoever answers for the author's work now, or did at signing, and never the author (NotAllowed). Raises
    Conflict when another version was read than the one that stands.
    """
    require(by, Verb.COSIGN_NOTE)
    check_proof(by, proven_at=proven_at, now=now)
    note = held_note(note_id)
    _check_may_cosign(note, version=version, by=by, now=now)
    _sign(note, Signature.Meaning.COSIGNER, by=by, now=now)
    note.move_to(Note.State.FINAL)
    note.save(update_fields=["state"])
    summary.refresh(note.client_id)
    audit.record(
        NOTE_COSIGNED,
        client_id=note.client_id,
        target=note,
        by=by,
        at=now,
        version=note.version,
        hash=note.content_hash,
    )
    return note


def _check_may_cosign(note: Note, *, version: int, by: Any, now: datetime) -> None:
    if by is None or by.pk == note.author_id:
        raise NotAllowed(_("Nobody co-signs their own note."))
    if note.state != Note.State.NEEDS_COSIGN:
        raise InvalidTransition(_("This note does not await a co-signature."))
    if not Note.objects.cosignable_by(by, at=now).filter(pk=note.pk).exists():
        raise NotAllowed(_("Only somebody who supervises the author, or did at signing, co-signs this note."))
    if version != note.version:
        raise Conflict(_("The note has changed since you read it. Read it again."))


@refusals_audited
def return_note(*, note_id: int, version: int, comment: str, by: Any, now: datetime) -> Note:
    """Send a trainee's note back with a comment. The signature given stays, with the text it was given for.

    Who may co-sign may return; only before the note is final. Raises InvalidInput without a comment.
    """
    require(by, Verb.COSIGN_NOTE)
    note = held_note(note_id)
    _check_may_cosign(note, version=version, by=by, now=now)
    if not comment.strip() or len(comment) > LONGEST_TEXT or "\x00" in comment:
        raise InvalidInput(_("Say what should be looked at again."), field="comment")
    NoteReturn.objects.create(
        note=note,
        version=note.version,
        comment=tidy(comment).strip(),
        signed_text=canonical_json(note.signed_content()),
        content_hash=note.content_hash,
        at=now,
        by=by,
        by_name=by.full_name,
    )
    note.move_to(Note.State.RETURNED)
    returned = note.version
    note.version += 1
    note.signed_at = note.signed_by = note.cosign_due_at = None
    note.signer_name = note.credential = note.content_hash = note.late_reason = ""
    # Only what the database lets change under a signature: the words are not even encrypted anew.
    cleared = ["signed_at", "signed_by", "signer_name", "credential", "content_hash", "late_reason"]
    note.save(update_fields=["state", "version", "cosign_due_at", *cleared])
    summary.refresh(note.client_id)
    audit.record(NOTE_RETURNED, client_id=note.client_id, target=note, by=by, at=now, version=returned)
    return note


@refusals_audited
def cosign_addendum(*, addendum_id: int, by: Any, now: datetime, proven_at: datetime) -> Addendum:
    """Put a second name under a trainee's addendum, by the same rule as for a note."""
    require(by, Verb.COSIGN_NOTE)
    check_proof(by, proven_at=proven_at, now=now)
    found = Addendum.objects.get(pk=addendum_id)
    note = held_note(found.note_id)
    if by.pk == found.author_id:
        raise NotAllowed(_("Nobody co-signs their own addendum."))
    if not Addendum.objects.awaiting_cosign().filter(pk=found.pk).exists():
        raise InvalidTransition(_("This addendum does not await a co-signature."))
    if not Addendum.objects.cosignable_by(by, at=now).filter(pk=found.pk).exists():
        raise NotAllowed(_("Only somebody who supervises the author, or did at signing, co-signs this."))
    _sign(note, Signature.Meaning.COSIGNER, by=by, now=now, addendum=found)
    audit.record(ADDENDUM_COSIGNED, client_id=note.client_id, target=found, by=by, at=now, note=note.pk)
    return found

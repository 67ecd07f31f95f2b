"""Writing a note (clinical.md §9.1, §9.2): its draft, its header, what is taken over, and giving a draft up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from sessions import formats, headers, summary
from sessions.actions.refusals import StaleDraft, refusals_audited
from sessions.actions.start import locked
from sessions.headers import Header
from sessions.integrity import tidy
from sessions.models import Goal, Note, Session

NOTE_SAVED, NOTE_CARRIED = "note.saved", "note.carried_forward"
NOTE_DELETED, NOTE_RESTORED = "note.deleted", "note.restored"
LONGEST_TEXT = 50_000


@refusals_audited
def save_draft(
    *,
    session_id: int,
    version: int,
    sections: Mapping[str, str],
    by: Any,
    now: datetime,
    format: str = "",
    header: Header | None = None,
) -> Note:
    """Keep the author's words. `version` is the one last seen, 0 for none yet; raises StaleDraft when it moved on.

    Another `format` takes the text along; without a `header` the one there stays. Refused once signed, to anybody but
    the session's counselor, and before the session has begun. Words already stored (an answer lost on the way) are no
    conflict.
    """
    require(by, Verb.WRITE_NOTE)
    session = locked(session_id)
    note = locked_note(session)
    check_may_write(session, note, by)
    chosen = format or (note.format if note is not None else formats.DAP.key)
    words = _checked(sections, chosen)
    over = headers.checked(header) if header is not None else None
    if note is not None and _says_already(note, words, chosen, over):
        return note
    if version != (note.version if note is not None else 0):
        if note is None:
            raise Conflict(_("This note does not exist yet. Reload the page."))
        raise StaleDraft(note)
    note = note or begun(session, by=by, now=now)
    _keep(note, words, chosen, over, now)
    if note.version == 1:
        summary.refresh(session.client_id)
    audit.record(NOTE_SAVED, client_id=note.client_id, target=note, by=by, at=now, version=note.version)
    return note


def begun(session: Session, *, by: Any, now: datetime) -> Note:
    """A note of that session, not saved yet."""
    return Note(
        session=session,
        stands_for=session,
        client_id=session.client_id,
        author=by,
        begun_at=now,
        saved_at=now,
        version=0,
    )


def locked_note(session: Session) -> Note | None:
    """The note that stands for the session, held until the transaction ends."""
    note: Note | None = Note.objects.select_for_update(of=("self",)).filter(stands_for=session).first()
    if note is not None:
        note.session = session
    return note


def check_may_write(session: Session, note: Note | None, by: Any) -> None:
    """Raise NotAllowed to all but the author, InvalidTransition once nobody can write any more, or not yet."""
    author_id = note.author_id if note is not None else session.counselor_id
    if by is None or by.pk != author_id:
        raise NotAllowed(_("Only the author can write this note. Once it is signed you can add an addendum."))
    if note is not None and note.is_signed:
        raise InvalidTransition(_("This note is signed and cannot be changed. Add an addendum instead."))
    if note is not None and not note.is_begun:
        raise InvalidTransition(_("This note was voided and stays as it is. Write it anew instead."))
    if not session.takes_note:
        raise InvalidTransition(_("There is nothing to write about yet: start the session first."))


def _says_already(note: Note, words: Mapping[str, str], chosen: str, header: Header | None) -> bool:
    if note.sections != words or note.format != chosen:
        return False
    return header is None or headers.of_note(note) == _as_shown(header, note)


def _as_shown(header: Header, note: Note) -> Header:
    """With the session's own times and place where the author left them out, in minutes where they are the same."""
    usual = headers.from_session(note.session)
    return replace(
        header,
        service_type=header.service_type or usual.service_type,
        place=header.place or usual.place,
        began_at=_nearest(header.began_at, usual.began_at),
        ended_at=_nearest(header.ended_at, usual.ended_at),
        roles=header.roles or usual.roles,
    )


def _nearest(said: datetime | None, usual: datetime | None) -> datetime | None:
    """What a field that knows minutes only says of a moment that the timer knows to the second."""
    if said is None or usual is None:
        return said or usual
    return usual if said == usual.replace(second=0, microsecond=0) else said


def _keep(note: Note, words: Mapping[str, str], chosen: str, header: Header | None, now: datetime) -> None:
    if note.state == Note.State.RETURNED:
        note.move_to(Note.State.DRAFT)
    note.carried_text = _marks_after(note, words, chosen)
    note.format, note.sections = chosen, words
    note.version, note.saved_at = note.version + 1, now
    if header is not None:
        _keep_header(note, header)
    note.save()
    if header is not None:
        goals = Goal.objects.of(note.client).filter(uid__in=header.goals)
        if set(header.goals) - {goal.uid for goal in goals}:
            raise InvalidInput(_("This goal is not one of this client's."), field="goals")
        note.goals.set(goals)


def _keep_header(note: Note, header: Header) -> None:
    """What is as the session has it is left to the session, so that its timers still count."""
    usual = headers.from_session(note.session)
    shown = _as_shown(header, note)
    for field, value in headers.rows_of(shown).items():
        setattr(note, field, value)
    for field in ("began_at", "ended_at"):
        if getattr(shown, field) == getattr(usual, field):
            setattr(note, field, None)
    if shown.place == usual.place:
        note.place = ""
    note.say_present(header.roles, header.who)


def _marks_after(note: Note, words: Mapping[str, str], chosen: str) -> dict[str, str]:
    """The marks of carried text that still concern a field; under another format they go where the text went."""
    if note.format == chosen:
        return note.carried_text
    moved = formats.converted(note.sections, to=chosen)
    kept = {key: text for key, text in note.carried_text.items() if key in formats.FORMATS[chosen].keys}
    if len(kept) < len(note.carried_text):
        first = formats.FORMATS[chosen].keys[0]
        kept.setdefault(first, moved.get(first, ""))
    return kept


def _checked(sections: Mapping[str, Any], note_format: str) -> dict[str, str]:
    if note_format not in formats.FORMATS:
        raise InvalidInput(_("This note format is not known."), field="format")
    for key, text in sections.items():
        if key not in formats.KNOWN_KEYS:
            raise InvalidInput(_("This note has no such part."), field=str(key))
        if not isinstance(text, str) or "\x00" in text or len(text) > LONGEST_TEXT:
            raise InvalidInput(_("This text is too long, or not text."), field=key)
    if sections.get(formats.RISK, "") not in ("", *formats.RISK_LEVELS):
        raise InvalidInput(_("Choose one of the risk statements."), field=formats.RISK)
    kept = formats.converted({key: tidy(text) for key, text in sections.items()}, to=note_format)
    return {key: text for key, text in kept.items() if text}


@refusals_audited
def carry_forward(
    *, session_id: int, version: int, from_id: int, fields: list[str], by: Any, now: datetime
) -> Note:
    """Take parts of an earlier signed note of the same client over into the draft, beneath what is there.

    Each such field is marked and must be edited before the note can be signed. Raises StaleDraft when the draft moved
    on, InvalidInput for a part that the earlier note does not have or this format has no room for.
    """
    require(by, Verb.WRITE_NOTE)
    session = locked(session_id)
    note = locked_note(session)
    check_may_write(session, note, by)
    if note is None:
        raise Conflict(_("This note does not exist yet. Reload the page."))
    if version != note.version:
        raise StaleDraft(note)
    earlier = Note.objects.signed().filter(client__in=session.client.record_ids, pk=from_id).first()
    if earlier is None:
        raise InvalidInput(_("Text is taken over from an earlier signed note of the same client."))
    words, marks, theirs = note.sections, note.carried_text, earlier.sections
    for key in fields:
        text = theirs.get(key, "")
        if key not in note.layout.keys or not text.strip():
            raise InvalidInput(_("There is nothing to take over for this part."), field=key)
        words[key] = f"{words[key]}\n\n{text}" if words.get(key, "").strip() else text
        marks[key] = words[key]
    if note.state == Note.State.RETURNED:
        note.move_to(Note.State.DRAFT)
    note.sections, note.carried_text, note.carried_from = words, marks, earlier
    note.version, note.saved_at = note.version + 1, now
    note.save()
    audit.record(
        NOTE_CARRIED, client_id=note.client_id, target=note, by=by, at=now, source=earlier.pk, fields=fields
    )
    return note


@refusals_audited
def delete_draft(*, note_id: int, by: Any, now: datetime) -> Note:
    """Set a draft aside: its author's alone, never one that was signed before. The words stay and can come back."""
    require(by, Verb.WRITE_NOTE)
    note = _own(note_id, by)
    if note.signatures.exists():
        raise InvalidTransition(_("This note was signed once: it is revised and signed again, not deleted."))
    note.move_to(Note.State.DELETED)
    note.stands_for, note.deleted_at = None, now
    note.save(update_fields=["state", "stands_for", "deleted_at"])
    summary.refresh(note.client_id)
    audit.record(NOTE_DELETED, client_id=note.client_id, target=note, by=by, at=now)
    return note


@refusals_audited
def restore_draft(*, note_id: int, by: Any, now: datetime) -> Note:
    """Take a deleted draft up again. Raises Conflict when another note has been begun for the session since."""
    require(by, Verb.WRITE_NOTE)
    note = _own(note_id, by)
    if Note.objects.filter(stands_for=note.session_id).exists():
        raise Conflict(_("Another note has been begun for this session."))
    note.move_to(Note.State.DRAFT)
    note.stands_for_id, note.deleted_at = note.session_id, None
    note.save(update_fields=["state", "stands_for", "deleted_at"])
    summary.refresh(note.client_id)
    audit.record(NOTE_RESTORED, client_id=note.client_id, target=note, by=by, at=now)
    return note


def held_note(note_id: int) -> Note:
    """The note with its session and client: the session is held first, then the note, as everywhere."""
    session_id = Note.objects.values_list("session_id", flat=True).get(pk=note_id)
    session = locked(session_id)
    note: Note = Note.objects.select_for_update(of=("self",)).select_related("author").get(pk=note_id)
    note.session = session
    return note


def _own(note_id: int, by: Any) -> Note:
    note = held_note(note_id)
    if by is None or note.author_id != by.pk:
        raise NotAllowed(_("Only its author can do this with a draft."))
    return note

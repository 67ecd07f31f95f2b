"""Writing, signing and adding to notes (clinical.md §9.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial, wraps
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from sessions import formats, summary
from sessions.actions.start import locked
from sessions.integrity import content_hash, is_late, tidy
from sessions.models import Addendum, Note, Session

NOTE_SAVED, NOTE_SIGNED, ADDENDUM_SIGNED = "note.saved", "note.signed", "note.addendum_signed"
NOTE_REFUSED = "note.refused"
LONGEST_TEXT = 50_000
R = TypeVar("R")


class StaleDraft(Conflict):
    """The draft has moved on since the writer last saw it. `stored` is the note as it is now."""

    code = "stale_draft"

    def __init__(self, note: Note) -> None:
        super().__init__(
            _("This note was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = note


class Incomplete(InvalidInput):
    """Required parts are empty; `fields` lists them in reading order."""

    code = "incomplete"

    def __init__(self, fields: list[str]) -> None:
        names = ", ".join(formats.label_of(key) for key in fields)
        super().__init__(
            _("Still to be filled before signing: %(fields)s.") % {"fields": names}, field=fields[0]
        )
        self.fields = fields


def refusals_audited(act: Callable[..., R]) -> Callable[..., R]:
    """Run the act in one transaction. That it was refused is recorded after the transaction has been undone."""

    @wraps(act)
    def run(**arguments: Any) -> R:
        try:
            with transaction.atomic():
                return act(**arguments)
        except (InvalidTransition, NotAllowed) as refusal:
            refusal.note = partial(_record_refusal, act.__name__, refusal.code, arguments)
            refusal.note()
            raise

    return run


def _record_refusal(act: str, why: str, arguments: Mapping[str, Any]) -> None:
    found: Session | Note | None
    if "session_id" in arguments:
        found = Session.objects.filter(pk=arguments["session_id"]).first()
    else:
        found = Note.objects.filter(pk=arguments["note_id"]).first()
    client_id = found.client_id if found else None
    by, now = arguments["by"], arguments["now"]
    audit.record(NOTE_REFUSED, by=by, at=now, client_id=client_id, target=found, act=act, why=why)


@refusals_audited
def save_draft(
    *, session_id: int, version: int, sections: Mapping[str, str], by: Any, now: datetime, format: str = ""
) -> Note:
    """Keep the author's words. `version` is the one last seen, 0 for none yet; raises StaleDraft when it moved on.

    Another `format` takes the text along. Refused once signed, to anybody but the session's counselor, and before
    the session has begun. Words already stored (an answer lost on the way) are no conflict.
    """
    require(by, Verb.WRITE_NOTE)
    session = locked(session_id)
    note = _locked_note(session)
    _check_may_write(session, note, by)
    chosen = format or (note.format if note is not None else formats.DAP.key)
    words = _checked(sections, chosen)
    if note is not None and note.sections == words and note.format == chosen:
        return note
    if version != (note.version if note is not None else 0):
        if note is None:
            raise Conflict(_("This note does not exist yet. Reload the page."))
        raise StaleDraft(note)
    if note is None:
        note = Note(session=session, client_id=session.client_id, author=by, begun_at=now, version=0)
    note.format, note.sections = chosen, words
    note.version, note.saved_at = note.version + 1, now
    note.save()
    if note.version == 1:
        summary.refresh(session.client_id)
    audit.record(NOTE_SAVED, client_id=note.client_id, target=note, by=by, at=now, version=note.version)
    return note


def _locked_note(session: Session) -> Note | None:
    note: Note | None = Note.objects.select_for_update(of=("self",)).filter(session=session).first()
    return note


def _check_may_write(session: Session, note: Note | None, by: Any) -> None:
    author_id = note.author_id if note is not None else session.counselor_id
    if by is None or by.pk != author_id:
        raise NotAllowed(_("Only the author can write this note. Once it is signed you can add an addendum."))
    if note is not None and note.is_signed:
        raise InvalidTransition(_("This note is signed and cannot be changed. Add an addendum instead."))
    if not session.takes_note:
        raise InvalidTransition(_("There is nothing to write about yet: start the session first."))


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
def sign(*, session_id: int, version: int, by: Any, now: datetime, late_reason: str = "") -> Note:
    """Sign the draft as its author sees it, and lock it for good.

    Refused before the session has ended, for another's note, with required parts empty (Incomplete), for a version
    other than the stored one (StaleDraft), and more than 72 hours after the end without a reason.
    """
    require(by, Verb.WRITE_NOTE)
    session = locked(session_id)
    note = _locked_note(session)
    if note is None:
        raise Incomplete(formats.missing(formats.DAP.key, {}))
    note.session = session
    _check_may_sign(note, version=version, by=by, now=now, late_reason=late_reason)
    note.move_to(Note.State.SIGNED)
    note.signed_at, note.signed_by = now, by
    note.signer_name, note.credential = by.full_name, by.credential
    note.late_reason = late_reason.strip() if is_late(ended_at=session.over_at, signed_at=now) else ""
    note.content_hash = content_hash(note.signed_content())
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
    if by is None or by.pk != note.author_id:
        raise NotAllowed(_("Nobody can sign for another. Only the author signs this note."))
    if note.is_signed:
        raise InvalidTransition(_("This note is already signed."))
    if note.session.is_open or note.session.over_at > now:
        raise InvalidTransition(_("The session has not ended yet. Close it first, then sign."))
    if version != note.version:
        raise StaleDraft(note)
    if empty := formats.missing(note.format, note.sections):
        raise Incomplete(empty)
    if is_late(ended_at=note.session.over_at, signed_at=now) and not late_reason.strip():
        raise InvalidInput(
            _("This is a late entry, more than 72 hours after the session. Say why it is late."),
            field="late_reason",
        )


@refusals_audited
def add_addendum(*, note_id: int, text: str, reason: str, by: Any, now: datetime) -> Addendum:
    """Add to a signed note, under a signature of its own. Refused on a draft, and without text or reason."""
    require(by, Verb.WRITE_NOTE)
    note = Note.objects.select_for_update(of=("self",)).get(pk=note_id)
    if by is None:
        raise NotAllowed(_("An addendum needs a person who signs it."))
    if not note.is_signed:
        raise InvalidTransition(
            _("This note is still a draft: its author can change it. Addenda come after signing.")
        )
    for field, value in (("text", text), ("reason", reason)):
        if not value.strip() or len(value) > LONGEST_TEXT or "\x00" in value:
            raise InvalidInput(_("Write what is added, and why."), field=field)
    addendum = Addendum(
        note=note,
        text=tidy(text).strip(),
        reason=tidy(reason).strip(),
        author=by,
        signer_name=by.full_name,
        credential=by.credential,
        signed_at=now,
    )
    addendum.content_hash = content_hash(addendum.signed_content())
    addendum.save()
    audit.record(ADDENDUM_SIGNED, client_id=note.client_id, target=addendum, by=by, at=now, note=note.pk)
    return addendum

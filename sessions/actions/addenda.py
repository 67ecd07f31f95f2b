"""What is added to a note after signing, and when its author is gone (clinical.md §9.2)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, can, require
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from sessions import summary
from sessions.actions.group_names import refuse_named
from sessions.actions.notes import LONGEST_TEXT, held_note
from sessions.actions.refusals import refusals_audited
from sessions.actions.signing import COSIGN_WITHIN
from sessions.integrity import content_hash, tidy
from sessions.models import Addendum, Note, Signature
from sessions.proof import check_proof

ADDENDUM_SIGNED = "note.addendum_signed"


@refusals_audited
def add_addendum(
    *,
    note_id: int,
    text: str,
    reason: str,
    by: Any,
    now: datetime,
    proven_at: datetime,
    author_unavailable: bool = False,
) -> Addendum:
    """Add to a final note, under a signature of its own; a trainee's awaits a co-signature for 7 days.

    Refused on a draft and on a note that still awaits its co-signature, and without text or reason. A supervisor may
    say `author_unavailable` of a note whose author works here no more, also of a draft, whose words stay closed.
    """
    require(by, Verb.WRITE_NOTE)
    check_proof(by, proven_at=proven_at, now=now)
    note = held_note(note_id)
    if author_unavailable:
        _check_unavailable(note, by)
    elif note.state != Note.State.FINAL:
        raise InvalidTransition(_why_not(note))
    for field, value in (("text", text), ("reason", reason)):
        if not value.strip() or len(value) > LONGEST_TEXT or "\x00" in value:
            raise InvalidInput(_("Write what is added, and why."), field=field)
    refuse_named(note.session, {"text": text, "reason": reason})
    addendum = _signed(note, text=text, reason=reason, by=by, now=now, unavailable=author_unavailable)
    if author_unavailable and note.is_begun:
        note.author_unavailable_at = now
        note.save(update_fields=["author_unavailable_at"])
        summary.refresh(note.client_id)
    audit.record(ADDENDUM_SIGNED, client_id=note.client_id, target=addendum, by=by, at=now, note=note.pk)
    return addendum


def _signed(note: Note, *, text: str, reason: str, by: Any, now: datetime, unavailable: bool) -> Addendum:
    addendum = Addendum(
        note=note,
        text=tidy(text).strip(),
        reason=tidy(reason).strip(),
        author=by,
        signer_name=by.full_name,
        credential=by.credential,
        signed_at=now,
        needs_cosign=by.is_trainee,
        cosign_due_at=now + COSIGN_WITHIN if by.is_trainee else None,
        author_unavailable=unavailable,
    )
    addendum.content_hash = content_hash(addendum.signed_content())
    addendum.save()
    Signature.objects.create(
        note=note,
        addendum=addendum,
        meaning=Signature.Meaning.AUTHOR,
        version=note.version,
        signer=by,
        signer_name=by.full_name,
        credential=by.credential,
        content_hash=addendum.content_hash,
        signed_at=now,
    )
    return addendum


def _check_unavailable(note: Note, by: Any) -> None:
    if not can(by, Verb.COSIGN_NOTE):
        raise NotAllowed(_("Only a supervisor says that an author is unavailable."))
    if note.author.is_active:
        raise InvalidTransition(_("The author still works here and can write this."))
    if not note.is_begun and note.state != Note.State.FINAL:
        raise InvalidTransition(_why_not(note))


def _why_not(note: Note) -> str:
    if note.state == Note.State.NEEDS_COSIGN:
        return _("This note awaits its co-signature. Addenda come after it.")
    if note.is_begun:
        return _("This note is still a draft: its author can change it. Addenda come after signing.")
    return _("This note was set aside: nothing is added to it.")

"""Counseling notes (clinical.md §6.3 REQ-09): begun, saved and removed by their author alone."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import locked as locked_client
from clients.errors import Conflict, InvalidInput, NotAllowed
from sessions.actions.notes import LONGEST_TEXT
from sessions.integrity import tidy
from sessions.models import CounselingNote

BEGUN, SAVED, REMOVED = "counseling_note.begun", "counseling_note.saved", "counseling_note.removed"


class StaleCounselingNote(Conflict):
    """The text has moved on since the writer last saw it. `stored` is the note as it is now."""

    code = "stale_draft"

    def __init__(self, note: CounselingNote) -> None:
        super().__init__(
            _("This note was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = note


@transaction.atomic
def begin_counseling_note(*, client_id: int, by: Any, now: datetime) -> CounselingNote:
    """An empty note of one's own about a client."""
    require(by, Verb.KEEP_COUNSELING_NOTES)
    client = locked_client(client_id)
    note = CounselingNote.objects.create(client=client, author=_person(by), begun_at=now, saved_at=now)
    audit.record(BEGUN, client_id=client_id, target=note, by=by, at=now)
    return note


@transaction.atomic
def save_counseling_note(
    *, note_id: int, version: int, content: str, by: Any, now: datetime
) -> CounselingNote:
    """Keep the words. Raises StaleCounselingNote when they were saved elsewhere meanwhile."""
    require(by, Verb.KEEP_COUNSELING_NOTES)
    note = _own(note_id, by)
    if "\x00" in content or len(content) > LONGEST_TEXT:
        raise InvalidInput(_("This text is too long, or not text."), field="content")
    words = tidy(content)
    if note.content == words:
        return note
    if version != note.version:
        raise StaleCounselingNote(note)
    note.content, note.saved_at, note.version = words, now, note.version + 1
    note.save(update_fields=["content", "saved_at", "version"])
    audit.record(SAVED, client_id=note.client_id, target=note, by=by, at=now, version=note.version)
    return note


@transaction.atomic
def remove_counseling_note(*, note_id: int, by: Any, now: datetime) -> CounselingNote:
    """Take one's own note away. It is no part of the record; the row stays, closed to everybody."""
    require(by, Verb.KEEP_COUNSELING_NOTES)
    note = _own(note_id, by)
    note.deleted_at = now
    note.save(update_fields=["deleted_at"])
    audit.record(REMOVED, client_id=note.client_id, target=note, by=by, at=now)
    return note


def _own(note_id: int, by: Any) -> CounselingNote:
    note = CounselingNote.objects.select_for_update(of=("self",)).get(pk=note_id)
    if note.author_id != _person(by).pk or note.deleted_at is not None:
        raise NotAllowed(_("A counseling note is its author's alone."))
    return note


def _person(by: Any) -> Any:
    if by is None:
        raise NotAllowed(_("A counseling note is a person's own."))
    return by

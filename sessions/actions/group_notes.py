"""The note that a meeting's members share, and what is written about each (clinical.md §9.1)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from sessions.actions.group_names import confirm, refuse_in, roster_of
from sessions.actions.groups import held_meeting
from sessions.actions.notes import LONGEST_TEXT, save_draft
from sessions.formats import GROUP, SHARED
from sessions.integrity import tidy
from sessions.models import GroupMeeting, Note, Session


class StaleShared(Conflict):
    """The shared note has moved on since the writer last saw it. `stored` is the meeting as it is now."""

    code = "stale_draft"

    def __init__(self, meeting: GroupMeeting) -> None:
        super().__init__(
            _("This note was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = meeting


@transaction.atomic
def save_shared(*, meeting_id: int, version: int, text: str, by: Any, now: datetime) -> GroupMeeting:
    """Keep the shared draft. `version` is the one last seen; raises StaleShared when it moved on.

    Only who leads the meeting writes it. Words already stored are no conflict. Names are for `file_notes` to refuse.
    """
    require(by, Verb.WRITE_NOTE)
    meeting = held_meeting(meeting_id)
    _check_leads(meeting, by)
    if "\x00" in text or len(text) > LONGEST_TEXT:
        raise InvalidInput(_("This text is too long, or not text."), field=SHARED)
    words = tidy(text)
    if words == meeting.shared_text:
        return meeting
    if version != meeting.shared_version:
        raise StaleShared(meeting)
    meeting.shared_text, meeting.shared_saved_at = words, now
    meeting.shared_version += 1
    meeting.save(update_fields=["shared_text", "shared_saved_at", "shared_version"])
    audit.record("meeting.note_saved", by=by, at=now, target=meeting, version=meeting.shared_version)
    return meeting


def _check_leads(meeting: GroupMeeting, by: Any) -> None:
    if by is None or by.pk != meeting.counselor_id:
        raise NotAllowed(
            _("Only %(name)s, who leads this meeting, writes its note.") % {"name": meeting.counselor}
        )


@transaction.atomic
def save_part(*, session_id: int, version: int, sections: dict[str, str], by: Any, now: datetime) -> Note:
    """Keep a member's own part as the draft of their ordinary note; what was filed into it from all stays."""
    note = Session.objects.select_related("note").get(pk=session_id).written
    kept = {SHARED: note.sections[SHARED]} if note is not None and note.sections.get(SHARED) else {}
    return save_draft(
        session_id=session_id,
        version=version,
        sections={**sections, **kept},
        format=GROUP.key,
        by=by,
        now=now,
    )


@transaction.atomic
def file_notes(
    *, meeting_id: int, version: int, by: Any, now: datetime, confirmed: Collection[str] = ()
) -> list[Note]:
    """Copy the shared text into the draft of everybody who came: each is then read and signed like any other note.

    Raises InvalidTransition before the meeting was held, InvalidInput without a text and, naming the field, when a
    member is named; StaleShared when the text has moved on. `confirmed`: finds that somebody looked at (`text_key`)
    and that are only words, each audited. Notes signed already stay as they are.
    """
    require(by, Verb.WRITE_NOTE)
    meeting = held_meeting(meeting_id)
    _check_leads(meeting, by)
    if meeting.state != GroupMeeting.State.HELD:
        raise InvalidTransition(_("Say first who came, and that the meeting was held."))
    if version != meeting.shared_version:
        raise StaleShared(meeting)
    if not meeting.shared_text.strip():
        raise InvalidInput(_("Write what the group did before you file it."), field=SHARED)
    sessions = [one for one in came(meeting).order_by("client", "pk") if not _is_signed(one)]
    texts = _texts(meeting, sessions)
    said = [(whose, text) for whose, _field, text in texts]
    roster = confirm(roster_of(meeting), said, confirmed, by=by, now=now)
    for whose, field, text in texts:
        refuse_in(roster, {field: text}, about=whose)
    filed = [_file(meeting, session, by, now) for session in sessions]
    meeting.filed_version, meeting.filed_at = meeting.shared_version, now
    meeting.save(update_fields=["filed_version", "filed_at"])
    audit.record("meeting.note_filed", by=by, at=now, target=meeting, notes=[note.pk for note in filed])
    return filed


def came(meeting: GroupMeeting) -> Any:
    """The sessions of those who took part, with their notes."""
    rows = meeting.sessions.filter(state=Session.State.ATTENDED)
    return rows.select_related("client", "meeting", "note__author")


def _is_signed(session: Session) -> bool:
    return session.written is not None and session.written.is_signed


def _texts(meeting: GroupMeeting, sessions: list[Session]) -> list[tuple[Any, str, str]]:
    """Every text that is filed: the client whose part it is, None for what all share; its field; the words."""
    texts: list[tuple[Any, str, str]] = [(None, SHARED, meeting.shared_text)]
    for session in sessions:
        own = session.written.sections if session.written is not None else {}
        texts += [(session.client, key, text) for key, text in own.items() if key != SHARED]
    return texts


def _file(meeting: GroupMeeting, session: Session, by: Any, now: datetime) -> Note:
    note = session.written
    own = note.sections if note is not None else {}
    return save_draft(
        session_id=session.pk,
        version=note.version if note is not None else 0,
        sections={**own, SHARED: meeting.shared_text},
        format=GROUP.key,
        by=by,
        now=now,
    )

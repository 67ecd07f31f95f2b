"""What can be done with sessions and notes.

Scheduling, moving, cancelling and closing have consequences above this room: they are in `lower`, and pages and the API
go through casework.followup.actions.sessions, which calls them.
"""

from sessions.actions.addenda import add_addendum
from sessions.actions.counseling import (
    StaleCounselingNote,
    begin_counseling_note,
    remove_counseling_note,
    save_counseling_note,
)
from sessions.actions.notes import carry_forward, delete_draft, restore_draft, save_draft
from sessions.actions.refusals import Incomplete, StaleDraft, Unedited
from sessions.actions.signing import cosign, cosign_addendum, return_note, sign, sign_several
from sessions.actions.snippets import remove_snippet, save_phrase, save_template
from sessions.actions.start import start
from sessions.actions.voiding import void, write_anew

__all__ = [
    "Incomplete",
    "StaleCounselingNote",
    "StaleDraft",
    "Unedited",
    "add_addendum",
    "begin_counseling_note",
    "carry_forward",
    "cosign",
    "cosign_addendum",
    "delete_draft",
    "remove_counseling_note",
    "remove_snippet",
    "restore_draft",
    "return_note",
    "save_counseling_note",
    "save_draft",
    "save_phrase",
    "save_template",
    "sign",
    "sign_several",
    "start",
    "void",
    "write_anew",
]

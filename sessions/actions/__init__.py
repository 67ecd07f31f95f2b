"""What can be done with sessions and notes.

Scheduling, moving, cancelling and closing have consequences above this room: they are in `lower`, and pages and the API
go through casework.followup.actions.sessions, which calls them.
"""

from sessions.actions.notes import Incomplete, StaleDraft, add_addendum, save_draft, sign
from sessions.actions.start import start

__all__ = ["Incomplete", "StaleDraft", "add_addendum", "save_draft", "sign", "start"]

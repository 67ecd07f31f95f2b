"""What can be done with sessions and notes.

Scheduling, moving, cancelling and closing have consequences above this room: pages and the API go through
casework.followup.actions.sessions, which calls these lower verbs.
"""

from sessions.actions.lower import cancel, cancel_upcoming, close, reschedule, schedule
from sessions.actions.notes import Incomplete, StaleDraft, add_addendum, save_draft, sign
from sessions.actions.start import start

__all__ = [
    "Incomplete",
    "StaleDraft",
    "add_addendum",
    "cancel",
    "cancel_upcoming",
    "close",
    "reschedule",
    "save_draft",
    "schedule",
    "sign",
    "start",
]

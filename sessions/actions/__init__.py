"""What can be done with sessions and notes. Acts that reach further than this room are in `lower`."""

from sessions.actions.notes import StaleDraft, add_addendum, save_draft, sign
from sessions.actions.start import start

__all__ = ["StaleDraft", "add_addendum", "save_draft", "sign", "start"]

"""An encounter and what was written about it."""

from sessions.models.notes import Addendum, Note
from sessions.models.session import Session

__all__ = ["Addendum", "Note", "Session"]

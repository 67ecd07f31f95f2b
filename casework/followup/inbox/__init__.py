"""What clients write to us."""

from casework.followup.inbox.receiving import receive

__all__ = ["receive"]

"""Pages of sessions and notes."""

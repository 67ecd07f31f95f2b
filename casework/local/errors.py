"""What this room says when it cannot go on."""


class LocalError(Exception):
    """Something is missing or in the way; the message tells a person what to do about it."""

"""Which texts a plan can send, and how each of them reads in every language."""

from collections.abc import Mapping

from casework.followup.messages import texts

# The other texts answer something, or remind of a visit.
PURPOSES = ("checkin", "counts", "today", "support", "offer", "closing")


def wordings() -> Mapping[str, Mapping[str, str]]:
    """The text messages a step can choose from: key, then language, then the words with their variables."""
    known = texts.current().wordings()
    return {key: by for key, by in known.items() if key.split(".", maxsplit=1)[0] in PURPOSES}

"""Where the desk's buttons lead: the pages of other rooms, by name."""

from typing import Any

from django.urls import NoReverseMatch, reverse


def to(view: str, **parts: Any) -> str:
    """The address of a page; nothing while the room that owns it is not installed."""
    try:
        return reverse(view, kwargs=parts)
    except NoReverseMatch:
        return ""

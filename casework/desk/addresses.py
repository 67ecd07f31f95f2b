"""Where the desk's buttons lead: the pages of other rooms, by name."""

from typing import Any

from django.urls import reverse


def to(view: str, **parts: Any) -> str:
    """The address of a page."""
    return reverse(view, kwargs=parts)

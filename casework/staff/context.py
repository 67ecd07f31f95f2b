"""What every page needs to know about the practice and the person."""

from typing import Any

from django.http import HttpRequest

from clients.access import Verb, can
from clients.models import Practice


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice, and the verbs of the person as `may.view_client` and so on."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"practice": None, "may": {}}
    here = getattr(request, "practice", None) or Practice.current()
    return {"practice": here, "may": {verb.name.lower(): can(user, verb) for verb in Verb}}

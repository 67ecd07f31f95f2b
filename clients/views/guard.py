"""What the pages of every room share: a closed door for a role, and the way back to the client's page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from clients import audit
from clients.access import Verb, can
from clients.models import Client

View = Callable[..., HttpResponse]
READ_OR_WRITE = ["GET", "HEAD", "POST"]


def needs(verb: Verb) -> Callable[[View], View]:
    """The page opens only to roles that have the verb; to others it answers 403 and leaves a row in the trail."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not can(request.user, verb):
                audit.record(
                    audit.REFUSED,
                    by=request.user,
                    at=timezone.now(),
                    what=verb.value,
                    path=request.path[:200],
                )
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard


def home(client: Client, section: str = "") -> HttpResponseRedirect:
    """Back to the client's page, at a section of it."""
    address = reverse("desk:client", kwargs={"uid": client.uid})
    return HttpResponseRedirect(f"{address}#{section}" if section else address)

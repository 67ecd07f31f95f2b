"""What the pages of this room share."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from clients.models import Client


def back_to(request: HttpRequest, client: Client | None, *, fallback: str = "") -> HttpResponse:
    """Where the button was pressed, if that is a page of ours; else the client's page or the inbox."""
    origin = request.POST.get("next") or request.headers.get("Referer", "")
    if origin and url_has_allowed_host_and_scheme(
        origin, {request.get_host()}, require_https=request.is_secure()
    ):
        return HttpResponseRedirect(origin)
    if fallback:
        return HttpResponseRedirect(fallback)
    return redirect("desk:client", uid=client.uid) if client is not None else redirect("followup:inbox")

"""Where providers call us. A call without a valid signature is refused and leaves no trace."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from casework.followup import channels, delivery, inbox
from casework.followup.channels.sms import Twilio
from casework.followup.delivery.settling import clock

MOST_BYTES = 32_000
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
SENDER = re.compile(r"\+?[0-9]{3,15}")
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,80}")

View = Callable[..., HttpResponse]


def signed_by_provider(view: View) -> View:
    """Let a call through only when its provider signed it to our public address."""

    @csrf_exempt
    @login_not_required
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, provider: str, **kwargs: Any) -> HttpResponse:
        channel = channels.by_provider(provider)
        if not isinstance(channel, Twilio):
            raise Http404
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            return HttpResponse(status=413)
        address = settings.PUBLIC_URL + request.get_full_path()
        if not channel.signed(address, request.POST, request.headers.get("X-Twilio-Signature", "")):
            return HttpResponseForbidden()
        return view(request, provider=provider, **kwargs)

    return guarded


@signed_by_provider
def inbound(request: HttpRequest, *, provider: str) -> HttpResponse:
    """A client, or somebody, wrote to us."""
    sender, provider_id = request.POST.get("From", ""), request.POST.get("MessageSid", "")
    if not SENDER.fullmatch(sender) or not IDENTIFIER.fullmatch(provider_id):
        return HttpResponseBadRequest()
    inbox.receive(
        provider=provider,
        provider_id=provider_id,
        channel="sms",
        from_address=sender,
        body=request.POST.get("Body", ""),
        now=clock(),  # a STOP, or words of crisis, count from when they came, whatever this host's clock says
    )
    return HttpResponse(NOTHING_TO_SAY, content_type="text/xml")


@signed_by_provider
def status(request: HttpRequest, *, provider: str, attempt: UUID) -> HttpResponse:
    """The provider tells how far a message got."""
    provider_id, word = request.POST.get("MessageSid", ""), request.POST.get("MessageStatus", "")
    if not IDENTIFIER.fullmatch(provider_id) or not IDENTIFIER.fullmatch(word):
        return HttpResponseBadRequest()
    delivery.record_status(
        attempt_id=attempt,
        provider=provider,
        provider_id=provider_id,
        status=word,
        code=re.sub(r"\D", "", request.POST.get("ErrorCode", ""))[:10],
    )
    return HttpResponse(status=204)


urlpatterns = [
    path("hooks/<slug:provider>/inbound/", inbound, name="hook_inbound"),
    path("hooks/<slug:provider>/status/<uuid:attempt>/", status, name="hook_status"),
]

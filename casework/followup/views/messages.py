"""The life of one message."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.followup.life import life
from casework.followup.messages.reasons import words
from casework.followup.models import Message
from casework.followup.outlook import cause
from casework.followup.wording import TONES, purpose
from clients.access import Verb
from clients.doors import record_or_404
from clients.views.guard import needs


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Planned, held, tried, delivered, answered: with times, and in words."""
    now = timezone.now()
    found = Message.objects.select_related("client", "plan", "in_reply_to", "written_by")
    message = record_or_404(request, found, uid, viewing=True)
    context = {
        "message": message,
        "client": message.client,
        "now": now,
        "purpose": purpose(message.template_key),
        "why": words(message, now=now),
        "tone": TONES[message.status],
        "entries": life(message, now),
        "cause": cause(message),
        "two_clocks": message.client.zone.utcoffset(now) != timezone.get_current_timezone().utcoffset(now),
    }
    return render(request, "followup/message.html", context)

"""The address under which one's own calendar reads when one is taken."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.access import Verb
from clients.views.guard import READ_OR_WRITE, needs
from sessions.actions.feeds import give_feed, owner_of, revoke_feed
from sessions.feed import calendar_of
from sessions.models import CalendarFeed, GroupMeeting


@require_http_methods(READ_OR_WRITE)
@needs(Verb.HOLD_SESSION)
def page(request: HttpRequest) -> HttpResponse:
    """Whether there is an address. A new one is shown this once, for nobody keeps it."""
    now, address = timezone.now(), ""
    if request.method == "POST":
        secret = give_feed(by=request.user, now=now)
        address = request.build_absolute_uri(reverse("counseling:ics", kwargs={"secret": secret}))
    feed = CalendarFeed.objects.filter(user=request.user.pk, revoked_at=None).first()
    answer = render(request, "sessions/feed.html", {"feed": feed, "address": address, "now": now})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
@needs(Verb.HOLD_SESSION)
def revoke(request: HttpRequest) -> HttpResponse:
    """The address leads nowhere from now on."""
    if revoke_feed(by=request.user, now=timezone.now()):
        messages.success(request, _("The address is taken back: no calendar reads yours any more."))
    return redirect("counseling:feed")


@login_not_required
@require_safe
def ics(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar itself, for whoever has the secret; of a person who works here no more there is none."""
    owner = owner_of(secret)
    if owner is None:
        raise Http404

    def address(row: Any) -> str:
        name = "counseling:meeting" if isinstance(row, GroupMeeting) else "counseling:session"
        return request.build_absolute_uri(reverse(name, kwargs={"uid": row.uid}))

    body = calendar_of(owner, now=timezone.now(), address=address)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Content-Disposition"] = 'inline; filename="sessions.ics"'
    return answer

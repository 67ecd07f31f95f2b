"""The thread with one client: what was written both ways, and writing to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup import actions, threads
from casework.followup.actions import texting
from casework.followup.forms import TextForm
from casework.followup.messages import manual
from casework.followup.messages.reasons import moment
from casework.followup.models import InboundMessage, Message
from clients.access import Verb
from clients.dates import instant_in
from clients.doors import client_or_404
from clients.errors import DomainError
from clients.forms import telling
from clients.models import Client, ContactPoint
from clients.views.guard import READ_OR_WRITE, needs


@require_safe
@needs(Verb.READ_INBOX)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Everything written both ways with one client, a page at a time, and a place to write."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    thread = threads.thread(client, now=now, before=instant_in(request.GET.get("before", "")))
    form = TextForm.after(thread, night=texting.night_until(client, now) is not None)
    return render(request, "followup/thread.html", _context(client, thread, form, now))


@require_safe
@needs(Verb.READ_INBOX)
def part(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The newest page alone, anew, for a thread that is open. The look was audited with the page."""
    client = client_or_404(request, uid)
    now = timezone.now()
    thread = threads.thread(client, now=now, since=instant_in(request.GET.get("since", "")))
    return render(request, "followup/_thread.html", {"client": client, "thread": thread, "now": now})


@require_safe
@needs(Verb.READ_INBOX)
def older(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The page before the one that is open, to be put above it. This is a look of its own."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    thread = threads.thread(client, now=now, before=instant_in(request.GET.get("before", "")))
    return render(request, "followup/_said.html", {"client": client, "thread": thread, "now": now})


@require_http_methods(READ_OR_WRITE)
@needs(Verb.SEND_MESSAGE)
def write(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Send what was typed; what is not sent stays in the box, with the reason beside it."""
    client = client_or_404(request, uid)
    if request.method != "POST":  # whoever had to sign in again on the way
        return _at_the_box(client)
    now = timezone.now()
    form = TextForm(request.POST)
    asks: texting.SecondLook | None = None
    if form.is_valid():
        try:
            return _sent(request, client, _send(request, client, form, now), now)
        except texting.SecondLook as second:
            asks = second
            form = form.to_look_at_again(second)
        except texting.SentAlready as sent:
            form = form.with_new_key(str(sent))
        except DomainError as declined:
            form.add_error("body", str(declined))
    thread = threads.thread(client, now=now)
    return render(
        request, "followup/thread.html", {**_context(client, thread, form, now), "asks": asks}, status=422
    )


def _send(request: HttpRequest, client: Client, form: TextForm, now: datetime) -> Message:
    given = form.cleaned_data
    answers = (
        InboundMessage.objects.of(client).filter(uid=given["answers"]).first() if given["answers"] else None
    )
    return actions.send_text(
        client_id=client.pk,
        body=given["body"],
        by=request.user,
        now=now,
        idempotency_key=given["idempotency_key"],
        confirmed=given["confirmed"].split("|"),
        at_opening=given["at_opening"],
        answers=answers,
    )


def _sent(request: HttpRequest, client: Client, message: Message, now: datetime) -> HttpResponse:
    if message.due_at > now:
        until = moment(message.due_at.isoformat(), message.tz, now)
        messages.success(request, _("Written. It goes at %(until)s.") % {"until": until})
    else:
        messages.success(request, _("On its way to %(first)s.") % {"first": client.first_name})
    return _at_the_box(client)


def _at_the_box(client: Client) -> HttpResponse:
    return redirect(reverse("followup:thread", kwargs={"uid": client.uid}) + "#write")


@require_POST
@needs(Verb.SEND_MESSAGE)
def count(request: HttpRequest, uid: UUID) -> HttpResponse:
    """How long the text is so far, and what would keep it from going. Writes nothing."""
    client = client_or_404(request, uid)
    now = timezone.now()
    draft = texting.draft_of(client, request.POST.get("body", "")[: TextForm.MOST], by=request.user, now=now)
    return render(request, "followup/_count.html", {"draft": draft, "most": manual.MOST_SEGMENTS})


@require_POST
@needs(Verb.READ_INBOX)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Everything of the thread up to the newest message that was shown has been read."""
    client = client_or_404(request, uid)
    uid_shown = _uid(request.POST.get("newest", ""))
    newest = InboundMessage.objects.of(client).filter(uid=uid_shown).first() if uid_shown else None
    with telling(request):
        if newest is not None:
            actions.mark_thread_read(client_id=client.pk, newest=newest, by=request.user, now=timezone.now())
    return redirect("followup:thread", uid=client.uid)


def _context(client: Client, thread: threads.Thread, form: TextForm, now: datetime) -> dict[str, Any]:
    opens_at = texting.night_until(client, now)
    way = texting.way_for(client, now)
    point = (
        ContactPoint.objects.of(client).filter(pk=way.contact_point_id).first()
        if way.contact_point_id
        else None
    )
    return {
        "client": client,
        "thread": thread,
        "form": form,
        "now": now,
        "why_not": texting.why_not(client, now),
        "number": point.value if point else "",
        "night": moment(opens_at.isoformat(), texting.zone_of(client).key, now) if opens_at else "",
        "draft": manual.Draft(body=form["body"].value() or ""),
        "most": manual.MOST_SEGMENTS,
    }


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""What clients wrote: the list, and being done with a message."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup import actions, queries
from casework.followup.forms import ToDoForm
from casework.followup.models import InboundMessage
from casework.followup.views.pages import back_to
from clients import audit
from clients.access import Verb
from clients.doors import record_or_404, refuse
from clients.forms import answering, telling
from clients.views.guard import READ_OR_WRITE, needs
from clients.views.pages import form_page

PAGE_SIZE = 40
SHOWS = {"open": gettext_lazy("To handle"), "crisis": gettext_lazy("Crises"), "all": gettext_lazy("All")}


@require_safe
@needs(Verb.READ_INBOX)
def page(request: HttpRequest) -> HttpResponse:
    """Crises pinned, then what nobody has read."""
    now = timezone.now()
    show = request.GET.get("show", "open")
    show = show if show in SHOWS else "open"
    rows = Paginator(queries.answers(request.user, at=now, show=show), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    unknown = queries.unknown_senders(request.user, at=now).count()
    audit.record_list(
        "inbox",
        by=request.user,
        at=now,
        filters={"show": show},
        ids=sorted({row.client_id for row in rows if row.client_id}),
    )
    context = {"rows": rows, "show": show, "shows": SHOWS.items(), "unknown": unknown, "now": now}
    return render(request, "followup/inbox.html", context)


def _answer(request: HttpRequest, uid: UUID) -> InboundMessage:
    """A message of a client whom the person may see."""
    return record_or_404(request, InboundMessage.objects.select_related("client"), uid)


@require_POST
@needs(Verb.READ_INBOX)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody has read it."""
    inbound = _answer(request, uid)
    with telling(request):
        actions.mark_answer_read(inbound_id=inbound.pk, by=request.user, now=timezone.now())
    return back_to(request, inbound.client)


@require_POST
@needs(Verb.READ_INBOX)
def handled(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Nothing is left to do about it."""
    inbound = _answer(request, uid)
    with telling(request):
        actions.mark_handled(inbound_id=inbound.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Handled."))
    return back_to(request, inbound.client)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.COMPLETE_TODO)
def make_todo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A to-do out of a message."""
    inbound = _answer(request, uid)
    if inbound.client is None:
        raise refuse(request, what="a to-do without a client", uid=uid)
    now = timezone.now()
    form = ToDoForm(request.POST if request.method == "POST" else None, initial=ToDoForm.tomorrow(now))
    if request.method == "POST" and form.is_valid():
        with answering(form):
            given: dict[str, Any] = form.cleaned_data
            actions.add_todo(client_id=inbound.client.pk, by=request.user, now=now, inbound=inbound, **given)
            messages.success(request, _("On the list."))
            return redirect("followup:thread", uid=inbound.client.uid)
    return form_page(
        request,
        inbound.client,
        form,
        title=_("Make a to-do"),
        save=_("Put it on the list"),
        page="followup/make_todo.html",
        inbound=inbound,
    )

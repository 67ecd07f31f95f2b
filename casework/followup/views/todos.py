"""A to-do: its page, doing it, taking that back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from casework.followup import actions
from casework.followup.actions.todos import DONE_BY_ITS_OWN_ACT
from casework.followup.emergency_facts import told
from casework.followup.forms import DoneForm
from casework.followup.models import InboundMessage, ToDo
from casework.followup.views.pages import back_to
from clients.access import Verb
from clients.doors import record_or_404
from clients.errors import DomainError
from clients.forms import telling
from clients.models import ContactPoint
from clients.views.guard import needs


def _found(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> ToDo:
    return record_or_404(
        request,
        ToDo.objects.select_related(
            "client", "owner", "plan", "inbound", "report", "acknowledged_by", "emergency_record__supervisor"
        ),
        uid,
        viewing=viewing,
    )


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What is asked, why, and how to be done with it."""
    return _page(request, _found(request, uid, viewing=True), DoneForm())


def _page(request: HttpRequest, todo: ToDo, form: DoneForm, status: int = 200) -> HttpResponse:
    alarm = todo.is_alarm
    form.fields["outcome"].required = alarm  # what the label says; the action is what declines
    context = {
        "todo": todo,
        "phones": ContactPoint.objects.of(todo.client).current().exclude(kind="email") if alarm else (),
        "texts": _texts(todo),
        "told": told(todo) if alarm else (),
        "record": getattr(todo, "emergency_record", None),
        "client": todo.client,
        "form": form,
        "now": timezone.now(),
        "own_act": todo.kind in DONE_BY_ITS_OWN_ACT,
    }
    return render(request, "followup/todo.html", context, status=status)


def _texts(todo: ToDo) -> list[InboundMessage]:
    """What the client wrote that it is about, oldest first."""
    joined = list(todo.crisis_texts.order_by("received_at", "pk"))
    return joined or [one for one in [todo.inbound] if one is not None]


@require_POST
@needs(Verb.COMPLETE_TODO)
def complete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Done: one click, or with a word on what was done."""
    todo, form = _found(request, uid), DoneForm(request.POST)
    if not form.is_valid():
        return _page(request, todo, form, status=422)
    try:
        actions.complete_todo(
            todo_id=todo.pk, by=request.user, now=timezone.now(), outcome=form.cleaned_data["outcome"]
        )
    except DomainError as declined:
        form.add_error(declined.field if declined.field in form.fields else None, str(declined))
        return _page(request, todo, form, status=422)
    messages.success(request, _("Done: %(title)s") % {"title": todo.said})
    if "outcome" in request.POST:
        return redirect("followup:todo", uid=todo.uid)
    return back_to(request, todo.client)


@require_POST
@needs(Verb.COMPLETE_TODO)
def reopen(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take the tick back."""
    todo = _found(request, uid)
    with telling(request):
        actions.reopen_todo(todo_id=todo.pk, by=request.user, now=timezone.now())
        messages.info(request, _("Open again: %(title)s") % {"title": todo.said})
    return back_to(request, todo.client)

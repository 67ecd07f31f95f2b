"""An emergency: taking it, writing down what was done, or saying why it was none."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup import actions
from casework.followup.emergency_forms import DismissForm, EmergencyForm
from casework.followup.models import ToDo
from clients.access import Verb
from clients.doors import record_or_404, refuse
from clients.forms import answering, telling
from clients.views.guard import READ_OR_WRITE, needs
from clients.views.pages import form_page


def _found(request: HttpRequest, uid: UUID) -> ToDo:
    """The to-do, if it is an emergency."""
    todo = record_or_404(request, ToDo.objects.select_related("client"), uid)
    if not todo.is_alarm:
        raise refuse(request, what="an emergency", uid=uid)
    return todo


@require_POST
@needs(Verb.COMPLETE_TODO)
def acknowledge(request: HttpRequest, uid: UUID) -> HttpResponse:
    """ "I have it": on to what there is to do."""
    todo = _found(request, uid)
    with telling(request):
        taken = actions.acknowledge_todo(todo_id=todo.pk, by=request.user, now=timezone.now())
        if taken.acknowledged_by == request.user:
            messages.success(request, _("You have it. Nobody else is called."))
        else:
            messages.info(request, _("%(who)s has it already.") % {"who": taken.acknowledged_by})
    return redirect("followup:todo", uid=todo.uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.COMPLETE_TODO)
def record(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What was done, before it can close."""
    todo = _found(request, uid)
    now = timezone.now()
    if not todo.is_open:
        return redirect("followup:todo", uid=todo.uid)
    if request.method == "POST":
        form = EmergencyForm(request.POST, todo=todo)
        if form.is_valid():
            with answering(form):
                actions.record_emergency(todo_id=todo.pk, done=form.done(), by=request.user, now=now)
                messages.success(request, _("Recorded: %(title)s") % {"title": todo.said})
                return redirect("followup:todo", uid=todo.uid)
    else:
        form = EmergencyForm(initial=EmergencyForm.begun(todo, now), todo=todo)
    return form_page(
        request,
        todo.client,
        form,
        title=_("Emergency record"),
        save=_("Record and close"),
        page="followup/emergency.html",
        todo=todo,
    )


@require_http_methods(READ_OR_WRITE)
@needs(Verb.COMPLETE_TODO)
def dismiss(request: HttpRequest, uid: UUID) -> HttpResponse:
    """It was a false alarm, and why."""
    todo = _found(request, uid)
    form = DismissForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.dismiss_alarm(
                todo_id=todo.pk, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("Dismissed. What was held for it is looked at again."))
            return redirect("followup:todo", uid=todo.uid)
    return form_page(
        request,
        todo.client,
        form,
        title=_("False alarm"),
        save=_("Dismiss it"),
        page="followup/false_alarm.html",
        todo=todo,
    )

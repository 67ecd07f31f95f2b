"""Deciding what to do about a silence, and the letter that may follow."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup import actions
from casework.followup.actions.deciding import may_write
from casework.followup.ladder_view import cases
from casework.followup.letters import letter_for
from casework.followup.models import LadderRung, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.views.pages import back_to
from clients.access import Verb
from clients.doors import record_or_404, refuse
from clients.forms import answering, telling
from clients.views.guard import READ_OR_WRITE, needs


@require_http_methods(READ_OR_WRITE)
@needs(Verb.DECIDE_SILENCE)
def decide(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What is known about the silence, and what is done about it. The address is the to-do's."""
    now = timezone.now()
    rung = _rung(request, uid)
    posted = {rung.pk: request.POST} if request.method == "POST" else None
    case = cases([rung], now, posted)[0]
    if request.method == "POST" and case.form.is_valid():
        with answering(case.form):
            actions.decide_rung(rung_id=rung.pk, by=request.user, now=now, **case.form.asked())
            messages.success(
                request,
                _("Decided about %(name)s. What follows stands in the to-dos.")
                % {"name": rung.client.display_name},
            )
            return back_to(request, rung.client, fallback=reverse("followup:plan", args=[rung.client.uid]))
    status = 422 if request.method == "POST" else 200
    context = {"case": case, "rung": rung, "client": rung.client, "now": now}
    return render(request, "followup/decide.html", context, status=status)


def _rung(request: HttpRequest, uid: UUID) -> LadderRung:
    todo = record_or_404(request, ToDo.objects.all(), uid, viewing=request.method == "GET")
    about = LadderRung.objects.filter(todo=todo, rung__gt=1).select_related(
        "client__summary", "client__merged_into", "plan", "todo", "decided_by"
    )
    found = about.first()
    if found is None:
        raise refuse(request, what="followup.LadderRung", uid=uid)
    return found


@require_safe
@needs(Verb.VIEW_CLIENT)
def letter(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The letter, to print and to sign."""
    todo = _letter(request, uid, viewing=True)
    now = timezone.now()
    context = {
        "todo": todo,
        "client": todo.client,
        "letter": letter_for(todo, now=now),
        "may_write": may_write(todo.client, now),
        "now": now,
    }
    return render(request, "followup/letter.html", context)


@require_POST
@needs(Verb.COMPLETE_TODO)
def letter_sent(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A person has posted it."""
    todo = _letter(request, uid)
    with telling(request):
        actions.mark_letter_sent(todo_id=todo.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Noted: the letter is in the post."))
    return redirect("followup:todo", uid=todo.uid)


def _letter(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> ToDo:
    about = ToDo.objects.filter(kind=ToDoKind.LETTER).select_related("client__summary", "plan")
    return record_or_404(request, about, uid, viewing=viewing)

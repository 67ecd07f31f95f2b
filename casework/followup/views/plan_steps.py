"""Adding, moving and dropping a step of one client's plan."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup.actions import steps
from casework.followup.messages.letterhead import letterheads
from casework.followup.models import FollowUpPlan
from casework.followup.plan_forms import AddMessageForm, AddToDoForm, DropStepForm, MoveStepForm
from casework.followup.plan_view import Step, view_of
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RUN_PLAN)
def add_message(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One more text."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    letter = letterheads([client], at=timezone.now())[client.pk]
    form = AddMessageForm(request.POST if request.method == "POST" else None, letter=letter)
    return _add(request, client, form, steps.add_message_step, title=_("Add a message to the plan"))


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RUN_PLAN)
def add_todo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One more thing to do."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = AddToDoForm(request.POST if request.method == "POST" else None)
    return _add(request, client, form, steps.add_todo_step, title=_("Add a to-do to the plan"))


def _add(request: HttpRequest, client: Client, form: Form, act: Any, *, title: str) -> HttpResponse:
    plan = running_or_404(client)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            act(plan_id=plan.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("The step is in the plan."))
            return redirect("followup:plan", uid=client.uid)
    return form_page(request, client, form, title=title, save=_("Add"), page="followup/add_step.html")


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RUN_PLAN)
def move(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """A step of the plan: another day; or, below, out of the plan."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    plan = running_or_404(client)
    step = _step_or_404(plan, key)
    form = MoveStepForm(
        request.POST if request.method == "POST" else None,
        initial={"on": step.at.astimezone(client.zone).date()},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            steps.move_step(
                plan_id=plan.pk, key=key, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The step has another day."))
            return redirect("followup:plan", uid=client.uid)
    return _page(request, client, step, form, DropStepForm())


@require_POST
@needs(Verb.RUN_PLAN)
def drop(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """Leave the step out."""
    client = client_or_404(request, uid)
    plan = running_or_404(client)
    step = _step_or_404(plan, key)
    form = DropStepForm(request.POST)
    if form.is_valid():
        with answering(form):
            reason = form.cleaned_data["reason"]
            steps.drop_step(plan_id=plan.pk, key=key, reason=reason, by=request.user, now=timezone.now())
            messages.success(
                request, _("The step is out of the plan. It stays readable there with your reason.")
            )
            return redirect("followup:plan", uid=client.uid)
    move_form = MoveStepForm(initial={"on": step.at.astimezone(client.zone).date()})
    return _page(request, client, step, move_form, form)


def running_or_404(client: Client) -> FollowUpPlan:
    """The plan that runs; there is nothing to fit where none does."""
    return get_object_or_404(FollowUpPlan.objects.running(), client=client)


def _step_or_404(plan: FollowUpPlan, key: str) -> Step:
    found = next((step for step in view_of(plan, timezone.now()).all if step.key == key), None)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, client: Client, step: Step, move_form: Form, drop_form: Form) -> HttpResponse:
    context = {"client": client, "step": step, "form": move_form, "drop_form": drop_form}
    return render(request, "followup/step.html", context)


urlpatterns = [
    path("clients/<uuid:uid>/plan/add/message/", add_message, name="add_message_step"),
    path("clients/<uuid:uid>/plan/add/todo/", add_todo, name="add_todo_step"),
    path("clients/<uuid:uid>/plan/steps/<slug:key>/", move, name="plan_step"),
    path("clients/<uuid:uid>/plan/steps/<slug:key>/drop/", drop, name="drop_step"),
]

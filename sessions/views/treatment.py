"""The treatment plan: its goals, going through them, and how they came about."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clients import audit
from clients.access import Verb, can
from clients.doors import client_or_404, record_or_404
from clients.forms import answering
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs
from sessions import treatment
from sessions.actions import treatment as actions
from sessions.models import Goal, GoalStep, TreatmentPlan
from sessions.treatment_forms import EndForm, GoalForm, MoveForm, ReviewForm, RewordForm, StepForm

Item = TypeVar("Item", Goal, GoalStep)
MOST_LISTED = 200


def _writes(request: HttpRequest, client: Client) -> bool:
    return client.is_in_touch and can(request.user, Verb.WRITE_PLANS)


# --- the plan ---
@require_http_methods(READ_OR_WRITE)
@needs(Verb.VIEW_CLIENT)
def plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The goals of a client; below them the form for one more."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    if request.method == "POST":
        return _add_goal(request, uid)
    return _plan_page(request, client, GoalForm())


@needs(Verb.WRITE_PLANS)
def _add_goal(request: HttpRequest, uid: UUID) -> HttpResponse:
    client = client_or_404(request, uid)
    form = GoalForm(request.POST)
    if form.is_valid():
        with answering(form):
            goal = actions.add_goal(
                client_id=client.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Added. Now say how one will notice, and what is done for it."))
            return redirect("counseling:goal", uid=goal.uid)
    return _plan_page(request, client, form)


def _plan_page(request: HttpRequest, client: Client, form: forms.Form, **forms_: forms.Form) -> HttpResponse:
    now = timezone.now()
    shown = treatment.shown(client)
    today = timezone.localdate(now, client.zone)
    context = {
        "client": client,
        "today": today,
        "shown": shown,
        "due": {one.goal.pk for one in shown.open if one.due(today)} if shown else set(),
        "plan_due": shown is not None and shown.plan.review_on <= today,
        "ended": treatment.ended_plans(client),
        "writes": _writes(request, client),
        "form": form,
        "review": ReviewForm(),
        "end": EndForm(),
        **forms_,
    }
    return render(request, "sessions/treatment.html", context)


@require_GET
@needs(Verb.VIEW_CLIENT)
def history(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Every change of the plan, with the words before and after."""
    client = client_or_404(request, uid, viewing=True)
    context = {"client": client, "changes": treatment.history(client)}
    return render(request, "sessions/treatment_history.html", context)


def _found_plan(request: HttpRequest, uid: UUID) -> TreatmentPlan:
    return record_or_404(request, TreatmentPlan.objects.select_related("client__summary"), uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.WRITE_PLANS)
def review_plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The whole plan was gone through."""
    return _whole_plan(request, uid, "review", ReviewForm, actions.review_plan, _("Gone through."))


@require_http_methods(READ_OR_WRITE)
@needs(Verb.WRITE_PLANS)
def end_plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The plan has ended."""
    return _whole_plan(request, uid, "end", EndForm, actions.end_plan, _("The plan has ended."))


def _whole_plan(
    request: HttpRequest,
    uid: UUID,
    name: str,
    shape: type[forms.Form],
    act: Callable[..., Any],
    told: str,
) -> HttpResponse:
    found = _found_plan(request, uid)
    client = found.client.survivor
    form = shape(request.POST)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            act(plan=found, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, told)
            return redirect("counseling:treatment", uid=client.uid)
    if request.method != "POST":
        return redirect("counseling:treatment", uid=client.uid)
    return _plan_page(request, client, GoalForm(), **{name: form})


# --- one goal, one step ---
FORMS: dict[str, tuple[type[forms.Form], Callable[..., Any]]] = {
    "reword": (RewordForm, actions.reword),
    "review": (ReviewForm, actions.review),
    "move": (MoveForm, actions.move),
}


@require_http_methods(READ_OR_WRITE)
@needs(Verb.VIEW_CLIENT)
def goal(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A goal with what is under it, and what can be done with it."""
    rows = Goal.objects.select_related("client__summary", "plan", "added_by", "state_by")
    found = record_or_404(request, rows, uid, viewing=request.method == "GET")
    if request.method == "POST":
        return _change(request, found)
    return _item_page(request, found, {})


@require_http_methods(READ_OR_WRITE)
@needs(Verb.VIEW_CLIENT)
def step(request: HttpRequest, uid: UUID) -> HttpResponse:
    """An objective or an intervention, and what can be done with it."""
    rows = GoalStep.objects.select_related("goal__client__summary", "goal__plan", "added_by", "state_by")
    found = record_or_404(request, rows, uid, viewing=request.method == "GET")
    if request.method == "POST":
        return _change(request, found)
    return _item_page(request, found, {})


@needs(Verb.WRITE_PLANS)
def _change(request: HttpRequest, item: Any) -> HttpResponse:
    """Do what the posted form asks for, and stay on the page."""
    asked = request.POST.get("act", "")
    if asked == "step" and isinstance(item, Goal):
        return _add_step(request, item)
    if asked not in FORMS:
        return _item_page(request, item, {})
    shape, act = FORMS[asked]
    form = shape(request.POST)
    if form.is_valid():
        with answering(form):
            act(item=item, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect(request.path)
    return _item_page(request, item, {asked: form})


def _add_step(request: HttpRequest, item: Goal) -> HttpResponse:
    form = StepForm(request.POST)
    if form.is_valid():
        with answering(form):
            actions.add_step(goal=item, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Added."))
            return redirect(request.path)
    return _item_page(request, item, {"step": form})


def _item_page(request: HttpRequest, item: Goal | GoalStep, bound: dict[str, forms.Form]) -> HttpResponse:
    of_goal = item if isinstance(item, Goal) else item.goal
    client = of_goal.client.survivor
    running = of_goal.plan.state == TreatmentPlan.State.ACTIVE
    steps = list(of_goal.steps.order_by("kind", "added_at", "pk")) if isinstance(item, Goal) else []
    context = {
        "client": client,
        "item": item,
        "goal": of_goal,
        "is_goal": isinstance(item, Goal),
        "steps": steps,
        "today": timezone.localdate(timezone.now(), client.zone),
        "writes": running and _writes(request, client),
        "moves": [state for state in item.State if item.can_move_to(state)],
        "reword": bound.get("reword") or RewordForm(initial={"words": item.words}),
        "review": bound.get("review") or ReviewForm(),
        "move": bound.get("move") or MoveForm(),
        "step_form": bound.get("step") or StepForm(),
        "wrong": next(iter(bound.values()), None),
        "changes": item.changes.select_related("by").order_by("-at", "-pk"),
    }
    return render(request, "sessions/goal.html", context)


# --- what is due ---
@require_GET
@needs(Verb.VIEW_CLIENT)
def reviews(request: HttpRequest) -> HttpResponse:
    """Plans with something to go through by today, the longest waiting first."""
    now: datetime = timezone.now()
    found = list(treatment.reviews_due(request.user, now).select_related("client__summary")[:MOST_LISTED])
    ids = [one.client_id for one in found]
    audit.record_list("treatment.reviews", by=request.user, at=now, filters={}, ids=ids)
    return render(request, "sessions/treatment_reviews.html", {"plans": found, "most": MOST_LISTED})

"""The administrator's pages about plans: what each stage's plan is, and a new version of it. No client is named."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup.actions import templates as acts
from casework.followup.models import TemplateStep, TemplateVersion
from casework.followup.models.plans import PLAN_STAGES
from casework.followup.template_forms import MessageStepForm, TimesForm, ToDoStepForm
from casework.followup.template_view import days_of, span
from clients.access import Verb
from clients.forms import answering, telling
from clients.views.guard import READ_OR_WRITE, needs

FORMS: Mapping[str, type[MessageStepForm | ToDoStepForm]] = {
    TemplateStep.Kind.MESSAGE: MessageStepForm,
    TemplateStep.Kind.TODO: ToDoStepForm,
}


@require_safe
@needs(Verb.MANAGE_PRACTICE)
def index(request: HttpRequest) -> HttpResponse:
    """Each stage with the version that new plans begin with, the draft if there is one, and the older ones."""
    versions = list(TemplateVersion.objects.select_related("released_by").newest_first())
    stages = [
        {
            "stage": stage,
            "draft": next((one for one in versions if one.stage == stage and one.is_draft), None),
            "released": [one for one in versions if one.stage == stage and not one.is_draft],
        }
        for stage, _label in PLAN_STAGES
    ]
    return render(request, "followup/plan_templates.html", {"stages": stages})


@require_safe
@needs(Verb.MANAGE_PRACTICE)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One version, its days on a line; of a draft also what still keeps it from being released."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    problems = acts.found_wrong(version) if version.is_draft else []
    days = days_of(version, problems)
    keys = {entry.key for day in days for entry in day.entries}
    context = {
        "version": version,
        "days": days,
        "problems": problems,
        "elsewhere": [one for one in problems if one.step not in keys],
        "silent_after": span(version.silent_after),
        "hasty_contact": span(version.hasty_contact) if version.hasty_contact else "",
    }
    return render(request, "followup/plan_template.html", context)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def begin(request: HttpRequest, stage: str) -> HttpResponse:
    """A new version of a stage's plan, as a draft."""
    with telling(request):
        draft = acts.begin_version(stage=stage, by=request.user, now=timezone.now())
        return redirect("followup:plan_template", uid=draft.uid)
    return redirect("followup:plan_templates")


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PRACTICE)
def add(request: HttpRequest, uid: UUID, kind: str) -> HttpResponse:
    """One more step in a draft."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    title = _("Add a message") if kind == TemplateStep.Kind.MESSAGE else _("Add a to-do")
    return _step(request, version, kind, title=title)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PRACTICE)
def change(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """A step of a draft: another day, text, way or time."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    row = get_object_or_404(version.steps, key=key)
    return _step(request, version, row.kind, row=row, title=_("Change a step"))


def _step(
    request: HttpRequest, version: TemplateVersion, kind: str, *, title: str, row: TemplateStep | None = None
) -> HttpResponse:
    form = FORMS[kind](request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            replaces = row.key if row is not None else ""
            acts.put_step(
                template_id=version.pk,
                step=form.step(),
                replaces=replaces,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved in the draft."))
            return redirect("followup:plan_template", uid=version.uid)
    context = {"version": version, "form": form, "title": title, "row": row}
    return render(request, "followup/plan_template_form.html", context)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def drop(request: HttpRequest, uid: UUID, key: str) -> HttpResponse:
    """A step less in a draft."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    with telling(request):
        acts.drop_template_step(template_id=version.pk, key=key, by=request.user, now=timezone.now())
        messages.success(request, _("The step is out of the draft."))
    return redirect("followup:plan_template", uid=version.uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.MANAGE_PRACTICE)
def times(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A draft's times when nobody answers, and its checkups."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    form = TimesForm(request.POST if request.method == "POST" else None, version=version)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            acts.set_times(template_id=version.pk, by=request.user, now=timezone.now(), **form.times())
            messages.success(request, _("Saved in the draft."))
            return redirect("followup:plan_template", uid=version.uid)
    context = {"version": version, "form": form, "title": _("Times and checkups")}
    return render(request, "followup/plan_template_form.html", context)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def release(request: HttpRequest, uid: UUID) -> HttpResponse:
    """From now on new plans begin with this version."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    with telling(request):
        acts.release_version(template_id=version.pk, by=request.user, now=timezone.now())
        messages.success(
            request, _("Released. Plans that begin from now on follow it; those that run stay as they are.")
        )
    return redirect("followup:plan_template", uid=version.uid)


@require_POST
@needs(Verb.MANAGE_PRACTICE)
def discard(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Throw a draft away."""
    version = get_object_or_404(TemplateVersion, uid=uid)
    with telling(request):
        acts.discard_version(template_id=version.pk, by=request.user, now=timezone.now())
        messages.success(request, _("The draft is gone. Nothing else has changed."))
        return redirect("followup:plan_templates")
    return redirect("followup:plan_template", uid=version.uid)


urlpatterns = [
    path("practice/plans/", index, name="plan_templates"),
    path("practice/plans/<slug:stage>/begin/", begin, name="plan_template_begin"),
    path("practice/plans/<uuid:uid>/", page, name="plan_template"),
    path("practice/plans/<uuid:uid>/times/", times, name="plan_template_times"),
    path("practice/plans/<uuid:uid>/release/", release, name="plan_template_release"),
    path("practice/plans/<uuid:uid>/discard/", discard, name="plan_template_discard"),
    path(
        "practice/plans/<uuid:uid>/add/message/",
        add,
        {"kind": "message"},
        name="plan_template_add_message",
    ),
    path("practice/plans/<uuid:uid>/add/todo/", add, {"kind": "todo"}, name="plan_template_add_todo"),
    path("practice/plans/<uuid:uid>/steps/<slug:key>/", change, name="plan_template_step"),
    path("practice/plans/<uuid:uid>/steps/<slug:key>/drop/", drop, name="plan_template_drop"),
]

"""The safety checklist of the first talk, with the tier that its answers come to."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup import actions
from casework.followup.actions.checklist import judged_for
from casework.followup.checklist import Judged
from casework.followup.checklist_form import ChecklistForm
from casework.followup.models import FollowUpPlan, SafetyChecklist, ToDo
from casework.followup.risk import RiskTier
from clients.access import Verb
from clients.doors import client_or_404
from clients.forms import answering
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs
from clients.views.pages import form_page

TONES = {RiskTier.GREEN: "done", RiskTier.AMBER: "attention", RiskTier.RED: "danger"}


@require_http_methods(READ_OR_WRITE)
@needs(Verb.RUN_PLAN)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What the first talk asks about."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    form = ChecklistForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            done = actions.complete_checklist(
                client_id=client.pk,
                answers=form.answers(),
                note=form.cleaned_data["note"],
                education=form.told(),
                by=request.user,
                now=timezone.now(),
            )
            return _after(request, client, done)
    return form_page(
        request,
        client,
        form,
        title=_("Safety checklist"),
        save=_("Save"),
        page="followup/checklist.html",
        **_judged(client, form),
    )


def _judged(client: Client, form: ChecklistForm) -> dict[str, object]:
    judged: Judged = judged_for(client, _plan(client), form.so_far())
    return {"judged": judged, "tone": TONES[judged.tier]}


def _plan(client: Client) -> FollowUpPlan | None:
    return FollowUpPlan.objects.running().filter(client=client).order_by("pk").first()


@require_POST
@needs(Verb.RUN_PLAN)
def tier(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The tier of the answers so far, while the form is filled in. Keeps nothing."""
    client = client_or_404(request, uid)
    return render(request, "followup/_tier.html", _judged(client, ChecklistForm(request.POST)))


def _after(request: HttpRequest, client: Client, done: SafetyChecklist) -> HttpResponse:
    """A red tier leads to the emergency at once."""
    label = str(RiskTier(done.risk_tier).label).lower()
    messages.success(request, _("Saved. Risk tier: %(tier)s.") % {"tier": label})
    emergency = (
        client.todos.nobody_has().filter(kind=ToDo.Kind.EMERGENCY).order_by("-opened_at", "-pk").first()
    )
    if emergency is not None:
        return redirect("followup:todo", uid=emergency.uid)
    return redirect("followup:plan", uid=client.uid)

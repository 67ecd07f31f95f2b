"""Reporting a relapse, with the plan shown before it is saved; confirming and taking back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup import actions
from casework.followup.forms import ReportForm, RetractForm
from casework.followup.previewing import preview as preview_of
from casework.relapse.models import RelapseReport
from clients.access import Verb
from clients.doors import client_or_404, record_or_404
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, home, needs
from clients.views.pages import form_page


@require_http_methods(READ_OR_WRITE)
@needs(Verb.REPORT_RELAPSE)
def report(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form; saving starts what follows."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    now = timezone.now()
    form = ReportForm(request.POST if request.method == "POST" else None, client=client, now=now)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            done = actions.report_relapse(
                client_id=client.pk,
                by=request.user,
                now=now,
                use=form.use(),
                idempotency_key=form.cleaned_data["idempotency_key"],
                **form.report(),
            )
            messages.success(request, said(client, done))
            return redirect("followup:plan", uid=client.uid) if done.plan else home(client)
    told = form.told() if form.is_bound else None
    context = {
        "client": client,
        "form": form,
        "now": now,
        "preview": preview_of(client, told, now=now) if told else None,
    }
    return render(request, "followup/report.html", context, status=422 if form.errors else 200)


def said(client: Client, done: actions.Reported) -> str:
    """What saving has begun."""
    if done.todo is not None:
        return _("Reported. First talk with %(first)s: nothing goes out until you confirm it.") % {
            "first": client.first_name
        }
    if done.plan is not None and done.plan.report_id != done.report.pk:
        return _("Reported. It joined the plan that runs.")
    return _("Reported. The follow-up plan has started.") if done.plan else _("Reported.")


@require_POST
@needs(Verb.REPORT_RELAPSE)
def preview(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The plan for what is typed so far. Writes nothing."""
    client = client_or_404(request, uid)
    now = timezone.now()
    told = ReportForm(request.POST, client=client, now=now).told()
    shown = preview_of(client, told, now=now) if told else None
    return render(request, "followup/_preview.html", {"client": client, "preview": shown, "now": now})


def _report_or_404(request: HttpRequest, uid: UUID) -> RelapseReport:
    return record_or_404(request, RelapseReport.objects.select_related("client"), uid)


@require_POST
@needs(Verb.DECIDE_REPORT)
def confirm(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The counselor has talked with the client, and it is so."""
    found = _report_or_404(request, uid)
    with telling(request):
        done = actions.confirm_report(report_id=found.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Confirmed. The follow-up plan runs.") if done.plan else _("Confirmed."))
    return redirect("followup:plan", uid=found.client.uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.DECIDE_REPORT)
def retract(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take a report back, with a reason."""
    found = _report_or_404(request, uid)
    form = RetractForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.retract_report(
                report_id=found.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Taken back. What it had begun is cancelled, and it counts nowhere."))
            return home(found.client)
    return form_page(
        request,
        found.client,
        form,
        title=_("Take back the report"),
        save=_("Take it back"),
        page="followup/retract.html",
        report=found,
    )

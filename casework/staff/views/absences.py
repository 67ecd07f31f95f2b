"""Who is away and who covers: one's own, and for supervisors their people's."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.staff.forms import AbsenceForm, CoverForm
from clients import absences
from clients.access import Verb
from clients.doors import found_or_404
from clients.forms import answering, telling
from clients.models import Absence
from clients.views.guard import READ_OR_WRITE, needs


@require_safe
@needs(Verb.ARRANGE_ABSENCE)
def page(request: HttpRequest) -> HttpResponse:
    """What is arranged: one's own, for whom one covers, and one's people's."""
    now = timezone.now()
    ahead = list(absences.arranged_by(request.user, now).not_over(now).order_by("starts_at", "pk"))
    covered = Absence.objects.not_over(now).filter(cover=request.user.pk).select_related("user")
    context = {
        "now": now,
        "own": [row for row in ahead if row.user_id == request.user.pk],
        "others": [row for row in ahead if row.user_id != request.user.pk],
        "covered": covered.order_by("starts_at", "pk"),
    }
    return render(request, "staff/absences.html", context)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.ARRANGE_ABSENCE)
def new(request: HttpRequest) -> HttpResponse:
    """From when to when, and who covers."""
    people = absences.colleagues(request.user, timezone.now())
    posted = request.POST if request.method == "POST" else None
    form = AbsenceForm(posted, by=request.user, people=people)
    if posted is not None and form.is_valid():
        with answering(form):
            row = absences.arrange_absence(by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _told(row))
            return redirect("staff:absences")
    return _form(request, form, title=_("Away and covered"), save=_("Arrange it"))


def _told(row: Absence) -> str:
    if row.cover is None:
        return _("Noted. Nobody covers: the supervisor sees what waits.")
    return _("Noted. %(cover)s covers for %(name)s.") % {
        "cover": row.cover.short_name,
        "name": row.user.short_name,
    }


@require_http_methods(READ_OR_WRITE)
@needs(Verb.ARRANGE_ABSENCE)
def cover(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody else covers for the rest of it."""
    row = found_or_404(request, absences.arranged_by(request.user, timezone.now()), uid)
    posted = request.POST if request.method == "POST" else None
    form = CoverForm(posted, away=row.user, initial={"cover": row.cover_id})
    if posted is not None and form.is_valid():
        with answering(form):
            rest = absences.change_cover(
                absence_id=row.pk, cover=form.cleaned_data["cover"], by=request.user, now=timezone.now()
            )
            messages.success(request, _told(rest))
            return redirect("staff:absences")
    title = _("Who covers for %(name)s?") % {"name": row.user.short_name}
    return _form(request, form, title=title, save=_("Change cover"))


def _form(request: HttpRequest, form: CoverForm, *, title: str, save: str) -> HttpResponse:
    return render(request, "staff/absence_form.html", {"form": form, "title": title, "save": save})


@require_POST
@needs(Verb.ARRANGE_ABSENCE)
def end(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Back again, or not going."""
    row = found_or_404(request, absences.arranged_by(request.user, timezone.now()), uid)
    with telling(request):
        absences.end_absence(absence_id=row.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Ended: %(name)s answers again.") % {"name": row.user.short_name})
    return redirect("staff:absences")

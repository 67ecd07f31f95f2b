"""Who needs me now."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.desk.today import held, today
from casework.followup.models import LadderRung
from casework.followup.queries import unknown_senders
from clients import absences, audit
from clients.access import Verb, can
from clients.models import Absence


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Today, for those who care for clients; for the others a page that names no client."""
    if not can(request.user, Verb.COMPLETE_TODO):
        return render(request, "desk/no_clients.html")
    now = timezone.now()
    sections = today(request.user, now)
    audit.record_list("today", by=request.user, at=now, filters={}, ids=held(sections))
    unknown = unknown_senders(request.user, at=now).count()
    pressing = [one for one in sections if one.key != "coming"]
    context = {
        "now": now,
        "sections": pressing,
        "coming": sections[-1],
        "waiting": any(section.rows for section in pressing),
        "unknown": unknown,
        **_cover(request.user, now),
    }
    return render(request, "desk/today.html", context)


def _cover(user: Any, now: datetime) -> dict[str, Any]:
    """Whether the person is away, for whom they cover, and for supervisors who of their people is away."""
    supervises = can(user, Verb.DECIDE_SILENCE)
    theirs = Absence.objects.in_force(now).filter(user__in=absences.colleagues(user, now))
    return {
        "own_absence": absences.away([user.pk], now).get(user.pk),
        "covering": list(absences.covered_by(user, now)),
        "away": list(theirs.select_related("user", "cover").order_by("cover", "ends_at"))
        if supervises
        else [],
        "to_decide": LadderRung.objects.visible_to(user, at=now).to_decide().count() if supervises else 0,
    }

"""The page of one client."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf.locale import LANG_INFO
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from casework.desk import since
from casework.desk.addresses import to
from casework.desk.chart_data import chart_of
from casework.desk.next_steps import for_todo
from casework.desk.safety import bring_up_to_date, prompts
from casework.desk.timeline import SOURCES, timeline
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ALARMS
from casework.relapse.models import RelapseReport
from clients.access import Verb
from clients.dates import instant_in
from clients.doors import client_or_404
from clients.models import Client
from clients.overview import overview
from clients.views.guard import needs
from sessions.models import Session


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who, the stage and how it moved, what was achieved, what runs, and what happened."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    beside = overview(client, now)
    bring_up_to_date(beside.substances, client)
    plan = FollowUpPlan.objects.running().filter(client=client).first()
    context = {
        "client": client,
        "now": now,
        "overview": beside,
        "elsewhere": client.zone.key != timezone.get_current_timezone_name(),
        "plan": plan,
        "last_plan": None if plan else FollowUpPlan.objects.of(client).first(),
        "crises": [(one, for_todo(one)) for one in _crises(client)],
        "chart": chart_of(client, episodes=beside.episodes, now=now),
        "prompts": prompts(client, substances=beside.substances, plan=plan, today=timezone.localdate(now)),
        "to_confirm": RelapseReport.objects.of(client).awaiting_confirmation().order_by("reported_at"),
        "note_url": note_address(client, request.user),
        "language": _(LANG_INFO.get(client.language, {}).get("name", client.language)),
        **_since(client, now),
        **_timeline(request, client, now),
    }
    return render(request, "desk/client.html", context)


def note_address(client: Client, user: Any) -> str:
    """Where the next note is written: the session that runs, else the earliest one held without a signed note."""
    theirs = Session.objects.of(client).filter(counselor=user)
    running = theirs.filter(state=Session.State.IN_PROGRESS)
    session = running.first() or theirs.awaiting_note().order_by("starts_at", "pk").first()
    return to("counseling:session", uid=session.uid) if session else ""


def _crises(client: Client) -> QuerySet[ToDo]:
    """Emergencies that are open, whoever has them."""
    open_ones = client.todos.open().filter(kind__in=ALARMS)
    return open_ones.select_related("client", "acknowledged_by").in_order()


def _since(client: Client, now: datetime) -> dict[str, Any]:
    """What changed since the last contact; since registration when there was none."""
    last = since.last_contact(client)
    changed = since.changes(client, since=last or client.registered_at, now=now)
    return {"last_contact_at": last, "changes": changed}


def _timeline(request: HttpRequest, client: Client, now: datetime) -> dict[str, Any]:
    """The page of the timeline that the address asks for."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in SOURCES else ""
    before = instant_in(request.GET.get("before", "")) or now + timedelta(seconds=1)
    found = timeline(client, user=request.user, before=before, kinds=[kind] if kind else [])
    return {
        "client": client,
        "now": now,
        "timeline": found,
        "kinds": [(key, source.label) for key, source in SOURCES.items()],
        "kind": kind,
    }

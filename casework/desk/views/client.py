"""The page of one client."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from casework.desk import chart_data, safety, since, timeline
from casework.desk.addresses import to
from casework.desk.next_steps import for_todo
from casework.followup.models import FollowUpPlan, ToDo
from casework.followup.plan_templates import ALARMS
from casework.relapse.models import RelapseReport
from clients import overview
from clients.access import Verb
from clients.dates import instant_in
from clients.doors import client_or_404
from clients.models import Client
from clients.together import Asker, gather
from clients.views.guard import needs
from sessions.models import Session


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who, the stage and how it moved, what was achieved, what runs, and what happened."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    last, today = since.last_contact(client), timezone.localdate(now)
    beside, drawn, changed, told, known, around = gather(
        overview.asked(client, now),
        chart_data.asked(client, now=now),
        since.asked(client, since=last or client.registered_at, now=now),
        timeline.asked(client, user=request.user, before=_before(request, now), kinds=_kinds(request)),
        safety.asked(client, today),
        _around(client, request.user),
    )
    safety.bring_up_to_date(beside.substances, known.reported)
    context = {
        "client": client,
        "now": now,
        "overview": beside,
        "elsewhere": client.zone.key != timezone.get_current_timezone_name(),
        "plan": around.plan,
        "last_plan": around.last_plan,
        "crises": [(one, for_todo(one)) for one in around.crises],
        "chart": chart_data.chart_from(client, drawn, episodes=beside.episodes, now=now),
        "prompts": safety.prompts(known, substances=beside.substances, plan=around.plan, today=today),
        "to_confirm": around.to_confirm,
        "note_url": to("counseling:session", uid=around.to_write.uid) if around.to_write else "",
        "language": _(LANG_INFO.get(client.language, {}).get("name", client.language)),
        "last_contact_at": last,
        "changes": changed,
        "timeline": told,
        "kinds": [(key, source.label) for key, source in timeline.SOURCES.items()],
        "kind": next(iter(_kinds(request)), ""),
    }
    return render(request, "desk/client.html", context)


@dataclass(frozen=True)
class Around:
    """What runs with the client now, and what waits for somebody."""

    plan: FollowUpPlan | None
    last_plan: FollowUpPlan | None
    crises: list[ToDo]
    to_confirm: list[RelapseReport]
    to_write: Session | None


def _around(client: Client, user: Any) -> Asker[Around]:
    """The plan that runs, else the last one; emergencies that are open, whoever has them; reports to be confirmed; and
    where the next note is written: the session that runs, else the earliest one held without a signed note."""
    running = FollowUpPlan.objects.running().filter(client=client)[:1]
    plans = FollowUpPlan.objects.of(client)[:1]
    alarms = (
        client.todos.open().filter(kind__in=ALARMS).select_related("client", "acknowledged_by").in_order()
    )
    to_confirm = RelapseReport.objects.of(client).awaiting_confirmation().order_by("reported_at")
    theirs = Session.objects.of(client).filter(counselor=user)
    runs = theirs.filter(state=Session.State.IN_PROGRESS).order_by("pk")[:1]
    unwritten = theirs.awaiting_note().order_by("starts_at", "pk")[:1]
    yield [running, plans, alarms, to_confirm, runs, unwritten]
    plan = next(iter(running), None)
    return Around(
        plan=plan,
        last_plan=None if plan else next(iter(plans), None),
        crises=list(alarms),
        to_confirm=list(to_confirm),
        to_write=next(iter([*runs, *unwritten]), None),
    )


def _kinds(request: HttpRequest) -> list[str]:
    """The kinds of entries that the address asks for; none of them means all."""
    return [kind for kind in (request.GET.get("kind", ""),) if kind in timeline.SOURCES]


def _before(request: HttpRequest, now: datetime) -> datetime:
    """Where the page of the timeline begins that the address asks for."""
    return instant_in(request.GET.get("before", "")) or now + timedelta(seconds=1)

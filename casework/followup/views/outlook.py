"""The follow-up page: what goes out, what is held, what did not arrive, and how the carriers are."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.followup import dead_man, outlook
from casework.followup.carriers import WATCHERS, carriers, sign_of_life
from casework.followup.models import Message
from clients import audit
from clients.access import Verb
from clients.views.guard import needs

PAGE = 50


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest) -> HttpResponse:
    """Numbers that open their lists, the list, and who carries the messages."""
    now = timezone.now()
    wanted = outlook.Wanted.of(request.GET)
    rows = outlook.narrowed(request.user, wanted, now)
    shown = Paginator(outlook.listed(rows, wanted, now), PAGE).get_page(request.GET.get("page"))
    filters = {"show": wanted.show, "counselor": wanted.counselor, "kind": wanted.kind, "page": shown.number}
    ids = sorted({message.client_id for message in shown})
    audit.record_list("followup", by=request.user, at=now, filters=filters, ids=ids)
    seen = dead_man.vitals()
    context = {
        "now": now,
        "page": shown,
        "lines": outlook.lines(shown, now),
        "wanted": wanted,
        "numbers": outlook.numbers(rows, now),
        "shown": outlook.BY_KEY[wanted.show],
        "kinds": Message.Kind.choices,
        "counselors": outlook.counselors(request.user, now),
        "carriers": carriers(now),
        "watchers": [(WATCHERS[name], sign_of_life(age)) for name, age in seen.ages.items()],
        "alarms": dead_man.told(dead_man.alarms(seen)),
    }
    return render(request, "followup/outlook.html", context)


@require_safe
@needs(Verb.REVIEW_CASELOAD)
def alarm(request: HttpRequest) -> HttpResponse:
    """The part of every page that says that messages do not leave, and what to do. Nearly always empty."""
    return render(request, "followup/_alarm.html", {"alarms": dead_man.told(dead_man.lately())})

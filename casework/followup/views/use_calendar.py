"""The use calendar: a month to fill in, the last 90 days to see, and what is counted of them (clinical.md §2.14)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.followup.actions.use_calendar import DaysMarked, mark_days, withdraw_mark
from casework.followup.models import InboundMessage
from casework.relapse.forms import DaysForm
from casework.relapse.models import DayMark
from casework.relapse.strip import shape, state_words, strip, told, week_row
from casework.relapse.use_calendar import WINDOWS, Day, UseCalendar, use_calendar
from casework.relapse.use_days import window_days
from clients.access import Verb
from clients.dates import EARLIEST
from clients.doors import client_or_404, record_or_404
from clients.forms import answering, telling
from clients.models import Client
from clients.views.guard import READ_OR_WRITE, needs
from sessions.models import Session

NINETY = 90
CARRIED = ("source", "certainty", "substance", "use_type", "session")  # from one marking to the next


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the grid."""

    day: Day
    shape: SafeString
    words: str
    future: bool
    today: bool
    happened: list[str] = field(default_factory=list)  # a session, an answer to a check-in

    @property
    def said(self) -> str:
        """All that was said of it, for the line below the grid."""
        heard = [f"{one.source}: {_('used') if one.word.used else _('no use')}" for one in self.day.said]
        return "; ".join([self.words, *heard, *self.happened])


@require_safe
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A month, and what the last 30 and 90 days come to."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    shown = _month(request.GET.get("month", ""), timezone.localdate(now, client.zone))
    initial = {name: request.GET[name] for name in CARRIED if request.GET.get(name)}
    form = DaysForm(client=client, shown=window_days(*shown), initial=initial)
    return render(request, "followup/use_calendar.html", _context(client, form, shown, now))


@require_http_methods(READ_OR_WRITE)
@needs(Verb.REPORT_RELAPSE)
def mark(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep what is said of the ticked days. Asked for by a script, only the calendar comes back."""
    client = client_or_404(request, uid)
    if request.method != "POST":  # the page of a mistake, loaded anew
        return redirect("followup:use_calendar", uid=client.uid)
    now = timezone.now()
    shown = _month(request.POST.get("month", ""), timezone.localdate(now, client.zone))
    form = DaysForm(request.POST, client=client, shown=window_days(*shown))
    said = ""
    if form.is_valid():
        with answering(form):
            said = _kept(mark_days(client_id=client.pk, by=request.user, now=now, **form.told()))
    if said and not getattr(request, "htmx", False):
        messages.success(request, said)
        return redirect(f"{request.path.removesuffix('mark/')}?month={shown[0]:%Y-%m}")
    if said:
        carried = {name: request.POST.get(name, "") for name in CARRIED}
        form = DaysForm(client=client, shown=window_days(*shown), initial=carried)
    context = _context(client, form, shown, now) | {"said": said}
    if getattr(request, "htmx", False):
        return render(request, "followup/_use_calendar.html", context)
    return render(request, "followup/use_calendar.html", context, status=422)


def _kept(done: DaysMarked) -> str:
    number = len(done.marks)
    said = ngettext("%(count)s day kept.", "%(count)s days kept.", number) % {"count": number}
    if done.opened:
        titles = "; ".join(todo.said for todo in done.opened)
        said = " ".join((said, _("New to-dos: %(titles)s.") % {"titles": titles}))
    return said


@require_POST
@needs(Verb.REPORT_RELAPSE)
def withdraw(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take one word back as a mistake."""
    found = record_or_404(request, DayMark.objects.select_related("client"), uid)
    with telling(request):
        withdraw_mark(
            mark_id=found.pk, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now()
        )
        messages.success(request, _("Taken back. It stays readable among the earlier words."))
    response = redirect("followup:use_calendar", uid=found.client.survivor.uid)
    response["Location"] += f"?month={found.on:%Y-%m}"
    return response


def _month(text: str, today: date) -> tuple[date, date]:
    """First and last day of the month that was asked for, as "2026-11"; of this month for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    if not EARLIEST <= first <= today:
        first = today.replace(day=1)
    return first, _next(first) - timedelta(days=1)


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _context(client: Client, form: DaysForm, shown: tuple[date, date], now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now, client.zone)
    first, last = shown
    lately = use_calendar(client, first=today - timedelta(days=NINETY - 1), last=today)
    month = lately if first >= lately.first else use_calendar(client, first=first, last=last)
    chosen = set(form["days"].value() or [])
    return {
        "client": client,
        "now": now,
        "form": form,
        "month": first,
        "earlier": (first - timedelta(days=1)).replace(day=1),
        "later": _next(first) if _next(first) <= today else None,
        "weeks": _weeks(client, month, shown, today),
        "chosen": chosen,
        "chart": strip(lately),
        "numbers": _numbers(lately),
        "differing": [month.day(on) for on in window_days(first, last) if month.day(on).differs],
        "spoken": [
            day for on in reversed(window_days(first, last)) if (day := month.day(on)).said or day.earlier
        ],
    }


def _numbers(calendar: UseCalendar) -> list[tuple[str, list[str]]]:
    """A row a number, with its value in each window."""
    columns = [told(calendar.metrics(window)) for window in WINDOWS]
    return [(row[0].label, [one.value for one in row]) for row in zip(*columns, strict=True)]


def _weeks(
    client: Client, month: UseCalendar, shown: tuple[date, date], today: date
) -> list[list[Cell | None]]:
    """The month in rows of seven, the first day of the week first; empty places before and after."""
    happened = _happened(client, *shown)
    days = [month.day(on) for on in window_days(*shown)]
    cells: list[Cell | None] = [None] * week_row(shown[0])
    cells += [
        Cell(day, shape(day), state_words(day), day.on > today, day.on == today, happened[day.on])
        for day in days
    ]
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _happened(client: Client, first: date, last: date) -> dict[date, list[str]]:
    """Sessions that were held and texts that came, by their day there: what use was perhaps spoken of in."""
    found: dict[date, list[str]] = defaultdict(list)
    start = datetime.combine(first, time(), client.zone)
    end = datetime.combine(last + timedelta(days=1), time(), client.zone)
    held = Session.objects.of(client).filter(
        state=Session.State.ATTENDED, starts_at__gte=start, starts_at__lt=end
    )
    for at in held.order_by("starts_at").values_list("starts_at", flat=True):
        found[at.astimezone(client.zone).date()].append(_("session"))
    texts = InboundMessage.objects.of(client).filter(received_at__gte=start, received_at__lt=end)
    for at in texts.order_by("received_at").values_list("received_at", flat=True):
        found[at.astimezone(client.zone).date()].append(_("check-in answered"))
    return {on: list(dict.fromkeys(found[on])) for on in window_days(first, last)}


urlpatterns = [
    path("clients/<uuid:uid>/days/", page, name="use_calendar"),
    path("clients/<uuid:uid>/days/mark/", mark, name="mark_days"),
    path("days/<uuid:uid>/withdraw/", withdraw, name="withdraw_mark"),
]

"""The list of sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients import audit
from clients.access import Role, Verb
from clients.views.guard import needs
from sessions.forms import ListFilter
from sessions.models import Session
from sessions.models.session import SessionQuerySet
from sessions.queries import day_bounds

PER_PAGE = 50
FIRST_LOOK = 20


@dataclass(frozen=True)
class Block:
    """A part of the page: some sessions under a heading, with how many there are in all."""

    key: str
    title: str
    rows: list[Session]
    total: int
    why_empty: str = ""
    more: str = ""


@require_GET
@needs(Verb.VIEW_CLIENT)
def index(request: HttpRequest) -> HttpResponse:
    """Today's sessions and the next ones; or, by the filter in the address, any others."""
    now = timezone.now()
    form = _filter(request, now)
    chosen = form.cleaned_data if form.is_valid() else {}
    seen = _whose(request, chosen, now)
    page = None
    if chosen.get("when") or chosen.get("state"):
        page = Paginator(_in_time(seen, chosen, now), PER_PAGE).get_page(request.GET.get("page"))
        blocks = [_listed(form, chosen, page)]
    else:
        blocks = _first_look(seen, now)
    audit.record_list(
        "sessions",
        by=request.user,
        at=now,
        filters={key: str(value) for key, value in chosen.items() if value},
        ids=[row.pk for block in blocks for row in block.rows],
    )
    return render(
        request,
        "sessions/list.html",
        {"form": form, "blocks": blocks, "page": page, "now": now, "mine": _is_counselor(request.user)},
    )


def _is_counselor(user: Any) -> bool:
    return bool(user.role == Role.COUNSELOR)


def _filter(request: HttpRequest, now: datetime) -> ListFilter:
    if _is_counselor(request.user):
        return ListFilter(request.GET, people=None)
    seen = Session.objects.visible_to(request.user, at=now).values("counselor")
    people = get_user_model().objects.filter(pk__in=seen).order_by("full_name", "pk")
    return ListFilter(request.GET, people=people)


def _whose(request: HttpRequest, chosen: dict[str, Any], now: datetime) -> SessionQuerySet:
    """A counselor's own sessions; for others, those of the clients they see, or of one counselor among them."""
    seen: SessionQuerySet = Session.objects.visible_to(request.user, at=now).for_rows()
    person = request.user if _is_counselor(request.user) else chosen.get("counselor")
    return seen.filter(counselor=person) if person else seen


def _in_time(seen: SessionQuerySet, chosen: dict[str, Any], now: datetime) -> SessionQuerySet:
    if chosen.get("state"):
        seen = seen.filter(state=chosen["state"])
    match chosen.get("when"):
        case "upcoming":
            return seen.filter(starts_at__gte=now).order_by("starts_at", "pk")
        case "past":
            return seen.filter(starts_at__lt=now).order_by("-starts_at", "-pk")
        case "unclosed":
            return seen.filter(ends_at__lt=now, state__in=["scheduled", "in_progress"]).order_by(
                "starts_at", "pk"
            )
        case "unsigned":
            return seen.awaiting_note().order_by("starts_at", "pk")
    return seen.order_by("-starts_at", "-pk")


def _listed(form: ListFilter, chosen: dict[str, Any], page: Page[Session]) -> Block:
    titles = dict(ListFilter.WHEN)
    title = titles[chosen["when"]] if chosen.get("when") else Session.State(chosen["state"]).label
    return Block(
        "found", str(title), list(page.object_list), page.paginator.count, _("Nothing matches this filter.")
    )


def _first_look(seen: SessionQuerySet, now: datetime) -> list[Block]:
    begin, end = day_bounds(timezone.localdate(now))
    today = seen.filter(starts_at__gte=begin, starts_at__lt=end).order_by("starts_at", "pk")
    coming = seen.filter(starts_at__gte=end, starts_at__lt=end + timedelta(days=14), state="scheduled")
    past = seen.filter(starts_at__lt=begin, starts_at__gte=begin - timedelta(days=14))
    return [
        _block("today", _("Today"), today, _("No session is planned for today.")),
        _block(
            "upcoming",
            _("The next two weeks"),
            coming.order_by("starts_at", "pk"),
            _("Plan the next session from a client's page."),
            more="?when=upcoming",
        ),
        _block(
            "past",
            _("The last two weeks"),
            past.order_by("-starts_at", "-pk"),
            _("No session was planned."),
            more="?when=past",
        ),
    ]


def _block(key: str, title: str, rows: SessionQuerySet, why_empty: str, *, more: str = "") -> Block:
    found = list(rows[: FIRST_LOOK + 1])
    total = len(found) if len(found) <= FIRST_LOOK else rows.count()
    return Block(key, title, found[:FIRST_LOOK], total, why_empty, more)

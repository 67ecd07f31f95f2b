"""Which doors the top bar shows to whom, and which one is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.access import Verb, can


@dataclass(frozen=True)
class Door:
    view: str
    label: str | Promise
    verb: Verb
    rooms: frozenset[str] = frozenset()  # every page of these apps counts as this door
    views: frozenset[str] = frozenset()


DOORS = (
    Door("desk:today", _("Today"), Verb.VIEW_CLIENT),
    Door(
        "desk:clients",
        _("My clients"),
        Verb.VIEW_CLIENT,
        rooms=frozenset({"clients"}),
        views=frozenset({"desk:client"}),
    ),
    Door("counseling:list", _("Sessions"), Verb.HOLD_SESSION, rooms=frozenset({"counseling"})),
    Door("followup:inbox", _("Inbox"), Verb.READ_INBOX),
    Door("supervision:caseload", _("Caseload"), Verb.REVIEW_CASELOAD, rooms=frozenset({"supervision"})),
)


def items_for(user: Any, match: ResolverMatch | None) -> Iterator[dict[str, Any]]:
    for door in DOORS:
        if can(user, door.verb) and (url := address(door.view)):
            yield {"url": url, "label": door.label, "key": door.view, "current": _is_open(door, match)}


def _is_open(door: Door, match: ResolverMatch | None) -> bool:
    if match is None:
        return False
    return match.view_name in {door.view, *door.views} or match.app_name in door.rooms


def address(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""

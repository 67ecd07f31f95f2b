"""Which doors the top bar shows to whom, and which one is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.access import Verb, can


@dataclass(frozen=True)
class Door:
    """A page of the top bar, and the addresses that lie behind it."""

    view: str
    label: str | Promise
    verb: Verb
    under: tuple[str, ...] = ()
    # Who has this right too finds the door in their own menu: the bar is full of what they need all day.
    unless: Verb | None = None


INBOX = "followup:inbox"
DOORS = (
    Door("desk:today", _("Today"), Verb.VIEW_CLIENT),
    Door(
        "desk:clients",
        _("My clients"),
        Verb.VIEW_CLIENT,
        ("clients/", "todos/", "messages/", "reports/", "assessments/", "measures/"),
    ),
    Door(
        "counseling:calendar",
        _("Calendar"),
        Verb.HOLD_SESSION,
        ("calendar/", "sessions/", "series/", "notes/", "groups/", "meetings/"),
    ),
    Door(INBOX, _("Inbox"), Verb.READ_INBOX, ("inbox/",)),
    Door("followup:outlook", _("Follow-up"), Verb.VIEW_CLIENT, ("followup/",)),
    Door("supervision:caseload", _("Caseload"), Verb.REVIEW_CASELOAD, ("caseload/",)),
    Door("followup:practice", _("Practice"), Verb.KEEP_WATCH, ("practice/",), Verb.VIEW_CLIENT),
)


def items_for(user: Any, match: ResolverMatch | None) -> Iterator[dict[str, Any]]:
    """The doors that this person may open, in order."""
    for door in DOORS:
        if can(user, door.verb) and not (door.unless and can(user, door.unless)):
            url = reverse(door.view)
            yield {"url": url, "label": door.label, "key": door.view, "current": _is_open(door, match)}


def _is_open(door: Door, match: ResolverMatch | None) -> bool:
    return match is not None and (match.view_name == door.view or match.route.startswith(door.under or "-"))

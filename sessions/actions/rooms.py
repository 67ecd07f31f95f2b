"""Rooms: taking one into use, and giving one up."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput
from clients.models import Site
from sessions.models import GroupMeeting, Room, Session

ROOM_ADDED, ROOM_RETIRED = "room.added", "room.retired"


@transaction.atomic
def add_room(*, site: Site, name: str, by: Any, now: datetime) -> Room:
    """Take a room of a site into use. Raises InvalidInput without a name, or for a name that the site has already."""
    require(by, Verb.KEEP_WATCH)
    Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    name = name.strip()
    if not name:
        raise InvalidInput(_("Give the room a name."), field="name")
    if Room.objects.in_use().filter(site=site, name__iexact=name).exists():
        raise InvalidInput(_("%(site)s has a room of this name.") % {"site": site}, field="name")
    room = Room.objects.create(site=site, name=name)
    audit.record(ROOM_ADDED, by=by, at=now, target=room)
    return room


@transaction.atomic
def retire_room(*, room_id: int, by: Any, now: datetime) -> Room:
    """Give a room up; what took place there stays. Raises Conflict while something is planned in it."""
    require(by, Verb.KEEP_WATCH)
    room = Room.objects.select_for_update(of=("self",)).get(pk=room_id)
    sessions = Session.objects.filter(room=room, state=Session.State.SCHEDULED, starts_at__gt=now)
    meetings = GroupMeeting.objects.filter(room=room, state=GroupMeeting.State.SCHEDULED, starts_at__gt=now)
    number = sessions.count() + meetings.count()
    if number:
        raise Conflict(
            _("%(room)s is booked %(n)s times still. Move these first.") % {"room": room, "n": number}
        )
    if room.retired_at is None:
        room.retired_at = now
        room.save(update_fields=["retired_at"])
        audit.record(ROOM_RETIRED, by=by, at=now, target=room)
    return room

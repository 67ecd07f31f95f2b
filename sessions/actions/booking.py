"""Nobody, and no room, is in two sessions at once: a kind answer first, the database's answer behind it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.dates import is_in_reach
from clients.errors import Conflict, InvalidInput
from clients.models import Client, Practice
from sessions.models import GroupMeeting, Session
from sessions.models.session import LONGEST

CONSTRAINTS = tuple(
    f"one_{row}_at_a_time_per_{what}"
    for row in ("session", "meeting", "booking")
    for what in ("counselor", "client", "room")
)


@dataclass(frozen=True)
class Clash:
    """A planned session, the session or group that is in its way, and what both want: counselor, client or room."""

    planned: Session
    other: Any
    what: str


def check_times(*, starts_at: datetime, ends_at: datetime) -> None:
    """Raise InvalidInput unless the session ends after it starts and within twelve hours (clinical.md §9.1)."""
    if not is_in_reach(starts_at):
        raise InvalidInput(_("Check the year."), field="starts_at")
    if ends_at <= starts_at:
        raise InvalidInput(_("The session must end after it starts."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise InvalidInput(_("A session lasts twelve hours at most."), field="ends_at")


def check_free(session: Session, *, by: Any, now: datetime) -> None:
    """Raise Conflict when the counselor, the client or the room is taken, in words that say by which session.

    With whom it is, is said only to those who may see that client.
    """
    for clash in clashes([session], leaving_out=[session.pk] if session.pk else []):
        field = "room" if clash.what == "room" else "starts_at"
        raise Conflict(
            _("%(clash)s Choose another time.") % {"clash": in_words(clash, by=by, now=now)}, field=field
        )


def clashes(planned: Sequence[Session], *, leaving_out: Collection[int] = ()) -> list[Clash]:
    """Which of these sessions, in time order, would meet another one, and why; each is told once. Two queries."""
    if not planned:
        return []
    first, last = min(one.starts_at for one in planned), max(one.ends_at for one in planned)
    wanted = Q()
    for one in planned:
        wanted |= Q(counselor=one.counselor_id) | Q(client=one.client_id)
        if one.room_id is not None:
            wanted |= Q(room=one.room_id)
    others = Session.objects.overlapping(starts_at=first, ends_at=last).filter(wanted)
    taken = list(others.exclude(pk__in=leaving_out).for_rows().order_by("starts_at", "pk"))
    led = GroupMeeting.objects.overlapping(starts_at=first, ends_at=last)
    rooms = [one.room_id for one in planned if one.room_id is not None]
    people = [one.counselor_id for one in planned]
    led = led.filter(Q(counselor__in=people) | Q(co_counselor__in=people) | Q(room__in=rooms))
    meetings = list(led.select_related("group", "counselor", "room").order_by("starts_at", "pk"))
    found = (_first(one, taken, meetings) for one in planned)
    return [clash for clash in found if clash is not None]


def _first(planned: Session, taken: Sequence[Session], meetings: Sequence[GroupMeeting]) -> Clash | None:
    """The members of a group sit in one room with one counselor: for these two, the meeting stands for them all."""
    alone = [one for one in taken if one.meeting_id is None]
    groups = [one for one in meetings if one.pk != planned.meeting_id]
    booked: dict[str, Sequence[Any]] = {
        "counselor": [*alone, *groups],
        "client": taken,
        "room": [*alone, *groups],
    }
    for what, others in booked.items():
        value = getattr(planned, f"{what}_id")
        for other in others:
            at_once = other.starts_at < planned.ends_at and other.ends_at > planned.starts_at
            if at_once and value is not None and value in _taken_by(other, what):
                return Clash(planned, other, what)
    return None


def _taken_by(other: Any, what: str) -> tuple[int | None, ...]:
    """Of a meeting both who lead it are taken."""
    first: int | None = getattr(other, f"{what}_id")
    return (
        (first, other.co_counselor_id)
        if what == "counselor" and isinstance(other, GroupMeeting)
        else (first,)
    )


def in_words(clash: Clash, *, by: Any, now: datetime) -> str:
    """Which session is in the way, whose it is and when."""
    other = clash.other
    words = {"when": span(other), "counselor": other.counselor, "room": other.room}
    if clash.what == "room":
        return _("%(room)s is taken then by %(counselor)s: %(when)s.") % words
    if clash.what == "client":
        words["client"] = clash.planned.client.first_name
        return _("%(client)s already has a session with %(counselor)s then: %(when)s.") % words
    if isinstance(other, GroupMeeting):
        return _("%(counselor)s leads the group “%(group)s” then: %(when)s.") % {
            **words,
            "counselor": clash.planned.counselor,
            "group": other.group,
        }
    seen = by is None or Client.objects.readable_to(by, at=now).filter(pk=other.client_id).exists()
    if seen:
        words["client"] = other.client.display_name
        return _("%(counselor)s already has a session with %(client)s then: %(when)s.") % words
    return _("%(counselor)s already has a session then: %(when)s.") % words


def span(session: Any) -> str:
    """From when to when a session or a meeting is, by the practice's clock."""
    zone = Practice.current().zone
    begin, end = timezone.localtime(session.starts_at, zone), timezone.localtime(session.ends_at, zone)
    day = date_format(begin, _("D j M"))
    return f"{day}, {begin:%H:%M}–{end:%H:%M}"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Turn the database's refusal of a double booking, made by somebody at the same moment, into a Conflict."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if any(name in str(error) for name in CONSTRAINTS):
            raise Conflict(
                _("Somebody has just booked that time. Choose another time."), field="starts_at"
            ) from error
        raise

"""What other rooms ask about sessions: the day, the notes still to sign, the marks on the stage chart."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from clients.models import Client, Practice
from clients.together import Asker, alone
from sessions.models import Note, Session
from sessions.models.notes import NoteQuerySet
from sessions.models.session import SessionQuerySet


@dataclass(frozen=True)
class SessionMark:
    """A session as the stage chart draws it: a tick, hollow when missed."""

    at: datetime
    state: str
    uid: UUID

    @property
    def attended(self) -> bool:
        return self.state == Session.State.ATTENDED


def day_bounds(day: date, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """The instants between which that day lies in the practice's zone, which is looked up unless it is given."""
    zone = zone or Practice.current().zone
    midnight = datetime.min.time()
    begin = datetime.combine(day, midnight, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), midnight, tzinfo=zone)
    return begin, end


def todays_sessions(user: Any, at: datetime) -> SessionQuerySet:
    """The person's sessions of the practice's day, cancelled ones left out, earliest first."""
    begin, end = day_bounds(timezone.localdate(at, Practice.current().zone))
    return (
        Session.objects.visible_to(user, at=at)
        .filter(counselor=user, starts_at__gte=begin, starts_at__lt=end)
        .exclude(state__in=[Session.State.CANCELLED, Session.State.LATE_CANCEL])
        .for_rows()
        .order_by("starts_at", "pk")
    )


def unclosed_sessions(user: Any, at: datetime) -> SessionQuerySet:
    """The person's sessions of days gone by whose outcome nobody has said yet, oldest first."""
    begin, _ = day_bounds(timezone.localdate(at, Practice.current().zone))
    return (
        Session.objects.visible_to(user, at=at)
        .filter(
            counselor=user,
            starts_at__lt=begin,
            state__in=[Session.State.SCHEDULED, Session.State.IN_PROGRESS],
        )
        .for_rows()
        .order_by("starts_at", "pk")
    )


def unsigned_notes(user: Any, at: datetime) -> SessionQuerySet:
    """The person's sessions that still need a signed note, oldest first; each has `over` (when it ended)."""
    return (
        Session.objects.visible_to(user, at=at)
        .filter(counselor=user)
        .awaiting_note()
        .annotate(over=Coalesce("ended_at", F("ends_at")))
        .for_rows()
        .order_by("over", "pk")
    )


def sessions_for_chart(client: Client) -> list[SessionMark]:
    """Sessions held or missed, in time order."""
    return alone(chart_asked(client))


def chart_asked(client: Client) -> Asker[list[SessionMark]]:
    """The same, for a page that asks for more."""
    held = Session.objects.of(client).filter(
        state__in=[Session.State.ATTENDED, Session.State.NO_SHOW, Session.State.LATE_CANCEL]
    )
    rows = held.order_by("starts_at", "pk").values_list("starts_at", "state", "uid")
    yield [rows]
    return [SessionMark(at, state, uid) for at, state, uid in rows]


def last_note(session: Session) -> Note | None:
    """The latest signed note about the client's earlier sessions: what one reads beside the new one."""
    return earlier_notes(session).first()


def earlier_notes(session: Session) -> NoteQuerySet:
    """The signed notes about the client's earlier sessions, the latest one first."""
    earlier = Note.objects.signed().filter(
        client__in=session.client.record_ids, session__starts_at__lt=session.starts_at
    )
    return earlier.select_related("session", "author").order_by("-session__starts_at", "-pk")

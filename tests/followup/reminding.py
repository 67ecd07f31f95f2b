"""Visits and their reminders, for tests. Alex lives in Phoenix, where it is 8:00 on Wednesday 11 March."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from casework.followup.actions import sessions as acts
from casework.followup.models import Message
from sessions.models import Session

PHOENIX = ZoneInfo("America/Phoenix")
LIVE = ("planned", "held", "failed", "claimed", "unknown")


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """A time of March 2026 on Alex's clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=PHOENIX)


def visit(client: Any, counselor: Any, starts_at: datetime, now: datetime, **planned: Any) -> Session:
    """A session of fifty minutes is planned."""
    return acts.schedule_session(
        client_id=client.pk,
        counselor=counselor,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        by=counselor,
        now=now,
        **planned,
    )


def move(session: Session, starts_at: datetime, now: datetime, **said: Any) -> Session:
    return acts.reschedule_session(
        session_id=session.pk,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        by=session.counselor,
        now=now,
        **said,
    )


def cancel(session: Session, now: datetime, cancelled_for: str = "practice") -> Session:
    return acts.cancel_session(
        session_id=session.pk, cancelled_for=cancelled_for, by=session.counselor, now=now
    )


def reminders(client: Any, *, live: bool = True) -> list[Message]:
    rows = Message.objects.of(client).filter(kind="reminder").order_by("due_at", "pk")
    return list(rows.filter(status__in=LIVE).exclude(recalled="cancel") if live else rows)


def days(client: Any) -> list[tuple[date, int]]:
    """When the reminders go that may still leave: the day and the hour on Alex's clock."""
    local = [one.due_at.astimezone(PHOENIX) for one in reminders(client)]
    return [(one.date(), one.hour) for one in local]


def check_ins(client: Any) -> list[Message]:
    return list(Message.objects.of(client).filter(kind="plan").order_by("local_date", "pk"))

"""A session's reminder as a person reads it: when it goes or went, and what the client answered."""

from dataclasses import dataclass
from datetime import datetime

from casework.followup.messages.reasons import words
from casework.followup.models import Message, NamedVisit
from sessions.models import Session


@dataclass(frozen=True, kw_only=True)
class Reminding:
    """The newest reminder that names the session, and the answer to the time that is planned now."""

    message: Message | None
    why: str = ""
    confirmed_at: datetime | None = None
    change_asked_at: datetime | None = None
    is_ahead: bool = False  # still to go
    of_another_time: bool = False  # what the client was told is not what is planned


def reminding(session: Session, now: datetime) -> Reminding:
    """In two queries."""
    named = NamedVisit.objects.filter(session=session).select_related("message").defer("message__body")
    rows = list(named.order_by("message__created_at", "pk"))
    if not rows:
        return Reminding(message=None)
    answered = [row for row in rows if row.starts_at == session.starts_at]
    live = [row for row in rows if row.message.status in Message.WAITING]
    gone = [row for row in rows if row.message.sent_at is not None]
    newest = (live or gone or rows)[-1]
    message = newest.message
    return Reminding(
        message=message,
        why="" if message.status == Message.Status.PLANNED else words(message, now=now),
        confirmed_at=max((row.confirmed_at for row in answered if row.confirmed_at), default=None),
        change_asked_at=max((row.change_asked_at for row in answered if row.change_asked_at), default=None),
        is_ahead=message.status in Message.WAITING,
        of_another_time=bool(gone) and gone[-1].starts_at != session.starts_at and session.starts_at > now,
    )


def answer_to(session: Session, what: str) -> datetime | None:
    """When the client confirmed the session as planned, or asked to change it. Prefetch `named_in` for many."""
    named = [one for one in session.named_in.all() if one.starts_at == session.starts_at]
    return max((at for one in named if (at := getattr(one, what))), default=None)

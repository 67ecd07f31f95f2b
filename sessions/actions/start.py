"""Beginning a session."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from sessions import summary
from sessions.actions.booking import check_free, one_at_a_time
from sessions.actions.history import remembered
from sessions.models import Note, Session, SessionChange

SESSION_STARTED = "session.started"
EARLY = timedelta(minutes=60)


def locked(session_id: int) -> Session:
    """The session, locked until the transaction ends."""
    return (
        Session.objects.select_for_update(of=("self",))
        .select_related("client", "counselor")
        .get(pk=session_id)
    )


def refuse_if_signed(session: Session) -> None:
    """Raise InvalidTransition when a signature vouches for the session as it is."""
    if Note.objects.signed().filter(session=session).exists():
        raise InvalidTransition(_("The note of this session is signed: the session stays as it is."))


@transaction.atomic
def start(*, session_id: int, by: Any, now: datetime) -> Session:
    """Begin the session, up to an hour early. Only its own counselor can; a missed one can start after all."""
    require(by, Verb.HOLD_SESSION)
    session = locked(session_id)
    if by is not None and session.counselor_id != by.pk:
        raise NotAllowed(
            _("This session is %(name)s's. Move it to yourself first if you hold it.")
            % {"name": session.counselor}
        )
    if session.meeting_id is not None:
        raise InvalidTransition(_("This session is part of a group: its attendance is taken there."))
    refuse_if_signed(session)
    if now < session.starts_at - EARLY:
        raise InvalidInput(_("It is too early to start. Move the session if it takes place now."))
    with remembered(session, SessionChange.What.STARTED, by=by, now=now):
        session.move_to(Session.State.IN_PROGRESS)
        check_free(session, by=by, now=now)
        session.started_at, session.closed_at, session.closed_by = now, None, None
        with one_at_a_time():
            session.save(update_fields=["state", "started_at", "closed_at", "closed_by"])
    summary.refresh(session.client_id)
    audit.record(SESSION_STARTED, client_id=session.client_id, target=session, by=by, at=now)
    return session

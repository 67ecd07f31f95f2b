"""Scheduling and closing: the lower verbs. Only casework.followup calls them, for what follows lies there."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, can, require
from clients.errors import InvalidInput, InvalidTransition
from clients.models import Client
from sessions import summary
from sessions.actions.booking import check_free, check_times, one_at_a_time
from sessions.actions.history import remembered
from sessions.actions.start import locked, refuse_if_signed
from sessions.models import Note, Room, Session, SessionChange

SESSION_SCHEDULED, SESSION_MOVED = "session.scheduled", "session.moved"
SESSION_CLOSED, SESSION_CANCELLED = "session.closed", "session.cancelled"
LATE_CANCEL_WITHIN = timedelta(hours=24)
OVERRUN = timedelta(minutes=30)
KEEP: Any = object()  # of a room: the one that it has, for none at all is an answer too
What = SessionChange.What
CALLED_OFF = ["state", "cancelled_for", "cancel_reason", "closed_at", "closed_by"]
MOVED = ["starts_at", "ends_at", "counselor", "modality", "location", "room", "companions"]


@transaction.atomic
def schedule(
    *,
    client: Client,
    counselor: Any,
    starts_at: datetime,
    ends_at: datetime,
    by: Any,
    now: datetime,
    modality: str = Session.Modality.IN_PERSON,
    location: str = "",
    kind: str = Session.Kind.INDIVIDUAL,
    room: Room | None = None,
    companions: str = "",
) -> Session:
    """Plan a session, or enter one already held. Raises Conflict when a person or the room is taken at that time."""
    require(by, Verb.SCHEDULE_SESSION)
    check_times(starts_at=starts_at, ends_at=ends_at)
    check_can_meet(client=client, counselor=counselor, starts_at=starts_at, now=now)
    check_place(kind=kind, modality=modality, location=location, room=room)
    session = Session(
        client=client,
        counselor=counselor,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind,
        modality=modality,
        room=room,
        location=location,
        companions=companions if kind == Session.Kind.FAMILY else "",
        scheduled_at=now,
        scheduled_by=by,
    )
    check_free(session, by=by, now=now)
    with one_at_a_time():
        session.save()
    summary.refresh(client.pk)
    audit.record(
        SESSION_SCHEDULED, client_id=client.pk, target=session, by=by, at=now, starts_at=starts_at.isoformat()
    )
    return session


def check_can_meet(*, client: Client, counselor: Any, starts_at: datetime, now: datetime) -> None:
    """Raise InvalidInput unless the client is in care and the counselor cares for them."""
    if starts_at > now and not client.is_in_touch:
        raise InvalidInput(
            _("%(name)s is %(state)s: no session can be planned.")
            % {"name": client.first_name, "state": client.get_state_display().lower()}
        )
    if not can(counselor, Verb.HOLD_SESSION):
        raise InvalidInput(_("%(name)s does not hold sessions.") % {"name": counselor}, field="counselor")
    if not Client.objects.visible_to(counselor, at=now).filter(pk=client.pk).exists():
        raise InvalidInput(
            _("%(name)s does not care for this client. Add them to the care team first.")
            % {"name": counselor},
            field="counselor",
        )


def check_place(*, kind: str, modality: str, location: str, room: Room | None) -> None:
    """Raise InvalidInput for a room that was given up, a video address that is none, and a group's session."""
    if kind == Session.Kind.GROUP:
        raise InvalidInput(_("A session of a group is planned with the group."), field="kind")
    if room is not None and room.retired_at is not None:
        raise InvalidInput(_("%(room)s is not in use any more.") % {"room": room}, field="room")
    if modality == Session.Modality.VIDEO and "://" in location and not location.startswith("https://"):
        raise InvalidInput(_("A video address begins with https://"), field="location")


@transaction.atomic
def reschedule(
    *,
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    by: Any,
    now: datetime,
    counselor: Any = None,
    modality: str | None = None,
    location: str | None = None,
    room: Any = KEEP,
    companions: str | None = None,
    wished_by: str = "",
    reason: str = "",
) -> Session:
    """Change a session that has not begun: its time, counselor, room or place. Raises Conflict like `schedule`.

    What it was before, who changed it, and whose wish it was are kept.
    """
    require(by, Verb.SCHEDULE_SESSION)
    check_times(starts_at=starts_at, ends_at=ends_at)
    session = locked(session_id)
    if session.state != Session.State.SCHEDULED:
        raise InvalidTransition(_("Only a session that is still to come can be moved."))
    if session.meeting_id is not None:
        raise InvalidTransition(_("This session is part of a group: move the group's meeting."))
    before = session.starts_at
    with remembered(session, What.MOVED, by=by, now=now, wished_by=wished_by, reason=reason):
        session.starts_at, session.ends_at = starts_at, ends_at
        session.counselor = counselor or session.counselor
        session.modality = session.modality if modality is None else modality
        session.location = session.location if location is None else location
        session.room = session.room if room is KEEP else room
        if companions is not None and session.kind == Session.Kind.FAMILY:
            session.companions = companions
        check_can_meet(client=session.client, counselor=session.counselor, starts_at=starts_at, now=now)
        check_place(
            kind=session.kind, modality=session.modality, location=session.location, room=session.room
        )
        check_free(session, by=by, now=now)
        with one_at_a_time():
            session.save(update_fields=MOVED)
    summary.refresh(session.client_id)
    audit.record(
        SESSION_MOVED,
        client_id=session.client_id,
        target=session,
        by=by,
        at=now,
        was=before.isoformat(),
        starts_at=starts_at.isoformat(),
        counselor=session.counselor_id,
    )
    return session


@transaction.atomic
def close(
    *,
    session_id: int,
    outcome: str,
    by: Any,
    now: datetime,
    began_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Session:
    """Say how it went: attended or no_show. Raises InvalidTransition, or InvalidInput before its time."""
    require(by, Verb.HOLD_SESSION)
    session = locked(session_id)
    refuse_if_signed(session)
    if outcome not in (Session.State.ATTENDED, Session.State.NO_SHOW):
        raise InvalidInput(
            _("Say whether the client came or not; cancel the session otherwise."), field="outcome"
        )
    with remembered(session, What.CLOSED, by=by, now=now):
        session.move_to(Session.State(outcome))
        if outcome == Session.State.ATTENDED:
            _set_actual_times(session, began_at=began_at, ended_at=ended_at, now=now)
            check_free(session, by=by, now=now)
        elif now < session.starts_at:
            raise InvalidInput(
                _("The session has not begun yet: until then it can only be moved or cancelled.")
            )
        session.closed_at, session.closed_by = now, by
        with one_at_a_time():
            session.save(update_fields=["state", "started_at", "ended_at", "closed_at", "closed_by"])
    summary.refresh(session.client_id)
    audit.record(
        SESSION_CLOSED, client_id=session.client_id, target=session, by=by, at=now, outcome=str(outcome)
    )
    return session


def _set_actual_times(
    session: Session, *, began_at: datetime | None, ended_at: datetime | None, now: datetime
) -> None:
    """Actual times as said, else as known. A session closed long after its planned end ended as planned."""
    began = began_at or session.begins_at
    usual_end = now if now <= session.ends_at + OVERRUN or began >= session.ends_at else session.ends_at
    ended = ended_at or usual_end
    if began >= now:
        raise InvalidInput(_("The session has not begun yet."), field="began_at")
    if ended > now:
        raise InvalidInput(_("A session cannot have ended in the future."), field="ended_at")
    check_times(starts_at=began, ends_at=ended)
    session.started_at, session.ended_at = began, ended


@transaction.atomic
def cancel(*, session_id: int, cancelled_for: str, by: Any, now: datetime, reason: str = "") -> Session:
    """Call the session off. A client's cancellation less than 24 hours before the start is a late one."""
    require(by, Verb.SCHEDULE_SESSION)
    session = locked(session_id)
    if cancelled_for not in Session.CancelledBy.values:
        raise InvalidInput(_("Say who cancelled: the client or the practice."), field="cancelled_for")
    if Note.objects.filter(session=session).exists():
        raise InvalidTransition(_("A note has been begun for this session: close it as attended or missed."))
    with remembered(session, What.CANCELLED, by=by, now=now, wished_by=cancelled_for, reason=reason):
        call_off(session, cancelled_for=cancelled_for, reason=reason, by=by, now=now)
        session.save(update_fields=CALLED_OFF)
    summary.refresh(session.client_id)
    audit.record(
        SESSION_CANCELLED,
        client_id=session.client_id,
        target=session,
        by=by,
        at=now,
        outcome=str(session.state),
    )
    return session


def call_off(session: Session, *, cancelled_for: str, reason: str, by: Any, now: datetime) -> None:
    """Set what calling off says of a session, unsaved (clinical.md §7.3 I-05). Raises InvalidTransition."""
    late = cancelled_for == Session.CancelledBy.CLIENT and session.starts_at - now < LATE_CANCEL_WITHIN
    state = Session.State.LATE_CANCEL if late and not session.started_at else Session.State.CANCELLED
    session.move_to(state)
    session.cancelled_for, session.cancel_reason = cancelled_for, reason
    session.closed_at, session.closed_by = now, by


@transaction.atomic
def cancel_upcoming(*, client_id: int, by: Any, now: datetime, reason: str = "") -> int:
    """Call off every planned session of a client who was discharged or has died. Returns how many there were."""
    upcoming = Session.objects.filter(client_id=client_id, state=Session.State.SCHEDULED, note=None)
    ids = list(upcoming.order_by("pk").values_list("pk", flat=True))
    for session_id in ids:
        cancel(
            session_id=session_id, cancelled_for=Session.CancelledBy.PRACTICE, by=by, now=now, reason=reason
        )
    return len(ids)


@transaction.atomic
def pass_upcoming(*, from_id: int, to_id: int, among: Collection[int] | None = None) -> list[int]:
    """Give the planned sessions of one record to another of the same person; `among` narrows to some of them.

    Returns which. One that would overlap another, or has a note begun, stays. The caller holds both and audits.
    """
    planned = Session.objects.filter(client_id=from_id, state=Session.State.SCHEDULED, note=None)
    if among is not None:
        planned = planned.filter(pk__in=among)
    passed = []
    for session in planned.select_for_update(of=("self",)).order_by("pk"):
        theirs = Session.objects.filter(client_id=to_id)
        if not theirs.overlapping(starts_at=session.starts_at, ends_at=session.ends_at).exists():
            session.client_id = to_id
            session.save(update_fields=["client"])
            passed.append(session.pk)
    for client_id in (from_id, to_id):
        summary.refresh(client_id)
    return passed

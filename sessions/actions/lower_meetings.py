"""Meetings of groups and their members' sessions: lower verbs. Only casework.followup calls them.

The caller holds the clients' rows; then the group, then the meeting.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.models import Client
from sessions import summary
from sessions.actions.booking import check_times, one_at_a_time, span
from sessions.actions.groups import EARLY, LATE_CANCEL_WITHIN, held_group, held_meeting, take_turns
from sessions.actions.history import remembered
from sessions.models import (
    Group,
    GroupMark,
    GroupMeeting,
    Session,
    SessionChange,
)

State = Session.State


# --- meetings ---
@transaction.atomic
def plan_meeting(
    *, group_id: int, starts_at: datetime, ends_at: datetime, by: Any, now: datetime, **said: Any
) -> GroupMeeting:
    """Put a meeting on the calendar; its topic is the one whose turn it is, unless `said` names another.

    Raises InvalidInput for an ended group, Conflict when one who leads it, or the room, is taken.
    """
    require(by, Verb.SCHEDULE_SESSION)
    check_times(starts_at=starts_at, ends_at=ends_at)
    group = held_group(group_id)
    if not group.is_running:
        raise InvalidInput(_("This group has ended. Take it up again first."))
    place = {name: said.get(name, getattr(group, name)) for name in ("modality", "room", "location")}
    meeting = GroupMeeting(
        group=group,
        counselor=said.get("counselor") or group.facilitator,
        starts_at=starts_at,
        ends_at=ends_at,
        topic=said.get("topic"),
        topic_chosen=said.get("topic") is not None or bool(said.get("subject", "").strip()),
        subject=said.get("subject", "").strip(),
        scheduled_at=now,
        scheduled_by=by,
        **place,
    )
    _set_second(meeting, group)
    _save_free(meeting)
    take_turns(group, now)
    meeting.refresh_from_db(fields=["topic"])
    audit.record("meeting.scheduled", by=by, at=now, target=meeting, starts_at=starts_at.isoformat())
    return meeting


def _set_second(meeting: GroupMeeting, group: Group) -> None:
    """Of the group's two, the one who does not lead this time stands beside."""
    leaders = [one for one in group.leaders if one.pk != meeting.counselor_id]
    meeting.co_counselor = leaders[0] if group.co_facilitator_id and leaders else None


def _save_free(meeting: GroupMeeting) -> None:
    """Save, or raise Conflict in kind words when one of those who lead it, or the room, is taken."""
    leads = [one for one in (meeting.counselor, meeting.co_counselor) if one is not None]
    taken = Q(counselor__in=leads)
    if meeting.room_id is not None:
        taken |= Q(room=meeting.room_id)
    when = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
    own = Session.objects.overlapping(**when).exclude(meeting=meeting) if meeting.pk else None
    others = (Session.objects.overlapping(**when) if own is None else own).filter(taken)
    for clash in [
        *GroupMeeting.objects.overlapping(**when)
        .exclude(pk=meeting.pk)
        .filter(taken | Q(co_counselor__in=leads))
        .order_by("pk")[:1],
        *others.order_by("pk")[:1],
    ]:
        theirs = {clash.counselor_id, getattr(clash, "co_counselor_id", None)}
        who = next((one for one in leads if one.pk in theirs), meeting.room)
        raise Conflict(
            _("%(name)s is taken then: %(when)s. Choose another time.") % {"name": who, "when": span(clash)},
            field="starts_at",
        )
    with one_at_a_time():
        meeting.save()


@transaction.atomic
def move_meeting(
    *, meeting_id: int, starts_at: datetime, ends_at: datetime, by: Any, now: datetime, **said: Any
) -> tuple[GroupMeeting, list[Session]]:
    """Change the time, place or counselor of a meeting still to come, and of its members' sessions.

    Whoever has another session at the new time is called off this one. Returns the meeting and the sessions moved.
    Raises InvalidTransition, Conflict, and InvalidInput for another counselor once something was written.
    """
    require(by, Verb.SCHEDULE_SESSION)
    check_times(starts_at=starts_at, ends_at=ends_at)
    meeting = held_meeting(meeting_id)
    if meeting.state != GroupMeeting.State.SCHEDULED:
        raise InvalidTransition(_("Only a meeting that is still to come can be moved."))
    leads = said.get("counselor") or meeting.counselor
    if leads != meeting.counselor and meeting.shared_version:
        raise InvalidInput(
            _("%(name)s has begun the note and goes on leading this meeting.") % {"name": meeting.counselor},
            field="counselor",
        )
    was = meeting.starts_at
    meeting.starts_at, meeting.ends_at, meeting.counselor = starts_at, ends_at, leads
    for name in ("modality", "room", "location"):
        setattr(meeting, name, said.get(name, getattr(meeting, name)))
    _set_second(meeting, meeting.group)
    _save_free(meeting)
    take_turns(meeting.group, now)
    audit.record(
        "meeting.moved",
        by=by,
        at=now,
        target=meeting,
        was=was.isoformat(),
        starts_at=starts_at.isoformat(),
        counselor=meeting.counselor_id,
    )
    rows = meeting.sessions.select_for_update(of=("self",)).filter(state=State.SCHEDULED)
    return meeting, [_moved(session, meeting, by=by, now=now) for session in rows.order_by("client", "pk")]


def _moved(session: Session, meeting: GroupMeeting, *, by: Any, now: datetime) -> Session:
    """The member's session at the meeting's time and place; called off when they are taken then."""
    with remembered(session, SessionChange.What.MOVED, by=by, now=now):
        session.counselor, session.room = meeting.counselor, meeting.room
        session.starts_at, session.ends_at = meeting.starts_at, meeting.ends_at
        session.modality, session.location = meeting.modality, meeting.location
        if _taken(session):
            session.state, session.closed_at, session.closed_by = State.CANCELLED, now, by
            session.cancelled_for = Session.CancelledBy.PRACTICE
        session.save()
    summary.refresh(session.client_id)
    audit.record("session.moved", client_id=session.client_id, target=session, by=by, at=now)
    return session


@transaction.atomic
def cancel_meeting(*, meeting_id: int, by: Any, now: datetime, reason: str = "") -> GroupMeeting:
    """Call a meeting off. What was written about it stays with who wrote it. Raises InvalidTransition once held."""
    require(by, Verb.SCHEDULE_SESSION)
    meeting = held_meeting(meeting_id)
    meeting.move_to(GroupMeeting.State.CANCELLED)
    meeting.closed_at, meeting.closed_by, meeting.cancel_reason = now, by, reason.strip()
    meeting.save(update_fields=["state", "closed_at", "closed_by", "cancel_reason"])
    take_turns(meeting.group, now)
    audit.record("meeting.cancelled", by=by, at=now, target=meeting)
    return meeting


@transaction.atomic
def close_meeting(
    *, meeting_id: int, began_at: datetime, ended_at: datetime, by: Any, now: datetime
) -> GroupMeeting:
    """Say that the meeting was held, from when to when. Raises InvalidInput before its end."""
    require(by, Verb.HOLD_SESSION)
    meeting = held_meeting(meeting_id)
    check_times(starts_at=began_at, ends_at=ended_at)
    if ended_at > now:
        raise InvalidInput(_("A meeting cannot have ended in the future."), field="ended_at")
    meeting.move_to(GroupMeeting.State.HELD)
    meeting.started_at, meeting.ended_at = began_at, ended_at
    meeting.closed_at, meeting.closed_by = now, by
    meeting.save(update_fields=["state", "started_at", "ended_at", "closed_at", "closed_by"])
    audit.record("meeting.held", by=by, at=now, target=meeting)
    return meeting


# --- a member's session of a meeting ---
@transaction.atomic
def expect(*, meeting: GroupMeeting, client: Client, by: Any, now: datetime) -> Session | None:
    """The client's session of the meeting: the one there is, else a new one; None when they are taken then.

    One that was called off is planned anew.
    """
    require(by, Verb.SCHEDULE_SESSION)
    there = meeting.sessions.filter(client__in=client.record_ids).exclude(state=State.CANCELLED)
    present: Session | None = there.order_by("pk").first()
    if present is not None:
        return present
    session = Session(
        client=client,
        counselor=meeting.counselor,
        meeting=meeting,
        kind=Session.Kind.GROUP,
        modality=meeting.modality,
        room=meeting.room,
        location=meeting.location,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        scheduled_at=now,
        scheduled_by=by,
    )
    if _taken(session):
        return None
    with one_at_a_time():
        session.save()
    summary.refresh(client.pk)
    audit.record("session.scheduled", client_id=client.pk, target=session, by=by, at=now, meeting=meeting.pk)
    return session


def _taken(session: Session) -> bool:
    """Whether the client has another session at that time."""
    when = {"starts_at": session.starts_at, "ends_at": session.ends_at}
    others = Session.objects.overlapping(**when).filter(client__in=session.client.record_ids)
    return bool(others.exclude(pk=session.pk).exists())


@transaction.atomic
def mark(*, session_id: int, mark: str, by: Any, now: datetime) -> GroupMark | None:
    """Say whether a member came, or take it back with an empty `mark`; free to change until the meeting is closed.

    Raises InvalidInput more than an hour before the start (for a late cancellation: 24 hours), InvalidTransition once
    the meeting is closed.
    """
    require(by, Verb.HOLD_SESSION)
    session = Session.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=session_id)
    meeting: Any = session.meeting
    if meeting.state != GroupMeeting.State.SCHEDULED or session.state != State.SCHEDULED:
        raise InvalidTransition(_("The attendance of this meeting is closed."))
    if mark not in {"", *GroupMark.Kind.values}:
        raise InvalidInput(_("Say present, absent or late cancel."), field="mark")
    ahead = LATE_CANCEL_WITHIN if mark == GroupMark.Kind.LATE_CANCEL else EARLY
    if now < meeting.starts_at - ahead:
        raise InvalidInput(_("It is too early to say who came."), field="mark")
    before = GroupMark.objects.filter(session=session).first()
    if (before.mark if before else "") == mark:
        return before
    audit.record(
        "meeting.marked", client_id=session.client_id, target=session, by=by, at=now, mark=mark or "none"
    )
    if not mark:
        GroupMark.objects.filter(session=session).delete()
        return None
    made, _new = GroupMark.objects.update_or_create(
        session=session, defaults={"mark": mark, "at": now, "by": by}
    )
    return made

"""Groups and what follows from them: each member's session of a meeting is a session like any other.

Clients are held first, in one order, then the group, then the meeting.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup.actions import sessions
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client, Practice
from sessions.actions import lower_groups, lower_meetings
from sessions.actions.booking import check_times
from sessions.models import Group, GroupMark, GroupMeeting, GroupMembership, Session
from sessions.models.series import Every
from sessions.recurrence import days, span

PRACTICE = Session.CancelledBy.PRACTICE
MOST_MEETINGS = 13  # a quarter of weekly meetings


@dataclass
class Planned:
    """What became of planning: the meetings, the days on which there could be none, and whom else has a session."""

    meetings: list[GroupMeeting] = field(default_factory=list)
    skipped: list[date] = field(default_factory=list)
    taken: list[Client] = field(default_factory=list)


# --- meetings ---
@transaction.atomic
def plan_meeting(
    *, group_id: int, starts_at: datetime, ends_at: datetime, by: Any, now: datetime, **said: Any
) -> Planned:
    """Plan one meeting, with a session for every member who is free then. `said`: as lower_meetings takes it."""
    members = _held_members(group_id, now)
    planned = Planned()
    _plan(planned, members, group_id=group_id, starts_at=starts_at, ends_at=ends_at, by=by, now=now, **said)
    return planned


@transaction.atomic
def plan_meetings(
    *,
    group_id: int,
    starts_at: datetime,
    ends_at: datetime,
    every: str,
    until_on: date,
    by: Any,
    now: datetime,
    **said: Any,
) -> Planned:
    """Plan a row of meetings at the same time of the practice's day, 13 at most; a day that is taken is left out.

    Raises InvalidInput for an end before the beginning or too many, Conflict when no day at all is free.
    """
    check_times(starts_at=starts_at, ends_at=ends_at)
    zone = Practice.current().zone
    local = starts_at.astimezone(zone)
    wanted = list(
        islice(days(every=Every(every), starts_on=local.date(), until_on=until_on), MOST_MEETINGS + 1)
    )
    if not 0 < len(wanted) <= MOST_MEETINGS:
        raise InvalidInput(
            _("Choose an end that gives one to %(most)d meetings.") % {"most": MOST_MEETINGS},
            field="until_on",
        )
    members, planned = _held_members(group_id, now), Planned()
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    for day in wanted:
        begin, end = span(day, local.time(), minutes, zone)
        try:
            _plan(planned, members, group_id=group_id, starts_at=begin, ends_at=end, by=by, now=now, **said)
        except Conflict:
            planned.skipped.append(day)
    if not planned.meetings:
        raise Conflict(
            _("That time is taken on every one of these days. Choose another time."), field="starts_at"
        )
    return planned


def _held_members(group_id: int, now: datetime) -> list[Client]:
    """The members at this moment, held in one order."""
    ids = GroupMembership.objects.in_force(now).filter(group=group_id).values("client")
    rows = Client.objects.select_for_update(of=("self",)).select_related("summary").filter(pk__in=ids)
    return list(rows.order_by("pk"))


def _plan(planned: Planned, members: Iterable[Client], *, by: Any, now: datetime, **said: Any) -> None:
    with transaction.atomic():
        meeting = lower_meetings.plan_meeting(by=by, now=now, **said)
    planned.meetings.append(meeting)
    for client in members:
        if _expected(meeting, client, by=by, now=now) is None and client not in planned.taken:
            planned.taken.append(client)


def _expected(meeting: GroupMeeting, client: Client, *, by: Any, now: datetime) -> Session | None:
    session = lower_meetings.expect(meeting=meeting, client=client, by=by, now=now)
    if session is not None:
        sessions.after_planning(client, [session], by=by, now=now)
    return session


@transaction.atomic
def move_meeting(
    *, meeting_id: int, starts_at: datetime, ends_at: datetime, by: Any, now: datetime, **said: Any
) -> Planned:
    """Move a meeting and its members' sessions. Who has another session then is not expected, and is told of."""
    expected = _held_expected(meeting_id)
    meeting, moved = lower_meetings.move_meeting(
        meeting_id=meeting_id, starts_at=starts_at, ends_at=ends_at, by=by, now=now, **said
    )
    by_id = {one.pk: one for one in expected}
    for session in moved:
        called_off = session.state == Session.State.CANCELLED
        follow = sessions.after_calling_off if called_off else sessions.after_planning
        follow(by_id[session.client_id], [session], by=by, now=now)
    taken = [by_id[one.client_id] for one in moved if one.state == Session.State.CANCELLED]
    return Planned([meeting], [], taken)


def _held_expected(meeting_id: int) -> list[Client]:
    """Everybody with a session of the meeting, held in one order."""
    ids = Session.objects.filter(meeting=meeting_id).order_by().values("client")
    rows = Client.objects.select_for_update(of=("self",)).select_related("summary").filter(pk__in=ids)
    return list(rows.order_by("pk"))


@transaction.atomic
def cancel_meeting(*, meeting_id: int, by: Any, now: datetime, reason: str = "") -> GroupMeeting:
    """Call a meeting off, and its members' sessions. What was written stays with who wrote it."""
    _held_expected(meeting_id)
    meeting = lower_meetings.cancel_meeting(meeting_id=meeting_id, by=by, now=now, reason=reason)
    _call_off(meeting.sessions.all(), by=by, now=now)
    return meeting


def _call_off(rows: Any, *, by: Any, now: datetime) -> None:
    """Cancel the planned ones among these sessions; one with a note begun stays."""
    planned = rows.filter(state=Session.State.SCHEDULED, note=None).order_by("client", "pk")
    for session_id in list(planned.values_list("pk", flat=True)):
        sessions.cancel_session(session_id=session_id, cancelled_for=PRACTICE, by=by, now=now)


@transaction.atomic
def mark(*, meeting_id: int, client_id: int, mark: str, by: Any, now: datetime) -> GroupMark | None:
    """Say in one tap whether a member came; a member without a session of this meeting gets one.

    Raises InvalidInput for somebody who neither is expected nor belongs to the group, Conflict when they are elsewhere.
    """
    require(by, Verb.HOLD_SESSION)
    client = locked(client_id)
    meeting = GroupMeeting.objects.select_related("group", "counselor", "room").get(pk=meeting_id)
    session: Any = (
        meeting.sessions.filter(client__in=client.record_ids).exclude(state=Session.State.CANCELLED).first()
    )
    if session is None:
        members = GroupMembership.objects.of(client).in_force(now)
        if not members.filter(group=meeting.group_id).exists():
            raise InvalidInput(_("This client is not in the group. Let them join first."), field="client")
        session = _expected(meeting, client, by=by, now=now)
    if session is None:
        raise Conflict(
            _("%(name)s has another session at that time.") % {"name": client.first_name}, field="mark"
        )
    return lower_meetings.mark(session_id=session.pk, mark=mark, by=by, now=now)


@transaction.atomic
def mark_rest(*, meeting_id: int, by: Any, now: datetime) -> int:
    """Mark everybody expected whom nobody has marked yet as present. Returns how many."""
    require(by, Verb.HOLD_SESSION)
    _held_expected(meeting_id)
    open_ones = _unmarked(meeting_id).order_by("client", "pk")
    ids = list(open_ones.values_list("pk", flat=True))
    for pk in ids:
        lower_meetings.mark(session_id=pk, mark=GroupMark.Kind.PRESENT, by=by, now=now)
    return len(ids)


def _unmarked(meeting_id: int) -> Any:
    return Session.objects.filter(meeting=meeting_id, state=Session.State.SCHEDULED, group_mark__isnull=True)


@transaction.atomic
def close_meeting(
    *,
    meeting_id: int,
    by: Any,
    now: datetime,
    began_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> GroupMeeting:
    """Close the attendance: each mark becomes the outcome of that member's session, with what follows from it.

    Raises InvalidInput while somebody is not marked, and before the meeting has begun.
    """
    require(by, Verb.HOLD_SESSION)
    _held_expected(meeting_id)
    if missing := _unmarked(meeting_id).count():
        raise InvalidInput(
            _("Still to be said for %(number)d: present, absent or late cancel.") % {"number": missing},
            field="mark",
        )
    found = GroupMeeting.objects.get(pk=meeting_id)
    began, ended = began_at or found.starts_at, ended_at or min(now, found.ends_at)
    if began >= now:
        raise InvalidInput(_("The meeting has not begun yet."), field="began_at")
    meeting = lower_meetings.close_meeting(
        meeting_id=meeting_id, began_at=began, ended_at=ended, by=by, now=now
    )
    rows = meeting.sessions.filter(state=Session.State.SCHEDULED).order_by("client", "pk")
    for pk, said in list(rows.values_list("pk", "group_mark__mark")):
        _outcome(pk, said, began=began, ended=ended, by=by, now=now)
    return meeting


def _outcome(session_id: int, said: str, *, began: datetime, ended: datetime, by: Any, now: datetime) -> None:
    told = {"session_id": session_id, "by": by, "now": now}
    if said == GroupMark.Kind.LATE_CANCEL:
        sessions.cancel_session(cancelled_for=Session.CancelledBy.CLIENT, **told)
    elif said == GroupMark.Kind.ABSENT:
        sessions.close_session(outcome=Session.State.NO_SHOW, **told)
    else:
        sessions.close_session(outcome=Session.State.ATTENDED, began_at=began, ended_at=ended, **told)


# --- who belongs to it ---
@transaction.atomic
def join_group(*, group_id: int, client_id: int, by: Any, now: datetime) -> GroupMembership:
    """Let a client belong to a group: they are expected at its meetings to come, where they are free."""
    client = locked(client_id)
    membership = lower_groups.join(group_id=group_id, client=client, by=by, now=now)
    coming = GroupMeeting.objects.filter(
        group=group_id, state=GroupMeeting.State.SCHEDULED, starts_at__gt=now
    ).select_related("counselor", "room")
    for meeting in coming.order_by("starts_at", "pk"):
        _expected(meeting, client, by=by, now=now)
    return membership


@transaction.atomic
def leave_group(*, membership_id: int, reason: str, by: Any, now: datetime) -> GroupMembership:
    """End a membership; the client is not expected any more. What was held and written stays."""
    found = GroupMembership.objects.get(pk=membership_id)
    client = locked(found.client_id)
    membership = lower_groups.leave(membership_id=membership_id, reason=reason, by=by, now=now)
    mine = Session.objects.of(client).filter(meeting__group=found.group_id, starts_at__gt=now)
    _call_off(mine, by=by, now=now)
    return membership


@transaction.atomic
def end_group(*, group_id: int, by: Any, now: datetime) -> Group:
    """End a group: its meetings to come are called off, everybody leaves, and everything written stays."""
    coming = GroupMeeting.objects.filter(
        group=group_id, state=GroupMeeting.State.SCHEDULED, starts_at__gt=now
    )
    ids = list(coming.order_by("starts_at", "pk").values_list("pk", flat=True))
    _held_all(group_id, ids, now)
    for meeting_id in ids:
        cancel_meeting(meeting_id=meeting_id, by=by, now=now)
    return lower_groups.end_group(group_id=group_id, by=by, now=now)


@transaction.atomic
def hand_over_group(
    *, group_id: int, facilitator: Any, by: Any, now: datetime, co_facilitator: Any = None
) -> Group:
    """Let others lead the group, and its meetings to come."""
    coming = GroupMeeting.objects.filter(group=group_id, state=GroupMeeting.State.SCHEDULED)
    _held_all(group_id, list(coming.order_by("pk").values_list("pk", flat=True)), now)
    return lower_groups.hand_over(
        group_id=group_id, facilitator=facilitator, co_facilitator=co_facilitator, by=by, now=now
    )


def _held_all(group_id: int, meetings: Collection[int], now: datetime) -> None:
    """Hold every client who belongs to the group, or has a session of one of these meetings, in one order."""
    members = GroupMembership.objects.in_force(now).filter(group=group_id).order_by().values("client")
    expected = Session.objects.filter(meeting__in=meetings).order_by().values("client")
    rows = Client.objects.select_for_update(of=("self",)).filter(pk__in=members.union(expected))
    list(rows.order_by("pk").values_list("pk", flat=True))

"""Who belongs to a group and who leads it: lower verbs. Only casework.followup calls them.

The caller holds the clients' rows; then the group, then its meetings.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, can, require
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.facilitating import end_facilitating, let_facilitate
from clients.models import Client
from sessions.actions.groups import held_group
from sessions.actions.lower_meetings import move_meeting
from sessions.models import Group, GroupMeeting, GroupMembership, LeaveReason, Session


# --- who belongs to it ---
@transaction.atomic
def join(*, group_id: int, client: Client, by: Any, now: datetime) -> GroupMembership:
    """Let a client belong to a group from now on; its facilitators are on the client's care team for it.

    Raises Conflict for one who belongs to it already and for a full group, InvalidInput for one not in care.
    """
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    if not group.is_running:
        raise InvalidInput(_("This group has ended. Take it up again first."), field="group")
    if not client.is_in_touch:
        raise InvalidInput(
            _("%(name)s is %(state)s and cannot join a group.")
            % {"name": client.first_name, "state": client.get_state_display().lower()},
            field="client",
        )
    members = group.memberships.in_force(now)
    if members.filter(client__in=client.record_ids).exists():
        raise Conflict(_("%(name)s is in this group already.") % {"name": client.first_name}, field="client")
    if group.capacity is not None and members.count() >= group.capacity:
        raise Conflict(
            _("This group is full: %(number)d places.") % {"number": group.capacity}, field="client"
        )
    membership = GroupMembership.objects.create(group=group, client=client, joined_at=now, added_by=by)
    let_facilitate(client, group.leaders, by=by, now=now)
    audit.record("group.joined", by=by, at=now, client_id=client.pk, target=membership, group=group.pk)
    return membership


@transaction.atomic
def leave(*, membership_id: int, reason: str, by: Any, now: datetime) -> GroupMembership:
    """End a membership, with its reason. What was written stays; a facilitator who owes a note can still write it."""
    require(by, Verb.SCHEDULE_SESSION)
    membership = GroupMembership.objects.select_for_update(of=("self",)).get(pk=membership_id)
    if reason not in LeaveReason.values:
        raise InvalidInput(_("Say why the client leaves the group."), field="leave_reason")
    if membership.left_at is not None:
        raise InvalidTransition(_("This client has left the group already."))
    membership.left_at, membership.left_by = max(now, membership.joined_at), by
    membership.leave_reason = reason
    membership.save(update_fields=["left_at", "left_by", "leave_reason"])
    release(membership.client, membership.group.leaders, by=by, now=now)
    audit.record(
        "group.left",
        by=by,
        at=now,
        client_id=membership.client_id,
        target=membership,
        group=membership.group_id,
        reason=reason,
    )
    return membership


def release(client: Client, people: Iterable[Any], *, by: Any, now: datetime) -> None:
    """End the place on the client's care team of those who lead no other group of theirs."""
    for person in people:
        led = Q(group__facilitator=person) | Q(group__co_facilitator=person)
        if GroupMembership.objects.of(client).in_force(now).filter(led).exists():
            continue
        owed = Session.objects.of(client).filter(meeting__isnull=False, counselor=person).awaiting_note()
        soon = Session.objects.of(client).filter(
            meeting__isnull=False, counselor=person, state=Session.State.SCHEDULED
        )
        owes = owed.exists() or soon.filter(starts_at__lte=now).exists()
        end_facilitating(client, person, by=by, now=now, owes_note=owes)


@transaction.atomic
def leave_all(*, client: Client, reason: str, by: Any, now: datetime) -> int:
    """Take a client who was discharged or has died off every roster. Returns how many there were."""
    open_now = GroupMembership.objects.of(client).filter(left_at=None).order_by("pk")
    ids = list(open_now.values_list("pk", flat=True))
    for pk in ids:
        leave(membership_id=pk, reason=reason, by=by, now=now)
    return len(ids)


@transaction.atomic
def pass_memberships(*, survivor: Client, merged: Client, by: Any, now: datetime) -> list[dict[str, int]]:
    """Give the survivor the merged record's places in groups. Returns what was done, for `return_memberships`."""
    moved = []
    theirs = GroupMembership.objects.select_for_update(of=("self",)).filter(client=merged, left_at=None)
    for old in theirs.select_related("group").order_by("pk"):
        leave(membership_id=old.pk, reason=LeaveReason.MERGED, by=by, now=now)
        new = None
        if not old.group.memberships.filter(client=survivor, left_at=None).exists():
            new = GroupMembership.objects.create(group=old.group, client=survivor, joined_at=now, added_by=by)
            let_facilitate(survivor, old.group.leaders, by=by, now=now)
        moved.append({"left": old.pk, "joined": new.pk if new else 0})
    return moved


@transaction.atomic
def return_memberships(moved: list[dict[str, int]], *, by: Any, now: datetime) -> None:
    """Undo `pass_memberships`, as far as nobody has left or the group has ended since."""
    for one in moved:
        old = GroupMembership.objects.select_for_update(of=("self",)).get(pk=one["left"])
        new = GroupMembership.objects.filter(pk=one["joined"], left_at=None).first()
        if new is not None:
            leave(membership_id=new.pk, reason=LeaveReason.MERGED, by=by, now=now)
        if (new is None and one["joined"]) or not old.group.is_running or not old.client.is_in_touch:
            continue
        GroupMembership.objects.create(group=old.group, client=old.client, joined_at=now, added_by=by)
        let_facilitate(old.client, old.group.leaders, by=by, now=now)


# --- the group itself ---
@transaction.atomic
def end_group(*, group_id: int, by: Any, now: datetime) -> Group:
    """End a group whose meetings to come were called off: everybody leaves it, and everything written stays."""
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    group.move_to(Group.State.ENDED)
    for membership in group.memberships.filter(left_at=None).order_by("pk"):
        leave(membership_id=membership.pk, reason=LeaveReason.ENDED, by=by, now=now)
    group.ended_at, group.ended_by = now, by
    group.save(update_fields=["state", "ended_at", "ended_by"])
    audit.record("group.ended", by=by, at=now, target=group)
    return group


@transaction.atomic
def hand_over(*, group_id: int, facilitator: Any, co_facilitator: Any, by: Any, now: datetime) -> Group:
    """Let others lead a group: from now on they see its members, and those before them do not.

    Meetings to come that nobody has written about pass to them. Raises InvalidInput for the same person twice and for
    somebody who holds no sessions, Conflict when they are taken at the time of a meeting.
    """
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    check_leaders(facilitator, co_facilitator)
    before = group.leaders
    group.facilitator, group.co_facilitator = facilitator, co_facilitator
    group.save(update_fields=["facilitator", "co_facilitator"])
    for membership in group.memberships.in_force(now).select_related("client").order_by("client"):
        let_facilitate(membership.client, group.leaders, by=by, now=now)
        gone = [one for one in before if one not in group.leaders]
        release(membership.client, gone, by=by, now=now)
    coming = group.meetings.filter(state=GroupMeeting.State.SCHEDULED, shared_version=0, starts_at__gt=now)
    for meeting in coming.order_by("starts_at", "pk"):
        move_meeting(
            meeting_id=meeting.pk,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            counselor=facilitator,
            by=by,
            now=now,
        )
    audit.record(
        "group.handed_over",
        by=by,
        at=now,
        target=group,
        facilitator=facilitator.pk,
        co_facilitator=co_facilitator.pk if co_facilitator else None,
    )
    return group


def check_leaders(facilitator: Any, co_facilitator: Any) -> None:
    """Raise InvalidInput unless two different people, or one, who hold sessions lead the group."""
    for person, field in ((facilitator, "facilitator"), (co_facilitator, "co_facilitator")):
        if person is not None and not can(person, Verb.HOLD_SESSION):
            raise InvalidInput(_("%(name)s does not hold sessions.") % {"name": person}, field=field)
    if facilitator == co_facilitator:
        raise InvalidInput(_("Choose another person, or nobody."), field="co_facilitator")

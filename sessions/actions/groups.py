"""Groups and the topics that their meetings take in turn.

What reaches into members' sessions is in `lower_groups` and `lower_meetings`, the note in `group_notes`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.errors import InvalidInput, InvalidTransition
from sessions.models import Group, GroupMeeting, GroupTopic

# How long before the start a member can be marked, and called off late.
EARLY = timedelta(minutes=60)
LATE_CANCEL_WITHIN = timedelta(hours=24)
EDITABLE = ("name", "modality", "room", "location", "capacity")


def held_group(group_id: int) -> Group:
    """The group, locked until the transaction ends."""
    rows = Group.objects.select_for_update(of=("self",)).select_related("facilitator", "co_facilitator")
    return rows.get(pk=group_id)


def held_meeting(meeting_id: int) -> GroupMeeting:
    """The meeting, locked until the transaction ends; its group before it, so that turns are taken one by one."""
    group = held_group(GroupMeeting.objects.values_list("group_id", flat=True).get(pk=meeting_id))
    rows = GroupMeeting.objects.select_for_update(of=("self",)).select_related("counselor", "room", "topic")
    meeting = rows.get(pk=meeting_id)
    meeting.group = group
    return meeting


# --- the group ---
@transaction.atomic
def begin_group(
    *,
    name: str,
    team: Any,
    facilitator: Any,
    by: Any,
    now: datetime,
    co_facilitator: Any = None,
    **fields: Any,
) -> Group:
    """Open a group. Raises InvalidInput without a name, or when the same person leads and co-leads."""
    require(by, Verb.SCHEDULE_SESSION)
    if facilitator == co_facilitator:
        raise InvalidInput(_("Choose another person, or nobody."), field="co_facilitator")
    group = Group(
        team=team,
        facilitator=facilitator,
        co_facilitator=co_facilitator,
        begun_at=now,
        begun_by=by,
    )
    _set(group, {"name": name, **fields})
    group.save()
    audit.record("group.begun", by=by, at=now, target=group, facilitator=facilitator.pk)
    return group


@transaction.atomic
def change_group(*, group_id: int, by: Any, now: datetime, **fields: Any) -> Group:
    """Change name, places or where it meets; meetings planned already stay as they are."""
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    _set(group, fields)
    group.save(update_fields=list(fields))
    audit.record("group.changed", by=by, at=now, target=group, fields=sorted(fields))
    return group


def _set(group: Group, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name not in EDITABLE:
            raise InvalidInput(_("This cannot be changed here."), field=name)
        setattr(group, name, value.strip() if isinstance(value, str) else value)
    if not group.name:
        raise InvalidInput(_("Give the group a name."), field="name")
    if group.capacity is not None and group.capacity < 1:
        raise InvalidInput(_("A group has at least one place."), field="capacity")


@transaction.atomic
def take_up_again(*, group_id: int, by: Any, now: datetime) -> Group:
    """Let an ended group run again, without its former members."""
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    group.move_to(Group.State.RUNNING)
    group.ended_at, group.ended_by = None, None
    group.save(update_fields=["state", "ended_at", "ended_by"])
    audit.record("group.taken_up", by=by, at=now, target=group)
    return group


# --- what it talks about ---
@transaction.atomic
def add_topic(*, group_id: int, title: str, by: Any, now: datetime, outline: str = "") -> GroupTopic:
    """Put a topic at the end of the series."""
    require(by, Verb.SCHEDULE_SESSION)
    group = held_group(group_id)
    if not title.strip():
        raise InvalidInput(_("Give the topic a title."), field="title")
    last = group.topics.filter(retired_at=None).aggregate(last=Max("position"))["last"]
    topic = GroupTopic.objects.create(
        group=group, position=(last or 0) + 1, title=title.strip(), outline=outline.strip()
    )
    take_turns(group, now)
    audit.record("group.topic_added", by=by, at=now, target=topic, group=group.pk)
    return topic


@transaction.atomic
def move_topic(*, topic_id: int, up: bool, by: Any, now: datetime) -> GroupTopic:
    """Change places with the topic before (`up`) or after it; at either end nothing happens."""
    require(by, Verb.SCHEDULE_SESSION)
    group, topic = _held_topic(topic_id)
    rows = list(group.topics.filter(retired_at=None).order_by("position", "pk"))
    index = rows.index(topic)
    other = rows[max(0, index - 1)] if up else rows[min(len(rows) - 1, index + 1)]
    if other != topic:
        here, there = topic.position, other.position
        _place(topic, 0)
        _place(other, here)
        _place(topic, there)
        take_turns(group, now)
        audit.record("group.topic_moved", by=by, at=now, target=topic, group=group.pk)
    return topic


def _place(topic: GroupTopic, position: int) -> None:
    topic.position = position
    topic.save(update_fields=["position"])


@transaction.atomic
def retire_topic(*, topic_id: int, by: Any, now: datetime) -> GroupTopic:
    """Take a topic out of the series; meetings that were about it keep it."""
    require(by, Verb.SCHEDULE_SESSION)
    group, topic = _held_topic(topic_id)
    topic.retired_at = now
    topic.save(update_fields=["retired_at"])
    take_turns(group, now)
    audit.record("group.topic_retired", by=by, at=now, target=topic, group=group.pk)
    return topic


def _held_topic(topic_id: int) -> tuple[Group, GroupTopic]:
    """The topic of the series and its group, both held. Raises InvalidTransition for one taken out."""
    group = held_group(GroupTopic.objects.values_list("group_id", flat=True).get(pk=topic_id))
    topic = GroupTopic.objects.select_for_update(of=("self",)).get(pk=topic_id)
    if topic.retired_at is not None:
        raise InvalidTransition(_("This topic was taken out of the series already."))
    return group, topic


@transaction.atomic
def choose_topic(
    *, meeting_id: int, topic: GroupTopic | None, by: Any, now: datetime, subject: str = ""
) -> GroupMeeting:
    """Let one meeting be about another topic, or about something in one's own words; neither: whose turn it is.

    The turn of the others does not move. Raises InvalidTransition once the meeting was held.
    """
    require(by, Verb.SCHEDULE_SESSION)
    meeting = held_meeting(meeting_id)
    if meeting.state != GroupMeeting.State.SCHEDULED:
        raise InvalidTransition(_("This meeting was held or called off: its topic stays."))
    if topic is not None and topic.group_id != meeting.group_id:
        raise InvalidInput(_("Choose a topic of this group."), field="topic")
    meeting.topic, meeting.subject = topic, subject.strip()
    meeting.topic_chosen = topic is not None or bool(meeting.subject)
    meeting.save(update_fields=["topic", "subject", "topic_chosen"])
    take_turns(meeting.group, now)
    meeting.refresh_from_db(fields=["topic"])
    audit.record("meeting.topic_chosen", by=by, at=now, target=meeting)
    return meeting


def take_turns(group: Group, now: datetime) -> None:
    """Give each meeting to come the topic whose turn it is; the caller holds the group.

    The series goes on after the last held meeting, and begins anew at its end. A meeting with a topic of its own
    takes no turn, one that was called off gives its turn to the next.
    """
    topics = list(group.topics.filter(retired_at=None).order_by("position", "pk"))
    coming = group.meetings.filter(state=GroupMeeting.State.SCHEDULED, topic_chosen=False)
    turn = _next_turn(group, topics)
    for number, meeting in enumerate(coming.order_by("starts_at", "pk")):
        topic = topics[(turn + number) % len(topics)] if topics else None
        if meeting.topic_id != (topic.pk if topic else None):
            meeting.topic = topic
            meeting.save(update_fields=["topic"])


def _next_turn(group: Group, topics: list[GroupTopic]) -> int:
    """Which topic comes after that of the last held meeting that took its turn; one taken out leaves its place."""
    held = group.meetings.filter(state=GroupMeeting.State.HELD, topic_chosen=False, topic__isnull=False)
    last = held.select_related("topic").order_by("starts_at", "pk").last()
    if last is None or last.topic is None:
        return 0
    return sum(1 for topic in topics if topic.position <= last.topic.position)

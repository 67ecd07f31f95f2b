"""Groups and meetings in the states that tests start from."""

from datetime import timedelta

from casework.followup.actions import groups as composite
from sessions.actions import groups
from tests import factories

HOUR = timedelta(hours=1)


def begun(dana, *, now, team, name="Tuesday evening", co=None, **fields):
    """A group that Dana leads."""
    return groups.begin_group(
        name=name, team=team, facilitator=dana, co_facilitator=co, by=dana, now=now, **fields
    )


def member(group, counselor, team, *, now, **names):
    """A client of the counselor who joins."""
    client = factories.client_of(counselor, team=team, **names)
    composite.join_group(group_id=group.pk, client_id=client.pk, by=counselor, now=now)
    return client


def met(group, dana, *, starts_at, now, minutes=90, **said):
    """A meeting on the calendar."""
    planned = composite.plan_meeting(
        group_id=group.pk,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        by=dana,
        now=now,
        **said,
    )
    return planned.meetings[0]


def marked(meeting, dana, *, now, **marks):
    """Marks by client, then the rest present, then closed. `marks`: client number with an underscore before."""
    for key, mark in marks.items():
        composite.mark(meeting_id=meeting.pk, client_id=int(key[1:]), mark=mark, by=dana, now=now)
    composite.mark_rest(meeting_id=meeting.pk, by=dana, now=now)
    return composite.close_meeting(meeting_id=meeting.pk, by=dana, now=now)

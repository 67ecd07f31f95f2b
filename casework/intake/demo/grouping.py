"""Two groups of the invented practice, by the same acts as everywhere: one note filed, one still being written."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from casework.followup.actions import groups as acts
from casework.intake.demo import roster
from casework.intake.demo.registration import Case
from sessions import actions as notes
from sessions.actions.group_notes import file_notes, save_part, save_shared
from sessions.actions.groups import add_topic, begin_group
from sessions.models import Group, GroupMark, GroupMeeting

MEMBERS = 6
LENGTH = timedelta(minutes=50)  # at noon or in the evening, when nobody has a session
TOPICS = ("Naming urges", "The first three days", "People who help", "When plans change")
SHARED = (
    "Opened with a round of how the week went. Practised urge surfing in pairs, ten minutes each, then talked about"
    " what made it easier. Agreed to try it once before the next meeting."
)
PARTS = (
    ("Spoke early and helped the pair beside them.", "Tries urge surfing on Friday after work."),
    ("Quiet at first; later told of a hard evening and how it passed.", "Calls a friend before going home."),
    ("Came late from work, took part in the exercise.", "Asks for the later shift to be on time."),
    ("Brought the diary and read from it.", "Goes on with the diary, two lines a day."),
    ("Found the exercise strange and said so; stayed with it.", "Tries another way of breathing."),
    ("Told what helped last month.", "Writes down three places to avoid on paydays."),
)


def gather(cases: list[Case], *, now: datetime, zone: ZoneInfo) -> None:
    """A group in the evening and one at noon, each with a meeting behind it and one ahead."""
    calm = [one for one in cases if one.course.story.kind == roster.CALM and one.course.weeks >= 18]
    leads = list(dict.fromkeys(one.counselor for one in calm))[:2]
    if len(leads) < 2:
        return
    evening = [one for one in calm if one.counselor == leads[0]][:MEMBERS]
    noon = [one for one in calm if one not in evening][:MEMBERS]
    first = _begun("Tuesday evening", leads[0], evening, now=now)
    second = _begun("Noon group", leads[1], noon, now=now, co_facilitator=leads[0])
    _write(_met(first, now, zone, days=1, hour=18), now=now)
    draft = _met(second, now, zone, days=2, hour=12)
    told: dict[str, Any] = {"by": draft.counselor, "now": draft.over_at + LENGTH}
    save_shared(meeting_id=draft.pk, version=0, text=SHARED.partition(". ")[0] + ".", **told)


def _begun(name: str, lead: Any, members: list[Case], *, now: datetime, **said: Any) -> Group:
    """Six weeks ago."""
    told: dict[str, Any] = {"by": lead, "now": now - timedelta(weeks=6)}
    team = members[0].client.team
    group = begin_group(name=name, team=team, facilitator=lead, capacity=10, **said, **told)
    for title in TOPICS:
        add_topic(group_id=group.pk, title=title, **told)
    for case in members:
        acts.join_group(group_id=group.pk, client_id=case.client.pk, **told)
    return group


def _met(group: Group, now: datetime, zone: ZoneInfo, *, days: int, hour: int) -> GroupMeeting:
    """A meeting some days ago with one member absent, and one as many days ahead; the one behind us."""
    noon = now.astimezone(zone).replace(hour=hour, minute=0, second=0, microsecond=0)
    behind, ahead = noon - timedelta(days=days), noon + timedelta(days=days)
    told: dict[str, Any] = {"group_id": group.pk, "by": group.facilitator, "now": behind - timedelta(days=7)}
    meeting = acts.plan_meeting(starts_at=behind, ends_at=behind + LENGTH, **told).meetings[0]
    acts.plan_meeting(starts_at=ahead, ends_at=ahead + LENGTH, **told)
    after: dict[str, Any] = {"meeting_id": meeting.pk, "by": group.facilitator, "now": behind + LENGTH}
    missing = meeting.sessions.order_by("pk").last()
    if missing is not None:
        acts.mark(client_id=missing.client_id, mark=GroupMark.Kind.LATE_CANCEL, **after)
    acts.mark_rest(**after)
    return acts.close_meeting(**after)


def _write(meeting: GroupMeeting, *, now: datetime) -> None:
    """What all did, a few words about each, filed; half of the notes signed."""
    lead, at = meeting.counselor, meeting.over_at + timedelta(minutes=20)
    told: dict[str, Any] = {"by": lead, "now": at}
    save_shared(meeting_id=meeting.pk, version=0, text=SHARED, **told)
    filed = file_notes(meeting_id=meeting.pk, version=1, **told)
    for number, note in enumerate(sorted(filed, key=lambda one: one.pk)):
        part, plan = PARTS[number % len(PARTS)]
        words = {"part": part, "plan": plan, "risk": "none"}
        saved = save_part(session_id=note.session_id, version=note.version, sections=words, **told)
        if number % 2 == 0:
            notes.sign(session_id=note.session_id, version=saved.version, proven_at=at, **told)

"""Everything that can stand in an address, made by the real acts and all of it Alex's."""

from datetime import time, timedelta
from typing import Any

from django.utils import timezone

from casework.followup import ladder
from casework.followup.actions import groups
from casework.followup.actions.contacts import log_contact
from casework.followup.actions.measures import send_measures, submit_measure
from casework.followup.actions.merging import merge_clients
from casework.followup.actions.pausing import add_guardian
from casework.followup.actions.reports import report_relapse
from casework.followup.actions.series import schedule_series
from casework.followup.actions.sessions import close_session, schedule_session
from casework.followup.actions.use_calendar import mark_days
from casework.followup.inbox import receive
from casework.followup.models import CrisisWord, TemplateVersion
from casework.followup.plan_templates import ToDoKind
from casework.followup.todos import open_todo
from casework.measures.engine import Given
from casework.relapse.actions import finalise, save_assessment
from casework.relapse.actions.assessing import Sheet
from casework.relapse.actions.reviews import save_review
from casework.relapse.learning import Told
from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.content import Content, Person
from casework.relapse.stage import Answer
from clients import actions as clients
from clients.absences import arrange_absence
from clients.emergency_contacts import add_emergency_contact
from clients.models import CareTeamMember, Substance
from sessions import actions as notes
from sessions.actions import treatment
from sessions.actions.groups import begin_group
from sessions.models import Room
from sessions.recurrence import Rule

HOUR = timedelta(hours=1)
DAP = {"data": "We talked.", "assessment": "Steady.", "plan": "Meet again.", "risk": "none"}


def build(*, alex: Any, dana: Any, sam: Any, cover: Any) -> dict[str, str]:
    """The address of one record of each kind, by what a route's address calls it."""
    now = timezone.now()
    acts = {"by": dana, "now": now}
    substance = Substance.objects.get(key="alcohol")
    clients.set_substance(client_id=alex.pk, substance=substance, **acts)
    place = clients.add_cover(client_id=alex.pk, counselor=cover, until=now + HOUR, by=sam, now=now)
    assessment = _assessment(alex, acts)
    report = report_relapse(client_id=alex.pk, stage="mental", source="self_session", **acts)
    attempt = log_contact(client_id=alex.pk, channel="phone", outcome="voicemail", **acts)
    phone = alex.contact_points.get()
    inbound = receive(
        provider="sandbox",
        provider_id="w-1",
        channel="sms",
        from_address=phone.normalized,
        body="Hello",
        now=now,
    )
    unknown = receive(
        provider="sandbox", provider_id="w-2", channel="sms", from_address="+15550001111", body="Hi", now=now
    )
    word = CrisisWord.objects.order_by("pk").first()
    emergency = open_todo(client=alex, kind="emergency", due_at=now + HOUR, now=now, urgent=True)
    held, before = _held(alex, dana, now - 3 * HOUR), _held(alex, dana, now - 6 * HOUR)
    draft = notes.save_draft(session_id=held.pk, version=0, sections=DAP, **acts)
    notes.save_draft(session_id=before.pk, version=0, sections=DAP, **acts)
    note = notes.sign(session_id=before.pk, version=1, proven_at=now, **acts)
    addendum = notes.add_addendum(note_id=note.pk, text="More.", reason="Left out", proven_at=now, **acts)
    phrase = notes.save_phrase(word="sleep", text="Slept well.", **acts)
    own = notes.begin_counseling_note(client_id=alex.pk, **acts)
    planned = schedule_session(
        client_id=alex.pk, counselor=dana, starts_at=now + HOUR / 2, ends_at=now + HOUR, **acts
    )
    decision, letter = _silence(alex, now)
    absence = arrange_absence(
        user=dana, starts_at=now + 9 * HOUR, ends_at=now + 10 * HOUR, cover=cover, by=dana, now=now
    )
    return {
        **_measures(alex, acts),
        **_circle(alex, sam, acts),
        **_care_plans(alex, acts),
        **_recovery(alex, report.report, acts),
        "template": str(TemplateVersion.objects.get(stage="mental", state="released").uid),
        "client": str(alex.uid),
        "team": str(alex.team.uid),
        "contact": str(phone.uid),
        "place": str(place.uid),
        "substance": substance.key,
        "assessment": str(assessment.uid),
        "report": str(report.report.uid),
        "plan": str(report.plan.uid),
        "message": str(alex.messages.order_by("pk").first().uid),
        "todo": str(alex.todos.open().filter(kind="reassessment").first().uid),
        "unknown": str(unknown.uid),
        "word": str(word.uid),
        "emergency": str(emergency.uid),
        "attempt": str(attempt.uid),
        "decision": str(decision.uid),
        "rung": str(decision.rungs.get().uid),
        "letter": str(letter.uid),
        "absence": str(absence.uid),
        "inbound": str(inbound.uid),
        "session": str(planned.uid),
        "held": str(held.uid),
        "draft": str(draft.uid),
        "note": str(note.uid),
        **_series(alex, dana, now),
        **_group(alex, dana, now),
        "addendum": str(addendum.uid),
        "snippet": str(phrase.uid),
        "own": str(own.uid),
        "orphan": _orphan(alex, dana, now),
    }


def _group(alex: Any, dana: Any, now: Any) -> dict[str, str]:
    """A group of Dana's with Alex in it, a meeting held and one to come."""
    ago = now - 14 * HOUR
    group = begin_group(name="Evenings", team=alex.team, facilitator=dana, by=dana, now=ago)
    told = {"group_id": group.pk, "by": dana}
    place = groups.join_group(client_id=alex.pk, now=ago, **told)
    held, coming = (
        groups.plan_meeting(starts_at=at, ends_at=at + HOUR, now=ago, **told).meetings[0]
        for at in (ago + HOUR, now + 26 * HOUR)
    )
    groups.mark_rest(meeting_id=held.pk, by=dana, now=now)
    groups.close_meeting(meeting_id=held.pk, by=dana, now=now)
    return {
        "group": str(group.uid),
        "membership": str(place.uid),
        "meeting": str(coming.uid),
        "meeting_held": str(held.uid),
        "session_of_group": str(held.sessions.get().uid),
    }


def _series(alex: Any, dana: Any, now: Any) -> dict[str, str]:
    """Sessions that come back, a month ahead, and the room they take place in."""
    room = Room.objects.create(site=alex.team.site, name="Room 1")
    first = timezone.localdate(now) + timedelta(days=30)
    rule = Rule(every="week", starts_on=first, until_on=first + timedelta(days=7), at=time(9), minutes=50)
    planned = schedule_series(client_id=alex.pk, counselor=dana, rule=rule, room=room, by=dana, now=now)
    return {"series": str(planned.series.uid), "room": str(room.uid)}


def _measures(alex: Any, acts: dict[str, Any]) -> dict[str, str]:
    """A measure that was given, and one that the phone is asked for."""
    given = Given(answers={str(n): 0 for n in range(1, 8)})
    result = submit_measure(client_id=alex.pk, measure="gad7", given=given, **acts)
    asked = send_measures(client_id=alex.pk, measures=["phq9"], **acts)
    return {"result": str(result.uid), "measure_request": str(asked.request.uid)}


def _orphan(alex: Any, dana: Any, now: Any) -> str:
    """A draft whose author works here no more."""
    gone = type(dana).objects.create(email="gone@example.org", full_name="Gil Lane", role="counselor")
    CareTeamMember.objects.create(client=alex, user=gone, role="covering", starts_at=now - 10 * HOUR)
    session = _held(alex, gone, now - 9 * HOUR)
    left = notes.save_draft(session_id=session.pk, version=0, sections=DAP, by=gone, now=now)
    gone.is_active = False
    gone.save()
    return str(left.uid)


def _silence(alex: Any, now: Any) -> tuple[Any, Any]:
    """What a silence of eleven days asks of the supervisor, and a letter to write."""
    ladder.climb_all(now + timedelta(days=11))
    letter = open_todo(client=alex, kind=ToDoKind.LETTER, due_at=now + HOUR, now=now, step_key="U3-0-LETTER")
    return alex.todos.open().get(kind=ToDoKind.DECISION), letter


def _circle(alex: Any, sam: Any, acts: dict[str, Any]) -> dict[str, str]:
    """Those around the client, and records that were, or may be, theirs too."""
    told = {"client_id": alex.pk, **acts}
    since = acts["now"].date() - timedelta(days=1)
    guardian = add_guardian(
        name="Maria", relationship="parent", from_on=since, consent_rechecked=True, **told
    )
    friend = add_emergency_contact(name="Jo", relationship="brother", phone="602-555-0188", **told)
    twin, third = (
        clients.register_client(team=alex.team, by=sam, now=acts["now"], given_name=name)
        for name in ("Al", "Lex")
    )
    merged = merge_clients(
        survivor_id=alex.pk, merged_id=third.pk, reason="Same person", by=sam, now=acts["now"]
    )
    return {
        "guardian": str(guardian.uid),
        "friend": str(friend.uid),
        "twin": str(twin.uid),
        "merge": str(merged.uid),
    }


def _care_plans(alex: Any, acts: dict[str, Any]) -> dict[str, str]:
    """A prevention plan that both signed, the draft of its next version, and a goal with a step."""
    words = Content(emotional=("I sleep badly",), helps=("Walk",), people=(Person("Rosa"),))
    first = prevention.begin_draft(client_id=alex.pk, **acts)
    first = prevention.save_draft(plan_id=first.pk, revision=1, content=words, **acts)
    signed = prevention.sign_together(
        plan_id=first.pk, revision=first.revision, counselor=True, way="aloud", **acts
    )
    goal = treatment.add_goal(client_id=alex.pk, words="Sleep well", **acts)
    step = treatment.add_step(goal=goal, kind="objective", words="In bed by eleven", **acts)
    return {
        "prevention": str(signed.uid),
        "prevention_draft": str(prevention.begin_draft(client_id=alex.pk, **acts).uid),
        "treatment": str(goal.plan.uid),
        "goal": str(goal.uid),
        "goal_step": str(step.uid),
    }


def _recovery(alex: Any, report: Any, acts: dict[str, Any]) -> dict[str, str]:
    """A word on a day, and a look back that was begun, with the to-do that asks for it."""
    told = Told(words={"event": "A row at work"})
    review = save_review(report_id=report.pk, version=0, told=told, **acts)
    days = {"days": [acts["now"].date() - timedelta(days=2)], "used": False, "source": "self_session"}
    marked = mark_days(client_id=alex.pk, **days, **acts)
    due = open_todo(
        client=alex, kind=ToDoKind.LEARNING_REVIEW, due_at=acts["now"] + HOUR, now=acts["now"], report=report
    )
    return {"day": str(marked.marks[0].uid), "review": str(review.uid), "look_back": str(due.uid)}


def _assessment(alex: Any, acts: dict[str, Any]) -> Any:
    sheet = Sheet(answers={"M07": Answer(1, frozenset())}, counselor_stage="mental")
    draft = save_assessment(client_id=alex.pk, sheet=sheet, **acts)
    return finalise(assessment_id=draft.pk, **acts).assessment


def _held(alex: Any, dana: Any, start: Any) -> Any:
    end = start + HOUR
    session = schedule_session(
        client_id=alex.pk, counselor=dana, starts_at=start, ends_at=end, by=dana, now=end
    )
    return close_session(session_id=session.pk, outcome="attended", by=dana, now=end)

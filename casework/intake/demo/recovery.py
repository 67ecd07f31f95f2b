"""Days that were spoken of and looks back of the invented practice, by the real acts."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from casework.followup.actions.learning import finish_review
from casework.followup.actions.use_calendar import mark_days
from casework.followup.plan_templates import ToDoKind
from casework.intake.demo import roster, timeline
from casework.intake.demo.registration import Case
from casework.relapse.actions.reviews import save_review
from casework.relapse.learning import Link, Told
from casework.relapse.models import RelapseReport
from clients.stage import Stage

FILLED = 14  # clients whose days were gone through
BACK = 60  # days
STORIES: tuple[dict[str, Any], ...] = (
    {
        "weak": ("sleep", "lonely", "tired"),
        "event": "Payday, and the shift ended in a row with the manager",
        "when": "Friday, about nine in the evening",
        "where": "On the way home",
        "who": "Nobody",
        "chain": (
            ("feeling", "Angry, then empty"),
            ("thought", "I have earned something for this week"),
            ("body", "Tight chest, restless hands"),
            ("action", "Took the street past the old corner"),
            ("thought", "Just this once, nobody will know"),
        ),
        "stopped": "My sister called and I picked up",
        "sign": ("Stopped answering calls three days before", Stage.EMOTIONAL),
        "steps": "Walk to the gym instead of home on paydays\nCall before the corner, not after",
        "people": "My sister\nJ. from the Tuesday group",
    },
    {
        "weak": ("pain", "sleep"),
        "event": "The pain came back and the appointment was moved by two weeks",
        "when": "Sunday afternoon",
        "where": "At home, in the kitchen",
        "who": "My cousin",
        "chain": (
            ("body", "Pain since Thursday, three nights without sleep"),
            ("thought", "It will never get better"),
            ("feeling", "Hopeless"),
            ("action", "Did not call anybody, let him in"),
        ),
        "stopped": "He left, and I told the nurse on Monday",
        "sign": ("Counting how many were left in the drawer", Stage.MENTAL),
        "steps": "Ring the clinic the day the pain passes six\nTell Dana about every moved appointment",
        "people": "The nurse line\nMy aunt",
    },
)


def looked_back(case: Case, report: RelapseReport, *, at: datetime) -> None:
    """Counselor and client have gone through it together, and the plan has taken it in."""
    told = _told(case.course.number)
    finish_review(report_id=report.pk, version=0, told=told, by=case.counselor, now=at)


def _told(number: int) -> Told:
    story = STORIES[number % len(STORIES)]
    sign, stage = story["sign"]
    return Told(
        vulnerabilities=story["weak"],
        words={
            "event": story["event"],
            "event_when": story["when"],
            "event_where": story["where"],
            "event_who": story["who"],
            "use_company": "alone" if story["who"] == "Nobody" else "with_others",
            "helped_stop": story["stopped"],
            "effects_short": "Relief for an hour, then fear of telling it",
            "effects_long": "Talked about it the same week, which was new",
            "still_gives": "I know what the first days feel like and that they pass\nMy group did not turn away",
            "first_sign": sign,
            "first_sign_stage": stage.value,
            "coping_steps": story["steps"],
            "people": story["people"],
        },
        links=tuple(Link(kind, text) for kind, text in story["chain"]),
        ratings={
            "guilt": 6,
            "shame": 7 if number % 2 else 5,
            "who_i_am": 3,
            "can_change": 7,
            "confidence": 6,
        },
        answers={"update_plan": True, "safety_check_done": True},
    )


def go_through_days(cases: Iterable[Case], *, now: datetime) -> None:
    """Some clients' last weeks, day by day; and one look back that was begun and waits."""
    lively = [case for case in cases if case.client.is_in_touch and case.course.story.kind != roster.SILENT]
    for case in lively[::2][:FILLED]:
        _fill(case, now)
    for case in lively:
        todo = case.client.todos.open().filter(kind=ToDoKind.LEARNING_REVIEW).select_related("plan__report")
        found = todo.first()
        if found is not None and found.plan is not None:
            _begin(case, found.plan.report, now)
            return


def _begin(case: Case, report: RelapseReport, now: datetime) -> None:
    """As far as the chain; the rest is for the next session."""
    whole = _told(case.course.number)
    begun = Told(
        vulnerabilities=whole.vulnerabilities,
        words={name: whole.words[name] for name in ("event", "event_when")},
        links=whole.links[:2],
    )
    save_review(report_id=report.pk, version=0, told=begun, by=case.counselor, now=now - timedelta(hours=2))


def _fill(case: Case, now: datetime) -> None:
    """Most days were spoken of in sessions; every ninth was not, and on one the sources differ."""
    today = now.astimezone(case.client.zone).date()
    used = set(timeline.use_days(case.course, today))
    days = [today - timedelta(days=back) for back in range(BACK, 0, -1)]
    spoken = [day for n, day in enumerate(days) if day not in used and (n + case.course.number) % 9]
    common: dict[str, Any] = {"client_id": case.client.pk, "by": case.counselor, "now": now}
    mark_days(**common, days=spoken, used=False, source="self_session")
    if used:
        mark_days(**common, days=[_day_before(used)], used=False, source="self_call", certainty="estimated")
        mark_days(**common, days=[max(used)], used=False, source="self_call")


def _day_before(used: set[date]) -> date:
    return min(used) - timedelta(days=1)

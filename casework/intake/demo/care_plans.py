"""Prevention plans that both signed and goals agreed on, by the real acts."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from casework.intake.demo import roster
from casework.intake.demo.registration import Case
from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.content import LISTS, Content, Person
from sessions.actions import treatment
from sessions.models import Goal

WORDS: dict[str, Any] = json.loads(
    resources.files(__package__).joinpath("care_plans.json").read_text("utf-8")
)
DAY = timedelta(days=1)
# Of three clients one has a signed plan; of these every fourth has two versions, every fifth a draft besides.
ONE_IN, TWICE, DRAFTED = 3, 4, 5


def make_care_plans(cases: Iterable[Case], *, now: datetime) -> None:
    """What was agreed in the months before now; some reviews are due today."""
    made = 0
    for case in cases:
        agreed_at = case.began_at + 21 * DAY
        if case.course.story.kind == roster.NEVER_SEEN or agreed_at > now - 20 * DAY:
            continue
        _goals(case, agreed_at, now)
        if case.course.number % ONE_IN == 0:
            _plan(case, agreed_at, number=made)
            made += 1


def _language(case: Case) -> str:
    return "es" if case.client.language == "es" else "en"


def _plan(case: Case, at: datetime, *, number: int) -> None:
    """A plan that both signed; for some a second version, for some the draft of the next."""
    acts: dict[str, Any] = {"by": case.counselor, "now": at}
    said = WORDS["plans"][_language(case)]
    draft = prevention.begin_draft(client_id=case.client.pk, **acts)
    content = _content(said[number % len(said)])
    draft = prevention.save_draft(plan_id=draft.pk, revision=draft.revision, content=content, **acts)
    _signed(draft, number, acts)
    learned = {"helps": [WORDS["learned"][_language(case)]]}
    later = acts | {"now": at + 14 * DAY}
    if number % TWICE == 0:
        change = prevention.apply_changes(client_id=case.client.pk, additions=learned, **later)
        _signed(change.plan, number, later)
    elif number % DRAFTED == 1:
        prevention.apply_changes(client_id=case.client.pk, additions=learned, **later)


def _content(said: dict[str, Any]) -> Content:
    people = tuple(Person(*one) for one in said["people"])
    return Content(**{key: tuple(said[key]) for key in LISTS}, people=people)


def _signed(plan: Any, number: int, acts: dict[str, Any]) -> None:
    """Some type their name in the session, some agree aloud."""
    how = {"way": "typed", "name": plan.client.display_name} if number % 2 else {"way": "aloud"}
    prevention.sign_together(plan_id=plan.pk, revision=plan.revision, counselor=True, **how, **acts)


def _goals(case: Case, at: datetime, now: datetime) -> None:
    """One or two goals with a step of each kind; reviewed in between, and here and there due today."""
    acts: dict[str, Any] = {"by": case.counselor, "now": at}
    language, number = _language(case), case.course.number
    said = WORDS["goals"][language]
    today = now.astimezone(case.client.zone).date()
    next_on = today if number % 4 == 0 else today + DAY * (5 + number % 40)
    for place in range(1 + number % 2):
        words, objective, intervention = said[(number + place) % len(said)]
        goal = treatment.add_goal(client_id=case.client.pk, words=words, review_on=next_on, **acts)
        for kind, text in (("objective", objective), ("intervention", intervention)):
            treatment.add_step(goal=goal, kind=kind, words=text, **acts)
        if place:
            treatment.move(item=goal, state=Goal.State.REACHED, **acts | {"now": now - 9 * DAY})
        elif number % 3 == 0:
            treatment.review(
                item=goal,
                review_on=next_on,
                remark=WORDS["remark"][language],
                **acts | {"now": now - 6 * DAY},
            )

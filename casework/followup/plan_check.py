"""What must be right before a template is released (clinical.md §4.3). Pure.

The caps are proved with the planner's own calendar, for a report at every minute of a day: the text of day 0 goes
wherever the window lets it, the next morning included.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from casework.followup import schedule
from casework.followup.plan_templates import (
    BY_HAND,
    HOUR,
    IN_TEMPLATES,
    PREFIX,
    MessageStep,
    PlanTemplate,
    ToDoKind,
    ToDoStep,
)
from casework.followup.risk import RiskTier
from casework.followup.schedule import WEEKLY_CAP, Timing
from clients.stage import Stage

LAST_DAY = 365  # of the plan itself; checkups go on
LAST_CHECKUP = 731  # month 24
MINUTES = 24 * 60
EVEN = ZoneInfo("UTC")  # the caps of a template are counted on days of 24 hours
FIRST_MORNING = datetime(2026, 3, 11, tzinfo=UTC)  # any day is like any other there
MANDATORY = (ToDoKind.FIRST_CONTACT, ToDoKind.SAFETY_CHECKLIST)  # of a physical plan, within the first day
FIRST_DAY = 24 * HOUR


@dataclass(frozen=True)
class Problem:
    """Why a template cannot be released. `step` is a step's key or a field's name; `day` where a day is at fault."""

    step: str
    says: str
    day: int | None = None


def problems(
    template: PlanTemplate, *, texts: Collection[str], timing: Timing | None = None
) -> list[Problem]:
    """Everything that is wrong; empty: it may be released."""
    found = [
        *_nonsense(template, texts),
        *_twice(template),
        *_missing(template),
        *_ladder(template),
        *_checkups(template),
    ]
    if any(step.day < 0 for step in template.messages):
        return found
    return [*found, *_caps(template, timing or Timing())]


# --- single steps -------------------------------------------------------------------------------------------
def _nonsense(template: PlanTemplate, texts: Collection[str]) -> Iterator[Problem]:
    for step in template.steps:
        says = time_problem(step.day, None if isinstance(step, MessageStep) else step.within)
        if says:
            yield Problem(step.key, says, step.day)
    for message in template.messages:
        if message.text not in texts:
            yield Problem(
                message.key, _("There is no text “%(text)s”.") % {"text": message.text}, message.day
            )
    for todo in template.todos:
        says = todo_problem(todo)
        if says:
            yield Problem(todo.key, says, todo.day)


def time_problem(day: int | None, within: timedelta | None) -> str:
    """What is wrong with a step's time, in words; empty when nothing is."""
    if (day is None) == (within is None):
        return _("Say either the day or within which time, not both.")
    if day is not None and not 0 <= day <= LAST_DAY:
        return _("The day must be from 0 to %(last)s.") % {"last": LAST_DAY}
    if within is not None and not timedelta(0) < within <= timedelta(days=LAST_DAY):
        return _("The time must be longer than nothing and at most a year.")
    return ""


def todo_problem(step: ToDoStep) -> str:
    """What is wrong with what a to-do asks, in words; empty when nothing is."""
    if step.kind not in IN_TEMPLATES:
        return _("A plan cannot ask for this: it answers something that has happened.")
    if step.grace < timedelta(0):
        return _("The days of grace cannot be fewer than none.")
    if step.if_tier - set(RiskTier.values):
        return _("There is no such risk tier.")
    return ""


def _twice(template: PlanTemplate) -> Iterator[Problem]:
    seen: set[str] = set()
    for step in template.steps:
        if step.key in seen:
            says = _("The plan has this step twice. Change one of the two, or drop it.")
            yield Problem(step.key, says, step.day)
        seen.add(step.key)


# --- what a plan must have ----------------------------------------------------------------------------------
def _missing(template: PlanTemplate) -> Iterator[Problem]:
    if not any(
        step.kind is ToDoKind.EMERGENCY and (not step.if_tier or RiskTier.RED in step.if_tier)
        for step in template.todos
    ):
        yield Problem(ToDoKind.EMERGENCY, _("Every plan needs the emergency workflow for a red flag."))
    if template.prefix == PREFIX[Stage.PHYSICAL]:
        yield from _mandatory(template)
    elif not any(step.kind is ToDoKind.FIRST_CONTACT for step in template.todos):
        yield Problem(ToDoKind.FIRST_CONTACT, _("Every plan needs a first talk with the client."))


def _mandatory(template: PlanTemplate) -> Iterator[Problem]:
    """After a return to use both come within a day, whatever the risk tier."""
    for kind in MANDATORY:
        if not any(
            step.kind is kind and not step.if_tier and step.within is not None and step.within <= FIRST_DAY
            for step in template.todos
        ):
            says = _("A physical plan needs “%(step)s” within 24 hours, for every risk tier.")
            yield Problem(kind, says % {"step": kind.label})


def _ladder(template: PlanTemplate) -> Iterator[Problem]:
    if template.silent_after <= timedelta(0):
        yield Problem("silent_after", _("Silence must last longer than nothing before it asks for a call."))
    if template.decide_on < 1:
        yield Problem("decide_on", _("The supervisor decides on day 1 at the earliest."), template.decide_on)
    if template.close_on <= template.decide_on:
        says = _("The day to go on or to close comes after the supervisor's first decision.")
        yield Problem("close_on", says, template.close_on)
    if template.hasty_contact is not None and not timedelta(0) < template.hasty_contact <= FIRST_DAY:
        says = _("The first talk at a red or amber tier comes within 24 hours.")
        yield Problem("hasty_contact", says)


def _checkups(template: PlanTemplate) -> Iterator[Problem]:
    days = template.checkups
    if list(days) != sorted(set(days)):
        yield Problem("checkups", _("The days of the checkups must rise, each named once."))
    for day in days:
        if not template.days < day <= LAST_CHECKUP:
            says = _("A checkup comes after the plan's last day and by day %(last)s.")
            yield Problem("checkups", says % {"last": LAST_CHECKUP}, day)


# --- the caps -----------------------------------------------------------------------------------------------
def _caps(template: PlanTemplate, timing: Timing) -> list[Problem]:
    """One text a local day and three in any half-open 168 hours, at whatever minute the report comes."""
    steps = [step for step in template.messages if step.channel not in BY_HAND]
    found = {problem for first in _first_texts(steps, timing) for problem in _broken(steps, first, timing)}
    return sorted(found, key=lambda problem: (problem.day or 0, problem.says))


def _first_texts(steps: Sequence[MessageStep], timing: Timing) -> list[datetime]:
    """When the text of day 0 can go, over a whole day of reports; one moment where there is none."""
    if not any(step.day == 0 for step in steps):
        return [FIRST_MORNING]
    reports = (FIRST_MORNING + timedelta(minutes=minute) for minute in range(MINUTES))
    return sorted({schedule.step(report, 0, EVEN, timing).instant for report in reports})


def _broken(steps: Sequence[MessageStep], first: datetime, timing: Timing) -> Iterator[Problem]:
    sends: list[tuple[datetime, int]] = []
    for send, step in sorted(_dated(steps, first, timing), key=lambda pair: pair[0]):
        cap = schedule.cap_reached(send, [at for at, _day in sends], EVEN)
        if cap == "day":
            says = _("Day %(day)s: a second message on one day. Move it, or drop one of the two.")
            yield Problem(step.key, says % {"day": step.day}, step.day)
        elif cap == "week":
            before = ", ".join(str(day) for _at, day in sends[-WEEKLY_CAP:])
            says = _("Day %(day)s: a fourth message within seven days, after those of days %(before)s.")
            yield Problem(step.key, says % {"day": step.day, "before": before}, step.day)
        else:  # one that has to move breaks nothing for those after it
            sends.append((send, step.day))


def _dated(
    steps: Sequence[MessageStep], first: datetime, timing: Timing
) -> Iterator[tuple[datetime, MessageStep]]:
    for step in steps:
        later = schedule.step(FIRST_MORNING, step.day, EVEN, timing).instant
        yield (first if step.day == 0 else later), step

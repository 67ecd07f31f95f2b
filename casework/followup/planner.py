"""The dated steps of a plan, before anything is saved (clinical.md §4.2, §4.3). Pure.

The page's preview and the saved plan come from this one function, so that what was shown is what happens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from casework.followup import schedule
from casework.followup.plan_templates import (
    BY_HAND,
    COUNTS,
    DAY,
    ChannelRule,
    MessageStep,
    PlanTemplate,
    ToDoKind,
    ToDoStep,
)
from casework.followup.risk import RiskTier
from casework.followup.schedule import Timing

END_OF_WORK = time(17)  # a to-do of a calendar day is due then, client's time


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """What a plan depends on beside the stage and the moment of the report."""

    zone: ZoneInfo
    tier: RiskTier = RiskTier.GREEN
    told_us: bool = True  # the client told us: "glad you told us" is true
    by_hand: Mapping[str, ToDoKind | None] = field(
        default_factory=lambda: BY_HAND
    )  # done by a person, by way
    sent: Sequence[datetime] = ()  # automated messages of the last week, and reminders to come
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, kw_only=True)
class PlannedMessage:
    """A text that will go, as the client's wall shows it. `moved` names the cap that moved it, if one did."""

    key: str
    text: str
    channel: ChannelRule
    asks: bool
    on: date
    at: time
    due_at: datetime
    moved: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedToDo:
    """Something a person does by a time."""

    key: str
    kind: ToDoKind
    due_at: datetime
    grace: timedelta
    urgent: bool


def preview(
    template: PlanTemplate,
    reported_at: datetime,
    facts: PlanFacts,
    *,
    starts_at: datetime | None = None,
) -> list[PlannedMessage | PlannedToDo]:
    """Every step in order of its time. Clocks for people count from the report, messages from `starts_at`."""
    steps: list[PlannedMessage | PlannedToDo] = [
        *plan_messages(template, starts_at or reported_at, facts),
        *plan_by_hand(template, starts_at or reported_at, facts),
        *plan_todos(template, reported_at, facts),
    ]
    return sorted(steps, key=lambda step: (step.due_at, isinstance(step, PlannedMessage), step.key))


def plan_messages(template: PlanTemplate, starts_at: datetime, facts: PlanFacts) -> list[PlannedMessage]:
    """The texts that go by themselves, each on its calendar day unless a cap moves it."""
    taken, planned = list(facts.sent), []
    for step in sorted(template.messages, key=lambda step: step.day):
        if step.channel in facts.by_hand:
            continue
        message = _message(template, step, starts_at, facts, taken)
        taken.append(message.due_at)
        planned.append(message)
    return planned


def plan_by_hand(template: PlanTemplate, starts_at: datetime, facts: PlanFacts) -> list[PlannedToDo]:
    """The calls and letters among the steps, each due on its day with a day of grace. No cap counts them."""
    planned = []
    for step in template.messages:
        kind = facts.by_hand.get(step.channel)
        if kind is not None:
            day = starts_at.astimezone(facts.zone).date() + timedelta(days=step.day)
            planned.append(
                PlannedToDo(
                    key=f"{template.prefix}-{step.key}-{kind.upper()}",
                    kind=kind,
                    due_at=schedule.resolve(day, END_OF_WORK, facts.zone),
                    grace=DAY,
                    urgent=False,
                )
            )
    return planned


def _message(
    template: PlanTemplate, step: MessageStep, starts_at: datetime, facts: PlanFacts, taken: list[datetime]
) -> PlannedMessage:
    meant = schedule.step(starts_at, step.day, facts.zone, facts.timing)
    allowed = schedule.first_free(meant.instant, taken, facts.zone, facts.timing)
    moved = schedule.cap_in_the_way(meant.instant, taken, facts.zone) if allowed != meant.instant else ""
    when = meant if allowed == meant.instant else schedule.moment(allowed, facts.zone)
    return PlannedMessage(
        key=f"{template.prefix}-{step.key}",
        text="today" if step.text == COUNTS and not facts.told_us else step.text,
        channel=step.channel,
        asks=step.asks,
        on=when.on,
        at=when.at,
        due_at=when.instant,
        moved=moved,
    )


def plan_todos(template: PlanTemplate, reported_at: datetime, facts: PlanFacts) -> list[PlannedToDo]:
    """What people do, with the red tier's emergency and the shorter first contact of a red or amber one."""
    return [
        _todo(template, step, reported_at, facts)
        for step in template.todos
        if not step.if_tier or facts.tier in step.if_tier
    ]


def _todo(template: PlanTemplate, step: ToDoStep, reported_at: datetime, facts: PlanFacts) -> PlannedToDo:
    hasty = (
        step.kind in {ToDoKind.FIRST_CONTACT, ToDoKind.SAFETY_CHECKLIST}
        and facts.tier != RiskTier.GREEN
        and template.hasty_contact
    )
    return PlannedToDo(
        key=f"{template.prefix}-{step.key}",
        kind=step.kind,
        due_at=_due(step, reported_at, facts, hasty or step.within),
        grace=step.grace,
        urgent=step.kind is ToDoKind.EMERGENCY or bool(hasty and step.kind is ToDoKind.FIRST_CONTACT),
    )


def _due(step: ToDoStep, reported_at: datetime, facts: PlanFacts, within: timedelta | None) -> datetime:
    if step.day is None:
        return (reported_at + (within or timedelta(0))).astimezone(UTC)
    return schedule.resolve(
        reported_at.astimezone(facts.zone).date() + timedelta(days=step.day), END_OF_WORK, facts.zone
    )

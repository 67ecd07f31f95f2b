"""What follows a report, stage by stage, as versioned data (clinical.md §4.3). Defaults to edit, not evidence.

A running plan keeps the version it began with. Never change a released version: add the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.stage import Stage

VERSION = 1
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class ToDoKind(TextChoices):
    """What a counselor or supervisor is asked to do. The label is the title of a to-do that has no other."""

    FIRST_CONTACT = "first_contact", _("Talk with the client")
    EMERGENCY = "emergency", _("Red flag: follow the emergency workflow")
    SAFETY_CHECKLIST = "safety_checklist", _("Complete the safety checklist")
    VISIT_OFFER = "visit_offer", _("Offer a visit")
    VISIT = "visit", _("Hold the visit")
    LEARNING_REVIEW = "learning_review", _("Look back together at what happened")
    REASSESSMENT = "reassessment", _("Assess the stage again")
    SUPERVISOR_REVIEW = "supervisor_review", _("Review with the counselor")
    TALK = "talk", _("Talk with the client about an unconfirmed report")
    CALL = "call", _("Call the client")
    ANSWER = "answer", _("Answer the client's message")
    CRISIS = "crisis", _("Crisis words in a message: reach the client now")
    MEDICAL = "medical", _("Contact the prescriber or a medical provider today")
    UPGRADE = "upgrade", _("The stage rose: record a report?")
    DEATH_REVIEW = "death_review", _("After a death: support and incident review")
    OTHER = "other", _("To do")


# They are about safety: a later plan takes over those not yet done, and nothing closes them silently.
SAFETY = frozenset({ToDoKind.EMERGENCY, ToDoKind.SAFETY_CHECKLIST, ToDoKind.CRISIS, ToDoKind.MEDICAL})
BY_CALL = frozenset({ToDoKind.FIRST_CONTACT, ToDoKind.CALL, ToDoKind.TALK})
FOR_SUPERVISOR = frozenset({ToDoKind.SUPERVISOR_REVIEW, ToDoKind.DEATH_REVIEW})


@dataclass(frozen=True)
class MessageStep:
    """A text on a calendar day. `asks` marks a check-in that waits for an answer."""

    day: int
    text: str
    asks: bool = False


@dataclass(frozen=True)
class ToDoStep:
    """Something a person does: within a time of the report, or on a calendar day of the client's."""

    kind: ToDoKind
    within: timedelta | None = None
    day: int | None = None
    grace: timedelta = timedelta(0)
    if_tier: frozenset[str] = field(default_factory=frozenset)  # only for these risk tiers; empty = all


@dataclass(frozen=True)
class PlanTemplate:
    """The steps of one stage's plan."""

    prefix: str
    messages: tuple[MessageStep, ...]
    todos: tuple[ToDoStep, ...]
    hasty_contact: timedelta | None = None  # the first live contact when the tier is red or amber
    # The ladder when nobody answers (clinical.md §4.5), counted from the report.
    silent_after: timedelta = 10 * DAY  # U1: silence this long asks for a call
    decide_on: int = 14  # U3: the day by which a supervisor decides without a contact
    close_on: int = 30  # U4: the day to decide whether to go on or to close with an open door
    checkups: tuple[int, ...] = ()  # days of the quarterly checkups after the plan; off by default

    @property
    def days(self) -> int:
        """The last day with a step."""
        days = [step.day for step in self.messages] + [step.day or 0 for step in self.todos]
        return max(days)


QUARTERLY = (180, 270, *range(365, 731, 90))  # recovery management checkups, to month 24 (clinical.md §4.3)


def _asks(*days: int) -> tuple[MessageStep, ...]:
    """Check-ins that ask for a reply; the wording alternates."""
    return tuple(MessageStep(day, f"checkin.{index % 2 + 1}", asks=True) for index, day in enumerate(days))


def _reassess(*days: int) -> tuple[ToDoStep, ...]:
    return tuple(ToDoStep(ToDoKind.REASSESSMENT, day=day, grace=2 * DAY) for day in days)


def _in_order(*groups: tuple[MessageStep, ...]) -> tuple[MessageStep, ...]:
    return tuple(sorted((step for group in groups for step in group), key=lambda step: step.day))


EMERGENCY = ToDoStep(ToDoKind.EMERGENCY, within=timedelta(minutes=15), if_tier=frozenset({"red"}))
COUNTS = "counts"  # only after a self-report; after any other source it reads "today"

V1: Mapping[Stage, PlanTemplate] = {
    Stage.EMOTIONAL: PlanTemplate(
        "EMO",
        _in_order(
            (MessageStep(1, "checkin.1", asks=True),),
            (MessageStep(4, "checkin.2", asks=True),),
            (MessageStep(8, "offer", asks=True),),
            (MessageStep(14, "checkin.1", asks=True),),
            (MessageStep(28, "closing"),),
        ),
        (
            EMERGENCY,
            ToDoStep(ToDoKind.FIRST_CONTACT, within=72 * HOUR),
            ToDoStep(ToDoKind.VISIT_OFFER, within=7 * DAY),
            *_reassess(7, 14, 28),
        ),
        silent_after=10 * DAY,
        decide_on=14,
    ),
    Stage.MENTAL: PlanTemplate(
        "MEN",
        _in_order(_asks(1, 3, 5, 9, 21), (MessageStep(14, "support"), MessageStep(30, "closing"))),
        (
            EMERGENCY,
            ToDoStep(ToDoKind.FIRST_CONTACT, within=24 * HOUR),
            ToDoStep(ToDoKind.SAFETY_CHECKLIST, within=24 * HOUR),
            ToDoStep(ToDoKind.VISIT_OFFER, within=72 * HOUR),
            ToDoStep(ToDoKind.SUPERVISOR_REVIEW, within=7 * DAY),
            *_reassess(7, 14, 30),
        ),
        silent_after=5 * DAY,
        decide_on=10,
    ),
    Stage.PHYSICAL: PlanTemplate(
        "PHY",
        _in_order(
            (MessageStep(0, COUNTS),),
            _asks(2, 5, 8, 10, 14),
            tuple(MessageStep(day, "support") for day in (21, 30, 45, 60)),
            (MessageStep(90, "closing"),),
        ),
        (
            EMERGENCY,
            ToDoStep(ToDoKind.FIRST_CONTACT, within=24 * HOUR),
            ToDoStep(ToDoKind.SAFETY_CHECKLIST, within=24 * HOUR),
            ToDoStep(ToDoKind.VISIT_OFFER, within=72 * HOUR),
            ToDoStep(ToDoKind.VISIT, within=7 * DAY),
            ToDoStep(ToDoKind.LEARNING_REVIEW, within=7 * DAY),
            ToDoStep(ToDoKind.SUPERVISOR_REVIEW, within=72 * HOUR),
            *_reassess(7, 14, 30, 60, 90),
        ),
        hasty_contact=2 * HOUR,
        silent_after=72 * HOUR,
        decide_on=7,
    ),
}
VERSIONS: Mapping[int, Mapping[Stage, PlanTemplate]] = {1: V1}


def template_for(stage: Stage, version: int = VERSION) -> PlanTemplate:
    """The plan of a stage. Raises KeyError for a stage that has none (none, indeterminate)."""
    return VERSIONS[version][stage]

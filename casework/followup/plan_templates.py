"""What follows a report, stage by stage: the shape of a plan's template (clinical.md §4.3). Pure.

The templates themselves are rows that an administrator edits (`plan_versions`); the planner sees only what is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.stage import Stage

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PREFIX: Mapping[Stage, str] = {Stage.EMOTIONAL: "EMO", Stage.MENTAL: "MEN", Stage.PHYSICAL: "PHY"}
COUNTS = "counts"  # only after a self-report; after any other source it reads "today"
QUARTERLY = (180, 270, *range(365, 731, 90))  # recovery management checkups, to month 24


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
    LETTER = "letter", _("Write the client a letter")
    SILENT = "silent", _("No answer: look for another way")
    DECISION = "decision", _("No contact: decide what to do")
    CHECKUP = "checkup", _("Quarterly checkup")
    ANSWER = "answer", _("Answer the client's message")
    CRISIS = "crisis", _("Crisis words in a message: reach the client now")
    MEDICAL = "medical", _("Contact the prescriber or a medical provider today")
    UPGRADE = "upgrade", _("The stage rose: record a report?")
    DEATH_REVIEW = "death_review", _("After a death: support and incident review")
    MEASURE = "measure", _("A measure is due")
    PLAN_REVIEW = "plan_review", _("Review the treatment plan")
    COSIGN = "cosign", _("Read and co-sign a note")
    OF_AGE = "of_age", _("The client has come of age: go through the consent again")
    OTHER = "other", _("To do")


# Somebody has to say "I have it" within a quarter of an hour, and what was done is written down before they close.
ALARMS = frozenset({ToDoKind.CRISIS, ToDoKind.EMERGENCY})
# They are about safety: a later plan takes over those not yet done, and nothing closes them silently.
SAFETY = frozenset({ToDoKind.EMERGENCY, ToDoKind.SAFETY_CHECKLIST, ToDoKind.CRISIS, ToDoKind.MEDICAL})
BY_CALL = frozenset({ToDoKind.FIRST_CONTACT, ToDoKind.CALL, ToDoKind.TALK})
FOR_SUPERVISOR = frozenset(
    {ToDoKind.SUPERVISOR_REVIEW, ToDoKind.DEATH_REVIEW, ToDoKind.SILENT, ToDoKind.DECISION}
)
# What a template may ask of people; the other kinds answer something that has happened.
IN_TEMPLATES = (
    ToDoKind.FIRST_CONTACT,
    ToDoKind.EMERGENCY,
    ToDoKind.SAFETY_CHECKLIST,
    ToDoKind.VISIT_OFFER,
    ToDoKind.VISIT,
    ToDoKind.LEARNING_REVIEW,
    ToDoKind.REASSESSMENT,
    ToDoKind.SUPERVISOR_REVIEW,
    ToDoKind.CALL,
    ToDoKind.LETTER,
)


class ChannelRule(TextChoices):
    """By which way a step reaches the client. The last two are done by a person, so they are planned as to-dos."""

    PREFERRED = "", _("As the client prefers, else the next way they agreed to")
    SMS = "sms", _("Text message only")
    EMAIL = "email", _("E-mail only")
    CALL = "call", _("A call by the counselor")
    LETTER = "letter", _("A letter")


BY_HAND: Mapping[str, ToDoKind] = {
    ChannelRule.CALL: ToDoKind.CALL,
    ChannelRule.LETTER: ToDoKind.LETTER,
}


@dataclass(frozen=True)
class MessageStep:
    """A text on a calendar day. `asks` marks a check-in that waits for an answer."""

    day: int
    text: str
    asks: bool = False
    channel: ChannelRule = ChannelRule.PREFERRED

    @property
    def key(self) -> str:
        """The step's name within its plan."""
        return f"D{self.day:02}-MSG"


@dataclass(frozen=True)
class ToDoStep:
    """Something a person does: within a time of the report, or on a calendar day of the client's."""

    kind: ToDoKind
    within: timedelta | None = None
    day: int | None = None
    grace: timedelta = timedelta(0)
    if_tier: frozenset[str] = field(default_factory=frozenset)  # only for these risk tiers; empty = all

    @property
    def key(self) -> str:
        """The step's name within its plan."""
        name = self.kind.replace("_", "-").upper()
        return name if self.day is None else f"D{self.day:02}-{name}"


@dataclass(frozen=True)
class PlanTemplate:
    """The steps of one stage's plan, and the times of the ladder when nobody answers (clinical.md §4.5)."""

    prefix: str
    messages: tuple[MessageStep, ...]
    todos: tuple[ToDoStep, ...]
    hasty_contact: timedelta | None = None  # the first live contact when the tier is red or amber
    silent_after: timedelta = 10 * DAY  # U1: silence this long asks for a call
    decide_on: int = 14  # U3: the day by which a supervisor decides without a contact
    close_on: int = 30  # U4: the day to decide whether to go on or to close with an open door
    checkups: tuple[int, ...] = ()  # days of the checkups after the plan; none unless a practice wants them

    @property
    def steps(self) -> tuple[MessageStep | ToDoStep, ...]:
        return (*self.messages, *self.todos)

    @property
    def days(self) -> int:
        """The last day with a step."""
        return max((step.day or 0 for step in self.steps), default=0)

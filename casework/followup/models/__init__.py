"""What happens next: plans and to-dos, and the messages that go out and come in."""

from casework.followup.models.changes import StepChange
from casework.followup.models.ladder import LadderRung, Rung
from casework.followup.models.messages import (
    Attempt,
    Heartbeat,
    InboundMessage,
    Message,
    MessageHold,
    Priority,
    ProviderEvent,
)
from casework.followup.models.plans import (
    RUNNING,
    ContactAttempt,
    FollowUpPlan,
    PlanReport,
    PlanState,
    SafetyChecklist,
    ToDo,
    ToDoState,
)
from casework.followup.models.routes import Breaker, Pace, Tally
from casework.followup.models.safety import ACKNOWLEDGE_WITHIN, CrisisWord, EmergencyRecord, StaffAlert
from casework.followup.models.templates import TemplateStep, TemplateVersion
from casework.followup.models.texts import MessageText
from casework.followup.models.visits import NamedVisit

__all__ = [
    "ACKNOWLEDGE_WITHIN",
    "RUNNING",
    "Attempt",
    "Breaker",
    "ContactAttempt",
    "CrisisWord",
    "EmergencyRecord",
    "FollowUpPlan",
    "Heartbeat",
    "InboundMessage",
    "LadderRung",
    "Message",
    "MessageHold",
    "MessageText",
    "NamedVisit",
    "Pace",
    "PlanReport",
    "PlanState",
    "Priority",
    "ProviderEvent",
    "Rung",
    "SafetyChecklist",
    "StaffAlert",
    "StepChange",
    "Tally",
    "TemplateStep",
    "TemplateVersion",
    "ToDo",
    "ToDoState",
]

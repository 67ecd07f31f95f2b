"""An encounter and what was written about it."""

from sessions.models.changes import SessionChange
from sessions.models.counseling import CounselingNote
from sessions.models.feeds import CalendarFeed
from sessions.models.groups import (
    Group,
    GroupMark,
    GroupMeeting,
    GroupMembership,
    GroupTopic,
    LeaveReason,
    NameConfirmation,
)
from sessions.models.notes import Note
from sessions.models.rooms import Room
from sessions.models.series import Series
from sessions.models.session import Session
from sessions.models.signatures import Addendum, NoteReturn, Signature
from sessions.models.snippets import Snippet
from sessions.models.treatment import Goal, GoalStep, TreatmentChange, TreatmentPlan

__all__ = [
    "Addendum",
    "CalendarFeed",
    "CounselingNote",
    "Goal",
    "GoalStep",
    "Group",
    "GroupMark",
    "GroupMeeting",
    "GroupMembership",
    "GroupTopic",
    "LeaveReason",
    "NameConfirmation",
    "Note",
    "NoteReturn",
    "Room",
    "Series",
    "Session",
    "SessionChange",
    "Signature",
    "Snippet",
    "TreatmentChange",
    "TreatmentPlan",
]

"""An encounter and what was written about it."""

from sessions.models.notes import Addendum, Note
from sessions.models.session import Session
from sessions.models.treatment import Goal, GoalStep, TreatmentChange, TreatmentPlan

__all__ = ["Addendum", "Goal", "GoalStep", "Note", "Session", "TreatmentChange", "TreatmentPlan"]

"""Stage assessments, use episodes and days, relapse reports, learning reviews, prevention plans."""

from casework.relapse.models.assessment import AssessedSign, StageAssessment, StageSign
from casework.relapse.models.days import DayMark
from casework.relapse.models.prevention import PlanSignature, PreventionPlan
from casework.relapse.models.report import RelapseReport, ReportRepeat
from casework.relapse.models.review import LearningReview, ReviewLink
from casework.relapse.models.transition import StageTransition
from casework.relapse.models.use import AlsoUsed, UseDay, UseEpisode

__all__ = [
    "AlsoUsed",
    "AssessedSign",
    "DayMark",
    "LearningReview",
    "PlanSignature",
    "PreventionPlan",
    "RelapseReport",
    "ReportRepeat",
    "ReviewLink",
    "StageAssessment",
    "StageSign",
    "StageTransition",
    "UseDay",
    "UseEpisode",
]

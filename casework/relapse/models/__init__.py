"""Stage assessments, use episodes and relapse reports."""

from casework.relapse.models.assessment import AssessedSign, StageAssessment, StageSign
from casework.relapse.models.report import RelapseReport, ReportRepeat
from casework.relapse.models.transition import StageTransition
from casework.relapse.models.use import AlsoUsed, UseDay, UseEpisode

__all__ = [
    "AlsoUsed",
    "AssessedSign",
    "RelapseReport",
    "ReportRepeat",
    "StageAssessment",
    "StageSign",
    "StageTransition",
    "UseDay",
    "UseEpisode",
]

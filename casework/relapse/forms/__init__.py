"""What people fill in about stages and relapses."""

from casework.relapse.forms.assessment import AssessmentForm
from casework.relapse.forms.report import RelapseReportForm

__all__ = ["AssessmentForm", "RelapseReportForm"]

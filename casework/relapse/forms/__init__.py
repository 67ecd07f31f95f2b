"""What people fill in about stages, relapses, single days and what was learned."""

from casework.relapse.forms.assessment import AssessmentForm
from casework.relapse.forms.days import DaysForm
from casework.relapse.forms.report import RelapseReportForm
from casework.relapse.forms.review import ReviewForm

__all__ = ["AssessmentForm", "DaysForm", "RelapseReportForm", "ReviewForm"]

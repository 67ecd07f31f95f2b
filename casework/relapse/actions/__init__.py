"""What can be done about stages, use and reports. Each act locks, decides, writes and is audited in one transaction.

`finalise`, `record_report`, `corroborate`, `mark_unsubstantiated`, `retract`, `mark_report_error`, the verbs of the use
calendar and of the learning review reach further than this room: casework.followup calls them and starts or stops what
must follow. Nobody else may.
"""

from casework.relapse.actions.assessing import finalise, mark_assessment_error, save_assessment
from casework.relapse.actions.reports import (
    corroborate,
    mark_report_error,
    mark_unsubstantiated,
    record_report,
    retract,
    take_report,
    with_key,
)
from casework.relapse.actions.use import override_class, record_use, take_use

__all__ = [
    "corroborate",
    "finalise",
    "mark_assessment_error",
    "mark_report_error",
    "mark_unsubstantiated",
    "override_class",
    "record_report",
    "record_use",
    "retract",
    "save_assessment",
    "take_report",
    "take_use",
    "with_key",
]

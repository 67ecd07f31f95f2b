"""A practice's hours for messages: its jurisdiction's, and the first delay that the installation sets."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from casework.followup.schedule import Timing
from clients.jurisdiction import jurisdiction


def timing_of(practice: Any) -> Timing:
    """When automated messages go (clinical.md §4.2)."""
    quiet = jurisdiction(practice.jurisdiction).quiet_hours
    return Timing(
        first_delay=timedelta(seconds=settings.FOLLOWUP_FIRST_DELAY),
        opens=max(quiet.open, quiet.earliest),
        closes=min(quiet.close, quiet.latest),
    )

"""A practice's hours for messages: its jurisdiction's, and the first delay that the installation sets."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from casework.followup.schedule import Timing
from clients.jurisdiction import jurisdiction


def timing_of(practice: Any) -> Timing:
    """When automated messages go (clinical.md §4.2)."""
    return timing_in(practice.jurisdiction)


def timing_in(code: str) -> Timing:
    """The same for the code of a jurisdiction."""
    quiet = jurisdiction(code).quiet_hours
    return Timing(
        first_delay=timedelta(seconds=settings.FOLLOWUP_FIRST_DELAY),
        opens=max(quiet.open, quiet.earliest),
        closes=min(quiet.close, quiet.latest),
    )

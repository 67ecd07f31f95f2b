"""Measures that reach further than their room: giving one, and asking a client's phone for some."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from casework.measures import lower
from casework.measures.lower import Asked, Given
from casework.measures.models import MeasureResult


@transaction.atomic
def submit_measure(
    *, client_id: int, measure: str, given: Given, by: Any, now: datetime, **how: Any
) -> MeasureResult:
    """Keep a result and let its alarms ask for somebody. `how`: see measures.lower.keep_result."""
    return lower.keep_result(client_id=client_id, measure=measure, given=given, by=by, now=now, **how)


@transaction.atomic
def send_measures(*, client_id: int, measures: Sequence[str], by: Any, now: datetime) -> Asked:
    """Ask the client's phone for some measures, by one link."""
    return lower.ask(client_id=client_id, measures=measures, by=by, now=now)

"""What tests of measures begin with."""

from datetime import timedelta
from typing import Any

import pytest

from casework.measures import lower
from casework.measures.lower import Given
from clients import links
from tests.conftest import NOW

DAY = timedelta(days=1)
QUIET = {str(n): 0 for n in range(1, 10)}


@pytest.fixture
def give(alex, dana):
    """Keep a result of Alex's, at NOW unless said otherwise."""

    def keep(measure: str = "phq9", answers: dict[str, int] | None = None, **more: Any):
        given = Given(answers=QUIET if answers is None else answers, sex=more.pop("sex", ""))
        if "scores" in more:
            given = Given(scores=more.pop("scores"))
        fields = {"client_id": alex.pk, "by": dana, "now": NOW} | more
        return lower.keep_result(measure=measure, given=given, **fields)

    return keep


@pytest.fixture
def asked(alex, dana):
    """Alex's phone was asked for two measures, and the link was opened."""
    made = lower.ask(client_id=alex.pk, measures=["phq9", "gad7"], by=dana, now=NOW)
    links.open_door(made.address.rstrip("/").rpartition("/")[2], now=NOW)
    return made

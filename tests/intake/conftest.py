from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework.intake.actions import import_facts
from casework.intake.fhir.mapping import load_mapping
from casework.intake.fhir.reading import read_facts
from casework.intake.outcomes import FileOutcome

from .bundles import bundle


@pytest.fixture
def take(team: Any, now: datetime) -> Callable[..., FileOutcome]:
    """Import a bundle of these resources into the team, as the system."""

    def take(*resources: dict[str, Any], by: Any = None, at: datetime = now) -> FileOutcome:
        zone = ZoneInfo("America/New_York")
        facts = read_facts(Path("alex.json"), bundle(*resources), mapping=load_mapping(), zone=zone, now=at)
        return import_facts(facts=facts, team=team, by=by, now=at)

    return take

"""What a test of stages, use and reports starts from."""

from datetime import timedelta

import pytest

from casework.relapse import actions
from casework.relapse.actions.assessing import Sheet
from casework.relapse.signs import BY_CODE, Source
from casework.relapse.stage import Answer
from clients.models import ClientSummary, Substance
from sessions.models import Session


def answers(**severities):
    """Every sign asked of the client and absent, but for those named."""
    told = frozenset({Source.SELF_REPORT.value})
    return {code: Answer(severities.get(code, 0), told) for code in BY_CODE}


@pytest.fixture
def assess(alex, dana, now):
    """Dana assesses Alex and makes it final: `assess(stage, day=0, **severities)`, with what differs as `sheet`."""

    def make(stage, *, day=0, sheet=None, **severities):
        at = now + timedelta(days=day)
        filled = Sheet(answers=answers(**severities), counselor_stage=stage, **(sheet or {}))
        draft = actions.save_assessment(client_id=alex.pk, sheet=filled, by=dana, now=at)
        return actions.finalise(assessment_id=draft.pk, by=dana, now=at)

    return make


@pytest.fixture
def report(alex, dana, now):
    """Dana records a report about Alex: `report(stage, source, day=0, **fields)`."""

    def make(stage="physical", source="self_session", *, day=0, **fields):
        at = now + timedelta(days=day)
        return actions.record_report(client_id=alex.pk, stage=stage, source=source, by=dana, now=at, **fields)

    return make


@pytest.fixture
def use(alex, dana, now):
    """Dana records that Alex used: `use(day, ...)` with days counted from Alex's today."""

    def make(*days, source="self_session", at=0, use_type="illicit", **fields):
        today = now.astimezone(alex.zone).date()
        wanted = [today + timedelta(days=day) for day in days]
        when = now + timedelta(days=at)
        return actions.record_use(
            client_id=alex.pk, use_type=use_type, days=wanted, source=source, by=dana, now=when, **fields
        )

    return make


@pytest.fixture
def clonazepam(db):
    return Substance.objects.get(key="clonazepam")


@pytest.fixture
def alcohol(db):
    return Substance.objects.get(key="alcohol")


@pytest.fixture
def summary(alex):
    """Alex's summary as it is in the database now."""
    return lambda: ClientSummary.objects.get(client=alex)


@pytest.fixture
def session_of(dana, now):
    """A scheduled session with a client: `session_of(client, hours=0)`, that many hours from now."""

    def make(client, *, hours=0):
        starts_at = now + timedelta(hours=hours)
        return Session.objects.create(
            client=client,
            counselor=dana,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
            scheduled_at=now,
            scheduled_by=dana,
        )

    return make

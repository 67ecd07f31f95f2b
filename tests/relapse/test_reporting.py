"""What a report may set in motion (clinical.md §1.7)."""

from datetime import UTC, datetime

import pytest

from casework.relapse.reporting import (
    EXCLUDED,
    REPORT_TRANSITIONS,
    STANDING,
    Following,
    ReportSource,
    ReportState,
    counts_from,
    following,
    needs_confirmation,
)

TOLD = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIRMED = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("source", ReportSource.values)
def test_only_what_others_or_a_laboratory_say_needs_a_talk_first(source):
    assert needs_confirmation(source) is (source in {"collateral", "toxicology"})


@pytest.mark.parametrize(
    "source", ["self_session", "self_message", "self_call", "counselor_observation", "other_provider"]
)
def test_these_start_the_plan_at_once(source):
    assert following(source, ReportState.REPORTED) == Following.PLAN
    assert counts_from(source, ReportState.REPORTED, reported_at=TOLD, confirmed_at=None) == TOLD


@pytest.mark.parametrize("source", ["collateral", "toxicology"])
def test_an_unconfirmed_one_leads_to_a_talk_and_sets_no_stage(source):
    assert following(source, ReportState.REPORTED) == Following.TALK_FIRST
    assert counts_from(source, ReportState.REPORTED, reported_at=TOLD, confirmed_at=None) is None


@pytest.mark.parametrize("source", ["collateral", "toxicology"])
def test_once_confirmed_it_starts_the_plan_and_counts_from_the_confirmation(source):
    assert following(source, ReportState.CORROBORATED) == Following.PLAN
    assert (
        counts_from(source, ReportState.CORROBORATED, reported_at=TOLD, confirmed_at=CONFIRMED) == CONFIRMED
    )


def test_a_confirmed_self_report_still_counts_from_when_it_was_told():
    found = counts_from("self_call", ReportState.CORROBORATED, reported_at=TOLD, confirmed_at=CONFIRMED)
    assert found == TOLD


@pytest.mark.parametrize("state", ReportState.values)
def test_imported_history_never_starts_anything(state):
    assert following("import", state) == Following.NOTHING
    assert counts_from("import", state, reported_at=TOLD, confirmed_at=CONFIRMED) is None


@pytest.mark.parametrize("state", ["unsubstantiated", "retracted", "entered_in_error"])
def test_a_closed_report_starts_nothing(state):
    assert following("self_session", state) == Following.NOTHING


def test_every_state_is_in_the_table_and_withdrawn_ones_stay_withdrawn():
    assert set(REPORT_TRANSITIONS) == set(ReportState)
    assert all(not REPORT_TRANSITIONS[state] for state in EXCLUDED)
    assert not STANDING & EXCLUDED

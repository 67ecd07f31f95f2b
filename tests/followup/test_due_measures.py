"""Which measures are due, with the days of physical reports that only this room knows (clinical.md §2.19)."""

from datetime import timedelta

import pytest

from casework.followup.due_measures import due_of, physical_days
from casework.measures.models import MeasureResult
from casework.relapse.models import RelapseReport
from clients.models import Client
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def in_care(alex):
    """In care for a hundred days, with every measure of the intake given ten days ago."""
    factories.EpisodeOfCareFactory(client=alex, admitted_on=(NOW - 100 * DAY).date())
    for measure in ("bam", "phq9", "gad7", "audit_c", "taps"):
        result = MeasureResult.objects.create(
            client=alex,
            measure=measure,
            version="1",
            language="en",
            respondent="client",
            mode="interview",
            taken_at=NOW - 10 * DAY,
            recorded_at=NOW - 10 * DAY,
            answers='{"items": {}}',
        )
        result.scorings.create(rules=1, scored_at=NOW - 10 * DAY, scores={"total": 3}, bands={})
    return alex


def report(client, days_ago: int, **more) -> RelapseReport:
    at = NOW - days_ago * DAY
    fields = {"stage": "physical", "source": "self_session", "reported_at": at, "recorded_at": at} | more
    return RelapseReport.objects.create(client=client, **fields)


def test_nothing_is_due_where_all_was_given(in_care):
    assert due_of([in_care], now=NOW) == {in_care.pk: []}


def test_a_physical_report_thirty_days_ago_makes_a_bam_due(in_care):
    report(in_care, 30)
    found = due_of([in_care], now=NOW)[in_care.pk]
    assert [(one.measure, one.due_on) for one in found] == [("bam", NOW.date())]


def test_other_stages_ask_for_no_bam(in_care):
    report(in_care, 30, stage="mental")
    assert due_of([in_care], now=NOW)[in_care.pk] == []


def test_a_report_taken_back_asks_for_nothing(in_care):
    report(in_care, 30, state="retracted", closed_at=NOW)
    assert due_of([in_care], now=NOW)[in_care.pk] == []


def test_the_day_is_the_clients_own(alex):
    at = NOW.replace(hour=3)  # evening of the day before in Phoenix
    found = report(alex, 0)
    RelapseReport.objects.filter(pk=found.pk).update(reported_at=at)
    assert physical_days([alex]) == {alex.pk: ((at - DAY).date(),)}


def test_reports_of_a_merged_record_count_for_the_one_that_stands_for_it(in_care, dana, team):
    other = factories.client_of(dana, team=team)
    report(other, 30)
    Client.objects.filter(pk=other.pk).update(merged_into=in_care)
    Client.objects.filter(pk=in_care.pk).update(absorbed=[other.pk])
    in_care.refresh_from_db()
    assert [one.measure for one in due_of([in_care], now=NOW)[in_care.pk]] == ["bam"]


def test_many_clients_cost_three_queries(in_care, dana, team, django_assert_num_queries):
    for _ in range(4):
        one = factories.client_of(dana, team=team, time_zone="America/Phoenix")
        factories.EpisodeOfCareFactory(client=one, admitted_on=NOW.date())
        report(one, 30)
    people = list(Client.objects.order_by("pk"))
    with django_assert_num_queries(3):
        found = due_of(people, now=NOW)
    assert sum(len(one) for one in found.values()) == 4 * 5

"""Which measures are due (clinical.md §2.19)."""

from datetime import date, timedelta

import pytest

from casework.measures import lower
from casework.measures.schedule import Due, History, Past, due, histories, history_of
from clients.models import Client
from tests import factories
from tests.conftest import NOW
from tests.measures.conftest import QUIET

TODAY = date(2026, 3, 11)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def history(*past: Past, admitted: int | None = 0, physical: tuple[int, ...] = ()) -> History:
    return History(None if admitted is None else ago(admitted), past, tuple(ago(one) for one in physical))


INTAKE = ("phq9", "gad7", "audit_c", "taps")


def done(days: int, total: int = 0) -> tuple[Past, ...]:
    """Everything of the intake but the BAM, given then."""
    return tuple(Past(one, ago(days), total) for one in INTAKE)


def test_at_intake_five_measures_are_due():
    assert {one.measure for one in due(history(), on=TODAY)} == {"bam", *INTAKE}


def test_a_day_of_grace_too_many_and_it_was_missed():
    assert not any(one.missed for one in due(history(admitted=7), on=TODAY))
    assert all(one.missed for one in due(history(admitted=8), on=TODAY))


def test_nobody_outside_an_episode_of_care_is_asked_for_anything():
    assert due(history(admitted=None, physical=(30,)), on=TODAY) == []


def test_what_was_never_begun_is_forgotten_after_sixty_days():
    assert len(due(history(admitted=60), on=TODAY)) == 5
    assert due(history(admitted=61), on=TODAY) == []


@pytest.mark.parametrize(
    ("days", "expected"), [(29, []), (30, [Due(TODAY, "bam")]), (38, [Due(ago(8), "bam", True)])]
)
def test_the_bam_comes_again_after_thirty_days(days, expected):
    assert due(history(Past("bam", ago(days)), *done(days), admitted=100), on=TODAY) == expected


def test_a_bam_in_days_counts_as_a_bam():
    assert due(history(Past("bam_r", ago(1)), *done(1), admitted=10), on=TODAY) == []


@pytest.mark.parametrize("instead", ["taps", "dast10"])
def test_either_drug_screen_serves_at_intake(instead):
    past = [one for one in done(1) if one.measure != "taps"]
    found = due(history(Past("bam", ago(1)), Past(instead, ago(1)), *past, admitted=2), on=TODAY)
    assert found == []


@pytest.mark.parametrize("measure", ["phq9", "gad7"])
@pytest.mark.parametrize(("total", "again"), [(9, False), (10, True), (27, True), (None, False)])
def test_mood_and_worry_are_asked_again_monthly_only_while_10_or_more(measure, total, again):
    rest = [one for one in done(30) if one.measure != measure]
    past = [Past("bam", ago(0)), Past(measure, ago(30), total), *rest]
    assert due(history(*past, admitted=90), on=TODAY) == ([Due(TODAY, measure)] if again else [])


def test_a_lower_second_score_ends_the_monthly_asking():
    past = [Past("bam", ago(0)), *done(40), Past("phq9", ago(60), 20), Past("phq9", ago(35), 4)]
    assert due(history(*past, admitted=90), on=TODAY) == []


@pytest.mark.parametrize("measure", ["phq9", "gad7"])
def test_one_with_gaps_does_not_end_the_monthly_asking(measure):
    past = [Past("bam", ago(0)), *done(70), Past(measure, ago(60), 20), Past(measure, ago(30), None)]
    assert due(history(*past, admitted=90), on=TODAY) == [Due(TODAY, measure)]


@pytest.mark.parametrize("told", [30, 90])
def test_a_bam_is_due_thirty_and_ninety_days_after_a_physical_report(told):
    past = [Past("bam", ago(10)), *done(10)]
    assert due(history(*past, admitted=200, physical=(told,)), on=TODAY) == [Due(TODAY, "bam")]
    assert due(history(*past, admitted=200, physical=(told - 1,)), on=TODAY) == []


@pytest.mark.parametrize(("given", "counts"), [(7, True), (8, False)])
def test_a_bam_given_a_week_early_serves_the_day_after_a_report(given, counts):
    past = [Past("bam", ago(given)), *done(10)]
    assert (due(history(*past, admitted=200, physical=(30,)), on=TODAY) == []) is counts


def test_a_report_of_before_this_episode_asks_for_nothing():
    past = [Past("bam", ago(8)), *done(8)]
    assert due(history(*past, admitted=10, physical=(100,)), on=TODAY) == []


def test_a_measure_due_twice_is_listed_once_with_its_earlier_day():
    past = [Past("bam", ago(33)), *done(33)]
    assert due(history(*past, admitted=200, physical=(30,)), on=TODAY) == [Due(ago(3), "bam")]


def test_a_new_admission_is_a_new_intake_but_for_what_was_given_the_week_before():
    past = [Past("bam", ago(40)), *done(40), Past("phq9", ago(6), 3)]
    assert {one.measure for one in due(history(*past, admitted=1), on=TODAY)} == {
        "bam",
        "gad7",
        "audit_c",
        "taps",
    }


# --- from the database ---


@pytest.mark.django_db
def test_a_history_reads_care_results_and_the_clients_own_day(alex, give):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=ago(100))
    late = NOW.replace(hour=3)  # still the tenth in Phoenix
    give(taken_at=late)
    found = history_of(alex, physical_on=[ago(30)])
    assert found == History(ago(100), (Past("phq9", ago(1), 0),), (ago(30),))


@pytest.mark.django_db
def test_voided_results_and_ended_episodes_do_not_count(alex, dana, give):
    factories.EpisodeOfCareFactory(
        client=alex, admitted_on=ago(100), discharged_on=ago(50), discharge_reason="completed"
    )
    lower.void(result_id=give().pk, reason="Wrong", by=dana, now=NOW)
    assert history_of(alex) == History(None, (), ())


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["paused", "discharged"])
def test_nothing_is_due_of_whom_we_cannot_reach(alex, state):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=ago(3))
    Client.objects.filter(pk=alex.pk).update(state=state)
    alex.refresh_from_db()
    assert due(history_of(alex), on=TODAY) == []


@pytest.mark.django_db
def test_an_incomplete_result_is_a_result_without_a_total(alex, give):
    give(answers={"1": 3})
    assert history_of(alex).past == (Past("phq9", TODAY, None),)


@pytest.mark.django_db
def test_many_clients_cost_two_queries(alex, dana, team, give, django_assert_num_queries):
    others = [factories.client_of(dana, team=team, time_zone="America/Phoenix") for _ in range(5)]
    for one in [alex, *others]:
        factories.EpisodeOfCareFactory(client=one, admitted_on=ago(3))
        give(client_id=one.pk, answers=QUIET)
    people = list(Client.objects.filter(pk__in=[alex.pk, *(one.pk for one in others)]).order_by("pk"))
    with django_assert_num_queries(2):
        found = histories(people, physical_on={})
    assert len(found) == 6
    assert all(len(one.past) == 1 and one.admitted_on == ago(3) for one in found.values())

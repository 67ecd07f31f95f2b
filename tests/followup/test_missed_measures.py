"""A missed measure is asked for once; thoughts of suicide in one are an emergency (clinical.md §2.1, §2.19)."""

from datetime import date, timedelta

import pytest

from casework.followup import alerts, missed_measures, todos
from casework.followup.actions import discharge
from casework.followup.actions.measures import submit_measure, void_measure
from casework.followup.models import ToDo
from casework.followup.plan_templates import ToDoKind
from casework.measures.lower import Given
from casework.measures.models import MeasureResult
from clients.errors import NotAllowed
from clients.models import Client, EpisodeOfCare
from tests import factories
from tests.followup.making import report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CALM = {str(n): 0 for n in range(1, 10)}
TROUBLED = {**CALM, "9": 1}


@pytest.fixture
def admitted(alex, now):
    """Alex was admitted ten days ago: the measures of intake are missing."""
    factories.EpisodeOfCareFactory(client=alex, admitted_on=(now - 10 * DAY).date())
    return alex


def phq9(client, by, now, answers=None, **how) -> MeasureResult:
    given = Given(answers=CALM if answers is None else answers)
    return submit_measure(client_id=client.pk, measure="phq9", given=given, by=by, now=now, **how)


def asked(client) -> list[str]:
    rows = client.todos.open().filter(kind=ToDoKind.MEASURE).order_by("pk")
    return [key.split("-")[1] for key in rows.values_list("step_key", flat=True)]


def emergencies(client) -> list[ToDo]:
    return list(client.todos.filter(kind=ToDoKind.EMERGENCY).order_by("pk"))


def test_each_missed_measure_is_asked_for_once(admitted, dana, now):
    first = missed_measures.open_missed(now)
    assert first == len(asked(admitted)) == 5
    assert missed_measures.open_missed(now) == 0
    todo = admitted.todos.get(step_key__startswith="MEASURE-phq9-")
    assert todo.title == "PHQ-9 is missing: give it at the next visit or send it"
    assert todo.owner == dana


def test_nobody_is_asked_within_the_days_of_grace(alex, now):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=(now - 6 * DAY).date())
    assert missed_measures.open_missed(now) == 0


def test_giving_it_closes_its_to_do_and_no_other(admitted, dana, now):
    missed_measures.open_missed(now)
    phq9(admitted, dana, now)
    assert "phq9" not in asked(admitted)
    assert len(asked(admitted)) == 4
    done = admitted.todos.get(step_key__startswith="MEASURE-phq9-")
    assert (done.state, done.done_by, done.outcome) == ("done", dana, "Given")
    assert missed_measures.open_missed(now) == 0


def test_an_older_paper_entered_late_does_not_count_for_it(admitted, dana, now):
    missed_measures.open_missed(now)
    phq9(admitted, dana, now, taken_at=now - 40 * DAY)
    assert "phq9" in asked(admitted)


def test_a_to_do_whose_key_a_merge_has_changed_is_closed_too(admitted, dana, now):
    missed_measures.open_missed(now)
    todo = admitted.todos.get(step_key__startswith="MEASURE-phq9-")
    ToDo.objects.filter(pk=todo.pk).update(step_key=f"{todo.step_key}-M{todo.pk}")
    phq9(admitted, dana, now)
    assert "phq9" not in asked(admitted)


def test_what_nobody_misses_any_more_is_cancelled(admitted, dana, now):
    missed_measures.open_missed(now)
    EpisodeOfCare.objects.update(admitted_on=now.date())
    missed_measures.open_missed(now)
    assert asked(admitted) == []
    assert set(admitted.todos.values_list("cancelled_reason", flat=True)) == {"not_due"}


def test_nothing_is_missed_of_whoever_left(admitted, dana, now):
    discharge(client_id=admitted.pk, reason="completed", on=now.date(), by=dana, now=now)
    assert missed_measures.open_missed(now) == 0


def test_while_the_last_one_was_high_it_is_asked_for_again_each_month(admitted, dana, now):
    phq9(admitted, dana, now, {**dict.fromkeys(CALM, 2), "9": 0})
    missed_measures.open_missed(now + 37 * DAY)
    assert "phq9" not in asked(admitted)
    missed_measures.open_missed(now + 38 * DAY)
    assert "phq9" in asked(admitted)


def test_a_month_after_a_physical_report_the_measure_of_progress_is_missed_with_its_plan(admitted, dana, now):
    report(admitted, dana, now, stage="physical")
    missed_measures.open_missed(now + 38 * DAY)
    assert "bam" in asked(admitted)


def test_a_large_practice_is_gone_through_in_turns(admitted, dana, team, now, monkeypatch):
    monkeypatch.setattr(missed_measures, "A_TURN", 1)
    for _number in range(2):
        other = factories.client_of(dana, team=team)
        factories.EpisodeOfCareFactory(client=other, admitted_on=(now - 10 * DAY).date())
    found = [missed_measures.open_missed(now + timedelta(minutes=n)) for n in range(4)]
    assert sum(found) == 15
    assert max(found) < 15


def test_looking_costs_the_same_however_many_there_are(
    admitted, dana, team, now, django_assert_max_num_queries
):
    zone = {"time_zone": "America/Phoenix"}
    people = [admitted, *(factories.client_of(dana, team=team, **zone) for _number in range(4))]
    missed_measures.look(people, now=now)
    with django_assert_max_num_queries(6):
        missed_measures.look(people, now=now)


# --- the red flag ---
@pytest.mark.parametrize("total", [1, 27])
def test_item_nine_is_an_emergency_whatever_the_total(alex, dana, sam, now, total):
    answers = TROUBLED if total == 1 else dict.fromkeys(CALM, 3)
    result = phq9(alex, dana, now, answers)
    (todo,) = emergencies(alex)
    assert todo.title == "Thoughts of suicide in a questionnaire: talk with Alex now"
    assert (todo.urgent, todo.due_at, todo.owner, todo.is_alarm) == (
        True,
        now + timedelta(minutes=15),
        dana,
        True,
    )
    assert todo.step_key == f"MEASURED-{result.pk}-EMERGENCY"
    assert alex.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


def test_without_it_a_high_total_is_none(alex, dana, now):
    phq9(alex, dana, now, {**dict.fromkeys(CALM, 3), "9": 0})
    assert emergencies(alex) == []


def test_the_alarm_reaches_staff_like_every_other(alex, dana, now):
    phq9(alex, dana, now, TROUBLED)
    alerts.sweep(now)
    assert emergencies(alex)[0].alerts.exists()


def test_it_belongs_to_the_running_plan(alex, dana, now):
    plan = report(alex, dana, now).plan
    phq9(alex, dana, now, TROUBLED)
    assert emergencies(alex)[-1].plan == plan


def test_a_second_result_with_it_is_a_second_alarm_but_one_review(alex, dana, now):
    for n in range(2):
        phq9(alex, dana, now + n * timedelta(hours=1), TROUBLED)
    assert len(emergencies(alex)) == 2
    assert alex.todos.filter(kind=ToDoKind.SUPERVISOR_REVIEW).count() == 1


def test_nobody_is_asked_after_a_client_who_has_died(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    phq9(alex, dana, now, TROUBLED)
    assert emergencies(alex) == []


def test_a_result_marked_as_a_mistake_takes_its_to_dos_back(alex, dana, now):
    result = phq9(alex, dana, now, TROUBLED)
    void_measure(result_id=result.pk, reason="Another client's sheet", by=dana, now=now)
    assert {(todo.state, todo.cancelled_reason) for todo in alex.todos.all()} == {("cancelled", "voided")}


def test_an_alarm_that_cannot_be_raised_keeps_no_result(alex, dana, now, monkeypatch):
    def broken(**_named):
        raise RuntimeError

    monkeypatch.setattr(todos, "open_todo", broken)
    with pytest.raises(RuntimeError):
        phq9(alex, dana, now, TROUBLED)
    assert not MeasureResult.objects.exists()


def test_an_auditor_gives_none(alex, audrey, now):
    with pytest.raises(NotAllowed):
        phq9(alex, audrey, now)


def test_dates_of_keys_are_read_back():
    assert missed_measures._answers("dast10", date(2026, 3, 11), "MEASURE-taps-20260311-M7")
    assert not missed_measures._answers("gad7", date(2026, 3, 11), "MEASURE-taps-20260311")

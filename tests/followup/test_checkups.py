"""Quarterly checkups after a plan: off unless a practice's template asks for them (clinical.md §4.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.followup import checkups, plan_upkeep
from casework.followup.actions import templates as acts
from casework.followup.actions.endings import discharge
from casework.followup.actions.reports import retract_report
from casework.followup.plan_templates import QUARTERLY
from casework.followup.plan_versions import template_for
from tests.followup.making import report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_kept():
    yield
    template_for.cache_clear()


@pytest.fixture
def asked_for(ada, now):
    """The practice wants checkups after a physical plan."""
    draft = acts.begin_version(stage="physical", by=ada, now=now)
    draft.checkups = list(QUARTERLY)
    draft.save()
    return acts.release_version(template_id=draft.pk, by=ada, now=now)


def finished(alex, dana, now):
    """A plan whose last day has come with everything done."""
    plan = report(alex, dana, now).plan
    plan.messages.update(status="skipped", reason_code="late", closed_at=now)
    plan.todos.update(state="done", done_at=now, done_by=dana)
    plan_upkeep.complete_finished(now + 91 * DAY)
    plan.refresh_from_db()
    assert plan.state == "completed"
    return plan


def keys(plan):
    return list(plan.todos.filter(kind="checkup").order_by("pk").values_list("step_key", flat=True))


def every_day(now, last):
    for number in range(91, last):
        checkups.open_checkups(now + number * DAY)


def test_without_being_asked_for_there_are_none(alex, dana, now, django_assert_num_queries):
    plan = finished(alex, dana, now)
    with django_assert_num_queries(1):
        assert checkups.open_checkups(now + 175 * DAY) == 0
    assert keys(plan) == []


def test_each_is_opened_two_weeks_ahead_and_due_at_the_end_of_its_day(asked_for, alex, dana, now):
    plan = finished(alex, dana, now)
    assert checkups.open_checkups(now + 165 * DAY) == 0
    assert checkups.open_checkups(now + 166 * DAY) == 1
    todo = plan.todos.get(step_key="PHY-D180-CHECKUP")
    assert (todo.title, todo.owner, todo.grace) == ("Quarterly checkup", dana, timedelta(days=7))
    assert todo.due_at == datetime(2026, 9, 8, 0, 0, tzinfo=UTC)  # 7 September, 17:00 in Phoenix


def test_looking_every_day_for_two_years_opens_each_once_to_month_24(asked_for, alex, dana, now):
    plan = finished(alex, dana, now)
    every_day(now, 760)
    assert keys(plan) == [f"PHY-D{day}-CHECKUP" for day in (180, 270, 365, 455, 545, 635, 725)]
    assert checkups.open_next(plan.pk, now + 720 * DAY) is False


def test_a_missed_look_opens_the_next_and_not_those_that_have_passed(asked_for, alex, dana, now):
    plan = finished(alex, dana, now)
    checkups.open_checkups(now + 200 * DAY)
    checkups.open_checkups(now + 365 * DAY)
    assert keys(plan) == ["PHY-D365-CHECKUP"]


def test_a_plan_of_an_older_version_gets_none(alex, dana, ada, now):
    plan = finished(alex, dana, now)
    draft = acts.begin_version(stage="physical", by=ada, now=now)
    draft.checkups = list(QUARTERLY)
    draft.save()
    acts.release_version(template_id=draft.pk, by=ada, now=now)
    every_day(now, 190)
    assert keys(plan) == []


def test_a_newer_plan_takes_its_place_unless_it_was_void(asked_for, alex, dana, now):
    plan = finished(alex, dana, now)
    newer = report(alex, dana, now + 100 * DAY)
    assert checkups.open_checkups(now + 170 * DAY) == 0
    retract_report(
        report_id=newer.report.pk, how="retracted", reason="A mix-up.", by=dana, now=now + 171 * DAY
    )
    assert checkups.open_checkups(now + 172 * DAY) == 1
    assert keys(plan) == ["PHY-D180-CHECKUP"]


def test_a_client_who_was_discharged_is_asked_for_no_checkup(asked_for, alex, dana, now):
    plan = finished(alex, dana, now)
    later = now + 120 * DAY
    discharge(client_id=alex.pk, on=later.date(), reason="completed", by=dana, now=later)
    assert checkups.open_checkups(now + 170 * DAY) == 0
    assert keys(plan) == []


def test_a_running_plan_has_no_checkup_yet(asked_for, alex, dana, now):
    plan = report(alex, dana, now).plan
    assert checkups.open_checkups(now + 170 * DAY) == 0
    assert keys(plan) == []

"""Something dangerous to stop was stopped or ran out: a prescriber is reached the same day (clinical.md §3.2 S-2)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from casework.followup import actions
from casework.followup.plan_templates import ToDoKind
from clients.errors import InvalidInput
from clients.models import Client
from tests.followup.making import open_todos, report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PHOENIX = ZoneInfo("America/Phoenix")


def medical(client):
    return client.todos.open().filter(kind=ToDoKind.MEDICAL)


@pytest.mark.parametrize(("days_ago", "asked"), [(0, True), (1, True), (14, True), (15, False), (60, False)])
@pytest.mark.parametrize("stage", ["emotional", "physical"])
def test_within_fourteen_days_somebody_is_asked_to_reach_a_prescriber(
    alex, dana, now, stage, days_ago, asked
):
    told = report(alex, dana, now, stage=stage, stopped_on=now.date() - days_ago * DAY)
    assert medical(alex).exists() is asked
    assert told.report.stopped_on == now.date() - days_ago * DAY
    if asked:
        todo = medical(alex).get()
        assert (todo.owner, todo.urgent, todo.report) == (dana, True, told.report)
        assert todo.title == "Contact the prescriber or a medical provider today"


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (19, 30), (21, 0), (23, 50)])
def test_it_is_due_on_the_same_local_day(alex, dana, now, hour, minute):
    at = datetime(2026, 3, 11, hour, minute, tzinfo=PHOENIX)
    report(alex, dana, at, stopped_on=at.date())
    due = medical(alex).get().due_at
    assert at < due <= datetime(2026, 3, 12, 0, 0, tzinfo=PHOENIX)


def test_nothing_is_asked_when_nothing_was_said(alex, dana, now):
    assert report(alex, dana, now).report.stopped_on is None
    assert not medical(alex).exists()


@pytest.mark.parametrize("source", ["collateral", "toxicology"])
def test_it_does_not_wait_for_the_talk_that_confirms_a_report(alex, dana, now, source):
    told = report(alex, dana, now, source=source, stopped_on=now.date())
    assert told.plan is None
    assert medical(alex).exists()


def test_a_second_word_on_it_asks_once(alex, dana, now):
    report(alex, dana, now, stage="mental", stopped_on=now.date())
    report(alex, dana, now + DAY, stage="physical", stopped_on=now.date())
    report(alex, dana, now + 2 * DAY, stage="emotional", stopped_on=now.date())
    assert open_todos(alex).count(ToDoKind.MEDICAL) == 1


def test_it_ends_with_a_report_that_was_a_mistake(alex, dana, now):
    told = report(alex, dana, now, stopped_on=now.date())
    actions.retract_report(report_id=told.report.pk, reason="Another client", by=dana, now=now)
    assert not medical(alex).exists()


@pytest.mark.parametrize("ahead", [1, -60000])
def test_a_day_that_cannot_be_is_declined_and_nothing_is_saved(alex, dana, now, ahead):
    with pytest.raises(InvalidInput) as refused:
        report(alex, dana, now, stopped_on=now.date() + ahead * DAY)
    assert refused.value.field == "stopped_on"
    assert not alex.relapse_reports.exists()


def test_the_form_asks_for_it_and_says_nothing_of_doses(as_dana, alex, now, time_machine):
    time_machine.move_to(now, tick=False)
    address = reverse("followup:report", kwargs={"uid": alex.uid})
    page = as_dana.get(address).content.decode()
    assert "Stopped or ran out of a benzodiazepine, a barbiturate or alcohol on" in page
    assert "Do not advise stopping." in page
    sent = {"stage": "mental", "source": "self_session", "stopped_on": str(now.date())}
    as_dana.post(address, sent)
    assert medical(Client.objects.get()).exists()
    late = as_dana.post(address, sent | {"stopped_on": str(now.date() + DAY)})
    assert "stopped_on" in late.context["form"].errors

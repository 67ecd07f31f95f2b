"""Series of sessions and what follows from them."""

from datetime import date, time, timedelta

import pytest

from casework.followup.actions.merging import merge_clients
from casework.followup.actions.series import change_series, end_series, schedule_series
from casework.followup.models import ToDoState
from casework.followup.plan_templates import ToDoKind
from casework.followup.todos import open_todo
from clients.models import AuditEvent
from sessions.models import Series, Session
from sessions.recurrence import Rule
from tests import factories

FIRST, WEEK = date(2026, 3, 17), timedelta(weeks=1)
pytestmark = pytest.mark.django_db


def rule(**changed) -> Rule:
    usual = {"every": "week", "starts_on": FIRST, "until_on": FIRST + 2 * WEEK, "at": time(9), "minutes": 50}
    return Rule(**{**usual, **changed})


@pytest.fixture
def series(alex, dana, now) -> Series:
    return schedule_series(client_id=alex.pk, counselor=dana, rule=rule(), by=dana, now=now).series


def test_planning_a_series_answers_the_offer_of_a_visit(alex, dana, now):
    offer = open_todo(client=alex, kind=ToDoKind.VISIT_OFFER, due_at=now + timedelta(days=1), now=now)
    schedule_series(client_id=alex.pk, counselor=dana, rule=rule(), by=dana, now=now)
    offer.refresh_from_db()
    assert offer.state == ToDoState.DONE


def test_a_series_that_cannot_be_leaves_nothing_behind(alex, dana, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the trail is full")

    monkeypatch.setattr("clients.audit.record", broken)
    with pytest.raises(RuntimeError):
        schedule_series(client_id=alex.pk, counselor=dana, rule=rule(), by=dana, now=now)
    assert not Series.objects.exists()
    assert not Session.objects.exists()


def test_after_a_merge_the_series_goes_on_for_the_record_that_stands_for_both(
    alex, dana, sam, team, series, now
):
    twin = factories.client_of(dana, team=team, given_name="Alexander", family_name="Moreno")
    merge_clients(survivor_id=twin.pk, merged_id=alex.pk, reason="Same person", by=sam, now=now)
    twin.refresh_from_db()
    assert set(Series.objects.of(twin)) == {series}
    facts = {"counselor": dana, "modality": "in_person", "location": "", "room": None}
    longer = rule(at=time(15), until_on=FIRST + 4 * WEEK)
    done = change_series(series_id=series.pk, from_on=FIRST, rule=longer, by=dana, now=now, **facts)
    assert (done.series.client, len(done.sessions)) == (twin, 5)
    assert {one.client_id for one in done.sessions} == {twin.pk}


def test_ending_a_series_is_in_the_trail_with_what_was_called_off(alex, dana, series, now):
    _ended, off = end_series(series_id=series.pk, from_on=FIRST + WEEK, by=dana, now=now)
    row = AuditEvent.objects.get(verb="series.ended")
    assert row.detail["called_off"] == [one.pk for one in off]
    assert (row.client_id, len(off)) == (alex.pk, 2)

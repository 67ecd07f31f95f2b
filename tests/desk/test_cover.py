"""Today while somebody is away: what waits goes to the cover the same minute, and comes back."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casework.desk.my_clients import Wanted, my_clients
from casework.desk.today import today
from casework.followup import ladder, queries
from casework.followup.plan_templates import ToDoKind
from clients import absences
from tests import factories
from tests.conftest import NOW
from tests.desk.conftest import answer, todo
from tests.followup.making import report

pytestmark = pytest.mark.django_db
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _in_new_york(practice):
    with timezone.override(practice.zone):
        yield


@pytest.fixture
def lee(team):
    return factories.counselor("Lee Park", team=team)


def away(user, cover, now, hours=4):
    return absences.arrange_absence(
        user=user, cover=cover, starts_at=now, ends_at=now + hours * HOUR, by=user, now=now
    )


def shown(user, at):
    return {row.what for section in today(user, at) for row in section.rows}


def page(browser, user, at):
    with time_machine.travel(at, tick=False):
        browser.force_login(user)
        return re.sub(r"\s+", " ", browser.get("/").content.decode())


def test_to_dos_and_messages_are_with_the_cover_from_the_first_second_to_the_last(alex, dana, lee, now):
    todo(alex, title="Call back", kind=ToDoKind.CALL, due_at=now + HOUR, owner=dana)
    answer(alex, body="Are you there?", at=now)
    row = away(dana, lee, now + HOUR)
    wrote = "Alex wrote: “Are you there?”"
    assert shown(lee, row.starts_at - SECOND) == set()
    assert shown(lee, row.starts_at) == {"Call back", wrote}
    assert shown(lee, row.ends_at - SECOND) == {"Call back", wrote}
    assert shown(lee, row.ends_at) == set()
    assert shown(dana, row.ends_at) == {"Call back", wrote}


def test_what_comes_while_it_lasts_goes_back_at_the_end(alex, dana, lee, now):
    row = away(dana, lee, now)
    todo(alex, title="Opened meanwhile", due_at=row.ends_at + HOUR, owner=dana)
    assert "Opened meanwhile" in shown(lee, now)
    assert shown(lee, row.ends_at) == set()
    assert "Opened meanwhile" in shown(dana, row.ends_at)


def test_the_inbox_the_list_and_the_search_follow(alex, dana, lee, now):
    answer(alex, body="Hello", at=now)
    row = away(dana, lee, now)
    assert [one.client for one in queries.answers(lee, at=now)] == [alex]
    assert list(my_clients(lee, Wanted(), now)) == [alex]
    assert not queries.answers(lee, at=row.ends_at).exists()
    assert not my_clients(lee, Wanted(), row.ends_at).exists()


def test_today_says_for_whom_one_covers_and_who_covers_for_one(browser, alex, dana, lee, now):
    row = away(dana, lee, now)
    assert "Covering for Dana" in page(browser, lee, now)
    assert "You are away" in page(browser, dana, now)
    assert "Lee Park covers." in page(browser, dana, now)
    assert "Covering for" not in page(browser, lee, row.ends_at)
    assert "You are away" not in page(browser, dana, row.ends_at)


def test_what_would_stay_with_nobody_shows_to_the_supervisor(alex, dana, sam, now):
    todo(alex, title="Nobody there", due_at=now + HOUR, owner=dana)
    assert shown(sam, now) == set()
    row = away(dana, None, now)
    assert shown(sam, now) == {"Nobody there"}
    assert shown(sam, row.ends_at) == set()


def test_a_cover_who_left_is_as_good_as_none(alex, dana, lee, sam, now):
    todo(alex, title="Nobody there", due_at=now + HOUR, owner=dana)
    away(dana, lee, now)
    assert shown(sam, now) == set()
    lee.is_active = False
    lee.save()
    assert shown(sam, now) == {"Nobody there"}


def test_to_dos_of_nobody_and_of_somebody_who_left_show_to_the_supervisor(alex, dana, lee, sam, now):
    todo(alex, title="Nobody's", due_at=now + HOUR, owner=None)
    todo(alex, title="Lee's", due_at=now + HOUR, owner=lee)
    lee.is_active = False
    lee.save()
    assert shown(sam, now) == {"Nobody's", "Lee's"}


def test_a_supervisors_decisions_go_to_the_supervisor_who_covers(alex, dana, sam, practice, now):
    noor = factories.supervisor("Noor Aziz", team=factories.TeamFactory(site__practice=practice))
    report(alex, dana, now - 8 * DAY)
    ladder.climb_all(now)
    assert shown(noor, now) == set()
    row = away(sam, noor, now)
    assert "No contact with Alex: decide what to try" in shown(noor, now)
    assert shown(noor, row.ends_at) == set()


def test_with_the_only_supervisor_away_the_counselor_sees_that_something_waits(alex, dana, sam, now):
    report(alex, dana, now - 8 * DAY)
    ladder.climb_all(now)
    decision = "No contact with Alex: decide what to try"
    assert decision not in shown(dana, now)
    row = away(sam, None, now)
    assert decision in shown(dana, now)
    assert decision not in shown(dana, row.ends_at)


def test_the_supervisor_sees_who_is_away_and_who_is_uncovered(browser, alex, dana, lee, sam, now):
    away(dana, None, now)
    said = page(browser, sam, now)
    assert "Away today" in said
    assert "Nobody covers" in said
    assert "What waits shows to you." in said


def test_a_silence_stands_by_itself_with_its_act(browser, alex, dana, sam, now):
    report(alex, dana, now - 8 * DAY)
    ladder.climb_all(now)
    of_dana = next(one for one in today(dana, now) if one.key == "silent").rows
    of_sam = next(one for one in today(sam, now) if one.key == "silent").rows
    assert [(row.what, str(row.step.label)) for row in of_dana] == [
        ("Call Alex: no answer for a while", "Log contact")
    ]
    assert [(row.what, str(row.step.label)) for row in of_sam] == [
        ("No contact with Alex: decide what to try", "Decide")
    ]
    assert "1 client does not answer: decide" in page(browser, sam, now)


def test_a_try_that_is_due_in_a_week_does_not_press(alex, dana, now):
    todo(alex, title="Try again", kind=ToDoKind.CALL, step_key="U4-1-TRY", due_at=now + 6 * DAY, owner=dana)
    keys = {one.key for one in today(dana, now) if one.rows}
    assert keys == {"coming"}


def test_covering_for_many_costs_no_more_queries(alex, dana, lee, team, now):
    def count():
        with CaptureQueriesContext(connection) as asked:
            today(lee, NOW)
        return len(asked)

    alone = count()
    for name in ("Ana", "Ben", "Cleo"):
        person = factories.counselor(name, team=team)
        for _ in range(3):
            client = factories.client_of(person, team=team)
            todo(client, title="x", due_at=now + HOUR, owner=person)
            answer(client, body="hi", at=now)
        away(person, lee, now)
    assert len(shown(lee, now)) > 1
    assert count() == alone

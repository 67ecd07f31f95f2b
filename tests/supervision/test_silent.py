"""Clients who do not answer, and deciding about them in place."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.followup import ladder
from casework.followup.models import LadderRung
from clients.models import AuditEvent, EmergencyContact
from tests import factories
from tests.conftest import NOW
from tests.followup.making import report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 8 * DAY


@pytest.fixture(autouse=True)
def _later():
    """Everybody looks eight days after the report."""
    with time_machine.travel(LATER, tick=False):
        yield


def silent(client, by, days=8):
    report(client, by, LATER - days * DAY)
    ladder.climb_all(LATER)


def page(browser, user, address="/caseload/silent/"):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get(address).content.decode())


def test_nothing_to_decide_is_said(browser, sam):
    assert "Nothing to decide" in page(browser, sam)


def test_what_waits_stands_with_all_one_needs(browser, alex, dana, sam):
    silent(alex, dana)
    factories.PermissionFactory(client=alex, channel="letter", granted_at=NOW)
    EmergencyContact.objects.create(
        client=alex,
        name="Rosa Moreno",
        relationship="mother",
        phone="602-555-0147",
        consent_given_at=NOW,
        recorded_at=NOW,
    )
    shown = page(browser, sam)
    assert "1 client waits for your decision" in shown
    for words in ("Alex Moreno", "Dana Reyes", "Letters, Text messages", "Nobody has logged a try yet"):
        assert words in shown
    assert "Rosa Moreno, mother, 602-555-0147" in shown
    assert 'value="letter"' in shown


def test_what_the_client_has_not_agreed_to_is_not_offered(browser, alex, dana, sam):
    silent(alex, dana)
    shown = page(browser, sam)
    assert "No letter: Alex has not agreed to letters." in shown
    assert "No emergency contact: there is nobody whom Alex named and agreed to." in shown
    assert 'value="letter"' not in shown
    assert 'value="emergency_contact"' not in shown


def test_one_decides_in_place_and_comes_back_to_the_list(browser, alex, dana, sam):
    silent(alex, dana)
    rung = LadderRung.objects.get(rung=3)
    browser.force_login(sam)
    answer = browser.post(
        f"/todos/{rung.todo.uid}/decide/",
        {"decision": ["keep_trying", "welfare_check"], "note": "", "next": "/caseload/silent/"},
    )
    assert (answer.status_code, answer.url) == (302, "/caseload/silent/")
    rung.refresh_from_db()
    assert rung.decision == ["welfare_check", "keep_trying"]
    assert "Nothing to decide" in page(browser, sam)


def test_nothing_chosen_is_said_beside_the_field(browser, alex, dana, sam):
    silent(alex, dana)
    rung = LadderRung.objects.get(rung=3)
    browser.force_login(sam)
    answer = browser.post(f"/todos/{rung.todo.uid}/decide/", {"note": "typed"})
    assert answer.status_code == 422
    assert "typed" in answer.content.decode()
    assert LadderRung.objects.get(pk=rung.pk).decided_at is None


def test_what_was_decided_is_shown_and_not_asked_again(browser, alex, dana, sam):
    silent(alex, dana)
    rung = LadderRung.objects.get(rung=3)
    browser.force_login(sam)
    browser.post(f"/todos/{rung.todo.uid}/decide/", {"decision": ["keep_trying"]})
    shown = page(browser, sam, f"/todos/{rung.todo.uid}/decide/")
    assert "Keep trying to call" in shown
    assert "Sam Ortiz" in shown
    assert '<form method="post" action="/todos' not in shown


def test_a_to_do_about_something_else_has_no_such_page(browser, alex, dana, sam):
    silent(alex, dana)
    other = alex.todos.filter(kind="reassessment").first()
    browser.force_login(sam)
    assert browser.get(f"/todos/{other.uid}/decide/").status_code == 404


def test_who_has_only_just_gone_silent_stands_beside_it(browser, alex, dana, sam):
    silent(alex, dana, days=4)
    shown = page(browser, sam)
    assert "Nothing to decide" in shown
    assert "No answer for the time that the plan allows" in shown


def test_the_list_is_only_of_ones_own_teams_and_leaves_a_row(browser, alex, dana, robin, sam, practice):
    stranger = factories.client_of(robin, team=factories.TeamFactory(site__practice=practice))
    silent(stranger, robin)
    silent(alex, dana)
    assert "1 client waits" in page(browser, sam)
    assert AuditEvent.objects.filter(verb="list.viewed").latest("pk").detail["ids"] == [alex.pk]


def test_counselors_have_no_such_list(browser, dana):
    browser.force_login(dana)
    assert browser.get("/caseload/silent/").status_code == 403


def test_the_list_takes_the_same_number_of_queries(browser, alex, dana, sam, team):
    def count():
        with CaptureQueriesContext(connection) as queries:
            page(browser, sam)
        return len(queries)

    for _ in range(2):
        silent(factories.client_of(dana, team=team), dana)
    page(browser, sam)
    few = count()
    for _ in range(6):
        silent(factories.client_of(dana, team=team), dana)
    assert count() == few


def test_the_plans_page_says_where_it_stands_and_what_comes(browser, alex, dana, sam):
    report(alex, dana, LATER - 4 * DAY)
    ladder.climb_all(LATER)
    shown = page(browser, dana, f"/clients/{alex.uid}/plan/")
    assert "If nobody answers" in shown
    assert "Alex has not been in touch since" in shown
    assert "The supervisor is told, unless the call is made" in shown
    assert "The supervisor decides what else to try" in shown
    assert "No contact yet" in shown


def test_a_paused_plan_says_that_the_count_waits(browser, alex, dana):
    from casework.followup import actions

    report(alex, dana, LATER - DAY)
    actions.pause_client(client_id=alex.pk, reason="hospital", on=LATER.date(), by=dana, now=LATER)
    assert "the count begins again when it goes on" in page(browser, dana, f"/clients/{alex.uid}/plan/")


def test_the_letters_page_is_printed_and_then_told(browser, alex, dana, sam):
    silent(alex, dana)
    factories.PermissionFactory(client=alex, channel="letter", granted_at=NOW)
    rung = LadderRung.objects.get(rung=3)
    browser.force_login(sam)
    browser.post(f"/todos/{rung.todo.uid}/decide/", {"decision": ["letter"]})
    letter = alex.todos.open().get(kind="letter")
    shown = page(browser, dana, f"/todos/{letter.uid}/letter/")
    assert "Dear Alex," in shown
    assert "It is in the post" in shown
    browser.post(f"/todos/{letter.uid}/letter/sent/")
    letter.refresh_from_db()
    assert (letter.state, letter.done_by) == ("done", dana)
    assert browser.get(f"/todos/{rung.todo.uid}/letter/").status_code == 404


def test_a_letter_without_permission_shows_no_letter(browser, alex, dana):
    from casework.followup.todos import open_todo

    letter = open_todo(client=alex, kind="letter", due_at=LATER, now=LATER)
    shown = page(browser, dana, f"/todos/{letter.uid}/letter/")
    assert "This letter does not go out" in shown
    assert "Dear Alex" not in shown
    browser.post(f"/todos/{letter.uid}/letter/sent/")
    letter.refresh_from_db()
    assert letter.is_open

"""The caseload as Sam opens it."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.supervision.caseload import TOTALS
from clients.models import AuditEvent
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def page(browser, user, query=""):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get(f"/caseload/{query}").content.decode())


def numbers(shown):
    """Every total on the page with the address that it opens."""
    found = re.findall(r'href="(\?[^"]*show=[^"]*)"[^>]*>\s*<strong class="number-value">(\d+)', shown)
    return {address.replace("&amp;", "&"): int(count) for address, count in found}


def test_every_number_opens_a_page_with_as_many_rows(browser, sam, caseload):
    totals = numbers(page(browser, sam))
    assert len(totals) == len(TOTALS)
    for address, count in totals.items():
        assert page(browser, sam, address).count('<th scope="row">') == count, address


def test_the_numbers_are_equal_on_every_page(browser, sam, caseload):
    first = numbers(page(browser, sam))
    assert {
        key.partition("show=")[2]: count for key, count in numbers(page(browser, sam, "?show=never")).items()
    } == {key.partition("show=")[2]: count for key, count in first.items()}


def test_a_number_keeps_the_counselor_that_was_chosen(browser, sam, jo, caseload):
    totals = numbers(page(browser, sam, f"?counselor={jo.pk}&page=3"))
    assert all(f"counselor={jo.pk}" in address and "page" not in address for address in totals)
    assert totals[f"?counselor={jo.pk}&show=in-touch"] == 3


def test_a_row_tells_who_cares_how_long_and_what_waits(browser, sam, caseload):
    shown = page(browser, sam, "?show=never")
    row = shown[shown.index("Never Case") :]
    assert "Jo Park" in row
    assert re.search(r"never</span>\s*40</div>", row)
    assert "Nobody" in page(browser, sam, "?show=unassigned")


def test_the_plan_is_told_in_words(browser, sam, caseload):
    shown = page(browser, sam)
    assert "Running" in shown
    assert "Completed" in shown


def test_an_empty_list_says_why(browser, sam, team):
    assert "Nobody in your teams matches this filter." in page(browser, sam, "?show=never")


@pytest.mark.parametrize(("person", "status"), [("dana", 403), ("ada", 403), ("audrey", 200), ("sam", 200)])
def test_it_is_for_supervisors_and_auditors(browser, request, person, status, alex):
    browser.force_login(request.getfixturevalue(person))
    assert browser.get("/caseload/").status_code == status


def test_opening_it_leaves_one_row_with_whom_it_showed(browser, sam, caseload):
    page(browser, sam, "?show=never")
    row = AuditEvent.objects.get(verb="list.viewed")
    assert (row.actor_id, row.detail["list"], row.detail["ids"]) == (
        sam.pk,
        "caseload",
        [caseload["Never"].pk],
    )
    assert row.detail["filters"] == {"show": "never", "counselor": None, "page": 1}


def test_it_costs_at_most_twelve_queries_of_its_own_for_one_and_for_many(browser, sam, dana, team, alex):
    page(browser, sam)
    with CaptureQueriesContext(connection) as few:
        browser.get("/caseload/")
    for _ in range(30):
        factories.client_of(dana, team=team)
    with CaptureQueriesContext(connection) as many:
        browser.get("/caseload/")
    assert len(many) == len(few) <= 12


def test_fifty_stand_on_a_page(browser, sam, dana, team):
    for _ in range(51):
        factories.client_of(dana, team=team)
    assert "Page 1 of 2" in page(browser, sam)
    assert page(browser, sam, "?page=2").count('<th scope="row">') == 1
    assert page(browser, sam, "?page=99").count('<th scope="row">') == 1

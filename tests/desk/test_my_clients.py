"""My clients: filtered and sorted by what the address says."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.desk.my_clients import SHOWS, SORTS, Wanted, my_clients
from clients.models import AuditEvent, Client, ClientSummary
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

DAY = timedelta(days=1)


@pytest.fixture
def maria(dana, team):
    return factories.client_of(dana, team=team, given_name="Maria", family_name="Lopez")


def shown(user, now, **wanted):
    return [one.given_name for one in my_clients(user, Wanted(**wanted), now)]


def summary(client, **columns):
    ClientSummary.objects.filter(client=client).update(**columns)


def text(browser, user, address):
    browser.force_login(user)
    return re.sub(r"\s+", " ", browser.get(address).content.decode())


def test_who_is_active_or_paused_is_shown_by_name(dana, alex, maria, now):
    assert shown(dana, now) == ["Maria", "Alex"]
    Client.objects.filter(pk=alex.pk).update(state="paused")
    Client.objects.filter(pk=maria.pk).update(state="discharged")
    assert shown(dana, now) == ["Alex"]
    assert shown(dana, now, show="ended") == ["Maria"]
    assert shown(dana, now, show="all") == ["Maria", "Alex"]


@pytest.mark.parametrize("stage", ["physical", "mental", "emotional"])
def test_each_stage_can_be_asked_for(dana, alex, maria, now, stage):
    summary(alex, stage=stage)
    assert shown(dana, now, show=stage) == ["Alex"]


def test_running_plans_and_overdue_contacts_can_be_asked_for(dana, alex, maria, now):
    summary(alex, plan_state="messages_off", last_contact_at=now - DAY)
    summary(maria, plan_state="completed", last_contact_at=now - 40 * DAY)
    assert shown(dana, now, show="plan") == ["Alex"]
    assert shown(dana, now, show="contact") == ["Maria"]


def test_the_longest_without_contact_comes_first_and_never_seen_from_assignment(dana, alex, maria, now):
    summary(alex, last_contact_at=now - 3 * DAY)
    assert shown(dana, now, sort="contact") == ["Maria", "Alex"]
    maria.care_team.update(starts_at=now - DAY)
    assert shown(dana, now, sort="contact") == ["Alex", "Maria"]


def test_the_next_session_comes_first_and_none_last(dana, alex, maria, now):
    summary(alex, next_session_at=now + DAY)
    assert shown(dana, now, sort="session") == ["Alex", "Maria"]


@pytest.mark.parametrize("address", [{}, {"show": "secret", "sort": "pk; --"}, {"show": "", "sort": ""}])
def test_what_the_address_does_not_know_falls_back(address):
    assert Wanted.of(address) == Wanted()


def test_every_word_of_the_address_works(dana, alex, now):
    for show in SHOWS:
        for sort in SORTS:
            list(my_clients(dana, Wanted.of({"show": show, "sort": sort}), now))


def test_the_page_says_its_count_and_its_filter(browser, dana, alex, maria):
    summary(alex, stage="physical", stage_before="mental")
    page = text(browser, dana, "/clients/?show=physical")
    assert "1 client" in page
    assert "up from mental" in page
    assert re.search(r'href="\?show=physical"\s+aria-current="true"', page)
    assert "Maria" not in page


def test_an_empty_filter_offers_all(browser, dana, alex):
    page = text(browser, dana, "/clients/?show=ended")
    assert "No client here" in page
    assert "?show=all" in page


def test_a_supervisor_sees_whose_client_it_is(browser, sam, alex):
    assert "Dana Reyes" in text(browser, sam, "/clients/")


def test_opening_the_list_leaves_one_row(browser, dana, alex):
    text(browser, dana, "/clients/?show=all&sort=stage")
    row = AuditEvent.objects.get(verb="list.viewed")
    assert row.detail == {
        "list": "clients",
        "filters": {"show": "all", "sort": "stage", "page": 1},
        "ids": [alex.pk],
    }


def test_fifty_stand_on_a_page(browser, dana, team):
    for _ in range(51):
        factories.client_of(dana, team=team)
    assert "Page 1 of 2" in text(browser, dana, "/clients/")
    second = text(browser, dana, "/clients/?show=all&page=2")
    assert second.count('class="row-who"') == 1
    assert "show=all" in second


def test_the_list_costs_the_same_for_one_and_for_many(browser, dana, team, alex):
    text(browser, dana, "/clients/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/clients/")
    for _ in range(20):
        factories.client_of(dana, team=team)
    with CaptureQueriesContext(connection) as many:
        browser.get("/clients/")
    assert len(many) == len(few) <= 12

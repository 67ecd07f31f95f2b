"""Search: by name, phone or record number, only among whom one sees."""

import pytest

from clients.models import AuditEvent, Client
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(dana, team):
    client = factories.ClientFactory(
        team=team,
        given_name="María José",
        family_name="Moreno Díaz",
        chosen_name="Mari",
        record_number="T-7042",
    )
    factories.assign(client, dana)
    factories.ContactPointFactory(client=client, value="415-555-0101", normalized="+14155550101")
    return client


def found(words, user, now):
    return list(Client.objects.visible_to(user, at=now).matching(words).order_by("pk"))


@pytest.mark.parametrize("words", ["mari", "MORENO d", "díaz josé", "T-7042", "t-7042", "7042"])
def test_a_client_is_found_by_any_name_or_the_number(dana, maria, now, words):
    assert maria in found(words, dana, now)


@pytest.mark.parametrize("words", ["415-555-0101", "(415) 555 0101", "+1 415 555 0101", "5550101", "0101"])
def test_a_client_is_found_by_phone_however_it_is_written(dana, maria, now, words):
    assert found(words, dana, now) == [maria]


def test_every_word_must_match_somewhere(dana, alex, maria, now):
    assert found("moreno", dana, now) == [alex, maria]
    assert found("alex moreno", dana, now) == [alex]
    assert found("alex díaz", dana, now) == []


@pytest.mark.parametrize("words", ["", "   ", "\0", "%", "_", "x' OR 1=1 --"])
def test_nothing_and_wild_cards_find_nobody(dana, alex, now, words):
    assert found(words, dana, now) == []


def test_a_retired_number_leads_to_nobody(dana, maria, now):
    maria.contact_points.update(retired_at=now)
    assert found("415-555-0101", dana, now) == []


def test_a_client_with_two_numbers_that_match_is_one_client(dana, maria, now):
    factories.ContactPointFactory(client=maria, value="415-555-01012", normalized="+141555501012")
    assert found("4155550101", dana, now) == [maria]


def test_a_stranger_finds_nobody_and_a_supervisor_the_team(robin, sam, ada, maria, now):
    assert found("mari", robin, now) == []
    assert found("mari", ada, now) == []
    assert found("mari", sam, now) == [maria]


def test_the_page_shows_whom_one_sees_and_says_how_many(as_dana, robin, team, alex, maria):
    factories.client_of(robin, team=factories.TeamFactory(), family_name="Moreno", given_name="Zoe")
    page = as_dana.get("/search/", {"q": "moreno"}).content.decode()
    assert "Alex Moreno" in page
    assert "Mari Moreno" in page
    assert "Zoe" not in page
    assert "2 clients" in page


def test_a_search_leaves_one_row_with_whom_it_showed_and_without_the_words(as_dana, dana, alex, maria):
    as_dana.get("/search/", {"q": "alex"})
    row = AuditEvent.objects.get(verb="list.viewed")
    assert (row.actor_id, row.detail) == (dana.pk, {"list": "search", "filters": {}, "ids": [alex.pk]})


def test_no_words_ask_for_some_and_wrong_ones_explain(as_dana, alex):
    assert "Whom are you looking for?" in as_dana.get("/search/").content.decode()
    page = as_dana.get("/search/", {"q": "nobody"}).content.decode()
    assert "Nobody found among your clients" in page


def test_the_administrator_cannot_search(browser, ada):
    browser.force_login(ada)
    assert browser.get("/search/", {"q": "alex"}).status_code == 403


def test_a_search_costs_the_same_however_many_it_finds(as_dana, dana, team, alex):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    as_dana.get("/search/", {"q": "moreno"})
    with CaptureQueriesContext(connection) as few:
        as_dana.get("/search/", {"q": "moreno"})
    for _ in range(12):
        factories.client_of(dana, team=team)
    with CaptureQueriesContext(connection) as many:
        as_dana.get("/search/", {"q": "moreno"})
    assert len(many) == len(few)

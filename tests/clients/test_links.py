"""One-time links on a client's phone (docs/adr/0016)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser

from clients import links
from clients.errors import Conflict, NotAllowed
from clients.models import AuditEvent, Client, ClientLink
from clients.views import links as pages
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MEASURE, PLAN = ClientLink.Purpose.MEASURE, ClientLink.Purpose.PLAN


@pytest.fixture(autouse=True)
def _nothing_counted():
    cache.clear()


@pytest.fixture
def issued(alex, dana):
    return links.issue(client_id=alex.pk, purpose=MEASURE, by=dana, now=NOW)


def token_of(issued: links.Issued) -> str:
    return issued.address.rstrip("/").rpartition("/")[2]


def at(moment):
    return time_machine.travel(moment, tick=False)


def test_the_database_keeps_nothing_that_would_open_the_link(issued):
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text FROM clients_clientlink l")
        kept = cursor.fetchone()[0]
    assert token_of(issued) not in kept
    assert token_of(issued) not in str(
        list(AuditEvent.objects.values_list("detail", flat=True).order_by("pk"))
    )


def test_each_link_has_128_random_bits_and_an_address_of_its_own(alex, dana):
    made = [links.issue(client_id=alex.pk, purpose=MEASURE, by=dana, now=NOW) for _ in range(20)]
    assert len({one.address for one in made}) == 20
    assert {len(token_of(one)) for one in made} == {22}


def test_looking_at_the_address_opens_nothing_as_phones_fetch_previews(issued, browser):
    with at(NOW):
        for _ in range(3):
            assert browser.get(f"/l/{token_of(issued)}/").status_code == 200
    issued.link.refresh_from_db()
    assert issued.link.opened_at is None


def test_the_page_in_front_names_nobody_and_no_programme(issued, browser, practice, alex, dana):
    with at(NOW):
        response = browser.get(f"/l/{token_of(issued)}/")
    page = response.content.decode()
    for told in (
        alex.given_name,
        alex.family_name,
        practice.name,
        dana.short_name,
        "Turnaround",
        "PHQ",
        "question",
    ):
        assert told not in page
    assert "<script" not in page
    assert not response.cookies


def test_no_page_behind_a_link_is_kept_sent_on_or_indexed(issued, browser):
    with at(NOW):
        for response in (browser.get(f"/l/{token_of(issued)}/"), browser.get("/l/nothing/")):
            assert response["Cache-Control"] == "no-store"
            assert response["Referrer-Policy"] == "no-referrer"
            assert "noindex" in response["X-Robots-Tag"]


def test_the_button_opens_the_door_to_the_page_of_its_purpose(issued, browser, monkeypatch):
    monkeypatch.setitem(links.PAGES, MEASURE, "clients:link")
    with at(NOW + HOUR):
        response = browser.post(f"/l/{token_of(issued)}/")
    assert response["Location"] == f"/l/{token_of(issued)}/"
    issued.link.refresh_from_db()
    assert issued.link.opened_at == NOW + HOUR


def test_a_forged_form_token_is_not_asked_for_as_the_secret_stands_in_the_address(issued, monkeypatch):
    monkeypatch.setitem(links.PAGES, MEASURE, "clients:link")
    with at(NOW):
        assert Browser(enforce_csrf_checks=True).post(f"/l/{token_of(issued)}/").status_code == 302


def test_opening_shortens_the_life_of_a_link_once(issued):
    token = token_of(issued)
    first = links.open_door(token, now=NOW + HOUR)
    again = links.open_door(token, now=NOW + 2 * HOUR)
    assert first.expires_at == again.expires_at == NOW + HOUR + links.STAYS[MEASURE]
    assert again.opened_at == NOW + HOUR


def test_opening_late_never_prolongs_a_link(issued):
    late = issued.link.expires_at - HOUR
    assert links.open_door(token_of(issued), now=late).expires_at == issued.link.expires_at


def test_a_link_ends_at_the_instant_it_expires(issued):
    token, ends = token_of(issued), issued.link.expires_at
    assert links.find(token, now=ends - timedelta(seconds=1)) is not None
    assert links.find(token, now=ends) is None
    assert links.open_door(token, now=ends) is None


def test_the_page_behind_asks_for_an_opened_door(issued):
    token = token_of(issued)
    assert links.opened(token, now=NOW) is None
    links.open_door(token, now=NOW)
    assert links.opened(token, now=NOW) == issued.link


def test_a_used_link_leads_nowhere_and_thanks_its_holder(issued, browser):
    token = token_of(issued)
    links.open_door(token, now=NOW)
    links.use(link_id=issued.link.pk, now=NOW + HOUR)
    assert links.find(token, now=NOW + HOUR) is None
    with at(NOW + 2 * HOUR):
        for response in (browser.get(f"/l/{token}/"), browser.post(f"/l/{token}/")):
            assert response.status_code == 200
            assert b"Thank you" in response.content


def test_an_unopened_link_cannot_be_used(issued):
    with pytest.raises(Conflict, match="new link"):
        links.use(link_id=issued.link.pk, now=NOW)
    with pytest.raises(IntegrityError, match="link_is_opened_before_used"), transaction.atomic():
        ClientLink.objects.filter(pk=issued.link.pk).update(used_at=NOW)


def test_a_link_is_used_once(issued):
    links.open_door(token_of(issued), now=NOW)
    links.use(link_id=issued.link.pk, now=NOW)
    with pytest.raises(Conflict):
        links.use(link_id=issued.link.pk, now=NOW)


def test_old_revoked_and_invented_links_answer_alike(issued, alex, dana, browser):
    revoked = links.issue(client_id=alex.pk, purpose=MEASURE, by=dana, now=NOW)
    links.revoke(link_id=revoked.link.pk, by=dana, now=NOW)
    with at(issued.link.expires_at):
        answers = [
            browser.get(f"/l/{one}/")
            for one in (token_of(issued), token_of(revoked), "A" * 22, "%00", "ñ" * 400)
        ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1


def test_a_link_can_be_taken_back_until_it_is_used(issued, dana):
    links.revoke(link_id=issued.link.pk, by=dana, now=NOW)
    assert links.find(token_of(issued), now=NOW) is None
    with pytest.raises(Conflict, match="closed already"):
        links.revoke(link_id=issued.link.pk, by=dana, now=NOW)


def test_a_link_revoked_between_look_and_press_stays_shut(issued, dana, monkeypatch):
    seen = issued.link
    links.revoke(link_id=seen.pk, by=dana, now=NOW)
    monkeypatch.setattr(links, "find", lambda token, now: seen)
    assert links.open_door(token_of(issued), now=NOW) is None


def test_a_new_plan_link_takes_the_place_of_the_one_before_and_of_no_questionnaire(issued, alex):
    older = links.issue(client_id=alex.pk, purpose=PLAN, by=None, now=NOW)
    newer = links.issue(client_id=alex.pk, purpose=PLAN, by=None, now=NOW + HOUR)
    assert links.find(token_of(older), now=NOW + HOUR) is None
    assert links.find(token_of(newer), now=NOW + HOUR) == newer.link
    assert links.find(token_of(issued), now=NOW + HOUR) == issued.link


def test_all_links_of_a_client_can_be_taken_back_at_once(issued, alex, dana):
    links.issue(client_id=alex.pk, purpose=PLAN, by=dana, now=NOW)
    assert links.revoke_all(alex, by=dana, now=NOW) == 2
    assert not ClientLink.objects.open_at(NOW).exists()
    assert links.revoke_all(alex, by=dana, now=NOW) == 0


def test_nobody_out_of_care_gets_a_link_and_theirs_close_with_it(issued, alex, dana):
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    assert links.find(token_of(issued), now=NOW) is None
    with pytest.raises(Conflict, match="not in care"):
        links.issue(client_id=alex.pk, purpose=MEASURE, by=dana, now=NOW)


def test_who_may_not_write_to_clients_issues_and_revokes_no_link(issued, alex, audrey):
    with pytest.raises(NotAllowed):
        links.issue(client_id=alex.pk, purpose=MEASURE, by=audrey, now=NOW)
    with pytest.raises(NotAllowed):
        links.revoke(link_id=issued.link.pk, by=audrey, now=NOW)


def test_the_trail_tells_of_every_step(issued, alex, dana):
    links.open_door(token_of(issued), now=NOW)
    links.use(link_id=issued.link.pk, now=NOW)
    other = links.issue(client_id=alex.pk, purpose=PLAN, by=dana, now=NOW)
    links.revoke(link_id=other.link.pk, by=dana, now=NOW)
    rows = AuditEvent.objects.filter(client_id=alex.pk).order_by("pk").values_list("verb", "actor_id")
    assert list(rows) == [
        ("link.issued", dana.pk),
        ("link.opened", None),
        ("link.used", None),
        ("link.issued", dana.pk),
        ("link.revoked", dana.pk),
    ]


def test_a_link_of_a_merged_record_leads_to_the_one_that_stands_for_it(issued, alex, dana, team):
    other = factories.client_of(dana, team=team)
    Client.objects.filter(pk=alex.pk).update(merged_into=other, state="discharged")
    Client.objects.filter(pk=other.pk).update(absorbed=[alex.pk])
    assert links.open_door(token_of(issued), now=NOW).client.survivor == other
    again = links.issue(client_id=alex.pk, purpose=MEASURE, by=dana, now=NOW)
    assert again.link.client == other


def test_guessing_is_slowed_down(browser, monkeypatch):
    monkeypatch.setattr(pages, "MOST_MISSED", 3)
    codes = [browser.get(f"/l/guess{n}/").status_code for n in range(6)]
    assert codes == [404, 404, 404, 404, 429, 429]


def test_asking_very_often_is_slowed_down_too(issued, browser, monkeypatch):
    monkeypatch.setattr(pages, "MOST_ASKED", 2)
    with at(NOW):
        answers = [browser.get(f"/l/{token_of(issued)}/") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "600"


def test_the_door_opens_while_nobody_can_count(issued, browser, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    with at(NOW):
        assert browser.get(f"/l/{token_of(issued)}/").status_code == 200


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_the_door_knows_looking_and_opening_only(issued, browser, method):
    assert getattr(browser, method)(f"/l/{token_of(issued)}/").status_code == 405

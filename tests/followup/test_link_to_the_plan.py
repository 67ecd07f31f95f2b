"""The client's plan on the client's phone: behind a link that reveals nothing, opens once and closes again."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from casework.followup.actions.merging import merge_clients
from casework.relapse.prevention import actions
from casework.relapse.prevention.content import Content, Person
from clients import links
from clients.models import AuditEvent, Client, ClientLink
from tests import factories

WORDS = Content(
    emotional=("I skip breakfast",),
    mental=("“One would not matter”",),
    helps=("Call Rosa",),
    people=(Person("Rosa", "sister", "602-555-0188", printed=True), Person("Mr. Hidden", printed=False)),
    places=("Pete's garage",),
    reasons=("Lucía",),
)


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet():
    cache.clear()


@pytest.fixture
def signed(alex, dana, now):
    draft = actions.begin_draft(client_id=alex.pk, by=dana, now=now)
    draft = actions.save_draft(plan_id=draft.pk, revision=1, content=WORDS, by=dana, now=now)
    return actions.sign_together(
        plan_id=draft.pk, revision=draft.revision, counselor=True, way="aloud", by=dana, now=now
    )


@pytest.fixture
def phone(browser):
    """A phone that nobody is signed in on."""
    return browser


def sent(client, dana, now):
    return re.search(r"/l/[^/]+/", actions.link_for(client_id=client.pk, by=dana, now=now).address)[0]


@pytest.fixture
def link(signed, alex, dana, now):
    with time_machine.travel(now, tick=False):
        yield sent(alex, dana, now)


def test_before_it_is_opened_the_page_tells_nothing_about_anybody(phone, link, alex):
    page = phone.get(link).content.decode()
    for word in ("Alex", "plan", "Rosa", "breakfast", "Oak Street", "Dana"):
        assert word not in page
    assert phone.get(f"{link}p/").status_code == 404
    assert phone.get(f"{link}p/paper/").status_code == 404


def test_one_tap_opens_the_plan(phone, link):
    answer = phone.post(link, follow=True)
    page = answer.content.decode()
    for said in (*WORDS.emotional, *WORDS.mental, *WORDS.helps, "Lucía", "602-555-0188", 'href="tel:988"'):
        assert said in page
    assert "Pete&#x27;s garage" in page


def test_the_page_has_no_script_no_cookie_and_is_kept_nowhere(phone, link):
    answer = phone.post(link, follow=True)
    page = answer.content.decode()
    assert "<script" not in page
    assert "style=" not in page
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert len(answer.content) < 6000


def test_it_names_neither_the_client_nor_whom_they_did_not_want_named(phone, link):
    page = phone.post(link, follow=True).content.decode()
    for word in ("Alex", "Moreno", "Hidden", "Dana", "relapse", "prevention", "recovery"):
        assert word not in page


def test_it_is_in_the_clients_language(phone, signed, alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(language="es")
    with time_machine.travel(now, tick=False):
        answer = phone.post(sent(alex, dana, now), follow=True)
        paper = phone.get(answer.request["PATH_INFO"] + "paper/")
    assert '<html lang="es">' in answer.content.decode()
    assert paper["Content-Disposition"] == 'attachment; filename="mi-plan.pdf"'


def test_it_can_be_saved_as_one_page_under_a_name_that_tells_nothing(phone, link):
    phone.post(link)
    answer = phone.get(f"{link}p/paper/")
    assert answer["Content-Disposition"] == 'attachment; filename="my-plan.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"%PDF")


def test_looking_again_within_the_hour_works_and_later_does_not(phone, link, now):
    phone.post(link)
    with time_machine.travel(now + timedelta(minutes=59), tick=False):
        assert phone.get(f"{link}p/").status_code == 200
    with time_machine.travel(now + timedelta(minutes=61), tick=False):
        assert phone.get(f"{link}p/").status_code == 404
        assert phone.get(f"{link}p/paper/").status_code == 404


def test_a_link_nobody_opened_leads_nowhere_after_a_day(phone, link, now):
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        assert phone.post(link).status_code == 404


def test_a_newer_link_closes_the_older_one(phone, link, alex, dana, now):
    phone.post(link)
    assert sent(alex, dana, now) != link
    assert phone.get(f"{link}p/").status_code == 404


def test_after_a_discharge_it_is_closed(phone, link, alex):
    phone.post(link)
    Client.objects.filter(pk=alex.pk).update(state=Client.State.DISCHARGED)
    assert phone.get(f"{link}p/").status_code == 404


def test_a_link_to_a_questionnaire_opens_no_plan(phone, signed, alex, dana, now):
    with time_machine.travel(now, tick=False):
        issued = links.issue(client_id=alex.pk, purpose=ClientLink.Purpose.MEASURE, by=dana, now=now)
        token = issued.address.rstrip("/").rpartition("/")[2]
        links.open_door(token, now=now)
        for name in ("link_plan", "link_plan_paper"):
            assert phone.get(reverse(f"followup:{name}", kwargs={"token": token})).status_code == 404


def test_it_shows_the_version_that_holds_now(phone, link, signed, alex, dana, now):
    phone.post(link)
    later = {"by": dana, "now": now + timedelta(minutes=5)}
    change = actions.apply_changes(client_id=alex.pk, additions={"helps": ["Walk the dog"]}, **later)
    assert "Walk the dog" not in phone.get(f"{link}p/").content.decode()
    actions.sign_together(
        plan_id=change.plan.pk, revision=change.plan.revision, counselor=True, way="aloud", **later
    )
    assert "Walk the dog" in phone.get(f"{link}p/").content.decode()


def test_a_merge_on_the_way_leads_to_the_record_that_stands(phone, signed, alex, dana, sam, team, now):
    stays = factories.client_of(dana, team=team)
    with time_machine.travel(now, tick=False):
        link = sent(alex, dana, now)
        merge_clients(survivor_id=stays.pk, merged_id=alex.pk, reason="Same person", by=sam, now=now)
        assert "Call Rosa" in phone.post(link, follow=True).content.decode()


def test_opening_is_noted_in_the_trail_and_the_secret_is_nowhere(phone, link):
    phone.post(link)
    token = link.strip("/").partition("/")[2]
    assert AuditEvent.objects.filter(verb="link.opened").count() == 1
    assert not [row for row in AuditEvent.objects.all() if token in str(row.detail)]

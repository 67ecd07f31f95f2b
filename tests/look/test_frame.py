"""The frame that holds every page: the doors each role sees, the search, the messages, the way out."""

import re

import pytest
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import Client as Browser

from casework.desk.navigation import DOORS, items_for


def frame(person=None, path: str = "/accounts/password/change/") -> str:
    browser = Browser()
    if person:
        browser.force_login(person)
    return browser.get(path, follow=True).content.decode()


def doors(html: str) -> list[str]:
    return re.findall(r'data-door="[^"]+"[^>]*>([^<]+)<', html)


def test_a_counselor_sees_the_doors_of_care(dana):
    assert doors(frame(dana)) == ["Today", "My clients", "Calendar", "Inbox", "Follow-up"]


def test_a_supervisor_sees_the_caseload_too(sam):
    assert doors(frame(sam)) == ["Today", "My clients", "Calendar", "Inbox", "Follow-up", "Caseload"]


def test_an_administrator_sees_no_door_to_clients_and_no_search(ada):
    html = frame(ada)
    assert doors(html) == ["Practice"]
    assert "data-search" not in html


def test_an_auditor_sees_only_what_can_be_read(audrey):
    assert doors(frame(audrey)) == ["Today", "My clients", "Follow-up", "Caseload"]


def test_whoever_is_not_signed_in_sees_no_doors(practice):
    html = frame(None, "/accounts/login/")
    assert doors(html) == []
    assert "data-user" not in html


def test_the_open_door_is_marked_for_eyes_and_ears(dana):
    assert re.search(r'data-door="desk:today" aria-current="page"', frame(dana, "/"))


def test_only_one_door_is_ever_open(rf, dana, alex):
    browser = Browser()
    browser.force_login(dana)
    record = f"/clients/{alex.uid}/"
    for path in (
        "/",
        "/clients/",
        record,
        f"{record}report/",
        f"{record}sessions/new/",
        "/sessions/",
        "/inbox/",
    ):
        match = browser.get(path).resolver_match
        assert sum(item["current"] for item in items_for(dana, match)) == 1, path


def test_every_door_opens_to_somebody(dana, sam, ada):
    assert {item["key"] for who in (sam, ada) for item in items_for(who, None)} == {
        door.view for door in DOORS
    }


def test_a_supervisor_finds_the_practice_in_their_own_menu(sam, ada):
    assert 'href="/practice/"' in frame(sam)
    assert "Practice" not in doors(frame(sam))


def test_the_page_can_be_reached_past_the_bar_and_names_its_language(dana):
    html = frame(dana)
    assert re.search(r"<body[^>]*>\s*<a class=\"skip\" href=\"#main\">", html)
    assert '<main class="page' in html
    assert '<html lang="en">' in html


def test_signing_out_is_a_post_that_clears_the_device(dana):
    assert re.search(r'<form method="post" action="/accounts/logout/" data-signs-out>', frame(dana))


def test_the_buffer_on_the_device_belongs_to_the_person(dana):
    assert f'data-user="{dana.pk}"' in frame(dana)


def test_scripts_tell_the_time_of_the_practice_too(dana):
    assert 'data-zone="America/New_York"' in frame(dana)


def test_the_page_says_in_whose_time_it_speaks(dana):
    assert "Times are in New York time unless another place is named." in frame(dana)


@pytest.mark.parametrize(
    ("level", "where"),
    [
        (messages.SUCCESS, "toast toast-done"),
        (messages.INFO, "toast toast-plain"),
        (messages.WARNING, "banner banner-attention"),
        (messages.ERROR, "banner banner-danger"),
    ],
)
def test_what_asks_for_something_stays_and_the_rest_floats_by(level, where):
    html = render_to_string("components/messages.html", {"messages": [Message(level, "Held until 09:00")]})
    assert where in html
    assert html.count("Held until 09:00") == 1


@pytest.mark.parametrize("status", ["400", "403", "403_csrf", "404"])
def test_a_page_of_apology_says_what_to_do_next(rf, status):
    html = render_to_string(f"{status}.html", request=rf.get("/"))
    assert html.count("<h1>") == 1
    assert "Go to Today" in html


def test_the_page_for_our_own_faults_needs_nothing_that_could_fail():
    html = render_to_string("500.html")
    assert "what was saved before is safe" in html


def test_a_stranger_to_an_address_meets_our_page(dana):
    browser = Browser()
    browser.force_login(dana)
    answer = browser.get("/nowhere/")
    assert answer.status_code == 404
    assert "Not here" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/", "/accounts/password/change/", "/accounts/email/", "/accounts/logout/"]
)
def test_pages_of_the_sign_in_library_wear_our_frame(dana, path):
    html = frame(dana, path)
    assert 'class="page-head"' in html
    assert 'class="bar"' in html


def test_the_language_can_be_changed_and_stays(dana):
    browser = Browser()
    browser.force_login(dana)
    browser.post("/language/", {"language": "es", "next": "/accounts/password/change/"})
    assert '<html lang="es">' in browser.get("/").content.decode()

"""Counseling notes are their author's alone: no page, search, list, timeline, API, trail or log holds their words."""

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from api.urls import router
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent
from sessions import actions
from sessions.models import CounselingNote
from tests import factories
from tests.access.table import ROUTES
from tests.access.world import build

SECRET = "Zanzibar transference"


@pytest.fixture
def own(alex, dana, now) -> CounselingNote:
    note = actions.begin_counseling_note(client_id=alex.pk, by=dana, now=now)
    return actions.save_counseling_note(note_id=note.pk, version=1, content=SECRET, by=dana, now=now)


def url(name, record):
    return reverse(f"counseling:{name}", args=[record.uid])


def signed_in(person) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def test_its_author_writes_and_reads_it(own, alex, dana, now):
    own.refresh_from_db()
    assert (own.content, own.version, own.author, own.client) == (SECRET, 2, dana, alex)
    page = signed_in(dana).get(url("counseling_note", own))
    assert SECRET in page.content.decode()
    assert "counseling" in page.content.decode().split("<main")[1][:60]  # the page has a colour of its own
    listed = signed_in(dana).get(url("counseling_notes", alex))
    assert url("counseling_note", own) in listed.content.decode()
    assert SECRET not in listed.content.decode()


@pytest.mark.parametrize("who", ["sam", "robin", "noor"])
def test_nobody_else_opens_it_and_the_attempt_is_kept(own, team, alex, who, request):
    if who == "noor":
        person = factories.counselor("Noor Aziz", team=team)
        factories.assign(alex, person, role="covering")
    else:
        person = request.getfixturevalue(who)
    browser = signed_in(person)
    for name, method in (
        ("counseling_note", "get"),
        ("save_counseling_note", "post"),
        ("remove_counseling_note", "post"),
    ):
        before = AuditEvent.objects.filter(verb="access.refused").count()
        assert getattr(browser, method)(url(name, own), {"content": "x", "version": "2"}).status_code == 404
        assert AuditEvent.objects.filter(verb="access.refused", actor_id=person.pk).count() == before + 1
    own.refresh_from_db()
    assert own.content == SECRET


@pytest.mark.parametrize("who", ["ada", "audrey"])
def test_who_keeps_none_is_not_let_in_at_all(own, alex, who, request):
    browser = signed_in(request.getfixturevalue(who))
    assert browser.get(url("counseling_note", own)).status_code == 403
    assert browser.get(url("counseling_notes", alex)).status_code == 403


def test_an_author_who_no_longer_sees_the_client_opens_it_no_more(own, alex, dana, now):
    alex.care_team.update(ends_at=now - timedelta(days=1))
    assert not CounselingNote.objects.visible_to(dana, at=now).exists()


def test_the_words_are_not_readable_in_the_database(own):
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM counseling_counselingnote")
        assert b"Zanzibar" not in bytes(cursor.fetchone()[0])


def test_the_acts_are_the_authors_alone(own, alex, sam, dana, now):
    with pytest.raises(NotAllowed):
        actions.save_counseling_note(note_id=own.pk, version=2, content="x", by=sam, now=now)
    with pytest.raises(NotAllowed):
        actions.remove_counseling_note(note_id=own.pk, by=sam, now=now)
    for nobody in (None,):
        with pytest.raises(NotAllowed):
            actions.begin_counseling_note(client_id=alex.pk, by=nobody, now=now)
    actions.remove_counseling_note(note_id=own.pk, by=dana, now=now)
    assert not CounselingNote.objects.visible_to(dana, at=now).exists()
    with pytest.raises(NotAllowed):
        actions.save_counseling_note(note_id=own.pk, version=2, content="x", by=dana, now=now)


def test_two_tabs_do_not_overwrite_each_other(own, dana, now):
    with pytest.raises(Conflict) as stale:
        actions.save_counseling_note(note_id=own.pk, version=1, content="Other", by=dana, now=now)
    assert stale.value.stored.content == SECRET
    again = actions.save_counseling_note(note_id=own.pk, version=1, content=SECRET, by=dana, now=now)
    assert again.version == 2
    browser = signed_in(dana)
    answer = browser.post(
        url("save_counseling_note", own),
        {"content": "Mine", "version": "1"},
        headers={"accept": "application/json"},
    )
    assert (answer.status_code, answer.json()["fields"]) == (409, {"content": SECRET})
    page = browser.post(url("save_counseling_note", own), {"content": "Mine", "version": "1"})
    assert page.status_code == 409
    assert SECRET in page.content.decode()
    assert "Mine" in page.content.decode()


@pytest.mark.parametrize("content", ["a\x00b", "x" * 50_001])
def test_what_is_no_text_is_refused(own, dana, now, content):
    with pytest.raises(InvalidInput):
        actions.save_counseling_note(note_id=own.pk, version=2, content=content, by=dana, now=now)


def test_it_saves_itself_by_button_and_by_script(own, dana):
    browser = signed_in(dana)
    answer = browser.post(
        url("save_counseling_note", own),
        {"content": "One", "version": "2"},
        headers={"accept": "application/json"},
    )
    assert answer.json()["version"] == 3
    browser.post(url("save_counseling_note", own), {"content": "Two", "version": "3"})
    own.refresh_from_db()
    assert (own.content, own.version) == ("Two", 4)
    bad = browser.post(url("save_counseling_note", own), {"content": "a\x00", "version": "4"})
    assert bad.status_code == 422
    browser.post(url("remove_counseling_note", own))
    assert browser.get(url("counseling_note", own)).status_code == 404


def test_a_button_begins_one(alex, dana):
    answer = signed_in(dana).post(url("counseling_notes", alex))
    assert answer["Location"] == url("counseling_note", CounselingNote.objects.get())


# --- it is nowhere else ---

THEIRS = {"counseling:counseling_note"}


def test_no_address_of_the_whole_house_shows_a_word_of_it(alex, dana, sam, robin, ada, audrey, team, caplog):
    cover = factories.counselor("Noor Aziz", team=team)
    now = timezone.now()
    note = actions.begin_counseling_note(client_id=alex.pk, by=dana, now=now)
    actions.save_counseling_note(note_id=note.pk, version=1, content=SECRET, by=dana, now=now)
    places = build(alex=alex, dana=dana, sam=sam, cover=cover) | {"own": str(note.uid)}
    caplog.set_level(logging.DEBUG)
    looked = 0
    for person in (dana, sam, robin, ada, audrey):
        browser = Browser(raise_request_exception=False)
        for name, (_door, address) in ROUTES.items():
            if name in THEIRS and person is dana:
                continue
            browser.force_login(person)
            path = reverse(name, kwargs={part: places.get(said, said) for part, said in address.items()})
            answer = browser.get(path, {"q": "transference"})
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert b"Zanzibar" not in content, f"{name} for {person}"
            looked += 1
    assert looked > 500
    assert "Zanzibar" not in caplog.text


def test_no_row_of_the_trail_holds_a_word_of_it(own):
    rows = AuditEvent.objects.filter(verb__startswith="counseling_note.")
    assert [row.verb for row in rows.order_by("pk")] == ["counseling_note.begun", "counseling_note.saved"]
    assert "Zanzibar" not in json.dumps([row.detail for row in AuditEvent.objects.all()])


def test_the_api_has_no_door_to_it():
    described = Path("api/openapi.yml").read_text().lower()
    assert "counseling_note" not in described.replace("-", "_")
    listed = [getattr(view, "queryset", None) for _prefix, view, _name in router.registry]
    assert CounselingNote not in {rows.model for rows in listed if rows is not None}


def test_nothing_leads_from_another_record_to_it():
    for model in apps.get_models():
        for relation in model._meta.related_objects:
            if relation.related_model is CounselingNote:
                assert relation.hidden, f"{model.__name__} knows of counseling notes"


def test_no_other_code_than_its_own_pages_and_acts_names_it():
    allowed = {
        "sessions/models/counseling.py",
        "sessions/models/__init__.py",
        "sessions/actions/counseling.py",
        "sessions/views/counseling.py",
        "sessions/note_forms.py",
    }
    found = {
        str(path)
        for room in ("api", "casework", "clients", "sessions")
        for path in Path(room).rglob("*.py")
        if "CounselingNote" in path.read_text() and "migrations" not in path.parts
    }
    # Bulk work may name it to leave it out, or to keep it with its author; it reads no content.
    for path in found - allowed:
        assert "content" not in "".join(
            line for line in Path(path).read_text().splitlines() if "CounselingNote" in line
        ), path


def test_there_is_no_admin_site():
    assert not apps.is_installed("django.contrib.admin")

"""Notes in a real browser: nothing typed is lost, and nobody's text is overwritten unseen."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from sessions import actions
from sessions.models import Note
from tests.look.conftest import launched
from tests.sessions.browsing import Desk
from tests.sessions.conftest import PASSWORD, WORDS, booked, drafted, held

SAVED = re.compile(r"Saved")


@pytest.fixture
def now():
    """The browser lives in the present."""
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def desk(db, dana, monkeypatch) -> Iterator[Desk]:
    dana.set_password("a long pass phrase of Dana")
    dana.save()
    connection = connections["default"]
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with launched() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        desk = Desk(context, connection)
        desk.sign_in(dana)
        yield desk
        context.close()


def address(session) -> str:
    return reverse("counseling:session", args=[session.uid])


def said(page: Page):
    return page.locator("[data-autosave-state]").first


def write(page: Page, words: str, part: str = "Data") -> None:
    page.get_by_label(part, exact=True).fill(words)


def test_what_is_typed_saves_itself_and_says_so(desk, session_held):
    page = desk.open(address(session_held))
    write(page, "Alex came early.")
    expect(said(page)).to_have_text(SAVED)
    note = Note.objects.get()
    assert (note.sections, note.version) == ({"data": "Alex came early."}, 1)
    write(page, "Next week by phone.", "Plan")
    page.get_by_label("None voiced or seen").check()
    expect(said(page)).to_have_text(SAVED)
    page.wait_for_timeout(2500)
    note.refresh_from_db()
    assert note.sections == {"data": "Alex came early.", "plan": "Next week by phone.", "risk": "none"}
    assert desk.complaints == []


def test_a_tab_closed_while_the_network_is_gone_loses_nothing(desk, session_held):
    page = desk.open(address(session_held))
    desk.away = True
    write(page, "Written in the lift.")
    page.wait_for_timeout(2500)
    page.close()
    assert not Note.objects.exists()
    desk.away = False
    page = desk.open(address(session_held))
    expect(page.get_by_label("Data", exact=True)).to_have_value("Written in the lift.")
    expect(said(page)).to_have_text(SAVED)
    assert Note.objects.get().sections == {"data": "Written in the lift."}


def test_a_sign_in_that_timed_out_loses_nothing_and_leads_back(desk, dana, session_held):
    page = desk.open(address(session_held))
    desk.sign_out()
    write(page, "Written after the sign-in had ended.")
    expect(said(page)).to_contain_text("Signed out")
    assert not Note.objects.exists()
    page.reload()
    page.wait_for_url("**/accounts/login/**")
    assert address(session_held) in page.url.replace("%2F", "/")
    page.locator("input[name=login]").fill(dana.email)
    page.locator("input[name=password]").fill("a long pass phrase of Dana")
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"**{address(session_held)}")
    expect(page.get_by_label("Data", exact=True)).to_have_value("Written after the sign-in had ended.")
    expect(said(page)).to_have_text(SAVED)
    assert Note.objects.get().sections == {"data": "Written after the sign-in had ended."}


def test_two_tabs_never_overwrite_each_other_silently(desk, draft):
    first, second = desk.open(address(draft.session)), desk.open(address(draft.session))
    write(first, "The first tab's text.")
    expect(said(first)).to_have_text(SAVED)
    first.wait_for_timeout(2500)
    write(second, "The second tab's text.")
    both = second.get_by_role("alert")
    expect(both).to_contain_text("The first tab's text.")
    expect(both).to_contain_text("The second tab's text.")
    assert Note.objects.get().sections["data"] == "The first tab's text."
    both.get_by_role("button").first.click()  # keep mine, knowingly
    expect(said(second)).to_have_text(SAVED)
    second.wait_for_timeout(500)
    assert Note.objects.get().sections["data"] == "The second tab's text."


def test_a_note_signed_elsewhere_is_said_and_stays(desk, draft, dana, now):
    page = desk.open(address(draft.session))
    actions.sign(session_id=draft.session_id, version=draft.version, by=dana, now=now, proven_at=now)
    write(page, "Too late.")
    expect(said(page)).to_contain_text("Add an addendum instead")
    assert Note.objects.get().sections == WORDS


def test_from_the_start_to_the_signature_by_keyboard(desk, alex, dana, now):
    session = booked(alex, dana, starts_at=now - timedelta(minutes=20), now=now, minutes=20)
    page = desk.open(address(session))
    page.get_by_role("button", name="Attended", exact=True).press("Enter")
    for part in ("Data", "Assessment", "Plan"):
        page.get_by_label(part, exact=True).press_sequentially("Words.")
    page.get_by_label("None voiced or seen").press("Space")
    page.get_by_role("button", name="Review and sign").press("Enter")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and lock").press("Enter")
    expect(page.get_by_role("heading", name="DAP note")).to_be_visible()
    assert Note.objects.get().is_signed
    assert desk.complaints == []


def test_a_phrase_is_put_in_by_keyboard(desk, dana, session_held, now):
    actions.save_phrase(word="sleep", text="Slept through the night.", by=dana, now=now)
    actions.save_phrase(word="slow", text="Took it slowly.", by=dana, now=now)
    page = desk.open(address(session_held))
    field = page.get_by_label("Data", exact=True)
    field.focus()
    page.keyboard.type("Today: ;sl")
    choices = page.locator(".phrase-choices:visible [role=option]")
    expect(choices).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Today: Took it slowly.")
    page.keyboard.type(" sleep")
    page.keyboard.press("Control+Space")
    expect(field).to_have_value("Today: Took it slowly. Slept through the night.")
    page.keyboard.type(" ;sl")
    page.keyboard.press("Escape")
    expect(choices).to_have_count(0)
    expect(said(page)).to_have_text(SAVED)
    assert desk.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_barrier_or_scrolls_sideways(desk, alex, dana, session_held, now, width):
    drafted(session_held, now=now, data="Alex refused the test.", plan="")
    other = held(alex, dana, ended_at=now - timedelta(days=4))
    note = drafted(other, now=now)
    actions.sign(session_id=other.pk, version=1, by=dana, now=now, proven_at=now, late_reason="Power cut")
    actions.add_addendum(
        note_id=note.pk, text="The sister came too.", reason="Left out", by=dana, now=now, proven_at=now
    )
    coming = booked(alex, dana, starts_at=now + timedelta(days=1), now=now)
    own = actions.begin_counseling_note(client_id=alex.pk, by=dana, now=now)
    actions.save_phrase(word="sleep", text="Slept through the night.", by=dana, now=now)
    paths = (
        reverse("counseling:list"),
        reverse("counseling:new", args=[alex.uid]),
        address(session_held),
        address(coming),
        reverse("counseling:sign", args=[session_held.uid]),
        reverse("counseling:move", args=[coming.uid]),
        reverse("counseling:cancel", args=[coming.uid]),
        reverse("counseling:note", args=[note.uid]),
        reverse("counseling:my_notes"),
        reverse("counseling:sign_several"),
        reverse("counseling:snippets"),
        reverse("counseling:counseling_notes", args=[alex.uid]),
        reverse("counseling:counseling_note", args=[own.uid]),
    )
    for number, path in enumerate(paths):
        page = desk.open(path)
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/sessions-{number}-{width}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()
    assert desk.complaints == []

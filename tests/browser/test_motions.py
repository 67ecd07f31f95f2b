"""Few motions: what frequent works take of clicks and keys. More than docs/motions.md says, and a test fails."""

import os
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR, PASSWORD
from tests.browser import motions
from tests.browser.conftest import Demo
from tests.browser.motions import KEYS_A_SECOND, Motions, counting

NOTE, RELAPSE, STAGE = (
    "Write and sign the note of a session just held",
    "Report a relapse",
    "Assess a stage by keyboard",
)
MOST = {NOTE: 6, RELAPSE: 5}
WITHIN_SECONDS = 60
HOUR = 22  # when nobody has sessions


@pytest.fixture
def counted(context: BrowserContext) -> Motions:
    return motions.listening(context)


@pytest.fixture
def dana(counted: Motions, demo: Demo, context: BrowserContext) -> Page:
    """Dana at her desk."""
    return demo.sign_in(context, COUNSELOR.email)


@pytest.fixture
def held(dana: Page, demo: Demo) -> None:
    """A session of last evening that nobody has written about; Dana is back at Today."""
    dana.goto(demo.url + "/clients/")
    who = dana.locator("a.row-who").last
    last_evening = datetime.now(ZoneInfo("America/New_York")) - timedelta(days=1)
    dana.goto(f"{demo.url}{who.get_attribute('href')}sessions/new/?at={last_evening:%Y-%m-%dT}{HOUR}:00")
    dana.locator("main form button.primary").click()
    dana.get_by_role("button", name="Attended", exact=True).click()
    dana.goto(demo.url + "/")


def keep(what: str, done: Motions, wanted: str) -> None:
    """Hold it against the table, or write it there when asked to."""
    rows = motions.listed()
    if os.environ.get("WRITE_MOTIONS"):
        motions.write(rows | {what: done.row(what, wanted)})
        return
    assert what in rows, f"docs/motions.md has no row for it yet: make motions\n{done.row(what, wanted)}"
    known = int(rows[what].split("|")[2])
    assert done.number <= known, (
        f"{what}: {done.number} motions, {known} in docs/motions.md\n{dict(done.counted)}"
    )


@pytest.mark.usefixtures("held")
def test_from_today_the_note_of_a_session_just_held_is_written_and_signed(
    dana: Page, counted: Motions
) -> None:
    with counting(counted):
        dana.locator("#notes").get_by_role("link", name=re.compile("^Write note")).last.click()
        text = dana.locator("textarea:focus")
        expect(text).to_have_count(1, timeout=30_000)
        for words in ("We talked about the week.", "Steady, sleeps better.", "Meet again on Tuesday."):
            dana.keyboard.type(words)
            if not words.startswith("Meet"):
                dana.keyboard.press("Tab")
        dana.locator("label", has=dana.locator("[name=risk][value=none]")).click()
        dana.get_by_role("button", name="Review and sign").click()
        expect(dana.locator("[name=password]")).to_be_focused(timeout=30_000)
        dana.keyboard.type(PASSWORD)
        dana.keyboard.press("Enter")
        expect(dana.get_by_role("heading", name="Signatures")).to_be_visible(timeout=30_000)
    assert counted.number <= MOST[NOTE], counted.counted
    keep(NOTE, counted, f"≤ {MOST[NOTE]}")


def test_from_today_a_relapse_is_reported(dana: Page, counted: Motions) -> None:
    with counting(counted):
        dana.locator("main a[href^='/clients/']:not([href$='/new/'])").first.click()
        dana.get_by_role("link", name="Report a relapse").click()
        dana.locator("label", has=dana.locator("[name=stage][value=mental]")).click()
        dana.locator("label", has=dana.locator("[name=source][value=self_session]")).click()
        dana.get_by_role("button", name="Save and start the plan").click()
        expect(dana.get_by_role("heading", level=1)).to_contain_text("Follow-up plan")
    assert counted.number <= MOST[RELAPSE], counted.counted
    keep(RELAPSE, counted, f"≤ {MOST[RELAPSE]}")


def test_a_stage_is_assessed_by_keyboard_alone_in_under_a_minute(
    demo: Demo, dana: Page, counted: Motions
) -> None:
    """On the client's page: open, every sign answered, the suggested stage taken, saved."""
    dana.goto(demo.url + "/clients/")
    row = dana.locator("li.row", has=dana.locator(".stage-none")).first
    dana.goto(f"{demo.url}{row.locator('a.row-who').get_attribute('href')}")
    with counting(counted):
        dana.keyboard.press("a")
        expect(dana).to_have_url(re.compile("/assess/"))
        signs = dana.locator("[data-four-way]")
        for _sign in range(signs.count()):
            dana.keyboard.press("0")
        expect(dana.locator("#suggestion-said")).to_have_text(re.compile("Suggested: None"))
        dana.keyboard.press("d")
        expect(dana.locator("[name=counselor_stage][value=none]")).to_be_focused()
        dana.keyboard.press("Space")
        dana.keyboard.press("Enter")
        expect(dana).not_to_have_url(re.compile("/assess/"))
    assert counted.counted["click"] == 0
    seconds = counted.number / KEYS_A_SECOND
    assert seconds < WITHIN_SECONDS
    keep(STAGE, counted, f"keys alone, under a minute at {KEYS_A_SECOND} keys a second: {seconds:.0f} s")

"""A stage is assessed by keyboard alone, at a desk and on a phone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR
from tests.browser.conftest import Demo

EMOTIONAL = [f"E{n:02}" for n in range(1, 11)]


@pytest.fixture
def assessing(demo: Demo, context: BrowserContext) -> Page:
    """Dana opens the assessment of a client who stands at none."""
    page = demo.sign_in(context, COUNSELOR.email)
    page.goto(demo.url + "/clients/")
    row = page.locator("li.row", has=page.locator(".stage-none")).last
    page.goto(f"{demo.url}{row.locator('a.row-who').get_attribute('href')}assess/")
    left = page.locator("[data-four-way] input:checked")
    while left.count():  # a draft that an earlier test left
        left.first.press("Backspace")
    return page


def chosen(page: Page, code: str) -> str | None:
    found = page.locator(f"[name=sign_{code}]:checked")
    return found.input_value() if found.count() else None


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name"))


def test_a_stage_is_assessed_by_keyboard_alone(assessing: Page, complaints: list[str]) -> None:
    said, saved = assessing.locator("#suggestion-said"), assessing.locator("[data-autosave-state]")
    assessing.locator("[name=sign_E01]").first.focus()
    for _code in EMOTIONAL:
        assessing.keyboard.press("0")
    assert focused(assessing) == "sign_M01"
    assessing.keyboard.press("2")
    expect(said).to_have_text("Suggested: Mental")
    assert [chosen(assessing, code) for code in (*EMOTIONAL, "M01")] == ["0"] * 10 + ["2"]

    assessing.keyboard.press("Shift+Tab")
    while focused(assessing) != "sign_M01":
        assessing.keyboard.press("Shift+Tab")
    assessing.keyboard.press("Backspace")
    expect(said).to_have_text("Suggested: Not enough known")
    assert chosen(assessing, "M01") is None

    expect(saved).to_have_text(re.compile("Saved"))
    assessing.reload()
    assert [chosen(assessing, code) for code in (*EMOTIONAL, "M01")] == ["0"] * 10 + [None]
    assert complaints == []


def test_the_reason_is_asked_for_only_where_ones_own_stage_differs(assessing: Page) -> None:
    reason, said = assessing.get_by_label("Why your stage differs"), assessing.locator("#suggestion-said")
    assessing.locator("[name=sign_E06]").first.focus()
    assessing.keyboard.press("3")
    expect(said).to_have_text("Suggested: Emotional")
    assessing.locator("[name=counselor_stage][value=emotional]").check()
    expect(reason).to_be_hidden()
    assessing.locator("[name=counselor_stage][value=none]").check()
    expect(reason).to_be_visible()
    expect(assessing.get_by_text("Your stage is another one")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_has_no_fault_that_axe_finds(assessing: Page, width: int) -> None:
    assessing.set_viewport_size({"width": width, "height": 844})
    assert assessing.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(assessing)
    assert found.violations_count == 0, found.generate_report()
    expect(assessing.locator(".suggestion-line")).to_be_in_viewport()

"""A measure by keyboard alone at the desk, where the page shows only what is to be asked."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR
from tests.browser.conftest import Demo


@pytest.fixture
def desk(demo: Demo, context: BrowserContext) -> Page:
    """Dana, on the page of the measures of a client who stands at none."""
    page = demo.sign_in(context, COUNSELOR.email)
    page.goto(demo.url + "/clients/")
    row = page.locator("li.row", has=page.locator(".stage-none")).last
    page.goto(f"{demo.url}{row.locator('a.row-who').get_attribute('href')}measures/")
    return page


def test_a_phq9_is_answered_by_ten_digits_and_one_enter(desk: Page, complaints: list[str]) -> None:
    desk.get_by_role("link", name="Give now – PHQ-9").last.click()
    desk.wait_for_load_state()
    for digit in "1100000000":
        desk.keyboard.press(digit)
    expect(desk.locator("[data-question] input:checked")).to_have_count(10)
    desk.keyboard.press("Tab")
    desk.get_by_role("button", name="Keep the answers").press("Enter")
    expect(desk.get_by_text("2 / 27")).to_be_visible()
    assert complaints == []


def test_a_question_ruled_out_is_out_of_sight_and_passed_over(desk: Page) -> None:
    desk.get_by_role("link", name="Give now – AUDIT-C").last.click()
    second = desk.locator("#id_q_2")
    expect(second).to_be_hidden()
    desk.keyboard.press("2")
    expect(second).to_be_visible()
    desk.locator("#id_q_1 input:checked").focus()
    desk.keyboard.press("0")
    expect(second).to_be_hidden()
    desk.get_by_role("button", name="Keep the answers").click()
    expect(desk.get_by_text("0 / 12")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_and_have_no_fault_that_axe_finds(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 844})
    for link in ("", "Give now – PHQ-9", "Give now – TAPS"):
        if link:
            desk.get_by_role("link", name=link).last.click()
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(desk).response["violations"]
        assert [one["id"] for one in found] == []
        if link:
            desk.go_back()

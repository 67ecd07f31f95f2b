"""Dana's way through all of it: a relapse is reported, a reminder is delivered, the answer reaches her desk."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR, SUPERVISOR
from tests.browser.conftest import Demo
from tests.browser.steps import Person, delivered, phone_of, register, report

ALEX = Person("Alexandra", "Alex", "Quill", "602-555-0147", "+16025550147")


def test_the_whole_way(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    register(page, ALEX)
    assess(page)
    report(page)
    delivered(page)
    answer(demo, context)
    call_back(demo, page)
    seen_by_the_supervisor(demo, context)
    assert complaints == []


def assess(page: Page) -> None:
    """By keyboard: a sign chosen with a digit, the suggestion that follows, the counselor's own stage."""
    page.get_by_role("link", name="Assess", exact=True).first.click()
    planning = page.get_by_role("group", name=re.compile("^Planning when or how to use"))
    planning.get_by_role("radio").first.focus()
    page.keyboard.press("1")
    expect(planning.get_by_role("radio", checked=True)).to_have_value("1")
    suggestion = page.locator("#suggestion")
    expect(suggestion).to_contain_text("Mental")
    expect(suggestion).to_contain_text("not validated")
    page.get_by_role("group", name="Your stage").get_by_role("radio", name="Mental").check()
    page.get_by_role("button", name="Save the assessment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ALEX.name)


def answer(demo: Demo, context: BrowserContext) -> None:
    """The client reads it on the phone, and asks for a call with one key."""
    phone = phone_of(demo, context, ALEX)
    expect(phone.get_by_text("The work you've done so far still counts")).to_have_count(1)
    phone.get_by_role("button", name="2", exact=True).click()
    expect(phone.locator(".mine").last).to_contain_text("2")
    phone.close()


def call_back(demo: Demo, page: Page) -> None:
    """Dana's desk shows the wish; she calls and logs it, and it is gone."""
    page.goto(demo.url + "/")
    wish = page.get_by_role("listitem").filter(has_text=ALEX.name).filter(has_text="answered 2").first
    expect(wish).to_be_visible()
    wish.get_by_role("link", name=re.compile("Log contact")).click()
    page.get_by_label("We talked").check()
    page.get_by_role("button", name="Log it").click()
    page.goto(demo.url + "/")
    expect(
        page.get_by_role("listitem").filter(has_text="answered 2").filter(has_text=ALEX.name)
    ).to_have_count(0)


def seen_by_the_supervisor(demo: Demo, context: BrowserContext) -> None:
    """Sam sees the client, the stage, the plan and that there was contact today."""
    context.clear_cookies()
    page = demo.sign_in(context, SUPERVISOR.email)
    page.goto(demo.url + "/caseload/?sort=-stage&show=plan")
    row = page.get_by_role("row").filter(has_text=ALEX.name)
    expect(row).to_contain_text("Dana Reyes")
    expect(row).to_contain_text("Physical")
    row.get_by_role("link", name=ALEX.name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ALEX.name)
    expect(page.get_by_text("We talked").first).to_be_visible()

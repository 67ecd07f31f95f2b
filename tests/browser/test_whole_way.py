"""Dana's way through all of it: a relapse is reported, a reminder is delivered, the answer reaches her desk."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR, SUPERVISOR
from tests.browser.conftest import Demo

NAME, PHONE, E164 = "Alex Quill", "602-555-0147", "+16025550147"
# Somewhere it is between 09:00 and 19:00 at any hour of the day, so that the first message may go at once.
ZONES = [
    "America/New_York",
    "Pacific/Honolulu",
    "Asia/Tokyo",
    "Europe/Berlin",
    "Pacific/Auckland",
    "Asia/Karachi",
]


def daytime_zone() -> str:
    return next(zone for zone in ZONES if 9 <= datetime.now(ZoneInfo(zone)).hour < 19)


def test_the_whole_way(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    register(page)
    assess(page)
    report(page)
    delivered(page)
    answer(demo, context)
    call_back(demo, page)
    seen_by_the_supervisor(demo, context)
    assert complaints == []


def register(page: Page) -> None:
    """A new client with a phone and the permission to be texted."""
    page.get_by_role("link", name="Register a client").click()
    page.get_by_label("Given name").fill("Alexandra")
    page.get_by_label("Family name").fill(NAME.split()[1])
    page.get_by_label("Chosen name").fill("Alex")
    page.get_by_label("Time zone").select_option(daytime_zone())
    page.get_by_role("button", name="Register").click()
    page.get_by_label("Number or address").fill(PHONE)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    texts = page.get_by_role("listitem").filter(has_text="Text messages")
    texts.get_by_role("link", name=re.compile("^Record")).click()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Text messages")).to_contain_text("Yes")


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
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)


def report(page: Page) -> None:
    """The relapse, with the plan shown before it is saved."""
    page.get_by_role("link", name="Report a relapse").click()
    page.get_by_role("radio", name=re.compile("^Physical")).check()
    page.get_by_label("Who or what told us").select_option("self_call")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Look back together")
    page.get_by_role("button", name="Save and start the plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Follow-up plan")


def delivered(page: Page) -> None:
    """The worker delivers while one watches."""
    first = page.locator("li", has_text="still counts").first
    for _ in range(30):
        if first.get_by_text(re.compile("delivered", re.I)).count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(first).to_contain_text(re.compile("delivered", re.I))


def answer(demo: Demo, context: BrowserContext) -> None:
    """The client reads it on the phone, and asks for a call with one key."""
    phone = context.new_page()
    phone.goto(f"{demo.phones}/")
    phone.get_by_role("link", name=re.compile(re.escape(E164))).click()
    expect(phone.get_by_text("The work you've done so far still counts")).to_have_count(1)
    phone.get_by_role("button", name="2", exact=True).click()
    expect(phone.locator(".mine").last).to_contain_text("2")
    phone.close()


def call_back(demo: Demo, page: Page) -> None:
    """Dana's desk shows the wish; she calls and logs it, and it is gone."""
    page.goto(demo.url + "/")
    wish = page.get_by_role("listitem").filter(has_text=NAME).filter(has_text="answered 2").first
    expect(wish).to_be_visible()
    wish.get_by_role("link", name=re.compile("Log contact")).click()
    page.get_by_label("We talked").check()
    page.get_by_role("button", name="Log it").click()
    page.goto(demo.url + "/")
    expect(page.get_by_role("listitem").filter(has_text="answered 2").filter(has_text=NAME)).to_have_count(0)


def seen_by_the_supervisor(demo: Demo, context: BrowserContext) -> None:
    """Sam sees the client, the stage, the plan and that there was contact today."""
    context.clear_cookies()
    page = demo.sign_in(context, SUPERVISOR.email)
    page.goto(demo.url + "/caseload/?sort=-stage&show=plan")
    row = page.get_by_role("row").filter(has_text=NAME)
    expect(row).to_contain_text("Dana Reyes")
    expect(row).to_contain_text("Physical")
    row.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    expect(page.get_by_text("We talked").first).to_be_visible()

"""What a counselor does in a browser, step by step: the walks are made of these."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Demo

# Somewhere it is between 09:00 and 19:00 at any hour of the day, so that the first message may go at once.
ZONES = [
    "America/New_York",
    "Pacific/Honolulu",
    "Asia/Tokyo",
    "Europe/Berlin",
    "Pacific/Auckland",
    "Asia/Karachi",
]


@dataclass(frozen=True)
class Person:
    """Somebody who comes to the practice, and their telephone."""

    given: str
    chosen: str
    family: str
    phone: str
    e164: str

    @property
    def name(self) -> str:
        return f"{self.chosen} {self.family}"


def daytime_zone() -> str:
    return next(zone for zone in ZONES if 9 <= datetime.now(ZoneInfo(zone)).hour < 19)


def register(page: Page, person: Person) -> None:
    """A new client with a phone and the permission to be texted."""
    page.get_by_role("link", name="Register a client").click()
    page.get_by_label("Given name").fill(person.given)
    page.get_by_label("Family name").fill(person.family)
    page.get_by_label("Chosen name").fill(person.chosen)
    page.get_by_label("Time zone").select_option(daytime_zone())
    page.get_by_role("button", name="Register").click()
    page.get_by_label("Number or address").fill(person.phone)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(person.name)
    texts = page.get_by_role("listitem").filter(has_text="Text messages")
    texts.get_by_role("link", name=re.compile("^Record")).click()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Text messages")).to_contain_text("Yes")


def report(page: Page) -> None:
    """The relapse, with the plan shown before it is saved."""
    page.get_by_role("link", name="Report a relapse").click()
    page.get_by_role("radio", name=re.compile("^Physical")).check()
    page.get_by_role("radio", name="Client, on the phone").check()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Look back together")
    page.get_by_role("button", name="Save and start the plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Follow-up plan")


def reload_until(page: Page, words: re.Pattern[str], *, within: str, seconds: int = 30) -> None:
    """Look again, as a person would, until the part of the page named `within` says it."""
    part = page.locator("li", has_text=within).first
    for _ in range(seconds):
        if part.get_by_text(words).count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(part).to_contain_text(words)


def delivered(page: Page) -> None:
    """The worker delivers while one watches."""
    reload_until(page, re.compile("delivered", re.I), within="still counts")


def phone_of(demo: Demo, context: BrowserContext, person: Person) -> Page:
    """The client's telephone, open at what we wrote."""
    phone = context.new_page()
    phone.goto(f"{demo.phones}/")
    phone.get_by_role("link", name=re.compile(re.escape(person.e164))).click()
    return phone


def texts_back(phone: Page, words: str) -> None:
    phone.get_by_label("Answer as the client").fill(words)
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator(".mine").last).to_contain_text(words)

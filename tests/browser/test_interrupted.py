"""What cuts a plan short: STOP, words of crisis, a discharge. Each stops what waits, and Dana reads why."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from casework.local.credentials import COUNSELOR
from tests.browser.conftest import Demo
from tests.browser.steps import Person, delivered, phone_of, register, report, texts_back

STOPS = Person("Beatrice", "Bea", "Larkin", "602-555-0161", "+16025550161")
IN_NEED = Person("Christopher", "Kit", "Ames", "602-555-0162", "+16025550162")
LEAVES = Person("Josephine", "Jo", "Teller", "602-555-0163", "+16025550163")


def begin_plan(demo: Demo, page: Page, person: Person) -> None:
    page.goto(demo.url + "/")
    register(page, person)
    report(page)
    delivered(page)


def plan_of(demo: Demo, page: Page, person: Person) -> Page:
    """By way of the search, as one who has only the name."""
    page.goto(demo.url + "/")
    page.get_by_role("searchbox").first.fill(person.family)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search/"))
    page.get_by_role("link", name=re.compile(person.name)).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(person.name)
    page.get_by_role("link", name="The whole plan").click()
    return page


def check_ins(page: Page) -> list[str]:
    """What the page says of each check-in of the plan that was still to come; what is behind is in a fold."""
    page.get_by_text(re.compile(r"\d+ steps? behind")).click()
    rows = page.get_by_role("listitem").filter(has_text="Check-in that asks for an answer")
    return [" ".join(words.split()) for words in rows.all_inner_texts()]


def test_stop_in_the_middle_of_a_plan(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    begin_plan(demo, page, STOPS)
    phone = phone_of(demo, context, STOPS)
    texts_back(phone, "STOP")
    expect(phone.locator(".theirs").last).to_contain_text("You won't get more messages", timeout=30_000)
    plan_of(demo, page, STOPS)
    said = check_ins(page)
    assert len(said) == 5
    assert all("Not sent: the client withdrew texting" in words for words in said), said
    expect(page.get_by_role("link", name="Call Bea instead of a message").first).to_be_visible()
    assert complaints == []


def recorded(page: Page) -> None:
    """Dana writes down what was done; that, and nothing less, closes it."""
    page.get_by_role("link", name="Write down what was done").click()
    noticed = page.get_by_label("When it was noticed").input_value()
    page.get_by_label("The supervisor was called in").check()
    page.get_by_label("Who was reached").fill("Kit, at home with a sister")
    page.get_by_label("Nobody outside the practice was told anything").check()
    page.get_by_label("What came of it").fill("Safe tonight; we talk again tomorrow")
    page.get_by_label("When the supervisor was told").fill(noticed)
    page.get_by_role("button", name="Record and close").click()
    expect(page.get_by_role("heading", name="Emergency record")).to_be_visible()


def test_words_of_crisis_hold_the_plan(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    begin_plan(demo, page, IN_NEED)
    phone = phone_of(demo, context, IN_NEED)
    texts_back(phone, "I just want to end it")
    expect(phone.locator(".theirs").last).to_contain_text("call 911 now", timeout=30_000)
    page.goto(demo.url + "/")
    alarm = page.get_by_role("listitem").filter(has_text="may be in crisis").filter(has_text=IN_NEED.name)
    expect(alarm.first).to_be_visible()
    plan_of(demo, page, IN_NEED)
    expect(page.get_by_text("The plan's messages are held")).to_be_visible()
    page.get_by_role("link", name=re.compile("may be in crisis")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("may be in crisis")
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("Dana Reyes has it")).to_be_visible()
    recorded(page)
    plan_of(demo, page, IN_NEED)
    expect(page.get_by_text("The plan's messages are held")).to_be_hidden()
    assert complaints == []


def test_a_discharge_with_messages_queued(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    begin_plan(demo, page, LEAVES)
    page.get_by_role("link", name=LEAVES.name).first.click()
    page.get_by_role("link", name="Discharge", exact=True).click()
    expect(page.get_by_text(re.compile(r"\d+ messages that wait are cancelled"))).to_be_visible()
    page.get_by_label("Reason").select_option(label="Completed")
    page.get_by_role("button", name="Discharge").click()
    expect(page.get_by_text("is discharged").first).to_be_visible()
    page.get_by_role("link", name="The whole plan").click()
    said = check_ins(page)
    assert len(said) == 5
    assert all("discharged" in words for words in said), said
    assert complaints == []

"""A whole day of Dana's: two sessions, a group, what a trainee wrote, a form on a phone, a look back."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, Page, expect

from casework.intake.demo.cast import PRIYA
from casework.local.credentials import COUNSELOR, PASSWORD, SUPERVISOR
from tests.browser.conftest import Demo
from tests.browser.steps import Person, phone_of, register, report

NAT = Person("Nathaniel", "Nat", "Rowe", "602-555-0171", "+16025550171")
BO = Person("Roberta", "Bo", "Finley", "602-555-0172", "+16025550172")
PRACTICE = ZoneInfo("America/New_York")


def test_a_day_of_danas(demo: Demo, context: BrowserContext, complaints: list[str]) -> None:
    page = demo.sign_in(context, COUNSELOR.email)
    home = registered(demo, page, NAT)
    other = registered(demo, page, BO)
    hold(page, home, evening(20), "By phone", "Nat slept better this week.")
    hold(page, other, evening(21), "In person", "Bo brought a plan for the weekend.")
    lead_a_group(demo, page)
    ask_by_phone(demo, context, page, home)
    look_back(page, home)
    assert complaints == []


def test_what_a_trainee_wrote_is_returned_and_co_signed(
    demo: Demo, context: BrowserContext, complaints: list[str]
) -> None:
    page = demo.sign_in(context, SUPERVISOR.email)
    page.goto(demo.url + "/notes/cosign/")
    page.get_by_role("link", name=re.compile("^Read and decide")).first.click()
    note = page.url
    page.get_by_text("Return it with a comment").click()
    page.get_by_label("What should be looked at again").fill("Say what the plan is until we meet again.")
    page.get_by_role("button", name="Return the note").click()
    context.clear_cookies()
    page = demo.sign_in(context, PRIYA.email)
    page.goto(note)
    expect(page.get_by_text("Say what the plan is until we meet again.").first).to_be_visible()
    page.get_by_label("Plan", exact=True).fill("A call on Tuesday, a visit on Thursday.")
    sign(page)
    context.clear_cookies()
    page = demo.sign_in(context, SUPERVISOR.email)
    page.goto(note)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Co-sign", exact=True).click()
    page.goto(note)
    expect(page.get_by_text("A call on Tuesday, a visit on Thursday.")).to_be_visible()
    expect(page.locator("dt", has_text=re.compile("co-sign", re.I))).to_be_visible()
    assert complaints == []


def evening(hour: int) -> str:
    """Yesterday after hours, when nobody at the practice has anything planned."""
    day = datetime.now(PRACTICE).date() - timedelta(days=1)
    return f"{day.isoformat()}T{hour:02}:00"


def registered(demo: Demo, page: Page, person: Person) -> str:
    """The address of the new client's page."""
    page.goto(demo.url + "/")
    register(page, person)
    return page.url


def hold(page: Page, home: str, when: str, how: str, words: str) -> None:
    """A session that was held is entered, and its note written and signed."""
    page.goto(home)
    page.get_by_role("link", name="Schedule session").first.click()
    page.get_by_label(re.compile("^Starts")).fill(when)
    page.get_by_label("How", exact=True).select_option(label=how)
    page.get_by_role("button", name="Plan the session").click()
    page.get_by_role("button", name="Attended", exact=True).click()
    write(page, words)
    sign(page)


def write(page: Page, words: str) -> None:
    page.get_by_label("Data", exact=True).fill(words)
    page.get_by_label("Assessment", exact=True).fill("Steady.")
    page.get_by_label("Plan", exact=True).fill("We meet again next week.")
    page.locator("label", has=page.locator("[name=risk][value=none]")).click()


def sign(page: Page) -> None:
    """Read once more, then by the password."""
    page.get_by_role("button", name="Review and sign").or_(
        page.get_by_role("link", name=re.compile("^Review and sign"))
    ).first.click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and lock").click()
    expect(page.get_by_text(re.compile("Signed by|Signatures")).first).to_be_visible()


def lead_a_group(demo: Demo, page: Page) -> None:
    """Two join; one comes. Who came has a note, and what all read names nobody."""
    begin_group(demo, page)
    for person, mark in ((NAT, "Present"), (BO, "Absent")):
        tap = page.get_by_role("group", name=person.name).get_by_role("button", name=mark)
        tap.click()
        expect(tap).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Close the attendance").click()
    shared = page.locator("textarea[name=group]")
    shared.fill(f"We practised saying no. {BO.name} gave an example.")
    page.get_by_role("button", name=re.compile("^File to")).click()
    expect(page.get_by_text("A member's name stands in another's note")).to_be_visible()
    shared.fill("We practised saying no, with an example each.")
    page.get_by_role("button", name=re.compile("^File")).click()
    part = page.get_by_role("form", name=NAT.name)
    expect(page.locator("details.part summary")).to_have_text(re.compile("Draft note"))
    part.locator("textarea").nth(0).fill("Spoke first today.")
    part.locator("textarea").nth(1).fill("Comes again next week.")
    part.locator("label", has=page.locator("[name$=risk][value=none]")).click()
    part.get_by_role("button", name=re.compile("^Save draft")).click()
    expect(page.locator("details.part summary")).to_have_text(re.compile("Ready to sign"))
    sign(page)
    page.get_by_role("link", name="Read the note").or_(
        page.get_by_text("We practised saying no")
    ).first.click()
    expect(page.locator("main")).not_to_contain_text(BO.family)


def begin_group(demo: Demo, page: Page) -> None:
    """A group of two that met yesterday evening, open at its attendance."""
    page.goto(demo.url + "/groups/")
    page.get_by_role("link", name="Begin a group").click()
    page.get_by_label("Name", exact=True).fill("Evening steps")
    page.get_by_role("button", name="Begin", exact=True).click()
    group = page.url
    for person in (NAT, BO):
        page.goto(group)
        page.get_by_text("Let a client join").click()
        choice = page.get_by_label("Client", exact=True)
        value = choice.locator("option", has_text=person.name).last.get_attribute("value")
        choice.select_option(value)
        page.locator("form", has=choice).get_by_role("button").click()
    page.get_by_role("link", name="Plan meetings").first.click()
    page.get_by_label(re.compile("^Starts")).fill(evening(18))
    page.locator("form.form button.primary").click()
    page.get_by_role("link", name=re.compile("^(Attendance|Open) –")).first.click()


def ask_by_phone(demo: Demo, context: BrowserContext, page: Page, home: str) -> None:
    """The client answers on the phone; the score is on Dana's page."""
    page.goto(home)
    page.get_by_role("link", name="Measures", exact=True).first.click()
    page.get_by_role("link", name="Ask by phone").click()
    page.get_by_role("checkbox", name=re.compile("PHQ-9")).check()
    page.get_by_role("button", name="Send the link").click()
    phone = phone_of(demo, context, NAT)
    words = phone.locator(".theirs", has_text="/l/").last
    for _ in range(30):
        if words.count():
            break
        phone.wait_for_timeout(1000)
        phone.reload()
    phone.goto(re.search(r"https?://\S+/l/\S+", words.inner_text()).group().rstrip("."))
    expect(phone.locator("body")).not_to_contain_text(NAT.family)
    answer_questions(phone)
    phone.close()
    page.reload()
    expect(page.get_by_role("heading", name="PHQ-9")).to_be_visible()


def answer_questions(phone: Page) -> None:
    """Every question with its first answer, and sent."""
    phone.get_by_role("button", name=re.compile("^Open")).click()
    for question in phone.locator("form.measure fieldset").all():
        question.get_by_role("radio").first.check()
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text(re.compile("Thank"))).to_be_visible()


def look_back(page: Page, home: str) -> None:
    """A return to use is reported, looked back at together, and the plan takes up what was learned."""
    page.goto(home)
    report(page)
    page.get_by_role("link", name=re.compile("Look back together")).first.click()
    if page.get_by_role("link", name=re.compile("Begin|Look back")).count():
        page.get_by_role("link", name=re.compile("Begin|Look back")).first.click()
    page.get_by_label("What happened").fill("A quarrel, then an evening alone.")
    page.locator("[name=event_when]").fill("Friday evening")
    page.locator("[name=event_where]").fill("At home")
    page.locator("[name=event_who]").fill("Nobody")
    page.locator("[name=link_kind_1]").select_option(index=1)
    page.locator("[name=link_text_1]").fill("“I can manage this by myself.”")
    for name in ("guilt", "shame", "who_i_am", "can_change", "confidence"):
        page.locator("label", has=page.locator(f"[name={name}][value='5']")).click()
    page.get_by_label("What is still there").fill("Two months of good mornings.")
    page.get_by_label("The earliest sign, looking back").fill("Stopped answering my sister.")
    page.get_by_label("Its stage").select_option(label="Emotional")
    page.get_by_label("What to do").fill("Ring my sister before eight.")
    page.get_by_label("Whom to turn to").fill("My sister")
    page.locator("label", has=page.locator("[name=update_plan][value=yes]")).click()
    page.locator("label", has=page.locator("[name=safety_check_done][value=yes]")).click()
    page.get_by_role("button", name="Finish", exact=True).click()
    changed = page.get_by_role("region", name="What changed in the prevention plan")
    expect(changed).to_contain_text("Stopped answering my sister.")
    expect(changed).to_contain_text("Ring my sister before eight.")

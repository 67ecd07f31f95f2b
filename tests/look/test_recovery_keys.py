"""The use calendar and the assessment's decision by keyboard alone."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

FIRST = date(2026, 11, 1)
DAY = (
    '<input type="checkbox" name="days" value="{0}" data-day data-says="{0}: not known" aria-label="{0}"{1}>'
)
DAYS = "".join(
    DAY.format(FIRST + timedelta(days=n), " data-unknown" if n % 3 == 0 else "") for n in range(14)
)
CALENDAR = f"""<!doctype html><html lang="en"><head><title>Days</title>
<script defer src="/static/js/keys.js"></script><script defer src="/static/js/use_calendar.js"></script></head><body>
<a href="/note" data-key="n">New note</a><div id="use-calendar"><form method="post" action="/mark/">{DAYS}
<p data-day-said></p><button name="used" value="no" data-mark="n">No use</button>
<button name="used" value="yes" data-mark="u">Used</button></form></div></body></html>"""

STAGES = "".join(
    f'<input type="radio" name="counselor_stage" value="{stage}" aria-label="{stage}">'
    for stage in ("none", "emotional", "mental", "physical")
)
SIGNS = "".join(
    f"<fieldset data-four-way>{''.join(f'<input type=radio name={sign} value={n}>' for n in range(4))}</fieldset>"
    for sign in ("E01", "E02")
)
ASSESS = f"""<!doctype html><html lang="en"><head><title>Assess</title>
<script defer src="/static/js/four_way.js"></script><script defer src="/static/js/assess.js"></script></head><body>
<form class="assess" method="post" action="/done/">{SIGNS}<p data-suggested="mental"></p>
<fieldset class="held">{STAGES}</fieldset><div data-override></div><input name="plan_change" aria-label="Plan">
<button>Save</button></form></body></html>"""


@pytest.fixture
def days(desk):
    page = desk.open("/days/", CALENDAR)
    page.locator("[data-day]").nth(3).focus()
    yield page
    assert desk.complaints == []


def at(page: Page) -> str:
    return str(page.evaluate("document.activeElement.value"))


def test_arrows_move_by_days_and_weeks_and_stay_on_the_calendar(days):
    for key, there in (
        ("ArrowRight", "05"),
        ("ArrowDown", "12"),
        ("ArrowLeft", "11"),
        ("ArrowUp", "04"),
        ("ArrowUp", "04"),
        ("End", "14"),
        ("Home", "01"),
    ):
        days.keyboard.press(key)
        assert at(days) == f"2026-11-{there}"
    expect(days.locator("[data-day-said]")).to_have_text("2026-11-01: not known")


def test_shift_and_arrows_tick_several(days):
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        days.keyboard.press(key)
    assert days.locator("[data-day]:checked").count() == 9


def test_a_ticks_what_is_not_known(days):
    days.keyboard.press("a")
    assert days.locator("[data-day]:checked").count() == 5


@pytest.mark.parametrize(("key", "used"), [("n", "no"), ("u", "yes")])
def test_a_key_marks_the_day_one_is_on_and_never_opens_a_note(days, key, used):
    with days.expect_request("**/mark/") as sent:
        days.keyboard.press(key)
    assert sent.value.post_data == f"days=2026-11-04&used={used}"


def test_there_is_one_tab_stop_for_all_days(days):
    assert days.locator('[data-day][tabindex="0"]').count() == 1


def test_a_number_begins_with_the_first_open_question_and_d_goes_to_the_decision(desk):
    page = desk.open("/assess/", ASSESS)
    page.keyboard.press("2")
    page.keyboard.press("0")
    assert page.evaluate("[...document.querySelectorAll('fieldset :checked')].map((one) => one.value)") == [
        "2",
        "0",
    ]
    page.keyboard.press("d")
    expect(page.get_by_label("mental")).to_be_focused()
    page.keyboard.press("Space")
    with page.expect_request("**/done/") as sent:
        page.keyboard.press("Enter")
    assert "counselor_stage=mental" in str(sent.value.post_data)
    assert desk.complaints == []


def test_what_is_typed_is_typed(desk):
    page = desk.open("/assess/", ASSESS)
    page.get_by_label("Plan").press_sequentially("d1")
    expect(page.get_by_label("Plan")).to_have_value("d1")
    expect(page.get_by_label("Plan")).to_be_focused()

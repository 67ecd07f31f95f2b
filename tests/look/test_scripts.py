"""The few lines of script: keys, choices, dialogs, toasts, the chart's marks."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from playwright.sync_api import Page, expect

from casework.desk.charts import SessionMark, StageSeries, stage_chart

SCRIPTS = ("dialogs", "toasts", "keys", "four_way", "charts")
HEAD = "".join(f'<script defer src="/static/js/{name}.js"></script>' for name in SCRIPTS)
SHEETS = "".join(
    f'<link rel="stylesheet" href="/static/css/{name}.css">'
    for name in (
        "tokens",
        "elements",
        "frame",
        "components",
        "lists",
        "notices",
        "forms",
        "charts",
        "utilities",
    )
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Desk</title>{sheets}{head}</head><body>
<nav><a href="/today" data-door="desk:today">Today</a><a href="/mine" data-door="desk:clients">My clients</a>{more}
</nav><input type="search" aria-label="Search" data-search><input aria-label="Name">
<a href="/note" data-key="n">New note</a>{body}{keys}<div data-toasts role="log"></div>
<details data-notices hidden><summary>Notices <span class="count"></span></summary><ol></ol></details></body></html>"""
FOUR = "{% four_way 'a' 'First' %}{% four_way 'b' 'Second' %}"


@pytest.fixture
def open_page(desk):
    for path in ("/today", "/mine", "/caseload", "/note"):
        desk.pages[path] = f'<!doctype html><html lang="en"><title>{path}</title>'

    def opened(body: str = "", more: str = "") -> Page:
        keys = Template("{% include 'components/keys.html' %}").render(Context({}))
        drawn = Template("{% load look %}" + body).render(Context({"chart": chart()}))
        return desk.open("/", PAGE.format(sheets=SHEETS, head=HEAD, body=drawn, keys=keys, more=more))

    yield opened
    assert desk.complaints == []


def chart():
    marks = [SessionMark(datetime(2026, 2, day, tzinfo=UTC), True) for day in (1, 8)]
    return stage_chart(
        StageSeries(sessions=marks), start=date(2026, 1, 1), end=date(2026, 3, 1), tz=UTC, lang="en"
    )


# --- keys ---------------------------------------------------------------------------------------------------------


def test_slash_goes_to_the_search(open_page):
    page = open_page()
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    expect(page.get_by_label("Search")).to_have_value("")


@pytest.mark.parametrize(("keys", "door"), [("gt", "/today"), ("gc", "/mine"), ("n", "/note")])
def test_keys_open_their_doors(open_page, keys, door):
    page = open_page()
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_url(f"**{door}")


def test_a_supervisors_caseload_comes_before_the_own_clients(open_page):
    page = open_page(more='<a href="/caseload" data-door="supervision:caseload">Caseload</a>')
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/caseload")


def test_keys_rest_while_one_types(open_page):
    page = open_page()
    page.get_by_label("Name").press_sequentially("gt/n?")
    expect(page.get_by_label("Name")).to_have_value("gt/n?")
    assert page.url == "http://desk.test/"


def test_the_question_mark_lists_the_keys_and_escape_closes_it(open_page):
    page = open_page()
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert page.url == "http://desk.test/"


def test_a_key_with_control_belongs_to_the_browser(open_page):
    page = open_page()
    page.keyboard.press("Control+/")
    expect(page.get_by_label("Search")).not_to_be_focused()


# --- four-way choice ----------------------------------------------------------------------------------------------


def chosen(page: Page, name: str) -> str | None:
    return page.evaluate(f"document.querySelector('[name={name}]:checked')?.value ?? null")


def test_a_digit_chooses_and_goes_on_to_the_next(open_page):
    page = open_page(FOUR)
    page.locator("[name=a]").first.focus()
    page.keyboard.press("2")
    page.keyboard.press("0")
    assert (chosen(page, "a"), chosen(page, "b")) == ("2", "0")


@pytest.mark.parametrize("key", ["Backspace", "Delete"])
def test_backspace_clears_so_not_asked_stays_possible(open_page, key):
    page = open_page(FOUR)
    page.locator("[name=b]").first.focus()
    page.keyboard.press("3")
    page.keyboard.press(key)
    assert chosen(page, "b") is None


def test_a_second_click_clears_too(open_page):
    page = open_page(FOUR)
    choice = page.locator("label:has([name=a][value='1'])")
    choice.click()
    assert chosen(page, "a") == "1"
    choice.click()
    assert chosen(page, "a") is None


def test_arrows_move_as_everywhere(open_page):
    page = open_page(FOUR)
    page.locator("[name=a]").first.focus()
    page.keyboard.press("1")
    page.locator("[name=a][value='1']").focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page, "a") == "2"


def test_every_choice_tells_the_page_that_something_changed(open_page):
    page = open_page(FOUR)
    page.evaluate("window.told = 0; document.addEventListener('change', () => window.told++)")
    page.locator("[name=b]").first.focus()
    page.keyboard.press("3")
    page.keyboard.press("Backspace")
    assert page.evaluate("window.told") == 2


# --- dialogs, toasts, chart ---------------------------------------------------------------------------------------


def test_a_dialog_opens_keeps_the_focus_and_gives_it_back(open_page):
    body = (
        "<button data-opens='d'>Discharge</button>{% dialog 'd' 'Discharge Alex?' %}<p>x</p>{% enddialog %}"
    )
    page = open_page(body)
    page.get_by_role("button", name="Discharge").click()
    expect(page.get_by_role("dialog", name="Discharge Alex?")).to_be_visible()
    page.get_by_role("button", name="Close").first.click()
    expect(page.get_by_role("dialog", name="Discharge Alex?")).to_be_hidden()
    expect(page.get_by_role("button", name="Discharge")).to_be_focused()


def test_a_toast_floats_by_and_stays_in_the_log(open_page):
    page = open_page()
    page.evaluate("document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Saved', tone: 'done'}}))")
    expect(page.get_by_role("log")).to_have_text("Saved")
    page.clock.fast_forward(8000)
    expect(page.get_by_role("log")).to_have_text("")
    expect(page.locator("[data-notices] ol")).to_contain_text("Saved")


def test_a_mark_says_itself_below_the_chart_and_arrows_go_to_the_next(open_page):
    page = open_page('<figure class="chart-frame">{{ chart.svg }}</figure>')
    marks = page.locator(".chart-wide .chart-mark")
    marks.first.focus()
    expect(page.locator(".chart-said")).to_have_text("Sun 1 Feb 2026, 00:00: Session attended")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".chart-said")).to_have_text("Sun 8 Feb 2026, 00:00: Session attended")
    page.keyboard.press("ArrowRight")
    expect(marks.last).to_be_focused()

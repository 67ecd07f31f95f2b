import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse

from tests.look.conftest import launched, seated

pytestmark = pytest.mark.urls("tests.look.urls")


def page(browser: Browser) -> str:
    answer = browser.get("/style/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_style_page_shows_every_part(practice, dana):
    browser = Browser()
    browser.force_login(dana)
    html = page(browser)
    parts = (
        "page-head",
        "row urgent",
        "stage-mental",
        "pill-danger",
        "numbers",
        "field-wrong",
        "four-way",
        "timeline",
    )
    for part in (
        *parts,
        "chart-frame",
        "empty",
        "banner-attention",
        "dialog",
        "toast",
        "<progress",
        "error-summary",
    ):
        assert part in html


@pytest.mark.urls("casework.urls")
def test_the_style_page_does_not_exist_outside_development():
    with pytest.raises(NoReverseMatch):
        reverse("style")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_parts_break_no_rule_of_accessibility_nor_of_the_policy(practice, sam, scheme, width):
    browser = Browser()
    browser.force_login(sam)
    html = page(browser)
    with launched() as chromium, seated(chromium) as desk:
        desk.pages["/followup/alarm/"] = ""
        shown = desk.open("/style/", html)
        shown.set_viewport_size({"width": width, "height": 900})
        shown.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(shown).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert desk.complaints == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width

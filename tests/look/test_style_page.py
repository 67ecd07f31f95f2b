import pytest
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse

pytestmark = pytest.mark.urls("tests.look.urls")


def page(browser: Browser) -> str:
    answer = browser.get("/style/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_style_page_shows_every_part(practice, dana):
    browser = Browser()
    browser.force_login(dana)
    html = page(browser)
    parts = ("page-head", "row urgent", "stage-mental", "pill-danger", "numbers", "field-wrong", "four-way", "timeline")
    for part in (*parts, "chart-frame", "empty", "banner-attention", "dialog", "toast", "<progress", "error-summary"):
        assert part in html


@pytest.mark.urls("casework.urls")
def test_the_style_page_does_not_exist_outside_development():
    with pytest.raises(NoReverseMatch):
        reverse("style")

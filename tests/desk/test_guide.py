"""The guide on one page, and the little Markdown it is written in."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from casework.desk.guide import inline, read

GUIDE = Path("docs/guide.md")


def test_headings_paragraphs_and_lists_are_told_apart():
    blocks = read("# One\n\nTwo\nlines\n\n- a\n  b\n- c\n\n1. x\n2. y\n\n## Last")
    assert [(one.kind, one.level, [str(line) for line in one.lines]) for one in blocks] == [
        ("heading", 1, ["One"]),
        ("paragraph", 0, ["Two lines"]),
        ("list", 0, ["a b", "c"]),
        ("ordered", 0, ["x", "y"]),
        ("heading", 2, ["Last"]),
    ]


def test_strong_words_and_keys_are_marked_up_and_nothing_else():
    assert inline("**now** `g` <script>") == "<strong>now</strong> <kbd>g</kbd> &lt;script&gt;"


def test_the_guide_fits_a_page_and_tells_what_the_program_does_not_do():
    text = GUIDE.read_text(encoding="utf-8")
    assert len(text.split()) < 2300
    assert "does not detect emergencies" in text
    assert "not been validated" in text


@pytest.mark.django_db
def test_it_is_shown_to_whoever_is_signed_in(browser, ada):
    assert browser.get("/help/").status_code == 302
    browser.force_login(ada)
    page = browser.get("/help/").content.decode()
    assert "<h1>A counselor&#x27;s guide</h1>" in page
    assert page.count("<h1") == 1


@pytest.mark.django_db
def test_its_contents_lead_to_its_parts(as_dana):
    page = as_dana.get("/help/").content.decode().partition('class="guide"')[2].partition("</article>")[0]
    led = re.findall(r'<li><a href="#([a-z-]+)">', page)
    assert len(led) > 8
    assert led == re.findall(r'<h2 id="([a-z-]+)">', page)


@pytest.mark.django_db
def test_it_is_spanish_for_those_who_read_spanish(as_dana):
    page = as_dana.get("/help/", HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert "<h1>Guía para consejería</h1>" in page
    assert "counselor" not in page


def test_both_guides_say_the_same_in_the_same_order():
    english, spanish = (
        read(Path(name).read_text(encoding="utf-8")) for name in ("docs/guide.md", "docs/guide.es.md")
    )
    assert [(one.kind, one.level, len(one.lines)) for one in english] == [
        (one.kind, one.level, len(one.lines)) for one in spanish
    ]
    keys = [re.findall(r"<kbd>(.*?)</kbd>", "".join(map(str, one.lines))) for one in english]
    assert keys == [re.findall(r"<kbd>(.*?)</kbd>", "".join(map(str, one.lines))) for one in spanish]


@pytest.mark.parametrize(
    "words", ["Today", "My clients", "Register a client", "Assess", "Report a relapse", "Pause", "Resume"]
)
def test_the_spanish_guide_calls_things_as_the_pages_do(words):
    with translation.override("es"):
        said = translation.gettext(words)
    assert f"**{said}**" in Path("docs/guide.es.md").read_text(encoding="utf-8")

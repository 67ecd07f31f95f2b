"""The Content-Security-Policy allows nothing inline, so no template may write any."""

import re
from pathlib import Path

import pytest

TEMPLATES = sorted(Path("templates").rglob("*.html"))
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a script without a source": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an evaluated htmx attribute": re.compile(r"hx-on|hx-vals=['\"]js:|hx-headers=['\"]js:"),
    "a data: address": re.compile(r"(src|href)=['\"]data:"),
}


@pytest.mark.parametrize("what", INLINE)
def test_no_template_writes_anything_inline(what):
    assert [str(path) for path in TEMPLATES if INLINE[what].search(path.read_text())] == []


def test_nothing_is_fetched_from_elsewhere():
    outside = re.compile(r"(src|href)=['\"](https?:)?//")
    assert [str(path) for path in TEMPLATES if outside.search(path.read_text())] == []


def test_scripts_evaluate_no_text():
    for script in Path("static/js").glob("*.js"):
        assert not re.search(r"\beval\(|new Function|innerHTML|\.style\b", script.read_text()), script.name

"""Every pair of colours that meets on a page is measured, by day and by night (WCAG 2.2: 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path("static/css/tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}
STAGES = ("stage-none", "stage-emotional", "stage-mental", "stage-physical", "stage-indeterminate")
GROUNDS = ("paper", "surface")

TEXT = [
    *[(ink, ground) for ink in ("ink", "muted", "accent", "accent-deep", *STAGES) for ground in GROUNDS],
    *[(ink, "sunken") for ink in ("ink", "muted")],
    *[("ink", f"{tone}-soft") for tone in ("attention", "danger", "done", "accent")],
    *[(tone, f"{tone}-soft") for tone in ("attention", "danger", "done", "accent")],
    *[(tone, ground) for tone in ("attention", "danger", "done") for ground in GROUNDS],
    ("accent-deep", "accent-soft"),
    ("muted", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
]
LINES = [
    *[("input-line", ground) for ground in GROUNDS],
    *[("accent", ground) for ground in (*GROUNDS, "sunken", "attention-soft")],
    ("danger", "danger-soft"),
    ("attention", "attention-soft"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_black_on_white_is_twenty_one_to_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_words_can_be_read_on_what_lies_under_them(ink, ground, scheme):
    assert contrast(COLOURS[ink][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), LINES)
def test_edges_of_what_one_can_use_can_be_seen(line, ground, scheme):
    assert contrast(COLOURS[line][scheme], COLOURS[ground][scheme]) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_clear_on_paper(stage, scheme):
    assert contrast(COLOURS[stage][scheme], COLOURS["paper"][scheme]) >= 5.5


def test_colours_live_in_the_tokens_alone():
    """White behind a QR code is the one exception: a camera has to read it by night too."""
    for sheet in Path("static/css").glob("*.css"):
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text())
        assert sheet.name == "tokens.css" or set(found) <= {"#ffffff"}, sheet.name


def test_every_token_that_is_used_exists():
    known = set(re.findall(r"(--[\w-]+):", TOKENS))
    for sheet in Path("static/css").glob("*.css"):
        words = sheet.read_text()
        own = set(
            re.findall(r"(--[\w-]+):", words)
        )  # lengths that a sheet counts with; colours live in the tokens
        used = set(re.findall(r"var\((--[\w-]+)", words))
        assert used <= known | own, sheet.name

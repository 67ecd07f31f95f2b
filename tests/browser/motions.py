"""Counting what hands do: clicks, keys, and letters typed into a text. Only what a person does counts, not a script."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext

PAGE = Path(__file__).parents[2] / "docs" / "motions.md"
KEYS_A_SECOND = 2  # a slow hand at a keyboard
HEAD = """# What it takes of hands

A click or a tap is one motion, and so is each key that is not a letter of a text: Tab, Enter, a shortcut, an answer by
digit. Typing a text is counted beside it. `tests/browser/test_motions.py` walks these ways in a browser, writes this
table with `make motions`, and fails when one of them takes more than stands here.

| From Today, unless it says otherwise | motions | of them keys | letters typed | wanted |
|---|---|---|---|---|
"""
LISTEN = """
(() => {
  const TEXT = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, [contenteditable]";
  const HELD = ["Shift", "Control", "Alt", "Meta"];
  const told = (kind) => window.motion(kind);
  addEventListener("pointerdown", (event) => event.isTrusted && told("click"), true);
  addEventListener("keydown", (event) => {
    if (!event.isTrusted || event.repeat || HELD.includes(event.key)) return;
    const written = event.key.length === 1 || event.key === "Backspace";
    const typed = written && !event.ctrlKey && !event.metaKey && event.target.closest?.(TEXT);
    told(typed ? "letter" : "key");
  }, true);
})();
"""


@dataclass
class Motions:
    """What was done so far."""

    counted: Counter[str] = field(default_factory=Counter)
    on: bool = False

    @property
    def number(self) -> int:
        """Clicks and keys; letters of a text are typing."""
        return self.counted["click"] + self.counted["key"]

    def row(self, what: str, wanted: str) -> str:
        """A line of the table."""
        keys, letters = self.counted["key"], self.counted["letter"]
        return f"| {what} | {self.number} | {keys} | {letters} | {wanted} |"


def listening(context: BrowserContext) -> Motions:
    """Count in every page of the browser that is opened from now on, while it is switched on."""
    motions = Motions()

    def told(_source: object, kind: str) -> None:
        if motions.on:
            motions.counted[kind] += 1

    context.expose_binding("motion", told)
    context.add_init_script(LISTEN)
    return motions


@contextmanager
def counting(motions: Motions) -> Iterator[Motions]:
    """Count within the block, from nothing."""
    motions.counted.clear()
    motions.on = True
    try:
        yield motions
    finally:
        motions.on = False


def listed() -> dict[str, str]:
    """The rows of the page, by what they tell of."""
    if not PAGE.exists():
        return {}
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {line.split("|")[1].strip(): line for line in rows[1:]}


def write(rows: dict[str, str]) -> None:
    """The page, with these rows and those of it that were not walked now."""
    PAGE.write_text(HEAD + "\n".join(rows.values()) + "\n", encoding="utf-8")

"""Reads the little Markdown that the guide is written in: headings, paragraphs, lists, **strong** and `keys`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify


@dataclass
class Block:
    """A heading (level 1 to 3), a paragraph, or a list."""

    kind: str
    level: int = 0
    lines: list[SafeString] = field(default_factory=list)

    @property
    def text(self) -> SafeString:
        return self.lines[0]

    @property
    def anchor(self) -> str:
        """Where the list of contents leads."""
        return slugify(self.text)


def read(text: str) -> list[Block]:
    """The blocks, in order. Everything is escaped before it is marked up."""
    return [_block(part) for part in re.split(r"\n\s*\n", text.strip())]


def _block(part: str) -> Block:
    if heading := re.match(r"(#{1,3}) (.+)", part):
        return Block("heading", len(heading[1]), [inline(heading[2])])
    if part.startswith(("- ", "1. ")):
        kind = "ordered" if part.startswith("1. ") else "list"
        return Block(kind, lines=[inline(item) for item in _items(part)])
    return Block("paragraph", lines=[inline(" ".join(part.splitlines()))])


def _items(part: str) -> Iterator[str]:
    item: list[str] = []
    for line in part.splitlines():
        if begun := re.match(r"(?:- |\d+\. )(.*)", line):
            if item:
                yield " ".join(item)
            item = [begun[1]]
        else:
            item.append(line.strip())
    yield " ".join(item)


def inline(text: str) -> SafeString:
    """Strong words and keys; nothing else has a meaning."""
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))
    return mark_safe(re.sub(r"`(.+?)`", r"<kbd>\1</kbd>", safe))

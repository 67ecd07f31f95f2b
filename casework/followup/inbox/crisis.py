"""A lexicon of crisis words, and the one that the program is shipped with (clinical.md §5.3). Pure: no database."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from casework.followup.inbox.folding import normalise, spaced

FILE = Path(__file__).with_name("shipped_words.csv")
ANY_ENDING = "*"


@dataclass(frozen=True)
class Lexicon:
    """Words and phrases, ready to be looked for."""

    pattern: re.Pattern[str]

    def found_in(self, text: str) -> tuple[str, ...]:
        """Those that stand in a normalised text. Punctuation around words does not hide them."""
        return tuple(dict.fromkeys(self.pattern.findall(spaced(text))))


def fold(phrase: str) -> str:
    """How a phrase is compared: as a message is, with its * kept."""
    stem = phrase.strip()
    ending = ANY_ENDING if stem.endswith(ANY_ENDING) else ""
    return spaced(normalise(stem)).strip() + ending


def of(phrases: Iterable[str]) -> Lexicon:
    """A lexicon of these phrases; whole words and whole phrases, but * stands for any ending."""
    folded = sorted({fold(phrase) for phrase in phrases} - {"", ANY_ENDING})
    bodies = [re.escape(one.removesuffix("*")) + ("[A-Z]*" if one.endswith("*") else "") for one in folded]
    longest_first = sorted(bodies, key=len, reverse=True)
    # Without any phrase the pattern must match nothing, not everything.
    return Lexicon(
        re.compile(rf"(?<![A-Z0-9'])(?:{'|'.join(longest_first)})(?![A-Z0-9])" if bodies else r"(?!)")
    )


def shipped_rows() -> list[dict[str, Any]]:
    """The words as shipped: language, phrase, folded, active, why. Doubtful ones wait for a clinician, switched off."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [
            {**row, "active": row["active"] == "1", "folded": fold(row["phrase"])}
            for row in csv.DictReader(lines)
        ]


@cache
def shipped() -> Lexicon:
    """What holds when the practice's own words cannot be read."""
    return of(row["phrase"] for row in shipped_rows() if row["active"])

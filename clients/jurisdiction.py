"""What the law and the phone book of a place say, as data: one file a jurisdiction beside this module."""

import json
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "jurisdictions"


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """Automated messages go from `open` to `close`, client's time; a site may move both within the outer two."""

    open: time
    close: time
    earliest: time
    latest: time


@dataclass(frozen=True, kw_only=True)
class Helpline:
    """A line to call or to name when nobody here is watching."""

    name: str
    number: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """Numbers to call, words that stop messages, and the hours when messages may go."""

    code: str
    name: str
    emergency_number: str
    crisis_line: str
    helpline: Helpline
    phone_region: str
    quiet_hours: QuietHours
    opt_out_words: frozenset[str]
    opt_out_phrases: tuple[str, ...]
    wrong_number_phrases: tuple[str, ...]
    opt_in_words: frozenset[str]
    help_words: frozenset[str]


@cache
def jurisdiction(code: str = "US") -> Jurisdiction:
    """Read a jurisdiction's file. Raises FileNotFoundError naming the file when there is none for the code."""
    raw = json.loads((FOLDER / f"{code.lower()}.json").read_text(encoding="utf-8"))
    raw["helpline"] = Helpline(**raw["helpline"])
    raw["quiet_hours"] = QuietHours(
        **{key: time.fromisoformat(value) for key, value in raw["quiet_hours"].items()}
    )
    for words in ("opt_out_words", "opt_in_words", "help_words"):
        raw[words] = frozenset(raw[words])
    for phrases in ("opt_out_phrases", "wrong_number_phrases"):
        raw[phrases] = tuple(raw[phrases])
    return Jurisdiction(**raw)

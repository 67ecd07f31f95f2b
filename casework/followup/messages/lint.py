"""Nothing leaves that tells a stranger at the lock screen what this is about (clinical.md §5.2)."""

import json
import re
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

from casework.followup.messages.segments import measure

VARIABLES = frozenset({"first", "counselor", "sender", "phone", "day", "time", "emergency", "crisis_line"})
MAY_NAME_HELPLINES = frozenset({"welcome", "help", "crisis"})
SAYS_STOP_ITSELF = frozenset(
    {"stop", "crisis"}
)  # an answer to STOP, and a text that must not talk of anything else
LONGEST = {
    "first": "Maximilianna",
    "counselor": "Christopher",
    "sender": "Oak Street",
    "phone": "555-010-0199",
    "day": "Wed 30 Sep",
    "time": "12:30 pm",
    "emergency": "911",
    "crisis_line": "988",
}

_LOOKALIKES = str.maketrans("034579@$", "oeastgas")
_TOKEN = re.compile(r"[a-z0-9@$']+")
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-TV-Z]\d{2}(?:\.\d{1,4})?(?![A-Za-z0-9])")
_DOSE = re.compile(r"\d+\s?(?:mg|mcg|ml|%)(?![a-z])")
# With a protocol anything; without one what a phone makes a link of: a name and an ending that is common.
_ENDINGS = "com|org|net|gov|edu|info|io|us|co|me|app|link|ly|gl|to|be|uk|mx|es|health|care|page|site|online"
_LINK = re.compile(rf"(?:https?://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?![\w@.-])(?:/\S*)?")


@dataclass(frozen=True)
class Problem:
    """A word or a shape that a message may not have. `everyday` ones only warn in a text typed by a person."""

    rule: str
    found: str
    everyday: bool = False


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    raw = json.loads((Path(__file__).parent / "lint_words.json").read_text(encoding="utf-8"))
    return {
        "denied": tuple(chain.from_iterable(raw["denied"].values())),
        "everyday": tuple(chain.from_iterable(raw["everyday"].values())),
        "crisis": tuple(raw["crisis"]),
    }


def fold(text: str) -> str:
    """Lower case, no accents, one kind of apostrophe."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words or whole phrases; `*` is any ending. No words match nothing."""
    bodies = (re.escape(fold(word)).replace(r"\*", "[a-z]*").replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(bodies)})(?![a-z0-9])" if words else r"(?!)")


def _spellings(text: str) -> tuple[str, ...]:
    """The folded text, and as someone reads it who takes 4 for a, and 1 for i or l. Bare numbers stay numbers."""
    folded = fold(text)

    def reading(one: str) -> str:
        def read(token: re.Match[str]) -> str:
            word = token.group()
            return word.translate(_LOOKALIKES).replace("1", one) if re.search("[a-z]", word) else word

        return _TOKEN.sub(read, folded)

    return folded, reading("i"), reading("l")


def problems(text: str, *, extra_words: Iterable[str] = (), helplines: bool = False) -> list[Problem]:
    """What a text may not say. `extra_words` are the catalogue's names; `helplines` allows 911 and 988."""
    words = _words()
    rules = [
        ("denied", words["denied"]),
        ("catalogue", tuple(sorted(set(extra_words)))),
        ("everyday", words["everyday"]),
    ]
    rules += [] if helplines else [("crisis", words["crisis"])]
    spellings = _spellings(text)
    found = {
        Problem(rule, hit.group(), everyday=rule == "everyday"): None
        for rule, denied in rules
        for spelling in spellings
        for hit in _pattern(denied).finditer(spelling)
    }
    found |= {Problem("code", hit.group()): None for hit in _CODE.finditer(text)}
    found |= {Problem("dose", hit.group()): None for hit in _DOSE.finditer(spellings[0])}
    found |= {Problem("link", hit.group()): None for hit in _LINK.finditer(spellings[0])}
    return list(found)


def variables_in(text: str) -> set[str]:
    """The names between braces. Raises ValueError for a brace without its fellow."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def template_problems(
    key: str,
    text: str,
    *,
    extra_words: Iterable[str] = (),
    longest: Mapping[str, str] = LONGEST,
    one_segment: bool = True,
) -> list[Problem]:
    """Why a template may not be saved. `key` is without its language ("checkin.1")."""
    purpose = key.split(".", maxsplit=1)[0]
    strange = variables_in(text) - VARIABLES
    if strange:
        return [Problem("variable", name) for name in sorted(strange)]
    found = problems(
        text.format_map(dict.fromkeys(VARIABLES, " ")),
        extra_words=extra_words,
        helplines=purpose in MAY_NAME_HELPLINES,
    )
    size = measure(text.format_map(dict(longest)))
    if one_segment and size.segments > 1:
        found.append(Problem("length", f"{size.units} {size.encoding}"))
    if one_segment and purpose not in SAYS_STOP_ITSELF and not re.search(r"\bSTOP\b", text):
        found.append(Problem("stop", "STOP"))
    return found

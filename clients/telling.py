"""What a stranger at the lock screen must not learn (clinical.md §5.2 M-2): words that a message may not carry.

It stands here, lowest of all, because names are refused by it where they are entered: the practice's, and people's.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

from clients.models import Substance

_LOOKALIKES = str.maketrans("034579@$", "oeastgas")
_TOKEN = re.compile(r"[a-z0-9@$']+")
# In small letters only with its dot: "b12" and "a10" are read as no code.
_CODE = re.compile(r"(?<![A-Za-z0-9])(?:[A-TV-Z]\d{2}(?:\.\d{1,4})?|[a-tv-z]\d{2}\.\d{1,4})(?![A-Za-z0-9])")
_DOSE = re.compile(r"\d+\s*(?:mgs?|mcgs?|mls?|%)(?![a-z])")
# With a protocol anything; without one what a phone makes a link of: a name and an ending that is common.
_ENDINGS = "com|org|net|gov|edu|info|io|us|co|me|app|link|ly|gl|to|be|uk|mx|es|health|care|page|site|online"
_LINK = re.compile(
    rf"(?:https?://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?![\w@-]|\.\w)(?:/\S*)?"
)


@dataclass(frozen=True)
class Problem:
    """A word or a shape that a message may not have. `everyday` ones only warn in a text typed by a person."""

    rule: str
    found: str
    everyday: bool = False


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    raw = json.loads(Path(__file__).with_name("telling_words.json").read_text(encoding="utf-8"))
    return {
        "denied": tuple(chain.from_iterable(raw["denied"].values())),
        "everyday": tuple(chain.from_iterable(raw["everyday"].values())),
        "crisis": tuple(raw["crisis"]),
        "unkind": tuple(chain.from_iterable(raw["unkind"].values())),
    }


def fold(text: str) -> str:
    """Lower case, no accents, one kind of apostrophe, and nothing that nobody sees between two letters."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(
        char for char in plain if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
    ).casefold()


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


def unkind(text: str) -> list[Problem]:
    """Words of blame, shame and pressure, which no text of ours has (clinical.md §5.2 M-4)."""
    found = _pattern(_words()["unkind"]).finditer(fold(text))
    return [Problem("unkind", hit.group()) for hit in found]


@lru_cache(maxsize=4096)
def tells(value: str, extra_words: tuple[str, ...] = ()) -> bool:
    """Whether a name or a word of ours says too much; the names of a practice are few, so it is asked once each."""
    return bool(problems(value, extra_words=extra_words))


def catalogue_words() -> tuple[str, ...]:
    """Names and brands of the catalogue. Street names stay out: many are everyday words, some are first names."""
    rows = (
        Substance.objects.filter(lint_block=True).values_list("name_en", "name_es", "brands").order_by("pk")
    )
    return tuple(
        sorted(
            {
                word.strip()
                for english, spanish, brands in rows
                for word in (english, spanish, *brands)
                if word.strip()
            }
        )
    )

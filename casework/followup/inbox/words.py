"""What a client's message means, by fixed rules in a fixed order (clinical.md §5.3). Pure: no database, no clock.

A crisis is looked for before anything else, because a person who writes STOP may be in danger. What no rule knows is
for a person to read.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from clients.jurisdiction import Jurisdiction


class Meaning(StrEnum):
    """What a message asks for. The values are those that the record of it keeps."""

    CRISIS = "crisis"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    OK = "ok"
    CALL = "call"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    OTHER = "other"


# "SI" and "NO" have no entry: an answer of one word to "would you like to talk?" needs a person who read the question.
QUICK_REPLIES = {"1": Meaning.OK, "2": Meaning.CALL, "C": Meaning.CONFIRM, "R": Meaning.RESCHEDULE}
ASKS_FOR_HELP = re.compile(r"(?<![A-Z])(?:HELP|AYUDA|AYUDEME|AYUDENME)(?![A-Z])")
COURTESIES = re.compile(r"\s(?:PLEASE|THANKS|THANK YOU|POR FAVOR|GRACIAS)$")

_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´＇′"), "'")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")  # punctuation and pictures
_QUOTES = re.compile(r"(?<![A-Z0-9])'|'(?![A-Z0-9])")  # not the apostrophe within a word
_FIRST_WORD = re.compile(r"[A-Z]+")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A message as understood. A message can be a crisis and an opt-out at once; `meaning` is then the crisis."""

    text: str
    meaning: Meaning
    crisis_words: tuple[str, ...] = ()
    opt_out: bool = False
    wrong_number: bool = False
    urgent: bool = False

    @property
    def crisis(self) -> bool:
        """Whether a word of the lexicon is in it."""
        return bool(self.crisis_words)


def normalise(body: str) -> str:
    """Upper case without accents, punctuation or pictures at the edges, or doubled spaces; every apostrophe is '."""
    text = unicodedata.normalize("NFKC", body).translate(_APOSTROPHES)
    text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return _bare(re.sub(r"\s+", " ", text)).upper()


def _bare(text: str) -> str:
    return _EDGES.sub("", text)


@cache
def _crisis_pattern() -> re.Pattern[str]:
    raw = json.loads((Path(__file__).parent / "crisis_words.json").read_text(encoding="utf-8"))
    bodies = [
        re.escape(normalise(word)) + ("[A-Z]*" if word.endswith("*") else "")
        for word in [*raw["en"], *raw["es"]]
    ]
    return re.compile(rf"(?<![A-Z0-9'])(?:{'|'.join(bodies)})(?![A-Z0-9])")


def crisis_words(text: str) -> tuple[str, ...]:
    """The words of the lexicon found in a normalised text. Punctuation around words does not hide them."""
    spaced = re.sub(r"\s+", " ", re.sub(r"[^A-Z0-9' ]", " ", _QUOTES.sub(" ", text)))
    return tuple(dict.fromkeys(_crisis_pattern().findall(spaced)))


def read(body: str, place: Jurisdiction, *, opted_out_by_keyword: bool = False) -> Reading:
    """Understand a message. YES is an opt-in only from somebody who stopped our messages by a keyword."""
    text = normalise(body)
    found = crisis_words(text)
    wrong = _contains(text, place.wrong_number_phrases)
    opt_out = _is_opt_out(text, place, in_crisis=bool(found)) or wrong
    meaning = (
        Meaning.CRISIS
        if found
        else Meaning.OPT_OUT
        if opt_out
        else _simple(text, place, opted_out_by_keyword)
    )
    urgent = bool(found) or (meaning is Meaning.OTHER and bool(ASKS_FOR_HELP.search(text)))
    return Reading(
        text=text, meaning=meaning, crisis_words=found, opt_out=opt_out, wrong_number=wrong, urgent=urgent
    )


def _is_opt_out(text: str, place: Jurisdiction, *, in_crisis: bool) -> bool:
    if _bare(COURTESIES.sub("", text)) in place.opt_out_words:
        return True
    if in_crisis and _stops_beside_the_crisis(text, place):
        return True
    return _contains(text, place.opt_out_phrases)


def _stops_beside_the_crisis(text: str, place: Jurisdiction) -> bool:
    """“STOP I want to die” says both. The END of “end it all” is the crisis itself and takes back no permission."""
    first = _FIRST_WORD.match(text)
    return (
        first is not None and first.group() in place.opt_out_words and bool(crisis_words(text[first.end() :]))
    )


def _contains(text: str, phrases: Iterable[str]) -> bool:
    plain = text.replace("'", "")
    return any(
        re.search(rf"(?<![A-Z]){re.escape(phrase.replace(chr(39), ''))}(?![A-Z])", plain)
        for phrase in phrases
    )


def _simple(text: str, place: Jurisdiction, opted_out_by_keyword: bool) -> Meaning:
    if text in place.opt_in_words and (text != "YES" or opted_out_by_keyword):
        return Meaning.OPT_IN
    if text in place.help_words:
        return Meaning.HELP
    return QUICK_REPLIES.get(text, Meaning.OTHER)

"""What a client's message means, by fixed rules in a fixed order (clinical.md §5.3). Pure: no database, no clock.

A crisis is looked for before anything else, because a person who writes STOP may be in danger. What no rule knows is
for a person to read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from casework.followup.inbox.crisis import Lexicon
from casework.followup.inbox.folding import bare, normalise
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
    PLAN = "plan"
    OTHER = "other"


# "SI" and "NO" have no entry: an answer of one word to "would you like to talk?" needs a person who read the question.
QUICK_REPLIES = {
    "1": Meaning.OK,
    "2": Meaning.CALL,
    "C": Meaning.CONFIRM,
    "R": Meaning.RESCHEDULE,
    "PLAN": Meaning.PLAN,
    "MY PLAN": Meaning.PLAN,
    "MI PLAN": Meaning.PLAN,
}
ASKS_FOR_HELP = re.compile(r"(?<![A-Z])(?:HELP|AYUDA|AYUDEME|AYUDENME)(?![A-Z])")
COURTESIES = re.compile(r"\s(?:PLEASE|THANKS|THANK YOU|POR FAVOR|GRACIAS)$")

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


def read(body: str, place: Jurisdiction, lexicon: Lexicon, *, opted_out_by_keyword: bool = False) -> Reading:
    """Understand a message. YES is an opt-in only from somebody who stopped our messages by a keyword."""
    text = normalise(body)
    found = lexicon.found_in(text)
    wrong = _contains(text, place.wrong_number_phrases)
    opt_out = _is_opt_out(text, place, lexicon if found else None) or wrong
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


def _is_opt_out(text: str, place: Jurisdiction, lexicon: Lexicon | None) -> bool:
    """`lexicon`: given where the text is a crisis too."""
    if bare(COURTESIES.sub("", text)) in place.opt_out_words:
        return True
    if lexicon is not None and _stops_beside_the_crisis(text, place, lexicon):
        return True
    return _contains(text, place.opt_out_phrases)


def _stops_beside_the_crisis(text: str, place: Jurisdiction, lexicon: Lexicon) -> bool:
    """“STOP I want to die” says both. The END of “end it all” is the crisis itself and takes back no permission."""
    first = _FIRST_WORD.match(text)
    return (
        first is not None
        and first.group() in place.opt_out_words
        and bool(lexicon.found_in(text[first.end() :]))
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

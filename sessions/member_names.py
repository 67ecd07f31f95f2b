"""No member's name in another member's note: how names are found in a text (clinical.md §9.1).

A name counts as a whole word, accents and case folded. A name that is also an ordinary word ("Will", "Grace", "May",
"Luz") counts when it is written with a capital, and then somebody may say that here it is only the word. With another
part of the same name, or an initial, beside it, it is the person and nobody may.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sessions.integrity import tidy

# Given and family names that are everyday words, months or weekdays too; folded. Whoever is missed is only asked to
# write the note without the name, so the list may stay short.
_ORDINARY = """
will grace may mark hope faith joy rose april june august summer autumn dawn art bill frank rich jack pat
sue drew ray rob chance chase hunter mason baker cook young long king brown green white black gray grey
blue reed stone wood woods hill field fields brook brooks lake rivers banks bush berry cherry olive ivy
violet daisy lily iris heather holly ginger sage basil jasmine amber ruby pearl jade crystal gem star sky
skye sunny stormy rain snow winter frost day night knight page read reader bell ball beach best bird bond
booth bright burns carpenter case charity chambers church coach cross cruise curt dale dean dear drake
duke earl ernest fair farmer fisher ford fox free friend gift glen good grant guy harper harmony hart
hazel heath honest honor hood house hunt jean jordan justice lane law little love lucky major marsh melody
mercy merit miles mills moody more noble north park parks patience pepper piper pope port porter power
precious price pride prince reason robin rock rush said say serenity sharp shepherd short singer small
smart song south spring steel storm street strong swift teller temple trinity true trust turner unity van
wade walker wall ward warner waters way weaver welcome wells west wise wolf worth worthy sandy sharon
tanner taylor victor victory vic wren angel christian monday friday sunday
luz paz mar sol rosa cruz flores flor rey reyes angeles jesus cielo alba marina blanca dolores consuelo
esperanza mercedes pilar milagros rocio soledad victoria luna leon rubio delgado moreno blanco calvo bueno
campos prado fuentes rios rivera montes cortes leal gallo cordero pastor guerra paloma perla gracia
caridad fe amparo remedios socorro pino mayo abril julio domingo segundo franco serrano bravo cano rojo
rojas casas iglesias torres cabezas crespo santos salvador
"""
_PARTICLES = """
de del la las los el y e da das do dos di du van von der den ter bin ibn al jr sr ii iii iv
"""
ORDINARY = frozenset(_ORDINARY.split())
PARTICLES = frozenset(_PARTICLES.split())
# The "'s" of "Alex's" is not part of the name; the "'Brien" of "O'Brien" is.
_WORD = re.compile(r"[^\W\d_]+(?:(?:-|['’](?![sS]\b))[^\W\d_]+)*")


def folded(text: str) -> str:
    """Without accents, case and the apostrophes in "O'Brien"."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’").casefold()


@dataclass(frozen=True)
class Word:
    """One word of a text: as folded, where it stands, and whether it begins with a capital."""

    folded: str
    start: int
    end: int
    capital: bool


@dataclass(frozen=True)
class Person:
    """A member, as the names on record call them."""

    key: int
    given: str
    family: str
    chosen: str = ""

    @property
    def parts(self) -> frozenset[str]:
        """Every word of every name, folded, without "de la" and the like."""
        return frozenset(word for name in (self.given, self.family, self.chosen) for word in parts_of(name))

    @property
    def initials(self) -> frozenset[str]:
        """First letters of the names."""
        return initials_of((self.given, self.chosen, self.family))


@dataclass(frozen=True)
class Find:
    """A member's name in a text: whose, the word as it stands there, and whether it may be only a word."""

    key: int
    word: str
    start: int
    maybe: bool


def parts_of(name: str) -> list[str]:
    """The words of a name that stand for a person: "María de la Cruz-Vega" gives maria, cruz, vega and cruzvega."""
    words = [word.folded for word in _words(tidy(name))]
    return [word for word in words if word not in PARTICLES] or words


def initials_of(names: Iterable[str]) -> frozenset[str]:
    """The first letter of each name, folded."""
    firsts = (next(_words(name), None) for name in names)
    return frozenset(first.folded[:1] for first in firsts if first is not None)


def _words(text: str) -> Iterator[Word]:
    """The words of a text, in order; a word with a hyphen also as its halves."""
    for match in _WORD.finditer(text):
        whole = match.group()
        yield Word(folded(whole.replace("-", "")), match.start(), match.end(), whole[:1].isupper())
        if "-" in whole:
            at = match.start()
            for half in whole.split("-"):
                yield Word(folded(half), at, at + len(half), half[:1].isupper())
                at += len(half) + 1


def finds(
    text: str, people: Iterable[Person], *, spared: Iterable[str] = (), also_words: Iterable[str] = ()
) -> list[Find]:
    """Where `text` names one of `people`, once a word and person.

    `spared` are names that may stand there: of the note's own client. `also_words` are names that others share who may
    be named, such as the facilitator: like an ordinary word, they may mean somebody else.
    """
    text, spared = tidy(text), tuple(spared)
    words = list(_words(text))
    own = frozenset(part for name in spared for part in parts_of(name)) | initials_of(spared)
    shared = frozenset(part for name in also_words for part in parts_of(name))
    found: dict[tuple[int, str], Find] = {}
    for person in people:
        for index, word in enumerate(words):
            if word.folded not in person.parts:
                continue
            certain = _is_certain(person, text, words, index, own)
            if word.folded in own and not certain:
                continue
            maybe = not certain and (word.folded in ORDINARY or word.folded in shared or len(word.folded) < 3)
            if maybe and not word.capital:
                continue
            key = (person.key, word.folded)
            if key not in found or (found[key].maybe and not maybe):
                found[key] = Find(person.key, text[word.start : word.end], word.start, maybe)
    return sorted(found.values(), key=lambda find: (find.start, find.key))


def _is_certain(person: Person, text: str, words: list[Word], index: int, own: frozenset[str]) -> bool:
    """Whether a neighbouring word is another part, or an initial, of the same person's name."""
    word = words[index]
    for other in words[max(0, index - 3) : index + 4]:
        if not (other.capital and word.capital) or not 1 <= _gap(word, other) <= 2 or other.folded in own:
            continue
        if other.folded in person.parts - {word.folded}:
            return True
        if other.folded in person.initials and _may_be_initial(text, word, other):
            return True
    return False


def _may_be_initial(text: str, word: Word, other: Word) -> bool:
    """Whether one letter beside a name is an initial: "May I ask" has none, nor has "… Will. A good talk"."""
    pointed = text[other.end : other.end + 1] == "."
    return pointed or (other.folded != "i" and _gap(word, other) == 1)


def _gap(word: Word, other: Word) -> int:
    """Characters between two words: one for a blank, two with an initial's point; negative when they overlap."""
    return other.start - word.end if other.start > word.start else word.start - other.end

"""What a measure is: questions, answers, skips, scores and flags, read from a file and checked once (docs/adr/0015).

The engine knows no instrument by name. What an instrument is stands in its TOML file: ours in `instruments/`, others'
in a pack of their own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ENGLISH = "en"
OWN = Path(__file__).with_name("instruments")


class BadDefinition(Exception):
    """A file of measures says something that cannot be."""


@dataclass(frozen=True)
class Option:
    """One answer: what it counts, and its words by language."""

    value: int
    words: Mapping[str, str]


@dataclass(frozen=True)
class Skip:
    """Not asked where the answer to `item` is below `below`; `counts_as` is what then stands for it, if anything."""

    item: str
    below: int
    counts_as: int | None


@dataclass(frozen=True)
class Item:
    """One question. Either `options` or, for a number, `lowest` and `highest`."""

    key: str
    words: Mapping[str, str]
    options: tuple[Option, ...] = ()
    lowest: int = 0
    highest: int = 0
    skip: Skip | None = None
    head: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> frozenset[int]:
        if self.options:
            return frozenset(one.value for one in self.options)
        return frozenset(range(self.lowest, self.highest + 1))


@dataclass(frozen=True)
class Score:
    """One number: a sum, a count of answers that reach a limit, or one that is entered."""

    key: str
    rule: str
    items: tuple[str, ...]
    lowest: int
    highest: int
    at_least: int = 0
    exceptions: Mapping[str, int] = field(default_factory=dict)
    reversed_items: frozenset[str] = frozenset()
    bands: tuple[tuple[int, str], ...] = ()
    higher_is_better: bool = False
    shown: bool = True

    def band(self, value: int | None) -> str:
        """The word for a value: that of the highest band that begins at or below it."""
        if value is None:
            return ""
        return next((word for start, word in reversed(self.bands) if value >= start), "")


@dataclass(frozen=True)
class Condition:
    """A score or an item within limits, both included. `at_least_men` replaces `at_least` for a man."""

    score: str = ""
    item: str = ""
    at_least: int | None = None
    at_most: int | None = None
    at_least_men: int | None = None


@dataclass(frozen=True)
class Flag:
    """Raised when every condition holds. An alarm asks for somebody at once."""

    key: str
    when: tuple[Condition, ...]
    alarm: bool = False
    setting: str = ""


@dataclass(frozen=True)
class Change:
    """Which differences between two results are marked (clinical.md §2.20)."""

    score: str = ""  # empty: every score
    points: int = 0
    item_points: int = 0
    response_points: int = 0
    response_percent: int = 0
    remission_below: int | None = None


@dataclass(frozen=True)
class Instrument:
    """One measure, whole."""

    key: str
    title: str
    version: str
    rules: int
    tier: str
    source: str
    licence: str
    name: Mapping[str, str]
    lead: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    scores: tuple[Score, ...] = ()
    flags: tuple[Flag, ...] = ()
    change: Change | None = None
    phone: bool = False
    asks_sex: bool = False
    entered_by: str = ""
    limits: str = ""
    pack: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def by_key(self) -> Mapping[str, Item]:
        return {one.key: one for one in self.items}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Those in which every question and every answer has official words; English first."""
        spoken = [one for one in sorted(self.name) if all(one in texts for texts in self._texts())]
        return tuple(sorted({ENGLISH, *spoken}, key=lambda one: (one != ENGLISH, one)))

    @property
    def is_entry(self) -> bool:
        """Only the score is entered: the questions are not ours to show."""
        return not self.items

    @property
    def shown_scores(self) -> tuple[Score, ...]:
        return tuple(one for one in self.scores if one.shown)

    @property
    def credit(self) -> str:
        """Whose it is and under what terms, to be shown wherever it is."""
        return f"{self.source.rstrip('.')}. {self.licence}"

    def speaks(self, language: str) -> str:
        """The language in which it can be given to somebody who reads `language`: theirs, or English."""
        return language if language in self.languages else ENGLISH

    def score(self, key: str) -> Score | None:
        return next((one for one in self.scores if one.key == key), None)

    def _texts(self) -> Iterator[Mapping[str, str]]:
        for item in self.items:
            yield item.words
            yield from (one.words for one in item.options)
        yield from (one for one in (self.lead, self.about) if one)


# --- reading a file ---


def read(path: Any, *, pack: str = "") -> Instrument:
    """The instrument of a TOML file. Raises BadDefinition for one that contradicts itself."""
    try:
        found = _instrument(tomllib.loads(path.read_text(encoding="utf-8")), pack)
    except (KeyError, TypeError, ValueError) as error:
        raise BadDefinition(f"{path.name}: {error!r}") from error
    _check(found)
    return found


def _instrument(raw: dict[str, Any], pack: str) -> Instrument:
    options = {key: _options(one) for key, one in raw.get("options", {}).items()}
    plain = {
        key: raw[key] for key in ("key", "title", "version", "rules", "tier", "source", "licence", "name")
    }
    more = ("lead", "about", "phone", "asks_sex", "entered_by", "limits", "words")
    return Instrument(
        **plain,
        **{key: raw[key] for key in more if key in raw},
        items=tuple(_item(one, options) for one in raw.get("items", [])),
        scores=tuple(_score(one) for one in raw["scores"]),
        flags=tuple(_flag(one) for one in raw.get("flags", [])),
        change=_change(raw["change"]) if "change" in raw else None,
        pack=pack,
    )


def _words(raw: Mapping[str, Any]) -> dict[str, str]:
    return {key: raw[key] for key in ("en", "es") if key in raw}


def _options(raw: Mapping[str, Any]) -> tuple[Option, ...]:
    spoken = _words(raw)
    rows = zip(raw["values"], *spoken.values(), strict=True)
    return tuple(Option(value, dict(zip(spoken, words, strict=True))) for value, *words in rows)


def _item(raw: Mapping[str, Any], options: Mapping[str, tuple[Option, ...]]) -> Item:
    lowest, highest = raw.get("range", (0, 0))
    skip = raw.get("skip")
    return Item(
        key=raw["key"],
        words=_words(raw),
        options=options[raw["options"]] if "options" in raw else (),
        lowest=lowest,
        highest=highest,
        skip=Skip(skip["item"], skip["below"], skip.get("as")) if skip else None,
        head=raw.get("head", {}),
    )


def _score(raw: Mapping[str, Any]) -> Score:
    lowest, highest = raw["range"]
    return Score(
        key=raw["key"],
        rule=raw["rule"],
        items=tuple(raw.get("items", ())),
        lowest=lowest,
        highest=highest,
        at_least=raw.get("at_least", 0),
        exceptions=raw.get("except", {}),
        reversed_items=frozenset(raw.get("reversed", ())),
        bands=tuple((start, word) for start, word in raw.get("bands", ())),
        higher_is_better=raw.get("better", "lower") == "higher",
        shown=raw.get("shown", True),
    )


def _flag(raw: Mapping[str, Any]) -> Flag:
    conditions = tuple(Condition(**one) for one in raw["when"])
    return Flag(raw["key"], conditions, raw.get("alarm", False), raw.get("setting", ""))


def _change(raw: Mapping[str, Any]) -> Change:
    response = raw.get("response", {})
    return Change(
        score=raw.get("score", ""),
        points=raw.get("points", 0),
        item_points=raw.get("item_points", 0),
        response_points=response.get("points", 0),
        response_percent=response.get("percent", 0),
        remission_below=raw.get("remission_below"),
    )


def _check(one: Instrument) -> None:
    """What a file may get wrong so that a score would be silently false."""
    keys, scores = [item.key for item in one.items], {score.key for score in one.scores}
    if len(set(keys)) != len(keys) or len(scores) != len(one.scores):
        raise BadDefinition(f"{one.key}: two items or two scores have the same key")
    for place, item in enumerate(one.items):
        if len(item.allowed) < 2 or ENGLISH not in item.words:
            raise BadDefinition(f"{one.key}.{item.key}: needs English words and at least two answers")
        if item.skip and item.skip.item not in keys[:place]:
            raise BadDefinition(f"{one.key}.{item.key}: its skip looks at no earlier item")
    for score in one.scores:
        _check_score(one, score)
    for condition in (each for flag in one.flags for each in flag.when):
        if condition.score not in scores and condition.item not in keys:
            raise BadDefinition(f"{one.key}: a flag looks at what is not there")


def _check_score(one: Instrument, score: Score) -> None:
    if score.rule not in {"sum", "count", "entry"} or (score.rule == "entry") != one.is_entry:
        raise BadDefinition(f"{one.key}.{score.key}: “{score.rule}” is no rule for it")
    if not set(score.items) <= set(one.by_key):
        raise BadDefinition(f"{one.key}.{score.key}: counts an item that is not there")
    if score.rule == "sum":
        # A reversed item turns within its own limits, so the sum's limits stay.
        ends = [one.by_key[key].allowed for key in score.items]
        if (sum(map(min, ends)), sum(map(max, ends))) != (score.lowest, score.highest):
            raise BadDefinition(f"{one.key}.{score.key}: its range is not what its items can add up to")
    starts = [start for start, _word in score.bands]
    if starts != sorted(set(starts)) or (starts and starts[0] > score.lowest):
        raise BadDefinition(f"{one.key}.{score.key}: its bands leave a gap or run backwards")


@cache
def own() -> Mapping[str, Instrument]:
    """The measures that ship with Turnaround, by key."""
    found = [read(path) for path in sorted(OWN.glob("*.toml"))]
    return {one.key: one for one in found}

"""The words a site recognises, loaded from mapping.json or a site's own copy of it.

Texts, not codes: the code tables of some terminologies may not be shipped (clinical.md §3.6).
"""

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from .errors import MappingError

CLOSING_TAG = re.compile(r"\s*\([^()]*\)\s*$")


@dataclass(frozen=True)
class SubstanceRule:
    patterns: tuple[str, ...]
    substance: str


@dataclass(frozen=True)
class Mapping:
    """What the texts of an incoming record mean here."""

    substances: tuple[SubstanceRule, ...]
    overdose_texts: tuple[str, ...]
    overdose_classes: frozenset[str]
    overdose_substance: str
    overdose_use_type: str
    stay_types: tuple[str, ...]
    counseling_activities: tuple[str, ...]
    adjacent_days: int
    presumed_discharge_days: int
    identifier_prefer: tuple[str, ...]
    identifier_never: frozenset[str]
    languages: dict[str, str]

    def substance_for(self, texts: list[str]) -> SubstanceRule | None:
        """The first rule that fits one of the texts; None when no rule does."""
        return next((rule for rule in self.substances if matches(texts, rule.patterns)), None)

    @property
    def substance_keys(self) -> set[str]:
        """Every substance the mapping can lead to, for checking against the catalogue."""
        return {rule.substance for rule in self.substances} | {self.overdose_substance}


def folded(text: str) -> str:
    """A display text as we compare it: lower case, single spaces, without its closing tag."""
    return " ".join(CLOSING_TAG.sub("", text).split()).casefold()


def matches(texts: list[str], patterns: tuple[str, ...]) -> bool:
    """Whether one of the texts fits one of the patterns, in which * stands for any text."""
    return any(fnmatchcase(folded(text), pattern) for text in texts for pattern in patterns)


def load_mapping(path: Path | None = None) -> Mapping:
    """The shipped mapping, or a site's file. Raises MappingError saying what is wrong with it."""
    name = path.name if path else "mapping.json"
    try:
        text = (
            path.read_text("utf-8")
            if path
            else resources.files(__package__).joinpath(name).read_text("utf-8")
        )
        return _mapping(json.loads(text))
    except OSError as error:
        raise MappingError(f"{name} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise MappingError(f"{name} is not valid JSON: {error}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise MappingError(
            f"{name} lacks or misspells {error}. Start from a copy of the shipped file."
        ) from error


def _patterns(texts: Any) -> tuple[str, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("a list of texts")
    return tuple(folded(text) for text in texts)


def _mapping(raw: dict[str, Any]) -> Mapping:
    overdose, episodes, identifiers = raw["overdose"], raw["episodes"], raw["identifiers"]
    return Mapping(
        substances=tuple(
            SubstanceRule(_patterns(rule["texts"]), str(rule["substance"])) for rule in raw["substances"]
        ),
        overdose_texts=_patterns(overdose["texts"]),
        overdose_classes=frozenset(overdose["encounter_classes"]),
        overdose_substance=str(overdose["substance"]),
        overdose_use_type=str(overdose["use_type"]),
        stay_types=_patterns(raw["stays"]["encounter_types"]),
        counseling_activities=_patterns(raw["counseling"]["care_plan_activities"]),
        adjacent_days=int(episodes["adjacent_days"]),
        presumed_discharge_days=int(episodes["presumed_discharge_days"]),
        identifier_prefer=tuple(identifiers["prefer"]),
        identifier_never=frozenset(identifiers["never"]),
        languages={folded(name): code for name, code in raw["languages"].items()},
    )

"""The suggested stage: a pure function of what was asked and answered (clinical.md §1.4).

The suggestion is not validated. The counselor's stage is the record.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from casework.relapse.signs import BY_CODE, HARD, SEVERITIES, USED_ONCE, Halt, Source
from clients.stage import Stage

ALGORITHM_VERSION = 1
ASKED_OF = 20  # the emotional and mental signs; physical ones do not count towards coverage
ENOUGH = Decimal("0.60")
NEARLY_ALL = Decimal("0.90")
INDEXED = (Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL)


class Rule(StrEnum):
    """Which rule fired; the first that matches wins."""

    USE = "R1"
    MENTAL_SIGNS = "R2"
    EMOTIONAL_SIGNS = "R3"
    TOO_LITTLE_ASKED = "R4"
    NOTHING_NOTABLE = "R5"


class Flag(StrEnum):
    """What deserves a word beside the suggestion, and does not change it."""

    EARLY_MENTAL_SIGNS = "early_mental_signs"
    USE_ON_RECORD = "use_on_record"
    TOXICOLOGY_ALONE = "toxicology_alone"


class Confidence(StrEnum):
    """How much the suggestion rests on."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Answer:
    """One sign as answered: severity 0–3, or None when it was not asked; and how we know.

    Raises ValueError for a severity outside 0–3 or an unknown source: nothing is clamped.
    """

    severity: int | None
    sources: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.severity is not None and self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is not one of 0, 1, 2, 3 or None")
        if unknown := set(self.sources) - set(Source.values):
            raise ValueError(f"unknown source: {', '.join(sorted(unknown))}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the signs suggest, why, and how far to trust it.

    `completeness` is the share of the 20 emotional and mental signs that were asked, 0.00–1.00. `indices` holds for
    each stage 0–100, or None when none of its signs was asked.
    """

    stage: Stage
    rule: Rule
    completeness: Decimal
    confidence: Confidence
    flags: tuple[Flag, ...] = ()
    indices: Mapping[Stage, int | None] = field(default_factory=dict)


Answers = Mapping[str, Answer]
Asked = dict[str, int]


def suggest(answers: Answers, halt: Mapping[str, bool | None], use_in_window: bool) -> Suggestion:
    """Suggest a stage (clinical.md §1.4, rules R1–R5).

    `answers` maps sign codes to answers; a missing code means not asked. `halt` maps hungry, angry, lonely, tired to
    yes, no or None. `use_in_window`: a self-reported or corroborated use day lies within the assessment's window; it
    counts as P01 = 1 when no physical sign was ticked. A physical sign that rests on toxicology alone suggests
    nothing. Raises ValueError for an unknown sign or an unknown HALT name.
    """
    _refuse_unknown(answers, halt)
    asked = {code: answer.severity for code, answer in answers.items() if answer.severity is not None}
    if use_in_window and not _count(asked, "P", at_least=1):
        asked[USED_ONCE] = 1
    screened = {
        code for code in asked if code.startswith("P") and asked[code] and _only_toxicology(answers.get(code))
    }
    used = use_in_window or any(
        asked[code] for code in asked if code.startswith("P") and code not in screened
    )
    completeness = Decimal(_count(asked, "EM", at_least=0)) / ASKED_OF
    stage, rule = _first_match(asked, halt, used=used, completeness=completeness)
    return Suggestion(
        stage=stage,
        rule=rule,
        completeness=completeness,
        confidence=_confidence(completeness, answers),
        flags=tuple(_flags(asked, stage, use_in_window=use_in_window, screened=bool(screened))),
        indices=MappingProxyType({one: index(asked, one) for one in INDEXED}),
    )


def index(severities: Mapping[str, int | None], stage: Stage) -> int | None:
    """100 × the severities of a stage's signs ÷ the most they could be, rounded half up; None if none was asked.

    `severities` maps sign codes to 0–3 or None. Result 0–100 (clinical.md §1.4).
    """
    asked = [
        value for code, value in severities.items() if BY_CODE[code].stage == stage and value is not None
    ]
    if not asked:
        return None
    most = 3 * len(asked)
    return (200 * sum(asked) + most) // (2 * most)


def _refuse_unknown(answers: Answers, halt: Mapping[str, bool | None]) -> None:
    if unknown := set(answers) - set(BY_CODE):
        raise ValueError(f"unknown sign: {', '.join(sorted(unknown))}")
    if unknown := set(halt) - set(Halt.values):
        raise ValueError(f"unknown HALT name: {', '.join(sorted(unknown))}")


def _only_toxicology(answer: Answer | None) -> bool:
    """Whether a laboratory screen is all that speaks for a sign: never enough for a stage."""
    return answer is not None and answer.sources == {Source.TOXICOLOGY}


def _flags(asked: Asked, stage: Stage, *, use_in_window: bool, screened: bool) -> Iterator[Flag]:
    if use_in_window:
        yield Flag.USE_ON_RECORD
    if stage == Stage.NONE and _count(asked, "M", at_least=1):
        yield Flag.EARLY_MENTAL_SIGNS
    if screened:
        yield Flag.TOXICOLOGY_ALONE


def _first_match(
    asked: Asked, halt: Mapping[str, bool | None], *, used: bool, completeness: Decimal
) -> tuple[Stage, Rule]:
    if used:
        return Stage.PHYSICAL, Rule.USE
    if _mental(asked):
        return Stage.MENTAL, Rule.MENTAL_SIGNS
    if _emotional(asked, halt):
        return Stage.EMOTIONAL, Rule.EMOTIONAL_SIGNS
    if completeness < ENOUGH:
        return Stage.INDETERMINATE, Rule.TOO_LITTLE_ASKED
    return Stage.NONE, Rule.NOTHING_NOTABLE


def _mental(asked: Asked) -> bool:
    hard = any(asked.get(code, 0) >= 1 for code in HARD)
    return hard or _count(asked, "M", at_least=2) > 0 or _count(asked, "M", at_least=1) >= 3


def _emotional(asked: Asked, halt: Mapping[str, bool | None]) -> bool:
    worn_down = sum(value is True for value in halt.values()) >= 3
    return worn_down or _count(asked, "E", at_least=2) > 0 or _count(asked, "E", at_least=1) >= 3


def _count(asked: Asked, letters: str, *, at_least: int) -> int:
    return sum(code[0] in letters and severity >= at_least for code, severity in asked.items())


def _confidence(completeness: Decimal, answers: Answers) -> Confidence:
    kinds = {
        source for answer in answers.values() if answer.severity is not None for source in answer.sources
    }
    if completeness >= NEARLY_ALL and len(kinds) >= 2:
        return Confidence.HIGH
    return Confidence.MEDIUM if completeness >= ENOUGH else Confidence.LOW

"""How a stage moves over months: arcs, and the answers that such a week would get. Pure and seeded."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from casework.relapse.signs import Halt, Protective, Trigger
from clients.stage import Stage

# Heights at equal steps of time: below 0.8 no stage, then emotional, mental from 1.6, physical from 2.6.
STEADY = (0.9, 0.6, 0.4, 0.3, 0.5, 0.3, 0.2)
COMING_BACK = (2.1, 1.8, 1.4, 1.2, 0.9, 0.6, 0.4)
SLOW_RISE = (0.4, 0.3, 0.6, 0.9, 1.2, 1.5, 2.0)
WORN_DOWN = (0.5, 0.4, 0.7, 1.0, 1.1, 1.3, 1.3)
UP_AND_DOWN = (0.5, 1.3, 0.6, 0.4, 1.5, 0.9, 1.1)
SETBACK = (0.6, 1.1, 1.9, 3.0, 2.1, 1.2, 0.5)
JUST_NOW = (0.7, 0.5, 0.9, 1.2, 1.6, 1.9, 2.3)


def stage_at(height: float) -> Stage:
    """The stage that a height of an arc stands for."""
    for limit, stage in ((0.8, Stage.NONE), (1.6, Stage.EMOTIONAL), (2.6, Stage.MENTAL)):
        if height < limit:
            return stage
    return Stage.PHYSICAL


def height_at(arc: Sequence[float], part: float) -> float:
    """The height at a part (0–1) of the arc, in a straight line between its points."""
    place = min(max(part, 0.0), 1.0) * (len(arc) - 1)
    low = min(int(place), len(arc) - 2)
    return arc[low] + (arc[low + 1] - arc[low]) * (place - low)


@dataclass(frozen=True)
class Leaning:
    """What a person tends to: the same signs rise and fall through their assessments."""

    emotional: tuple[str, ...]
    mental: tuple[str, ...]
    triggers: tuple[str, ...]
    protective: tuple[str, ...]


@dataclass(frozen=True)
class Week:
    """The answers of one assessment."""

    stage: Stage
    severities: dict[str, int | None]
    halt: dict[str, bool | None]
    triggers: list[str] = field(default_factory=list)
    protective: list[str] = field(default_factory=list)
    craving: int = 0
    confidence: int = 8


EMOTIONAL_SIGNS = tuple(f"E{number:02}" for number in range(1, 11))
SOFT_MENTAL_SIGNS = ("M01", "M02", "M03", "M04", "M06", "M09", "M10")
HARD_MENTAL_SIGNS = ("M05", "M07", "M08")
PHYSICAL_SIGNS = tuple(f"P{number:02}" for number in range(1, 7))


def leaning(rng: random.Random) -> Leaning:
    """A person's own signs, triggers and strengths, most usual first."""
    return Leaning(
        emotional=tuple(rng.sample(EMOTIONAL_SIGNS, 5)),
        mental=("M01", *rng.sample(SOFT_MENTAL_SIGNS[1:], 3)),
        triggers=tuple(rng.sample([one.value for one in Trigger if one.value != "other"], 4)),
        protective=tuple(rng.sample([one.value for one in Protective if one.value != "other"], 4)),
    )


def week(stage: Stage, person: Leaning, rng: random.Random, *, used: int = 0) -> Week:
    """Answers that stand for the stage. `used` is the count of days with use in the week, for PHYSICAL."""
    rank = stage.rank or 0
    severities: dict[str, int | None] = dict.fromkeys(
        (*EMOTIONAL_SIGNS, *SOFT_MENTAL_SIGNS, *HARD_MENTAL_SIGNS), 0
    )
    severities.update(dict.fromkeys(PHYSICAL_SIGNS, 0))
    _emotional(severities, rank, person, rng)
    _mental(severities, rank, person, rng)
    if rank == 3:
        severities["P01" if used <= 1 else "P02"] = 1 if used <= 1 else 2
    if rng.random() < 0.3:
        severities[rng.choice([code for code in EMOTIONAL_SIGNS if severities[code] == 0])] = None
    return Week(
        stage=stage,
        severities=severities,
        halt=_halt(rank, rng),
        triggers=list(person.triggers[: min(4, rank + rng.randint(0, 1))]),
        protective=list(person.protective[: max(1, 4 - rank)]),
        craving=min(10, max(0, round((0.5, 2.5, 5.5, 7.0)[rank] + rng.gauss(0, 1)))),
        confidence=min(10, max(0, round((8.5, 7.0, 5.0, 4.5)[rank] + rng.gauss(0, 1)))),
    )


def _emotional(severities: dict[str, int | None], rank: int, person: Leaning, rng: random.Random) -> None:
    if rank == 0:
        for code in person.emotional[: rng.randint(0, 2)]:
            severities[code] = 1
        return
    severities[person.emotional[0]] = rng.choice((2, 2, 3))
    for code in person.emotional[1 : 1 + rank + rng.randint(0, 1)]:
        severities[code] = rng.choice((1, 1, 2))


def _mental(severities: dict[str, int | None], rank: int, person: Leaning, rng: random.Random) -> None:
    if rank < 2:
        if rng.random() < 0.25 + 0.35 * rank:
            severities[person.mental[0]] = 1
        return
    severities[person.mental[0]] = rng.choice((2, 2, 3))
    for code in person.mental[1 : 1 + rng.randint(1, rank)]:
        severities[code] = rng.choice((1, 2))
    if rng.random() < 0.4:
        severities[rng.choice(HARD_MENTAL_SIGNS)] = 1


def _halt(rank: int, rng: random.Random) -> dict[str, bool | None]:
    likely = (0.05, 0.25, 0.3, 0.4)[rank]
    answers: dict[str, bool | None] = {one.value: rng.random() < likely for one in Halt}
    if rank == 0 and sum(bool(yes) for yes in answers.values()) >= 3:
        answers[Halt.HUNGRY.value] = False
    return answers

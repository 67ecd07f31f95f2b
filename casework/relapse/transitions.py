"""How the stage moves: what holds now, what is an escalation, what is a lasting fall (clinical.md §1.5).

Pure functions over plain facts. Stages need not be passed in sequence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clients.stage import Stage

INDEX_JUMP = 20  # points of a stage's index, 0–100
AGREEING_APART = timedelta(days=7)
PHYSICAL_PLAN_HOLDS_UNTIL_DAY = 30


class Escalation(StrEnum):
    """Why a supervisor hears of it and the plan is looked at again."""

    STAGE_ROSE = "stage_rose"
    INDEX_JUMPED = "index_jumped"
    USE_DURING_PLAN = "use_during_plan"
    RED_FLAG = "red_flag"
    LAPSE_BECAME_RELAPSE = "lapse_became_relapse"


@dataclass(frozen=True, slots=True)
class Assessed:
    """A final assessment: the counselor's stage, when it was assessed, and its row."""

    at: datetime
    stage: Stage
    id: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that may set the stage, from the moment it may (casework.relapse.reporting.counts_from)."""

    at: datetime
    stage: Stage
    id: int


@dataclass(frozen=True, slots=True)
class Step:
    """The stage that holds from `at` on, and what made it so."""

    at: datetime
    stage: Stage
    because: Assessed | Reported


def rank(stage: Stage | None) -> int:
    """0 for no stage known or none, up to 3 for physical. Raises ValueError for indeterminate, which has no rank."""
    if stage is None:
        return 0
    found = stage.rank
    if found is None:
        raise ValueError("an indeterminate stage has no rank")
    return found


def steps(assessed: Iterable[Assessed], reported: Iterable[Reported] = ()) -> list[Step]:
    """The stage over time, one step for every fact that set it, oldest first.

    A ranked assessment sets the stage (same instant: the highest id last). A report newer than the assessment before
    it only raises. Indeterminate assessments change nothing.
    """
    facts: list[Assessed | Reported] = [one for one in assessed if one.stage.rank is not None]
    facts += reported
    facts.sort(key=lambda fact: (fact.at, isinstance(fact, Assessed), fact.id))
    found: list[Step] = []
    for fact in facts:
        held = found[-1].stage if found else None
        if isinstance(fact, Assessed) or rank(fact.stage) > rank(held):
            found.append(Step(fact.at, fact.stage, fact))
    return found


def current(assessed: Iterable[Assessed], reported: Iterable[Reported] = ()) -> Step | None:
    """The step that holds now; None while nothing is known (then rank 0, and contact limits as for none)."""
    found = steps(assessed, reported)
    return found[-1] if found else None


def escalations(
    *,
    before: Stage | None,
    now: Stage | None,
    index_before: int | None = None,
    index_now: int | None = None,
    use_during_plan: bool = False,
    red_flag: bool = False,
    reclassified: bool = False,
) -> tuple[Escalation, ...]:
    """Every reason for which what was just learned is an escalation; empty when it is none.

    `before` and `now` are the current stage before and after; an indeterminate or missing one compares as nothing.
    The indices (0–100 or None) are those of the stage that stayed the same.
    """
    held = (
        (Escalation.STAGE_ROSE, _rose(before, now)),
        (Escalation.INDEX_JUMPED, before == now and _jumped(index_before, index_now)),
        (Escalation.USE_DURING_PLAN, use_during_plan),
        (Escalation.RED_FLAG, red_flag),
        (Escalation.LAPSE_BECAME_RELAPSE, reclassified),
    )
    return tuple(reason for reason, holds in held if holds)


def _rose(before: Stage | None, now: Stage | None) -> bool:
    if Stage.INDETERMINATE in (before, now):
        return False
    return rank(now) > rank(before)


def _jumped(before: int | None, now: int | None) -> bool:
    return before is not None and now is not None and now - before >= INDEX_JUMP


def is_deescalation(before: Stage | None, now: Stage | None) -> bool:
    """Whether the rank fell. Indeterminate never falls nor rises."""
    if Stage.INDETERMINATE in (before, now):
        return False
    return rank(now) < rank(before)


def is_sustained(assessed: Sequence[Assessed]) -> bool:
    """Whether the last two final assessments, at least 7 × 24 hours apart, agree on a stage lower than some before."""
    ranked = sorted((one for one in assessed if one.stage.rank is not None), key=lambda one: (one.at, one.id))
    if len(ranked) < 2:
        return False
    earlier, last = ranked[-2:]
    agree = earlier.stage == last.stage and last.at - earlier.at >= AGREEING_APART
    return agree and _fell_to(last.stage, ranked[:-2])


def _fell_to(stage: Stage, before: Sequence[Assessed]) -> bool:
    """Whether the stage held just before the agreeing run was a higher one."""
    other = next((one.stage for one in reversed(before) if one.stage != stage), None)
    return is_deescalation(other, stage)


def may_shorten_plan(plan_stage: Stage, *, day: int) -> bool:
    """Whether a fall in stage may shorten a running plan on this day of it: a physical one never before day 30."""
    return plan_stage != Stage.PHYSICAL or day >= PHYSICAL_PLAN_HOLDS_UNTIL_DAY

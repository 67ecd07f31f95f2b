"""Some months of measures for some of the invented clients, by the same act as everywhere."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from casework.followup.actions.measures import submit_measure
from casework.intake.demo import arcs, roster
from casework.intake.demo.registration import Case
from casework.measures.engine import Given

EVERY = timedelta(days=30)
MONTHS = 4
MOST_CLIENTS = 12
# Of the BAM, what gets worse with the stage, and what is there to protect.
WORSENS, PROTECTS = ("1", "2", "3", "8", "11", "15"), ("9", "10", "12", "13", "16")


def give_measures(cases: list[Case], *, now: datetime, seed: int) -> int:
    """PHQ-9 and BAM over four months for a dozen clients. Returns how many results."""
    rng, given = random.Random(seed + 1), 0
    chosen = [one for one in cases if one.course.story.kind == roster.CALM and one.course.weeks >= 18]
    for case in chosen[:MOST_CLIENTS]:
        for height, at in _days(case, now, rng):
            for measure, answers in (("phq9", _phq9(height, rng)), ("bam", _bam(height, rng))):
                submit_measure(
                    client_id=case.client.pk,
                    measure=measure,
                    given=Given(answers=answers),
                    by=case.counselor,
                    now=at,
                )
                given += 1
    return given


def _days(case: Case, now: datetime, rng: random.Random) -> Iterator[tuple[float, datetime]]:
    """How it stood, and when: once a month, the last time a few days to four weeks ago."""
    latest = now - timedelta(days=rng.randint(3, 27), hours=rng.randint(0, 5))
    arc = case.course.story.arc
    for month in reversed(range(MONTHS)):
        at = latest - month * EVERY
        yield arcs.height_at(arc, 1 - month / (MONTHS + 1)), at


def _phq9(height: float, rng: random.Random) -> dict[str, int]:
    """The higher the arc, the more; the last question stays at 0: a demo raises no such alarm."""
    answers = {str(n): _near(height * 0.8, rng, most=3) for n in range(1, 9)}
    return answers | {"9": 0, "10": _near(height * 0.6, rng, most=3)}


def _bam(height: float, rng: random.Random) -> dict[str, int]:
    answers = {key: _near(height * 1.1, rng, most=4) for key in WORSENS}
    answers |= {key: _near(4 - height * 1.2, rng, most=4) for key in PROTECTS}
    return answers | {"4": 0, "6": 0, "14": 4, "17": _near(4 - height, rng, most=4)}


def _near(middle: float, rng: random.Random, *, most: int) -> int:
    return min(most, max(0, round(rng.gauss(middle, 0.6))))

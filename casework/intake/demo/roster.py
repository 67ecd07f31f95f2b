"""Who of the invented clients goes through what. Pure: the seed decides names, the table decides how many."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casework.intake.demo import arcs
from casework.intake.demo.arcs import Leaning
from casework.intake.demo.cast import Person, people
from clients.stage import Stage

CALM, DUE_NOW, RUNNING, BEHIND = "calm", "due now", "running", "behind"
SILENT, NEVER_SEEN, DECEASED, OPTED_OUT = "silent", "never seen", "deceased", "opted out"
DISCHARGED, COLLATERAL = "discharged", "collateral"


@dataclass(frozen=True)
class Story:
    """A kind of course: its arc, how long ago it began, and the report in it (stage, days ago), if there is one."""

    kind: str
    arc: Sequence[float]
    weeks: tuple[int, int]
    stage: Stage | None = None
    reported: float | None = None


P, M, E = Stage.PHYSICAL, Stage.MENTAL, Stage.EMOTIONAL
STORIES: tuple[tuple[int, Story], ...] = (
    (9, Story(CALM, arcs.STEADY, (16, 44))),
    (7, Story(CALM, arcs.COMING_BACK, (10, 26))),
    (5, Story(CALM, arcs.SLOW_RISE, (14, 30))),
    (3, Story(CALM, arcs.WORN_DOWN, (12, 24))),
    (4, Story(CALM, arcs.UP_AND_DOWN, (18, 36))),
    (7, Story(DUE_NOW, arcs.JUST_NOW, (9, 28), P, 0.0)),
    (1, Story(DUE_NOW, arcs.JUST_NOW, (9, 20), P, 2.1)),
    (1, Story(DUE_NOW, arcs.JUST_NOW, (9, 20), P, 5.1)),
    (1, Story(DUE_NOW, arcs.SETBACK, (12, 28), P, 8.1)),
    (1, Story(DUE_NOW, arcs.SETBACK, (12, 28), P, 14.1)),
    (1, Story(DUE_NOW, arcs.SETBACK, (16, 30), P, 21.1)),
    (2, Story(DUE_NOW, arcs.SLOW_RISE, (10, 22), M, 1.1)),
    (1, Story(DUE_NOW, arcs.SLOW_RISE, (10, 22), M, 3.1)),
    (1, Story(DUE_NOW, arcs.SLOW_RISE, (10, 22), M, 9.1)),
    (2, Story(DUE_NOW, arcs.WORN_DOWN, (8, 18), E, 1.1)),
    (1, Story(DUE_NOW, arcs.WORN_DOWN, (8, 18), E, 4.1)),
    (1, Story(DUE_NOW, arcs.UP_AND_DOWN, (8, 18), E, 8.1)),
    (2, Story(RUNNING, arcs.SETBACK, (20, 30), P, 38.0)),
    (2, Story(BEHIND, arcs.SETBACK, (32, 44), P, 128.0)),
    (2, Story(SILENT, arcs.JUST_NOW, (10, 16), P, 12.3)),
    (1, Story(NEVER_SEEN, arcs.STEADY, (2, 2))),
    (1, Story(DECEASED, arcs.UP_AND_DOWN, (26, 26))),
    (1, Story(OPTED_OUT, arcs.JUST_NOW, (14, 20), M, 6.2)),
    (2, Story(DISCHARGED, arcs.STEADY, (40, 48))),
    (1, Story(COLLATERAL, arcs.SLOW_RISE, (14, 18))),
)
SUBSTANCES: tuple[tuple[str, ...], ...] = (
    ("alcohol",),
    ("clonazepam", "alcohol"),
    ("alprazolam",),
    ("oxycodone", "alprazolam"),
    ("alcohol",),
    ("heroin", "fentanyl"),
    ("clonazepam",),
    ("methamphetamine",),
    ("alcohol", "diazepam"),
    ("cannabis",),
    ("buprenorphine", "heroin", "lorazepam"),
    ("cocaine", "alcohol"),
)


@dataclass(frozen=True)
class Course:
    """One invented client from first contact to now. `counselor` counts from 0."""

    number: int
    person: Person
    counselor: int
    story: Story
    weeks: int
    leaning: Leaning
    substances: tuple[str, ...]
    birth_year: int

    @property
    def meets_every(self) -> int:
        """Weeks between sessions: two for those who have long been well, one for the rest."""
        well = self.story.arc[-1] < 0.8 and self.story.kind in (CALM, DISCHARGED)
        return 2 if well and self.weeks > 20 else 1


def courses(rng: random.Random) -> Iterator[Course]:
    """Everybody, dealt to the three counselors in turn."""
    names = people(rng)
    stories = [story for count, story in STORIES for _number in range(count)]
    rng.shuffle(stories)
    for number, story in enumerate(stories):
        yield Course(
            number=number,
            person=next(names),
            counselor=number % 3,
            story=story,
            weeks=rng.randint(*story.weeks),
            leaning=arcs.leaning(rng),
            substances=SUBSTANCES[(number * 5 + number // 12) % len(SUBSTANCES)],
            birth_year=rng.randint(1958, 2000),
        )

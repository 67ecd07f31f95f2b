"""Day by day: when somebody met their counselor, and at which stage they were. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from casework.intake.demo import arcs, roster
from casework.intake.demo.diary import Place, weekly
from casework.intake.demo.roster import Course
from clients.stage import Stage

WINDOW = timedelta(days=6)
AFTER = {
    Stage.PHYSICAL: (2.9, 2.3, 1.7, 1.1, 0.7, 0.5, 0.4, 0.3),
    Stage.MENTAL: (2.3, 1.9, 1.3, 0.9, 0.6, 0.4),
    Stage.EMOTIONAL: (1.5, 1.2, 0.9, 0.6, 0.4),
}
CAP = {Stage.PHYSICAL: 2.5, Stage.MENTAL: 2.5, Stage.EMOTIONAL: 1.5}
# How many days before today the last session lay, where somebody no longer comes.
LAST_SEEN = {roster.DECEASED: 41, roster.DISCHARGED: 33, roster.SILENT: 16}


@dataclass(frozen=True)
class Meeting:
    """A session day: the stage, days with use in the week before, and whether the stage was assessed then."""

    on: date
    stage: Stage
    used: int
    assessed: bool


def reported_on(course: Course, today: date) -> date | None:
    """The day of the report in this course, if there is one."""
    days = course.story.reported
    return None if days is None else today - timedelta(days=int(days))


def use_days(course: Course, today: date) -> list[date]:
    """Days with use that the report tells of: a lapse of one day, now and then two or three in a row."""
    told = reported_on(course, today)
    if told is None or course.story.stage != Stage.PHYSICAL:
        return []
    count = (1, 1, 2, 1, 3)[course.number % 5]
    last = told - timedelta(days=course.number % 2)
    return [last - timedelta(days=back) for back in reversed(range(count))]


def meetings(course: Course, place: Place, *, began: date, today: date) -> list[Meeting]:
    """Every session day before today, oldest first; none for somebody who has never been seen."""
    if course.story.kind == roster.NEVER_SEEN:
        return []
    last = today - timedelta(days=LAST_SEEN.get(course.story.kind, 0))
    days = list(weekly(place, first=began, last=last, every=course.meets_every))
    told, used = reported_on(course, today), use_days(course, today)
    found: list[Meeting] = []
    for number, day in enumerate(days):
        lately = [one for one in used if day - WINDOW <= one <= day]
        height = _height(course, began=began, day=day, told=told, today=today)
        stage = Stage.PHYSICAL if lately else arcs.stage_at(min(height, 2.5))
        found.append(Meeting(day, stage, len(lately), _is_assessed(found, stage, number, last=len(days) - 1)))
    return found


def _is_assessed(before: Sequence[Meeting], stage: Stage, number: int, *, last: int) -> bool:
    """Every second session; each one where it is hard or has just changed; the first and the latest."""
    changed = bool(before) and before[-1].stage != stage
    return number in (0, last) or number % 2 == 0 or changed or (stage.rank or 0) >= 2


def _height(course: Course, *, began: date, day: date, told: date | None, today: date) -> float:
    arc, stage = course.story.arc, course.story.stage
    if told is None or stage is None:
        return arcs.height_at(arc, _part(began, today, day))
    if day < told:
        rise = arc[: arc.index(max(arc))] if max(arc) > CAP[stage] else arc
        return min(arcs.height_at(rise, _part(began, told, day)), CAP[stage])
    after = AFTER[stage]
    return arcs.height_at(after, _part(told, told + timedelta(days=10 * (len(after) - 1)), day))


def _part(first: date, last: date, day: date) -> float:
    return (day - first).days / max((last - first).days, 1)

"""Use days, the episodes they form, and how an episode is classified (clinical.md §1.6).

No agreed definition exists, so every threshold can be changed. Both classes are the physical stage, start the same
plan and are worded the same to a client.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All in days. Raises ValueError when one is not positive."""

    window: int = 7
    lapse_at_most: int = 3
    new_episode_gap: int = 14
    ongoing_gap_below: int = 3
    ongoing_from: int = 14
    unknown_after: int = 31

    def __post_init__(self) -> None:
        if (
            min(
                self.window,
                self.lapse_at_most,
                self.new_episode_gap,
                self.ongoing_gap_below,
                self.ongoing_from,
                self.unknown_after,
            )
            < 1
        ):
            raise ValueError("every threshold is at least one day")


DEFAULT = Thresholds()


class EpisodeClass(StrEnum):
    """How much use there was: for the counselor's eyes and for statistics only."""

    LAPSE = "lapse"
    RELAPSE = "relapse"


def split(days: Iterable[date], thresholds: Thresholds = DEFAULT) -> list[tuple[date, ...]]:
    """Use days as episodes, oldest first: two uses 14 or more days apart are two. Repeated days count once."""
    found: list[list[date]] = []
    for day in sorted(set(days)):
        if found and (day - found[-1][-1]).days < thresholds.new_episode_gap:
            found[-1].append(day)
        else:
            found.append([day])
    return [tuple(episode) for episode in found]


def most_in_window(days: Iterable[date], window: int = DEFAULT.window) -> int:
    """The most use days in any `window` days in a row."""
    ordered = sorted(set(days))
    return max((_within(ordered[start:], window) for start in range(len(ordered))), default=0)


def _within(ordered: Sequence[date], window: int) -> int:
    return sum((day - ordered[0]).days < window for day in ordered)


def classify(
    days: Iterable[date], *, loss_of_control: bool, thresholds: Thresholds = DEFAULT
) -> EpisodeClass:
    """A lapse is at most 3 use days in every 7 with control kept; anything more is a relapse.

    Raises ValueError without any use day: a count alone cannot be classified.
    """
    most = most_in_window(days, thresholds.window)
    if most == 0:
        raise ValueError("an episode needs at least one use day")
    return EpisodeClass.RELAPSE if loss_of_control or most > thresholds.lapse_at_most else EpisodeClass.LAPSE


def is_ongoing(first_on: date, last_on: date | None, *, on: date, thresholds: Thresholds = DEFAULT) -> bool:
    """Whether use goes on: begun 14 or more days before `on`, and no end known or less than 3 days since the last."""
    goes_on = last_on is None or (on - last_on).days < thresholds.ongoing_gap_below
    return goes_on and (on - first_on).days >= thresholds.ongoing_from


def longest_run_without_use(days: Iterable[date], *, since: date, until: date) -> int:
    """The most days in a row without recorded use, from `since` (admission) through `until`, both counted.

    It can only grow: a return to use ends a run and leaves the longest as it was. 0 when `until` is before `since`.
    """
    used = sorted({day for day in days if since <= day <= until})
    edges = [since.toordinal() - 1, *(day.toordinal() for day in used), until.toordinal() + 1]
    return max(0, *(later - earlier - 1 for earlier, later in pairwise(edges)))


@dataclass(frozen=True, slots=True)
class Look:
    """An assessment as a witness: the first and last day it asked about, and whether it saw use on no day on record."""

    first: date
    last: date
    unplaced_use: bool = False


def known_spans(looks: Iterable[Look], thresholds: Thresholds = DEFAULT) -> list[tuple[date, date]]:
    """The days, as spans of first and last, of which we may say that use would be on record.

    A look knows its own window, and the days back to the look before it while that lies at most `unknown_after` days
    back. One that saw use on a day nobody named knows nothing, and ends what was known before it.
    """
    spans: list[tuple[date, date]] = []
    joins, floor = False, date.min
    for look in sorted(looks, key=lambda one: (one.last, one.first)):
        if look.unplaced_use:
            joins, floor = False, look.last + timedelta(days=1)
        elif spans and joins and (look.first - spans[-1][1]).days <= thresholds.unknown_after:
            spans[-1] = (max(floor, min(spans[-1][0], look.first)), look.last)
        else:
            spans.append((max(floor, look.first), look.last))
            joins = True
    return [(first, last) for first, last in spans if first <= last]


def longest_known_run(
    days: Iterable[date], looks: Iterable[Look], *, since: date, thresholds: Thresholds = DEFAULT
) -> int | None:
    """The most days in a row known to be without use, from `since` on; None while no day is known.

    What nobody asked about is unknown, and never counted as without use.
    """
    used = list(days)
    runs = [
        longest_run_without_use(used, since=max(first, since), until=last)
        for first, last in known_spans(looks, thresholds)
        if last >= since
    ]
    return max(runs, default=None)

"""What single days come to, and what a stretch of days says of use (clinical.md §2.14). Pure.

A day about which nobody said anything is unknown. It is never counted as a day without use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

MOST_MISSING = Decimal("0.2")  # of the window; with more of it unknown there is no percentage
TENTH = Decimal("0.1")


class DayState(StrEnum):
    """What is known of a day."""

    USED = "used"
    NO_USE = "no_use"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Word:
    """What one source said of a day. `firm` is False while the client has not been asked about what others said."""

    used: bool
    firm: bool = True
    heavy: bool = False


def settled(words: Iterable[Word]) -> DayState:
    """What the words on one day come to.

    Use that the client told of or that was confirmed makes a day of use, whoever else said otherwise. Use that only
    others speak of leaves the day unknown, also against a word that there was none: it is not held for a day without.
    """
    said = list(words)
    if any(word.used and word.firm for word in said):
        return DayState.USED
    if any(word.used for word in said):
        return DayState.UNKNOWN
    return DayState.NO_USE if said else DayState.UNKNOWN


def differ(words: Iterable[Word]) -> bool:
    """Whether one source says used and another says not."""
    return len({word.used for word in words}) == 2


def is_heavy(words: Iterable[Word]) -> bool:
    """Whether somebody whose word stands called the use of that day heavy."""
    return any(word.used and word.firm and word.heavy for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Of the days from `first` to `last`, both counted; `window`, `known` and `missing` say of how many."""

    first: date
    last: date
    window: int
    use_days: int
    missing: int
    heavy_days: int
    percent_abstinent: Decimal | None  # one decimal; None when more than 20 % of the window is unknown
    longest_run: int  # days in a row known to be without use; an unknown day ends a run
    days_since_last_use: int | None  # None when no use is on record up to `last`
    unknown_since_last_use: int | None  # days of the window after the last use that nobody knows about

    @property
    def known(self) -> int:
        """The denominator of the percentage."""
        return self.window - self.missing

    @property
    def abstinent(self) -> int:
        """The numerator of the percentage: days known to be without use."""
        return self.known - self.use_days


def metrics(
    states: Mapping[date, DayState],
    *,
    first: date,
    last: date,
    heavy: Iterable[date] = (),
    last_use_before: date | None = None,
) -> Metrics:
    """Count the window. A day that `states` does not hold is unknown.

    `last_use_before`: the latest day of use on record before `first`, if any. Raises ValueError for an empty window.
    """
    if last < first:
        raise ValueError("a window holds at least one day")
    days = window_days(first, last)
    found = [states.get(day, DayState.UNKNOWN) for day in days]
    used = {day for day, state in zip(days, found, strict=True) if state is DayState.USED}
    missing = found.count(DayState.UNKNOWN)
    latest = max(used, default=last_use_before)
    return Metrics(
        first=first,
        last=last,
        window=len(days),
        use_days=len(used),
        missing=missing,
        heavy_days=len(used.intersection(heavy)),
        percent_abstinent=percent_abstinent(window=len(days), use_days=len(used), missing=missing),
        longest_run=_longest_run(found),
        days_since_last_use=(last - latest).days if latest is not None else None,
        unknown_since_last_use=_unknown_since(latest, days, found),
    )


def window_days(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both counted."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def percent_abstinent(*, window: int, use_days: int, missing: int) -> Decimal | None:
    """100 × (W − use days − missing) ÷ (W − missing), to one decimal; None if over 20 % of W is missing."""
    if missing > MOST_MISSING * window:
        return None
    share = Decimal(100 * (window - use_days - missing)) / (window - missing)
    return share.quantize(TENTH, ROUND_HALF_UP)


def _longest_run(found: Iterable[DayState]) -> int:
    longest = run = 0
    for state in found:
        run = run + 1 if state is DayState.NO_USE else 0
        longest = max(longest, run)
    return longest


def _unknown_since(latest: date | None, days: Iterable[date], found: Iterable[DayState]) -> int | None:
    if latest is None:
        return None
    return sum(day > latest and state is DayState.UNKNOWN for day, state in zip(days, found, strict=True))

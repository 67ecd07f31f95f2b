"""What became of a score since the last time and since the first (clinical.md §2.20). Display only."""

from collections.abc import Mapping
from dataclasses import dataclass

from casework.measures.definitions import Change, Instrument

# A share of next to nothing says nothing: below this there is no response to speak of.
RESPONSE_FROM = 5


@dataclass(frozen=True)
class Changed:
    """One score, and how it differs: from the last result, and from the first of this run of results."""

    score: str
    value: int
    since_last: int | None = None
    since_first: int | None = None
    marked: bool = False  # the difference to the last one is large enough to be named
    better: bool | None = None  # of a marked difference
    response: bool = False
    remission: bool = False


Scores = Mapping[str, int | None]


def changes(
    instrument: Instrument, now: Scores, *, last: Scores | None, first: Scores | None
) -> dict[str, Changed]:
    """The shown scores that have a value, each with its differences."""
    found = {}
    for score in instrument.shown_scores:
        value = now.get(score.key)
        if value is None:
            continue
        before, start = (last or {}).get(score.key), (first or {}).get(score.key)
        rule = instrument.change if _concerns(instrument.change, score.key) else None
        since_last = None if before is None else value - before
        marked = rule is not None and rule.points > 0 and abs(since_last or 0) >= rule.points
        found[score.key] = Changed(
            score=score.key,
            value=value,
            since_last=since_last,
            since_first=None if start is None else value - start,
            marked=marked,
            better=((since_last or 0) > 0) is score.higher_is_better if marked else None,
            response=_responds(rule, start, value),
            remission=_remits(rule, start, value),
        )
    return found


def _concerns(rule: Change | None, score: str) -> bool:
    return rule is not None and rule.score in ("", score)


def _responds(rule: Change | None, first: int | None, value: int) -> bool:
    """Down by the points, or by the share, since the first result."""
    if rule is None or not rule.response_points or first is None or first < RESPONSE_FROM:
        return False
    fallen = first - value
    return fallen >= rule.response_points or 100 * fallen >= rule.response_percent * first


def _remits(rule: Change | None, first: int | None, value: int) -> bool:
    """Below the limit now, and not at the start."""
    if rule is None or rule.remission_below is None or first is None:
        return False
    return value < rule.remission_below <= first


def changed_items(
    instrument: Instrument, now: Mapping[str, int], last: Mapping[str, int] | None
) -> dict[str, int]:
    """Items whose answer moved far enough to be shown, with the difference."""
    rule = instrument.change
    if rule is None or not rule.item_points or last is None:
        return {}
    moved = {key: now[key] - last[key] for key in now if key in last}
    return {key: by for key, by in moved.items() if abs(by) >= rule.item_points}

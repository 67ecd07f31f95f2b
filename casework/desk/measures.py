"""What the pages about a client's measures show, gathered from the rooms that know it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from casework.desk.measure_charts import Point, meaning, score_chart, signed
from casework.desk.series import Chart
from casework.followup.due_measures import due_of
from casework.measures import packs
from casework.measures.changes import Changed, changed_items, changes
from casework.measures.definitions import Instrument, Item, Score
from casework.measures.engine import filled
from casework.measures.entering import may_enter
from casework.measures.models import MeasureRequest, MeasureResult
from casework.measures.schedule import Due
from casework.measures.wording import SEX_UNKNOWN, band_word, flag_word, limits_of, name_of, score_word
from clients.models import Client

# A measure with more scores than this is read as a table: eight charts say nothing.
MOST_CHARTS = 3


@dataclass(frozen=True)
class Waiting:
    """A measure that is due."""

    instrument: Instrument
    due: Due
    may_enter: bool


@dataclass(frozen=True)
class Row:
    """One score of one result."""

    word: str
    value: int | None
    highest: int
    band: str
    change: Changed | None

    @property
    def since_last(self) -> str:
        return signed(self.change.since_last) if self.change else ""

    @property
    def since_first(self) -> str:
        return signed(self.change.since_first) if self.change else ""

    @property
    def meaning(self) -> str:
        return meaning(self.change) if self.change else ""


@dataclass(frozen=True)
class Shown:
    """One measure of the client: its results, newest first, and what can be drawn of them."""

    instrument: Instrument
    results: list[MeasureResult]
    charts: list[tuple[str, Chart]]

    @property
    def latest(self) -> MeasureResult:
        return self.results[0]

    @property
    def flags(self) -> list[tuple[str, bool]]:
        return flags_of(self.instrument, self.latest)

    @property
    def rows(self) -> list[Row]:
        return rows_of(self.instrument, self.results)


def measures_page(client: Client, *, user: Any, now: datetime) -> dict[str, Any]:
    """What is due, what was given, what waits on the phone, and what can be given."""
    usable = packs.usable(now)
    given = list(_given(client))
    waiting = _waiting(client, user, usable, now)
    return {
        "waiting": waiting,
        "asked": [(one, _titles(one, usable)) for one in MeasureRequest.objects.of(client).waiting(now)],
        "shown": list(_shown(given)),
        "usable": [(one, name_of(one), may_enter(user, one)) for one in usable.values()],
    }


def _given(client: Client) -> Iterable[MeasureResult]:
    """What stands, newest first, without the answers: charts and lists need none."""
    return MeasureResult.objects.of(client).standing().with_scores().defer("answers", "void_reason")


def _waiting(client: Client, user: Any, usable: Mapping[str, Instrument], now: datetime) -> list[Waiting]:
    return [
        Waiting(usable[one.measure], one, may_enter(user, usable[one.measure]))
        for one in due_of([client], now=now).get(client.pk, [])
        if one.measure in usable
    ]


def brief(client: Client, *, user: Any, now: datetime) -> dict[str, Any]:
    """For the client's page: the latest of each measure, and how many are due."""
    waiting = _waiting(client, user, packs.usable(now), now)
    return {
        "shown": list(_shown(_given(client), drawn=False)),
        "due": len(waiting),
        "missed": sum(one.due.missed for one in waiting),
    }


def _titles(asked: MeasureRequest, usable: Mapping[str, Instrument]) -> str:
    return ", ".join(usable[key].title if key in usable else key for key in asked.measures)


def _shown(given: Iterable[MeasureResult], *, drawn: bool = True) -> Iterable[Shown]:
    by_measure: dict[str, list[MeasureResult]] = defaultdict(list)
    for one in given:
        by_measure[one.measure].append(one)
    for key, results in by_measure.items():
        instrument = packs.known(key)
        if instrument is not None:
            yield Shown(instrument, results, _charts(instrument, results) if drawn else [])


def _charts(instrument: Instrument, results: list[MeasureResult]) -> list[tuple[str, Chart]]:
    scores = _charted(instrument)
    oldest_first = results[::-1]
    changed = [_changes(instrument, oldest_first[: n + 1][::-1]) for n in range(len(oldest_first))]
    zone = timezone.get_current_timezone()
    found = []
    for score in scores:
        points = [
            Point(one.taken_at, change.get(score.key), str(one.get_mode_display()))
            for one, change in zip(oldest_first, changed, strict=True)
        ]
        if any(one.change for one in points):  # what was never complete has nothing to draw
            found.append((score_word(instrument, score.key), score_chart(instrument, score, points, tz=zone)))
    return found


def _charted(instrument: Instrument) -> list[Score]:
    total = instrument.score("total")
    shown = list(instrument.shown_scores)
    return [total] if total is not None else shown if len(shown) <= MOST_CHARTS else []


def _changes(instrument: Instrument, results: list[MeasureResult]) -> dict[str, Changed]:
    """What the first of `results`, newest first, came to beside the one before and the very first."""
    last = results[1].scored.scores if len(results) > 1 else None
    first = results[-1].scored.scores if len(results) > 1 else None
    return changes(instrument, results[0].scored.scores, last=last, first=first)


def rows_of(instrument: Instrument, results: list[MeasureResult]) -> list[Row]:
    """The shown scores of the newest of `results`."""
    scored, changed = results[0].scored, _changes(instrument, results)
    return [
        Row(
            score_word(instrument, score.key),
            scored.scores.get(score.key),
            score.highest,
            band_word(instrument, scored.bands[score.key]) if score.key in scored.bands else "",
            changed.get(score.key),
        )
        for score in instrument.shown_scores
    ]


def flags_of(instrument: Instrument, result: MeasureResult) -> list[tuple[str, bool]]:
    """The words of what was raised, and whether it is an alarm."""
    scored = result.scored
    return [(flag_word(instrument, one), one in scored.alarms) for one in scored.flags]


# --- one result ---


@dataclass(frozen=True)
class Answered:
    """A question and what was answered; nothing where it stayed open."""

    item: Item
    text: str
    answer: str
    moved: str
    alarm: bool


def result_page(result: MeasureResult) -> dict[str, Any]:
    """One result: answers in the words in which they were given, scores, flags, and what they do not say."""
    instrument = packs.known(result.measure)
    if instrument is None:  # its pack was removed: the scores stay readable
        return {"instrument": None, "scored": result.scored}
    same = (
        MeasureResult.objects.of(result.client.survivor)
        .standing()
        .with_scores()
        .filter(measure=result.measure)
    )
    until = [result, *(one for one in same if (one.taken_at, one.pk) < (result.taken_at, result.pk))]
    scored = result.scored
    return {
        "instrument": instrument,
        "name": name_of(instrument),
        "scored": scored,
        "rows": rows_of(instrument, until),
        "flags": flags_of(instrument, result),
        "limits": limits_of(instrument),
        "sex_unknown": SEX_UNKNOWN if instrument.asks_sex and not result.given.get("sex") else "",
        "answers": _answers(instrument, result, until[1] if len(until) > 1 else None),
    }


def _answers(instrument: Instrument, result: MeasureResult, before: MeasureResult | None) -> list[Answered]:
    known, moved = (
        filled(instrument, result.items),
        changed_items(instrument, result.items, before.items if before else None),
    )
    alarming = {
        one.item
        for flag in instrument.flags
        if flag.key in result.scored.alarms
        for one in flag.when
        if one.item
    }
    return [
        Answered(
            item,
            item.words.get(result.language, item.words["en"]),
            _said(item, known.get(item.key), result.language) if item.key in result.items else "",
            signed(moved.get(item.key)),
            item.key in alarming,
        )
        for item in instrument.items
        if item.key in result.items or item.skip is None
    ]


def _said(item: Item, value: int | None, language: str) -> str:
    words = next((one.words for one in item.options if one.value == value), {})
    spoken = words.get(language, words.get("en", ""))
    return f"{value} · {spoken}" if spoken else str(value)

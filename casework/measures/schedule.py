"""Which measures are due, and which were missed (clinical.md §2.19).

This room knows no relapse report: whoever asks tells on which days a physical one was made. Pure but for `history_of`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from casework.measures.models import MeasureResult
from clients.models import Client, EpisodeOfCare

AT_INTAKE = ("bam", "phq9", "gad7", "audit_c", "taps")
PROGRESS = "bam"
# Given again each month while the last one came to this or more.
WHILE_HIGH: Mapping[str, int] = {"phq9": 10, "gad7": 10}
# Any of these answers for the measure on the left.
INSTEAD: Mapping[str, frozenset[str]] = {
    "bam": frozenset({"bam", "bam_r"}),
    "taps": frozenset({"taps", "dast10"}),
}
MONTH = timedelta(days=30)
AFTER_REPORT = (timedelta(days=30), timedelta(days=90))
EARLY = timedelta(days=7)  # given this much before its day, it counts for that day
GRACE = timedelta(days=7)  # after that it was missed
# Nothing is asked for any more that came due this long ago: an import of years opens no to-do for each.
FORGOTTEN = timedelta(days=60)


@dataclass(frozen=True)
class Past:
    """A result that counts: on which local day, and what its total came to (None: it has none)."""

    measure: str
    on: date
    total: int | None = None


@dataclass(frozen=True)
class History:
    """What the schedule of one client rests on."""

    admitted_on: date | None
    past: tuple[Past, ...] = ()
    physical_on: tuple[date, ...] = field(default=())


@dataclass(frozen=True, order=True)
class Due:
    """A measure to be given from `due_on`; `missed` once the days of grace have passed."""

    due_on: date
    measure: str
    missed: bool = False


def due(history: History, *, on: date) -> list[Due]:
    """What is to be given on that day, the longest waiting first; one entry a measure."""
    if history.admitted_on is None:
        return []
    earliest: dict[str, date] = {}
    for measure, day in _wanted(history):
        if on - FORGOTTEN <= day <= on:
            earliest[measure] = min(day, earliest.get(measure, day))
    return sorted(Due(day, measure, on > day + GRACE) for measure, day in earliest.items())


def _wanted(history: History) -> Iterator[tuple[str, date]]:
    """Every measure that is open, with the day from which it is."""
    begun = history.admitted_on
    assert begun is not None
    last = {measure: _last(history, measure, begun) for measure in AT_INTAKE}
    for measure in AT_INTAKE:
        found = last[measure]
        if found is None:
            yield measure, begun
        elif measure == PROGRESS or _is_high(history, measure, begun):
            yield measure, found.on + MONTH
    for told in history.physical_on:
        for wait in AFTER_REPORT:
            day = told + wait
            if day >= begun and not any(one.on >= day - EARLY for one in _of(history, PROGRESS)):
                yield PROGRESS, day


def _of(history: History, measure: str) -> list[Past]:
    same = INSTEAD.get(measure, frozenset({measure}))
    return [one for one in history.past if one.measure in same]


def _last(history: History, measure: str, since: date) -> Past | None:
    """The latest in this episode of care; one given a week before admission is its intake too."""
    found = [one for one in _of(history, measure) if one.on >= since - EARLY]
    return max(found, key=lambda one: one.on, default=None)


def _is_high(history: History, measure: str, since: date) -> bool:
    """Whether the last total that is known asks for another; one with gaps says nothing of it."""
    counted = [one for one in _of(history, measure) if one.on >= since - EARLY and one.total is not None]
    last = max(counted, key=lambda one: one.on, default=None)
    return measure in WHILE_HIGH and last is not None and (last.total or 0) >= WHILE_HIGH[measure]


# --- from the database ---


def history_of(client: Client, *, physical_on: Collection[date] = ()) -> History:
    """The history of one client who is in care; without an open episode nothing is due."""
    return next(iter(histories([client], physical_on={client.pk: tuple(physical_on)}).values()))


def histories(
    clients: Iterable[Client], *, physical_on: Mapping[int, tuple[date, ...]]
) -> dict[int, History]:
    """The same for many, by the key of the client, in two queries."""
    owner = {pk: one for one in clients for pk in one.record_ids}
    admitted: dict[int, date] = {}
    episodes = EpisodeOfCare.objects.filter(client__in=owner, discharged_on=None).order_by("admitted_on")
    for pk, day in episodes.values_list("client", "admitted_on"):
        admitted[owner[pk].pk] = day
    past: dict[int, list[Past]] = defaultdict(list)
    for row in _rows(owner):
        client = owner[row["client"]]
        day = timezone.localdate(row["taken_at"], client.zone)
        past[client.pk].append(Past(row["measure"], day, (row["scorings__scores"] or {}).get("total")))
    people = {one.pk: one for one in owner.values()}
    return {
        pk: History(
            admitted.get(pk) if one.state == Client.State.ACTIVE else None,
            tuple(past[pk]),
            physical_on.get(pk, ()),
        )
        for pk, one in people.items()
    }


def _rows(owner: Collection[int]) -> Iterable[dict[str, Any]]:
    """Each standing result with each reckoning, the latest reckoning last."""
    found = MeasureResult.objects.filter(client__in=owner, voided_at=None)
    return found.order_by("taken_at", "pk", "scorings__pk").values(
        "client", "measure", "taken_at", "scorings__scores"
    )

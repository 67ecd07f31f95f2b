"""A client's days, each with all that was said of it: by hand, by reports, by assessments (clinical.md §2.14)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from casework.relapse.models import AssessedSign, DayMark, StageAssessment, UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.reporting import STANDING, TO_CONFIRM, ReportSource
from casework.relapse.signs import USED_ONCE, of_stage
from casework.relapse.use_days import (
    DayState,
    Metrics,
    Word,
    differ,
    is_heavy,
    metrics,
    settled,
    window_days,
)
from clients.models import Client
from clients.stage import Stage

SIGNS_OF_USE = frozenset(sign.code for sign in of_stage(Stage.PHYSICAL))
LONGEST = 366  # days in one look
WINDOWS = (30, 90)  # days that the numbers are told of


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One word on one day as a person reads it: from where, by whom, when, and of what."""

    on: date
    word: Word
    source: str
    at: datetime
    who: Any = None
    what: str = ""
    amount: str = ""
    estimated: bool = False
    mark: DayMark | None = None
    report_uid: Any = None
    assessment_uid: Any = None

    @property
    def stands(self) -> bool:
        return self.mark is None or self.mark.state == DayMark.State.STANDS


@dataclass(frozen=True, slots=True)
class Day:
    """A day and what it comes to. `said` stands; `earlier` was replaced or taken back."""

    on: date
    said: tuple[Said, ...] = ()
    earlier: tuple[Said, ...] = ()

    @property
    def words(self) -> list[Word]:
        return [one.word for one in self.said]

    @property
    def state(self) -> DayState:
        return settled(self.words)

    @property
    def differs(self) -> bool:
        return differ(self.words)

    @property
    def heavy(self) -> bool:
        return is_heavy(self.words)

    @property
    def estimated(self) -> bool:
        """Whether nobody was sure of the day."""
        return bool(self.said) and all(one.estimated for one in self.said)

    @property
    def what(self) -> list[str]:
        """What was used, each once."""
        return list(dict.fromkeys(one.what for one in self.said if one.word.used and one.what))


@dataclass(frozen=True)
class UseCalendar:
    """Days in a row, with what was said of each; behind them as many more as the longest window needs."""

    first: date
    last: date
    said: Mapping[date, tuple[Said, ...]]
    earlier: Mapping[date, tuple[Said, ...]] = field(default_factory=dict)
    last_use_before: date | None = None  # before the days that are held

    @cached_property
    def days(self) -> list[Day]:
        return [self.day(on) for on in window_days(self.first, self.last)]

    def day(self, on: date) -> Day:
        return Day(on, self.said.get(on, ()), self.earlier.get(on, ()))

    @cached_property
    def _states(self) -> dict[date, DayState]:
        return {on: settled(one.word for one in said) for on, said in self.said.items()}

    def metrics(self, window: int) -> Metrics:
        """Of the `window` days, at most 90 or as many as are shown, that end with the last one shown."""
        first = self.last - timedelta(days=window - 1)
        used = [on for on, state in self._states.items() if state is DayState.USED and on < first]
        return metrics(
            self._states,
            first=first,
            last=self.last,
            heavy=[on for on, said in self.said.items() if is_heavy(one.word for one in said)],
            last_use_before=max(used, default=self.last_use_before),
        )

    @property
    def differing(self) -> list[Day]:
        return [day for day in self.days if day.differs]


def use_calendar(client: Client, *, first: date, last: date) -> UseCalendar:
    """The days from `first` to `last` in the client's own zone, in a fixed number of queries.

    Raises ValueError when the days are more than 366, or none.
    """
    if not 0 <= (last - first).days < LONGEST:
        raise ValueError("a calendar shows from one to 366 days")
    span = Span(min(first, last - timedelta(days=max(WINDOWS) - 1)), last)
    marks, episodes = list(_marks(client, span)), list(_episodes(client, span))
    words = [*_of_marks(marks), *_of_episodes(episodes, marks, span), *_of_assessments(client, span)]
    return UseCalendar(
        first,
        last,
        said=_by_day(one for one in words if one.stands),
        earlier=_by_day(one for one in words if not one.stands),
        last_use_before=_last_use_before(episodes, span.first),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are read, both counted."""

    first: date
    last: date

    def __contains__(self, on: date) -> bool:
        return self.first <= on <= self.last


def _last_use_before(episodes: Iterable[UseEpisode], first: date) -> date | None:
    firm = [one for one in episodes if not awaits_talk(one)]
    return max((day.on for one in firm for day in one.days.all() if day.on < first), default=None)


def _by_day(words: Iterable[Said]) -> dict[date, tuple[Said, ...]]:
    found: dict[date, list[Said]] = defaultdict(list)
    for one in sorted(words, key=lambda said: said.at):
        found[one.on].append(one)
    return {on: tuple(said) for on, said in found.items()}


def _marks(client: Client, span: Span) -> Any:
    rows = DayMark.objects.of(client).filter(on__range=(span.first, span.last))
    return rows.select_related("substance", "recorded_by", "ended_by").order_by("recorded_at", "pk")


def _episodes(client: Client, span: Span) -> Any:
    rows = UseEpisode.objects.of(client).standing().filter(first_use_on__lte=span.last)
    related = rows.select_related("substance", "recorded_by").prefetch_related("days", "reports__by")
    return related.order_by("recorded_at", "pk")


def _of_marks(marks: Iterable[DayMark]) -> Iterator[Said]:
    for mark in marks:
        yield Said(
            on=mark.on,
            word=Word(mark.used, firm=not mark.awaits_talk, heavy=mark.heavy),
            source=str(mark.get_source_display()),
            at=mark.recorded_at,
            who=mark.recorded_by,
            what=_named(mark.substance) if mark.used else "",
            amount=mark.amount_text,
            estimated=mark.certainty == DayMark.Certainty.ESTIMATED,
            mark=mark,
        )


def _named(substance: Any) -> str:
    return str(substance.name) if substance is not None else _("not known which")


def _of_episodes(episodes: Iterable[UseEpisode], marks: Iterable[DayMark], span: Span) -> Iterator[Said]:
    """The days of episodes on record, but for those that only the calendar itself brought there."""
    stands = DayMark.State.STANDS
    brought = {(mark.on, mark.substance_id) for mark in marks if mark.used and mark.state == stands}
    for episode in episodes:
        reports = [one for one in episode.reports.all() if one.state in STANDING]
        for day in episode.days.all():
            if day.on in span:
                yield from _of_day(episode, day.on, reports, brought)


def _of_day(
    episode: UseEpisode, on: date, reports: Iterable[Any], brought: set[tuple[date, int | None]]
) -> Iterator[Said]:
    common: dict[str, Any] = {
        "on": on,
        "word": Word(True, firm=not awaits_talk(episode)),
        "what": _named(episode.substance),
        "amount": episode.amount_text,
    }
    told = [one for one in reports if on in one.use_days]
    for report in told:
        yield Said(
            **common,
            source=str(report.get_source_display()),
            at=report.reported_at,
            who=report.by,
            report_uid=report.uid,
            estimated=report.occurred_precision not in ("day", "unknown"),
        )
    if not told and (on, episode.substance_id) not in brought:
        yield Said(
            **common,
            source=str(ReportSource(episode.source).label),
            at=episode.recorded_at,
            who=episode.recorded_by,
        )


def awaits_talk(episode: UseEpisode) -> bool:
    """Whether the client has still to be asked about it: the same rule as the queryset's `believed`."""
    if episode.verification == Verification.PRESUMPTIVE:
        return True
    return episode.verification == Verification.REPORTED and episode.source in TO_CONFIRM


def _of_assessments(client: Client, span: Span) -> Iterator[Said]:
    """An assessment that asked about use, and heard of none, speaks for the whole days that it looked at."""
    rows = StageAssessment.objects.final().of(client)
    rows = rows.exclude(counselor_stage__in=[Stage.PHYSICAL, Stage.INDETERMINATE])
    rows = rows.filter(assessed_at__gte=datetime.combine(span.first, time(), client.zone))
    asked = Prefetch("signs", AssessedSign.objects.filter(sign_code__in=SIGNS_OF_USE))
    for one in rows.select_related("assessor").prefetch_related(asked):
        severities = {sign.sign_code: sign.severity for sign in one.signs.all()}
        if severities.get(USED_ONCE) != 0 or any(severities.values()):
            continue
        first, assessed_on = one.window(client.zone)
        for on in window_days(first, assessed_on - timedelta(days=1)):  # that day was not over
            if on in span:
                yield Said(
                    on=on,
                    word=Word(False),
                    source=_("Stage assessment"),
                    at=one.assessed_at,
                    who=one.assessor,
                    assessment_uid=one.uid,
                )

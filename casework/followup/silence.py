"""When a silence reaches each rung of the ladder (clinical.md §4.5). Pure: instants in, instants out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from casework.followup import schedule
from casework.followup.models.ladder import LadderRung, Rung
from casework.followup.plan_templates import PlanTemplate

Why = LadderRung.Why
ANSWER_WITHIN = timedelta(hours=24)  # a check-in that was not answered for a day counts as unanswered
DECIDED_AT = schedule.Timing().send_at  # a day of the ladder begins at this hour of the client's clock
IN_A_ROW = 2
JUST_AFTER = timedelta(microseconds=1)  # a limit is kept by whoever acts at the limit itself


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is known of one silence. All instants lie after `since`, oldest first."""

    since: datetime
    zone: ZoneInfo
    template: PlanTemplate
    unanswered: Sequence[datetime] = ()  # when check-ins left that ask for an answer
    attempts: Sequence[datetime] = ()  # tries to reach the client that came to no talk
    call_until: datetime | None = None  # by when the open call of the first rung is to be made


@dataclass(frozen=True)
class Timer:
    """A rung is reached at this instant, for this reason."""

    rung: Rung
    at: datetime
    why: LadderRung.Why


def timers(silence: Silence) -> list[Timer]:
    """The earliest timer of each rung, where one is running. A rung without a timer waits for something to happen."""
    earliest: dict[Rung, Timer] = {}
    for timer in _all(silence):
        if timer.rung not in earliest or timer.at < earliest[timer.rung].at:
            earliest[timer.rung] = timer
    return [earliest[rung] for rung in Rung if rung in earliest]


def _all(silence: Silence) -> Iterator[Timer]:
    template, since = (
        silence.template,
        silence.since.astimezone(UTC),
    )  # hours are added in UTC, days on the calendar
    yield Timer(Rung.CALL, since + template.silent_after, Why.SILENT)
    if len(silence.unanswered) >= IN_A_ROW:
        yield Timer(Rung.CALL, silence.unanswered[IN_A_ROW - 1] + ANSWER_WITHIN, Why.UNANSWERED)
    another_day = _on_another_day(silence)
    if another_day is not None:
        yield Timer(Rung.OTHER_WAYS, another_day, Why.ATTEMPTS)
    if silence.call_until is not None:
        yield Timer(Rung.OTHER_WAYS, silence.call_until + JUST_AFTER, Why.CALL_OVERDUE)
    yield Timer(Rung.DECIDE, day_of(silence, template.decide_on), Why.NO_CONTACT)
    yield Timer(Rung.GO_ON_OR_CLOSE, day_of(silence, template.close_on), Why.LAST_DAY)


def _on_another_day(silence: Silence) -> datetime | None:
    """The first try on another local day than the first one's."""
    days = [(attempt.astimezone(silence.zone).date(), attempt) for attempt in silence.attempts]
    return next((attempt for day, attempt in days if day != days[0][0]), None)


def day_of(silence: Silence, number: int) -> datetime:
    """When the silence's day `number` begins: a date on the client's calendar, whatever the clocks do meanwhile."""
    first = silence.since.astimezone(silence.zone).date()
    return schedule.resolve(first + timedelta(days=number), DECIDED_AT, silence.zone)

"""Series: planning one and ending it. Lower verbs, called by casework.followup alone.

One session of a series is moved or left out like any other session: by `reschedule` and `cancel`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients import audit
from clients.access import Verb, require
from clients.dates import is_in_reach
from clients.errors import Conflict, InvalidInput, InvalidTransition
from clients.models import Client, Closure, Practice
from sessions import recurrence, summary
from sessions.actions.booking import Clash, clashes, in_words, one_at_a_time
from sessions.actions.history import change_of, facts
from sessions.actions.lower import CALLED_OFF, What, call_off, check_can_meet, check_place
from sessions.models import Room, Series, Session
from sessions.models.series import LONGEST_AHEAD
from sessions.recurrence import Rule

SERIES_PLANNED, SERIES_ENDED = "series.planned", "series.ended"
TOLD_AT_ONCE = 3
SHARED = ("counselor", "kind", "modality", "room", "location", "companions")
REPLANNED = [*SHARED, "starts_at", "ends_at", "series", "series_on"]
OUT_OF_THE_WAY = timedelta(days=365_000)


@dataclass(frozen=True)
class Planned:
    """A series with its sessions in time order, those called off with it, and the days that were left out."""

    series: Series
    sessions: list[Session]
    called_off: list[Session]
    left_out: list[date]


@transaction.atomic
def plan_series(
    *,
    client: Client,
    counselor: Any,
    rule: Rule,
    by: Any,
    now: datetime,
    modality: str = Session.Modality.IN_PERSON,
    location: str = "",
    kind: str = Session.Kind.INDIVIDUAL,
    room: Room | None = None,
    companions: str = "",
    skip_taken: bool = False,
) -> Planned:
    """Plan a session on every day of the rule, at most a year ahead. Days on which the practice is closed are left out.

    Raises Conflict, naming the days and what is in the way, when somebody or the room is taken; with `skip_taken`
    those days are left out as well. Raises InvalidInput for a rule without a day.
    """
    require(by, Verb.SCHEDULE_SESSION)
    start = check_rule(rule, now)
    check_can_meet(client=client, counselor=counselor, starts_at=start, now=now)
    check_place(kind=kind, modality=modality, location=location, room=room)
    series = Series(
        client=client,
        counselor=counselor,
        kind=kind,
        modality=modality,
        room=room,
        location=location,
        companions=companions if kind == Session.Kind.FAMILY else "",
        zone=Practice.current().time_zone,
        made_at=now,
        made_by=by,
        **vars(rule),
    )
    return fill(series, dict.fromkeys(rule.days()), skip_taken=skip_taken, by=by, now=now)


def check_rule(rule: Rule, now: datetime) -> datetime:
    """When the first session starts. Raises InvalidInput for a rule that cannot be."""
    if not is_in_reach(rule.starts_on):
        raise InvalidInput(_("Check the year."), field="starts_at")
    if not 5 <= rule.minutes <= 720:
        raise InvalidInput(_("A session lasts from five minutes to twelve hours."), field="minutes")
    if rule.until_on < rule.starts_on:
        raise InvalidInput(_("The last day lies before the first."), field="until_on")
    if rule.until_on > rule.starts_on + LONGEST_AHEAD:
        raise InvalidInput(
            _("A series is planned for a year at most. It can be continued then."), field="until_on"
        )
    start, _end = recurrence.span(rule.starts_on, rule.at, rule.minutes, Practice.current().zone)
    if start <= now:
        raise InvalidInput(_("The first session of a series lies ahead."), field="starts_at")
    return start


def fill(
    series: Series,
    slots: Mapping[date, Session | None],
    *,
    rest: Collection[Session] = (),
    skip_taken: bool,
    by: Any,
    now: datetime,
) -> Planned:
    """Save the series and give each day its session: one that waits for a new time, or else a new one.

    `rest` and the waiting sessions whose new time is taken are called off first, so that their old times are free.
    """
    waiting = [one for one in slots.values() if one is not None]
    before = {one.pk: facts(one) for one in waiting}
    closed = _closed_among(slots)
    sessions = []
    for day in sorted(set(slots) - closed):
        one = slots[day] or Session(client=series.client, scheduled_at=now, scheduled_by=by)
        _place(one, series, day)
        sessions.append(one)
    taken = clashes(sessions, leaving_out=[one.pk for one in (*waiting, *rest)])
    if taken and not skip_taken:
        raise Conflict(_told(taken, by=by, now=now), field="starts_at")
    met = {id(clash.planned) for clash in taken}
    free = [one for one in sessions if id(one) not in met]
    if not free:
        raise InvalidInput(_("None of these days is free. Choose another time."), field="starts_at")
    off = [*rest, *(one for one in waiting if one not in free)]
    _give_way(off, by=by, now=now)
    _save(series, free, before, by=by, now=now)
    audit.record(
        SERIES_PLANNED,
        client_id=series.client_id,
        target=series,
        by=by,
        at=now,
        sessions=[one.pk for one in free],
        continues=series.continues_id,
    )
    taken_days = {one.series_on for one in sessions if id(one) in met and one.series_on is not None}
    return Planned(series, free, off, sorted(closed | taken_days))


def _closed_among(days: Collection[date]) -> set[date]:
    return set(Closure.objects.filter(on__in=list(days)).values_list("on", flat=True))


def _place(session: Session, series: Series, day: date) -> None:
    """Give a session its day in the series, and what the series says of all of them. Whose it is stays."""
    for name in SHARED:
        setattr(session, name, getattr(series, name))
    session.series, session.series_on = series, day
    session.starts_at, session.ends_at = recurrence.span(
        day, series.at, series.minutes, ZoneInfo(series.zone)
    )


def _give_way(rest: Sequence[Session], *, by: Any, now: datetime) -> None:
    """Call off what has no day any more, where it stood."""
    for one in rest:
        one.refresh_from_db(fields=REPLANNED)
    reason = _("The series has changed.")
    _call_off(rest, cancelled_for=Session.CancelledBy.PRACTICE, reason=reason, by=by, now=now)


def _told(taken: Sequence[Clash], *, by: Any, now: datetime) -> str:
    first = [in_words(clash, by=by, now=now) for clash in taken[:TOLD_AT_ONCE]]
    more = len(taken) - len(first)
    if more:
        first.append(ngettext("And %(n)s day more.", "And %(n)s days more.", more) % {"n": more})
    first.append(_("Choose another time, or leave these days out."))
    return " ".join(first)


def _save(
    series: Series, sessions: Sequence[Session], before: dict[int, Any], *, by: Any, now: datetime
) -> None:
    """New sessions, and those that change their time. These leave their places all at once before they take new ones,
    for the database looks at each row alone: no one must meet another that has not moved yet."""
    series.save()
    moved = [one for one in sessions if not one._state.adding]
    with one_at_a_time():
        Session.objects.filter(pk__in=[one.pk for one in moved]).update(
            starts_at=F("starts_at") + OUT_OF_THE_WAY, ends_at=F("ends_at") + OUT_OF_THE_WAY
        )
        for one in moved:
            one.save(update_fields=REPLANNED)
            if facts(one) != before[one.pk]:
                change_of(one, before[one.pk], What.MOVED, by=by, now=now).save(force_insert=True)
        Session.objects.bulk_create([one for one in sessions if one._state.adding])
    for client_id in {series.client_id, *(one.client_id for one in moved)}:
        summary.refresh(client_id)


@transaction.atomic
def end_series(
    *,
    series_id: int,
    from_on: date,
    by: Any,
    now: datetime,
    cancelled_for: str = Session.CancelledBy.PRACTICE,
    reason: str = "",
) -> tuple[Series, list[Session]]:
    """No session of the series from that day on: what is planned is called off. Returns the series and those.

    A client's wish less than 24 hours before one of them makes that one a late cancellation (clinical.md §7.3 I-05).
    """
    require(by, Verb.SCHEDULE_SESSION)
    if cancelled_for not in Session.CancelledBy.values:
        raise InvalidInput(_("Say who cancelled: the client or the practice."), field="cancelled_for")
    series = open_series(series_id)
    end_on(series, from_on, by=by, now=now)
    rows = list(to_come(series, from_on, now))
    _call_off(rows, cancelled_for=cancelled_for, reason=reason, by=by, now=now)
    after_end(series, rows, by=by, now=now)
    return series, rows


def open_series(series_id: int) -> Series:
    """The series, locked. Raises InvalidTransition when it was ended."""
    series = Series.objects.select_for_update(of=("self",)).select_related("client").get(pk=series_id)
    if series.ended_on is not None:
        raise InvalidTransition(
            _("This series was ended on %(day)s.") % {"day": date_format(series.ended_on, "j M Y")}
        )
    return series


def end_on(series: Series, from_on: date, *, by: Any, now: datetime) -> None:
    """Nothing of it from that day on."""
    series.ended_on, series.ended_at, series.ended_by = from_on, now, by
    series.save(update_fields=["ended_on", "ended_at", "ended_by"])


def to_come(series: Series, from_on: date, now: datetime) -> QuerySet[Session]:
    """What is still planned of it from a day of its rule on; one with a note begun stays."""
    rows = Session.objects.filter(
        series=series, series_on__gte=from_on, state=Session.State.SCHEDULED, note=None, starts_at__gt=now
    )
    return rows.select_for_update(of=("self",)).select_related("client", "counselor").order_by("starts_at")


def _call_off(rows: Iterable[Session], *, cancelled_for: str, reason: str, by: Any, now: datetime) -> None:
    for one in rows:
        was = facts(one)
        call_off(one, cancelled_for=cancelled_for, reason=reason, by=by, now=now)
        one.save(update_fields=CALLED_OFF)
        told = {"wished_by": cancelled_for, "reason": reason}
        change_of(one, was, What.CANCELLED, by=by, now=now, **told).save(force_insert=True)


def after_end(series: Series, rows: Sequence[Session], *, by: Any, now: datetime) -> None:
    """What follows from an end: the clients' summaries, and the audit row."""
    for client_id in {series.client_id, *(one.client_id for one in rows)}:
        summary.refresh(client_id)
    audit.record(
        SERIES_ENDED,
        client_id=series.client_id,
        target=series,
        by=by,
        at=now,
        from_on=str(series.ended_on),
        called_off=[one.pk for one in rows],
    )

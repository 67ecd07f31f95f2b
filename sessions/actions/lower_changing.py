"""Changing a series from a day on. A lower verb, called by casework.followup alone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clients.access import Verb, require
from clients.models import Client, Practice
from sessions import recurrence
from sessions.actions.lower import check_can_meet, check_place
from sessions.actions.lower_series import (
    Planned,
    after_end,
    check_rule,
    end_on,
    fill,
    open_series,
    to_come,
)
from sessions.models import Series, Session
from sessions.recurrence import Rule

CALLED_OFF = (Session.State.CANCELLED, Session.State.LATE_CANCEL)


@transaction.atomic
def change_series(
    *,
    series_id: int,
    from_on: date,
    client: Client,
    counselor: Any,
    rule: Rule,
    by: Any,
    now: datetime,
    skip_taken: bool = False,
    **shared: Any,
) -> Planned:
    """From a day on it follows another rule: the series ends there and another one continues it.

    What was planned moves to the new days, in order, and keeps its history; what finds no day any more is called off.
    Raises like `plan_series`.
    """
    require(by, Verb.SCHEDULE_SESSION)
    old = open_series(series_id)
    start = check_rule(rule, now)
    check_can_meet(client=client, counselor=counselor, starts_at=start, now=now)
    check_place(kind=old.kind, modality=shared["modality"], location=shared["location"], room=shared["room"])
    end_on(old, from_on, by=by, now=now)
    slots, rest = _pair(old, rule, list(to_come(old, from_on, now)), from_on)
    new = Series(
        client=client,
        counselor=counselor,
        kind=old.kind,
        zone=Practice.current().time_zone,
        made_at=now,
        made_by=by,
        continues=old,
        **shared,
        **vars(rule),
    )
    done = fill(new, slots, rest=rest, skip_taken=skip_taken, by=by, now=now)
    after_end(old, done.called_off, by=by, now=now)
    return done


def _pair(
    old: Series, rule: Rule, waiting: Sequence[Session], from_on: date
) -> tuple[dict[date, Session | None], list[Session]]:
    """Which planned session takes which new day, and those that are left over.

    The n-th day of the old rule becomes the n-th of the new one, and a day that was left out stays so; where it comes
    more or less often than before, they follow in order.
    """
    new_days = list(rule.days())
    if rule.every != old.every:
        numbered = dict(enumerate(waiting))
        skipped: set[int] = set()
    else:
        old_rule = recurrence.days(every=old.every, starts_on=old.starts_on, until_on=old.until_on)
        place = {day: number for number, day in enumerate(day for day in old_rule if day >= from_on)}
        numbered = {place[one.series_on]: one for one in waiting if one.series_on is not None}
        off = Session.objects.filter(series=old, series_on__in=place, state__in=CALLED_OFF)
        skipped = {place[day] for day in off.values_list("series_on", flat=True)}
    slots = {day: numbered.pop(n, None) for n, day in enumerate(new_days) if n not in skipped}
    return slots, list(numbered.values())

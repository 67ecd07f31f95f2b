"""Series of sessions and what follows from them; one session of a series is moved or called off like any other."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from casework.followup.actions.sessions import after_calling_off, after_planning
from clients.actions import locked
from clients.models import Client
from sessions.actions import lower_changing, lower_series
from sessions.actions.lower_series import Planned
from sessions.models import Series, Session


@transaction.atomic
def schedule_series(*, client_id: int, by: Any, now: datetime, **planned: Any) -> Planned:
    """Plan sessions that come back. `planned`: as sessions' plan_series takes it."""
    client = locked(client_id)
    done = lower_series.plan_series(client=client, by=by, now=now, **planned)
    after_planning(client, done.sessions, by=by, now=now)
    return done


@transaction.atomic
def change_series(*, series_id: int, by: Any, now: datetime, **planned: Any) -> Planned:
    """Let a series follow another rule from a day on. `planned`: as sessions' change_series takes it."""
    client = _client_of(series_id)
    done = lower_changing.change_series(series_id=series_id, client=client, by=by, now=now, **planned)
    after_calling_off(client, done.called_off, by=by, now=now)
    after_planning(client, done.sessions, by=by, now=now)
    return done


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
    """No session of the series from that day on; what was planned is called off."""
    client = _client_of(series_id)
    series, called_off = lower_series.end_series(
        series_id=series_id, from_on=from_on, cancelled_for=cancelled_for, reason=reason, by=by, now=now
    )
    after_calling_off(client, called_off, by=by, now=now)
    return series, called_off


def _client_of(series_id: int) -> Client:
    return locked(Series.objects.values_list("client_id", flat=True).get(pk=series_id))

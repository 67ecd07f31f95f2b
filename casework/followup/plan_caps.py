"""Whether one more text on a day would be too many for a client (clinical.md §4.2). Looks back and ahead."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext as _

from casework.followup.messages.policy import AUTOMATED
from casework.followup.models import Message
from casework.followup.schedule import WEEK, WEEKLY_CAP
from clients.models import Client


def says_too_many(client: Client, at: datetime, *, now: datetime, but_for: int | None = None) -> str:
    """Why a text at `at` would be one too many, its day named; empty when it may go.

    Counts what went in the last week and what still waits, but for the message that is to move.
    """
    near = Message.objects.filter(client__in=client.record_ids, kind__in=AUTOMATED).exclude(pk=but_for)
    gone = near.filter(sent_at__gte=now - WEEK).order_by("pk").values_list("sent_at", flat=True)
    waits = near.unsettled().filter(Q(sent_at=None)).order_by("pk").values_list("due_at", flat=True)
    return too_many(at, [*gone, *waits], client.zone)


def too_many(at: datetime, others: Iterable[datetime], zone: ZoneInfo) -> str:
    """The same, over the times of the others."""
    day = at.astimezone(zone).date()
    days = sorted(other.astimezone(zone).date() for other in others)
    if day in days:
        return _("%(day)s has a message already: one a day at most. Choose another day.") % {
            "day": _said(day)
        }
    near = sorted(other for other in others if abs(other - at) < WEEK)
    for four in _runs(sorted([*near, at]), WEEKLY_CAP + 1):
        if at in four and four[-1] - four[0] < WEEK:
            rest = ", ".join(_said(one.astimezone(zone).date()) for one in four if one != at)
            says = _(
                "%(day)s: it would be the fourth message within seven days, beside %(rest)s. Choose another day."
            )
            return says % {"day": _said(day), "rest": rest}
    return ""


def _runs(times: list[datetime], length: int) -> Iterable[list[datetime]]:
    return (times[start : start + length] for start in range(len(times) - length + 1))


def _said(day: date) -> str:
    return str(formats.date_format(day, _("D j M")))

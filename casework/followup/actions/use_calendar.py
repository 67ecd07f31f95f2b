"""Marking days in the use calendar, and what follows when use is learnt of that nobody reported (clinical.md §2.14)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import summary, todos
from casework.followup.models import ToDo
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.relapse.actions.days import Marked, take_mark_back, take_marks
from casework.relapse.models import DayMark
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidTransition
from clients.models import Client

REPORT_WITHIN = timedelta(hours=24)
REVIEW_WITHIN = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysMarked:
    """The words that were kept, and the to-dos that opened because of them."""

    marks: tuple[DayMark, ...]
    unreported: bool
    opened: tuple[ToDo, ...]


@transaction.atomic
def mark_days(
    *, client_id: int, days: Iterable[date], used: bool, source: str, by: Any, now: datetime, **told: Any
) -> DaysMarked:
    """Keep what somebody says of each day. Use that no report speaks of asks the counselor to record one.

    `told`: see `relapse.take_marks`. Nothing goes out to the client: a plan starts with a report alone. Raises
    InvalidTransition for a client who has died, InvalidInput for what cannot be right.
    """
    require(by, Verb.REPORT_RELAPSE)
    client = locked(client_id)
    if client.state == Client.State.DECEASED:
        raise InvalidTransition(
            _("%(first)s has died: the calendar is only read now.") % {"first": client.first_name}
        )
    done = take_marks(client, days=days, used=used, source=source, by=by, now=now, **told)
    opened = _open_todos(client, done, by=by, now=now)
    summary.refresh(client.pk)
    return DaysMarked(marks=done.marks, unreported=done.unreported, opened=tuple(opened))


def _open_todos(client: Client, done: Marked, *, by: Any, now: datetime) -> list[ToDo]:
    """One of each is enough. Somebody who left care is asked after when they return."""
    if not client.is_in_touch:
        return []
    open_kinds = set(client.todos.open().order_by("pk").values_list("kind", flat=True))
    wanted: list[tuple[ToDoKind, timedelta, str]] = []
    if done.unreported:
        wanted.append(
            (ToDoKind.UPGRADE, REPORT_WITHIN, _("Use was marked in the calendar: record a report?"))
        )
    if done.moved.escalated:
        wanted.append((ToDoKind.SUPERVISOR_REVIEW, REVIEW_WITHIN, ""))
    return [
        todos.open_todo(
            client=client,
            kind=kind,
            title=title,
            due_at=now + within,
            now=now,
            by=by,
            plan=running_plan(client),
            step_key=f"{_key(done.marks[0])}{kind}",
        )
        for kind, within, title in wanted
        if kind not in open_kinds
    ]


@transaction.atomic
def withdraw_mark(*, mark_id: int, reason: str, by: Any, now: datetime) -> DayMark:
    """Take one word back as a mistake; it stays readable, and what it had asked of people is cancelled.

    Raises InvalidInput without a reason, InvalidTransition when it was replaced or taken back before.
    """
    require(by, Verb.REPORT_RELAPSE)
    client = locked(DayMark.objects.values_list("client", flat=True).get(pk=mark_id))
    mark = DayMark.objects.select_for_update(of=("self",)).get(pk=mark_id)
    take_mark_back(client, mark, reason=reason, by=by, now=now)
    asked = client.todos.filter(step_key__startswith=_key(mark))
    todos.close(asked, state=ToDo.State.CANCELLED, reason="voided")
    summary.refresh(client.pk)
    return mark


def _key(mark: DayMark) -> str:
    return f"MARKED-{mark.pk}-"

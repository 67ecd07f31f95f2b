"""A to-do for each measure that was missed, once, and closed when the measure is given (clinical.md §2.19).

Found by looking: all clients are gone through in turns, a large practice's over half a day. It may be run twice.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.followup import schedule, summary, todos
from casework.followup.due_measures import due_of
from casework.followup.models import ToDo, ToDoState
from casework.followup.plan_templates import ToDoKind
from casework.followup.planner import END_OF_WORK
from casework.measures import packs
from casework.measures.models import MeasureResult
from casework.measures.schedule import EARLY, INSTEAD, Due
from clients.actions import locked
from clients.models import Client

KEY = "MEASURE-"
NAMED = re.compile(rf"{KEY}(?P<measure>.+?)-(?P<day>\d{{8}})")  # a merge may add to a key
WITHIN = timedelta(days=7)
REVIEW_WITHIN = timedelta(hours=72)
A_TURN, MOST_TURNS = 200, 720  # clients a minute, minutes


def key_of(due: Due) -> str:
    """The step key of the to-do of a measure that was missed: one for each day on which it came due."""
    return f"{KEY}{due.measure}-{due.due_on:%Y%m%d}"


def open_missed(now: datetime) -> int:
    """Open what is missing for those whose turn it is, and close what nobody misses any more. Returns how many."""
    active = Client.objects.filter(state=Client.State.ACTIVE, merged_into=None)
    turns = min(MOST_TURNS, active.count() // A_TURN + 1)
    turn = int(now.timestamp() // 60) % turns
    people = active.annotate(turn=F("pk") % turns).filter(turn=turn).order_by("pk")
    return look(list(people), now=now)


def look(people: list[Client], *, now: datetime) -> int:
    """The same for these clients; five queries when nothing has changed."""
    missed = {pk: [one for one in found if one.missed] for pk, found in due_of(people, now=now).items()}
    asked: dict[int, set[str]] = {}
    rows = ToDo.objects.filter(client__in=people, step_key__startswith=KEY).order_by("pk")
    still_open = rows.filter(state=ToDoState.OPEN).values_list("client", "step_key")
    known = set(rows.values_list("client", "step_key"))
    for pk, key in still_open:
        asked.setdefault(pk, set()).add(key)
    changed = 0
    for client in people:
        wanted = {key_of(one): one for one in missed.get(client.pk, ())}
        new = [one for key, one in wanted.items() if (client.pk, key) not in known]
        over = asked.get(client.pk, set()) - wanted.keys()
        if new or over:
            changed += _mend(client.pk, new, over, now=now)
    return changed


@transaction.atomic
def _mend(client_id: int, new: Iterable[Due], over: Iterable[str], *, now: datetime) -> int:
    client = locked(client_id)
    mine = ToDo.objects.filter(client=client, step_key__in=list(over))
    changed = todos.close(mine, state=ToDoState.CANCELLED, reason="not_due")
    for one in new:
        _open(client, one, now=now)
        changed += 1
    summary.refresh(client.pk)
    return changed


def _open(client: Client, due: Due, *, now: datetime) -> ToDo:
    found = packs.known(due.measure)
    title = str(found.title) if found is not None else due.measure
    return todos.open_todo(
        client=client,
        kind=ToDoKind.MEASURE,
        title=_("%(measure)s is missing: give it at the next visit or send it") % {"measure": title},
        due_at=_due_at(client, now),
        now=now,
        step_key=key_of(due),
    )


def _due_at(client: Client, now: datetime) -> datetime:
    return schedule.resolve(now.astimezone(client.zone).date() + WITHIN, END_OF_WORK, client.zone)


def given(client: Client, result: MeasureResult, *, by: Any, now: datetime) -> None:
    """The to-dos that this result answers are done. The caller holds the client and refreshes the summary."""
    day = timezone.localdate(result.taken_at, client.zone)
    answered = [
        todo
        for todo in client.todos.open().filter(step_key__startswith=KEY).order_by("pk")
        if _answers(result.measure, day, todo.step_key)
    ]
    todos.finish(answered, by=by, now=now, outcome=_("Given"))


def _answers(measure: str, day: date, step_key: str) -> bool:
    named = NAMED.match(step_key)
    assert named is not None
    wanted, came_due = named["measure"], date.fromisoformat(named["day"])
    return measure in INSTEAD.get(wanted, frozenset({wanted})) and day >= came_due - EARLY

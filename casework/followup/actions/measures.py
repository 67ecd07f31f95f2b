"""Measures that reach further than their room: giving one, asking a client's phone for some, taking one back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import missed_measures, phone_links, summary, todos
from casework.followup.actions.links import text
from casework.followup.actions.texting import check_way
from casework.followup.models import ACKNOWLEDGE_WITHIN, ToDo, ToDoState
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.measures import lower
from casework.measures.lower import Asked, Given
from casework.measures.models import MeasureResult
from clients.access import Verb, require
from clients.actions import locked
from clients.models import Client


@transaction.atomic
def submit_measure(
    *, client_id: int, measure: str, given: Given, by: Any, now: datetime, **how: Any
) -> MeasureResult:
    """Keep a result. Its to-do is done; thoughts of suicide in it are an emergency, whatever the total.

    `how`: see measures.lower.keep_result. Without `by` the client answers on their phone.
    """
    require(by, Verb.GIVE_MEASURE)
    client = locked(client_id)
    result = lower.keep_result(client_id=client_id, measure=measure, given=given, by=by, now=now, **how)
    missed_measures.given(client, result, by=by, now=now)
    if result.scored.alarms:
        _raise_alarm(client, result, by=by, now=now)
    summary.refresh(client.pk)
    return result


def _key(result: MeasureResult) -> str:
    return f"MEASURED-{result.pk}-"


def _raise_alarm(client: Client, result: MeasureResult, *, by: Any, now: datetime) -> ToDo | None:
    """The emergency of a red flag and the supervisor's look at it (clinical.md §2.1, §3.4); none after a death."""
    if client.state == Client.State.DECEASED:
        return None
    plan = running_plan(client)
    common: dict[str, Any] = {"client": client, "now": now, "by": by, "plan": plan}
    todo = todos.open_todo(
        **common,
        kind=ToDoKind.EMERGENCY,
        title=_("Thoughts of suicide in a questionnaire: talk with %(first)s now")
        % {"first": client.first_name},
        due_at=now + ACKNOWLEDGE_WITHIN,
        urgent=True,
        step_key=f"{_key(result)}EMERGENCY",
    )
    if not client.todos.open().filter(kind=ToDoKind.SUPERVISOR_REVIEW).exists():
        todos.open_todo(
            **common,
            kind=ToDoKind.SUPERVISOR_REVIEW,
            due_at=now + missed_measures.REVIEW_WITHIN,
            step_key=f"{_key(result)}SUPERVISOR-REVIEW",
        )
    return todo


@transaction.atomic
def send_measures(*, client_id: int, measures: Sequence[str], by: Any, now: datetime) -> Asked:
    """Text the client one link to some measures: "a short form", and no word of what it asks.

    Raises InvalidInput where nothing may be sent, and what measures.lower.ask raises.
    """
    require(by, Verb.SEND_MESSAGE)
    client = locked(client_id)
    check_way(client, now)
    asked = lower.ask(client_id=client.pk, measures=measures, by=by, now=now)
    text(client, phone_links.FORM, asked.address, by=by, now=now)
    return asked


@transaction.atomic
def void_measure(*, result_id: int, reason: str, by: Any, now: datetime) -> MeasureResult:
    """A result was a mistake: it stays on record and counts no more; what it asked of people is cancelled."""
    result = lower.void(result_id=result_id, reason=reason, by=by, now=now)
    asked = ToDo.objects.filter(client=result.client.survivor, step_key__startswith=_key(result))
    todos.close(asked, state=ToDoState.CANCELLED, reason="voided")
    summary.refresh(result.client.survivor.pk)
    return result

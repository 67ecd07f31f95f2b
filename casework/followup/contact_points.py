"""A number or an address changes: what a sender holds for the client is cleared once more before it leaves.

Below the actions, because the deliverer and the inbox need it too: a carrier, or whoever answers, may know of a wrong
number before we do. What then has no way left is cancelled by policy at its time and becomes a call.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import optout, todos
from casework.followup.models import Message
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import declines_calls
from clients import lower
from clients.models import Client, ContactPoint, Permission

ASK_WITHIN = timedelta(hours=24)
EMAIL = ContactPoint.Kind.EMAIL


@transaction.atomic
def mark_contact(*, contact_id: int, state: str, by: Any, now: datetime) -> ContactPoint:
    """Say that a number or address was verified, or that it does not work: nothing leaves for it any more."""
    return _recall(lower.set_contact_state(contact_id=contact_id, state=state, by=by, now=now))


@transaction.atomic
def review_shared(*, contact_id: int, by: Any, now: datetime) -> ContactPoint:
    """Note that somebody has talked the shared phone over with the client: messages may go there."""
    return _recall(lower.review_shared(contact_id=contact_id, by=by, now=now))


@transaction.atomic
def retire_contact_point(*, contact_id: int, by: Any, now: datetime) -> ContactPoint:
    """Stop using a number or address. It stays on record; nothing more goes there.

    Was it the one that messages went to, then what the client agreed to was agreed for it: the new one is asked about.
    """
    used = _is_used(contact_id)
    point = _recall(lower.retire_contact_point(contact_id=contact_id, by=by, now=now))
    client = point.client.survivor
    if used and client.is_in_touch:
        channel = Permission.Channel.EMAIL if point.kind == EMAIL else Permission.Channel.TEXT
        given = optout.withdraw(
            client_id=client.pk, channel=channel, by=by, now=now, how=Permission.How.STAFF
        )
        if given is not None:
            _ask_about(client, point, by=by, now=now)
    return point


def _is_used(contact_id: int) -> bool:
    """Whether messages of its kind go to this number or address."""
    point = ContactPoint.objects.select_related("client").get(pk=contact_id)
    rows = ContactPoint.objects.of(point.client).current().filter(kind=point.kind).order_by("position", "pk")
    return next((one.pk for one in rows if one.is_usable), None) == contact_id


def _ask_about(client: Client, point: ContactPoint, *, by: Any, now: datetime) -> None:
    todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER if declines_calls(client, now) else ToDoKind.CALL,
        title=_("%(first)s's number has changed: agree on the new one and on messages to it")
        % {"first": client.first_name},
        due_at=now + ASK_WITHIN,
        now=now,
        by=by,
        step_key=f"NUMBER-{point.pk}",
    )


def _recall(point: ContactPoint) -> ContactPoint:
    Message.objects.filter(client=point.client.survivor).recall()
    return point

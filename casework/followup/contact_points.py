"""A number or an address changes: what a sender holds for the client is cleared once more before it leaves.

Below the actions, because the deliverer and the inbox need it too: a carrier, or whoever answers, may know of a wrong
number before we do. What then has no way left is cancelled by policy at its time and becomes a call.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from casework.followup.models import Message
from clients import lower
from clients.models import ContactPoint


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
    """Stop using a number or address. It stays on record; nothing more goes there."""
    return _recall(lower.retire_contact_point(contact_id=contact_id, by=by, now=now))


def _recall(point: ContactPoint) -> ContactPoint:
    Message.objects.filter(client=point.client.survivor).recall()
    return point

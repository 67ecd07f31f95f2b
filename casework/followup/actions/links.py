"""Texts with a one-time link that somebody of the staff sends to the client's phone (docs/adr/0016)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from casework.followup import phone_links, tasks
from casework.followup.actions.texting import check_way, night_until, useful_until
from casework.followup.models import Message
from casework.relapse.prevention import actions as prevention
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.models import Client


@transaction.atomic
def send_plan(*, client_id: int, by: Any, now: datetime) -> Message:
    """Text the client a link to the plan that both signed; at night it leaves when their day begins.

    Raises InvalidInput where nothing is signed yet or nothing may be sent, Conflict for a client not in care.
    """
    require(by, Verb.SEND_MESSAGE)
    client = locked(client_id)
    check_way(client, now)
    issued = prevention.link_for(client_id=client.pk, by=by, now=now)
    return text(client, phone_links.PLAN, issued.address, by=by, now=now)


def text(client: Client, key: str, address: str, *, by: Any, now: datetime) -> Message:
    """Write the text with the link; it leaves at once, or when the client's day begins. The caller holds the client."""
    due_at = night_until(client, now) or now
    message = phone_links.sent_by_hand(
        client, key, address, by=by, now=now, due_at=due_at, useful_until=useful_until(client, due_at)
    )
    audit.record(
        "link.texted", by=by, at=now, client_id=client.pk, target=message, text=key, waits=due_at > now
    )
    transaction.on_commit(tasks.wake)
    return message

"""Texts that carry a one-time link to a client's phone: what they say, and to whom they may go (docs/adr/0016).

Such a text keeps its words from the start, for nobody can tell the address of a link a second time.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import outbox, todos
from casework.followup.messages.letterhead import letterheads
from casework.followup.messages.policy import PERMISSION_FOR
from casework.followup.messages.render import RenderRefused, fill
from casework.followup.models import InboundMessage, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.relapse.prevention import actions as prevention
from casework.relapse.prevention.queries import current_plan
from clients import hours
from clients.errors import InvalidInput
from clients.models import Client, ContactPoint, Permission
from clients.telling import tells

FORM, PLAN, NO_PLAN = "form", "plan", "noplan"
ONE_IN = timedelta(minutes=5)  # asked twice in a row, the first answer is on its way
ASKED = "PLAN-ASKED-"


def words(client: Client, key: str, address: str, *, now: datetime) -> str:
    """The text with the link in it. Raises InvalidInput when this practice's names or address keep it from going."""
    letter = letterheads([client], at=now)[client.pk]
    host = (urlsplit(address).hostname or "").replace(".", " ").replace("-", " ")
    if tells(host, letter.denied):
        raise InvalidInput(_("The address of this installation would tell a stranger what it is about."))
    try:
        return fill(key, letter, extra={"link": address}).body
    except RenderRefused as refusal:
        raise InvalidInput(_("With the names of this practice the text does not fit.")) from refusal


def plan_asked_for(client: Client, inbound: InboundMessage, *, now: datetime) -> bool:
    """Answer PLAN with a link to the client's own plan, or say that there is none yet. The client is held.

    False where a person has to look: it came by another way than text, nobody may be texted there, or several people
    use the phone.
    """
    if not _is_theirs_alone(client, inbound, now):
        return False
    lately = Message.objects.filter(client=client, kind=Message.Kind.PLAN_REPLY, due_at__gt=now - ONE_IN)
    if lately.exists():
        return True
    if current_plan(client) is None:
        outbox.answer(inbound, Message.Kind.PLAN_REPLY, client=client, now=now)
        _ask_to_write(client, inbound, now=now)
        return True
    try:
        with transaction.atomic():
            issued = prevention.link_for(client_id=client.pk, by=None, now=now)
            body = words(client, PLAN, issued.address, now=now)
    except InvalidInput:
        return False
    outbox.answer(inbound, Message.Kind.PLAN_REPLY, client=client, now=now, body=body)
    return True


def _is_theirs_alone(client: Client, inbound: InboundMessage, now: datetime) -> bool:
    if inbound.channel != "sms" or not client.is_in_touch:
        return False
    given = Permission.objects.of(client).in_force(now).filter(channel=PERMISSION_FOR["sms"])
    points = ContactPoint.objects.current().filter(
        normalized=inbound.from_normalized, kind=ContactPoint.Kind.MOBILE
    )
    own = [point for point in points.filter(client__in=client.record_ids) if point.is_usable]
    others = points.exclude(client__in=client.record_ids)
    return bool(own) and given.exists() and not others.exists()


def _ask_to_write(client: Client, inbound: InboundMessage, *, now: datetime) -> ToDo:
    there: ToDo | None = client.todos.open().filter(step_key__startswith=ASKED).order_by("pk").first()
    return there or todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER,
        title=_("%(first)s asked for a plan and has none: write it together") % {"first": client.first_name},
        due_at=hours.next_business_close(now) + timedelta(days=7),
        now=now,
        inbound=inbound,
        step_key=f"{ASKED}{inbound.pk}",
    )


def sent_by_hand(
    client: Client,
    key: str,
    address: str,
    *,
    by: Any,
    now: datetime,
    due_at: datetime,
    useful_until: datetime,
) -> Message:
    """Write the text that somebody of the staff sends with a link. Whether it may go is the caller's to ask."""
    return outbox.by_hand(
        client,
        words(client, key, address, now=now),
        by=by,
        due_at=due_at,
        useful_until=useful_until,
        dedupe_key=f"link:{client.uid}:{uuid.uuid4()}",
    )

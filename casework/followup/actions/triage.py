"""Messages from numbers on nobody's record: read, put with a client, or put aside; after 30 days they are gone."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import optout, summary, todos
from casework.followup.inbox.alarm import alarm_of
from casework.followup.inbox.receiving import PERMISSION_OF
from casework.followup.models import InboundMessage
from casework.followup.plan_templates import ToDoKind
from clients import audit, hours
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client, Permission


@transaction.atomic
def read_unknown(*, inbound_id: int, by: Any, now: datetime) -> InboundMessage:
    """Somebody has read it; nobody is alarmed of it any more."""
    require(by, Verb.TRIAGE_UNKNOWN)
    inbound = _locked(inbound_id)
    if inbound.read_at is None:
        inbound.read_at, inbound.read_by = now, by
        inbound.save(update_fields=["read_at", "read_by"])
        inbound.alerts.drop(now)
        audit.record("unknown.read", by=by, at=now, target=inbound)
    return inbound


def _locked(inbound_id: int) -> InboundMessage:
    """The message, while nobody has put it with a client or aside. Raises Conflict when somebody has."""
    inbound = InboundMessage.objects.select_for_update(of=("self",)).get(pk=inbound_id)
    if inbound.client_id is not None or inbound.handled_at is not None:
        raise Conflict(_("Somebody has seen to this meanwhile."))
    return inbound


@transaction.atomic
def link_unknown(*, inbound_id: int, client: Client, by: Any, now: datetime) -> InboundMessage:
    """It is this client's: it joins their thread and asks what it would have asked; STOP counts. Nothing is sent.

    The number itself is not put on record: that is for whoever has asked the client.
    """
    require(by, Verb.TRIAGE_UNKNOWN)
    client = locked(client.pk)
    inbound = _locked(inbound_id)
    inbound.client = client
    inbound.save(update_fields=["client"])
    inbound.alerts.drop(now)
    audit.record("unknown.linked", by=by, at=now, client_id=client.pk, target=inbound)
    if inbound.opt_out and inbound.channel in PERMISSION_OF:
        channel = PERMISSION_OF[inbound.channel]
        optout.withdraw(client_id=client.pk, channel=channel, by=None, now=now, how=Permission.How.KEYWORD)
    if inbound.crisis:
        alarm_of(client, inbound, now=now)
    else:
        todos.open_todo(
            client=client,
            kind=ToDoKind.ANSWER,
            title=_("%(first)s wrote: read and answer") % {"first": client.first_name},
            due_at=hours.next_business_close(now),
            now=now,
            by=by,
            inbound=inbound,
            step_key=f"INBOUND-{inbound.pk}",
        )
    summary.refresh(client.pk)
    return inbound


@transaction.atomic
def dismiss_unknown(*, inbound_id: int, reason: str, by: Any, now: datetime) -> InboundMessage:
    """It is nobody's here, and here is why. Raises InvalidInput without a reason."""
    require(by, Verb.TRIAGE_UNKNOWN)
    if not reason.strip():
        raise InvalidInput(_("Say why it is put aside."), field="reason")
    inbound = _locked(inbound_id)
    inbound.handled_at, inbound.handled_by, inbound.dismissed_reason = now, by, reason.strip()
    if inbound.read_at is None:
        inbound.read_at, inbound.read_by = now, by
    inbound.save(update_fields=["handled_at", "handled_by", "dismissed_reason", "read_at", "read_by"])
    inbound.alerts.drop(now)
    audit.record("unknown.dismissed", by=by, at=now, target=inbound)
    return inbound

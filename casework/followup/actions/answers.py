"""Reading and handling what clients wrote."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import summary, todos
from casework.followup.models import InboundMessage
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict

CLOSED_BY_HANDLING = frozenset({ToDoKind.ANSWER})


def _locked(inbound_id: int) -> InboundMessage:
    client_id = InboundMessage.objects.values_list("client_id", flat=True).get(pk=inbound_id)
    if client_id is not None:
        locked(client_id)
    return InboundMessage.objects.select_for_update(of=("self",)).get(pk=inbound_id)


@transaction.atomic
def mark_answer_read(*, inbound_id: int, by: Any, now: datetime) -> InboundMessage:
    """Somebody has read it. Reading it again changes nothing."""
    require(by, Verb.READ_INBOX)
    inbound = _locked(inbound_id)
    if inbound.read_at is None:
        _mark(inbound, "read", by=by, now=now)
    return inbound


@transaction.atomic
def mark_thread_read(*, client_id: int, newest: InboundMessage, by: Any, now: datetime) -> int:
    """Somebody has read the thread up to `newest`; what came after it stays unread. Returns how many were new."""
    require(by, Verb.READ_INBOX)
    client = locked(client_id)
    unread = InboundMessage.objects.of(client).select_for_update(of=("self",)).filter(read_at=None)
    rows = list(unread.filter(received_at__lte=newest.received_at).order_by("pk"))
    for row in rows:
        _mark(row, "read", by=by, now=now)
    return len(rows)


@transaction.atomic
def mark_handled(*, inbound_id: int, by: Any, now: datetime) -> InboundMessage:
    """Nothing is left to do about it; its to-do to answer closes. Raises Conflict while its crisis is open."""
    require(by, Verb.READ_INBOX)
    inbound = _locked(inbound_id)
    if inbound.handled_at is not None:
        return inbound
    opened = inbound.todos.open()
    if inbound.alarm is not None and inbound.alarm.is_open:
        raise Conflict(_("Clear the crisis first: say in its to-do what was done."))
    if inbound.read_at is None:
        _mark(inbound, "read", by=by, now=now)
    todos.finish(opened.filter(kind__in=CLOSED_BY_HANDLING).order_by("pk"), by=by, now=now)
    _mark(inbound, "handled", by=by, now=now)
    return inbound


def _mark(inbound: InboundMessage, what: str, *, by: Any, now: datetime) -> None:
    setattr(inbound, f"{what}_at", now)
    setattr(inbound, f"{what}_by", by)
    inbound.save(update_fields=[f"{what}_at", f"{what}_by"])
    audit.record(f"answer.{what}", by=by, at=now, client_id=inbound.client_id, target=inbound)
    if inbound.client_id is not None:
        summary.refresh(inbound.client_id)

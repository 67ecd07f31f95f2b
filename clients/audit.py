"""Writing the trail: in the same transaction as what it tells of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db.models import Model

from clients.models.audit import AuditEvent

VIEWED = "record.viewed"
LISTED = "list.viewed"
REFUSED = "access.refused"

_waiting: ContextVar[list[AuditEvent] | None] = ContextVar("waiting", default=None)


def record(
    verb: str,
    *,
    by: Any,
    at: datetime,
    client_id: int | None = None,
    target: Model | None = None,
    **ids: Any,
) -> AuditEvent:
    """Add one row. `ids` are numbers, codes and dates only: never a name, a number to call, or words about a person."""
    event = AuditEvent(
        verb=verb,
        at=at,
        actor_id=getattr(by, "pk", None),
        client_id=client_id,
        target_type=target._meta.label if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        detail=ids,
    )
    waiting = _waiting.get()
    if waiting is None:
        event.save(force_insert=True)
    else:
        waiting.append(event)
    return event


@contextmanager
def together() -> Iterator[None]:
    """Write the rows of one act in one statement, when the block ends: put it inside the act's transaction.

    An error in the block writes none of them and takes the transaction along.
    """
    events: list[AuditEvent] = []
    token = _waiting.set(events)
    try:
        yield
    finally:
        _waiting.reset(token)
    AuditEvent.objects.bulk_create(events)


def record_list(
    name: str, *, by: Any, at: datetime, filters: dict[str, Any], ids: Iterable[int]
) -> AuditEvent:
    """One row for a list that was shown: which list, how it was filtered, and whom it held."""
    return record(LISTED, by=by, at=at, list=name, filters=filters, ids=list(ids))

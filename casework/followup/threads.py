"""What was written both ways with one client, in the order of time, a page at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from casework.followup.messages.reasons import words
from casework.followup.models import InboundMessage, Message
from casework.followup.wording import TONES, purpose
from clients.models import Client

PAGE = 30
MOST = 500  # of one kind, on a page that has stayed open for very long


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message of a thread, of the client's or of ours."""

    at: datetime
    inbound: InboundMessage | None = None
    message: Message | None = None
    why: str = ""  # what a message of ours waits for, or why it did not go
    tone: str = ""
    purpose: str = ""

    @property
    def is_ahead(self) -> bool:
        """Written, and not on its way yet."""
        return self.message is not None and self.message.status in Message.WAITING


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A page of it, oldest first. `older_than` asks for the page before; nothing when this is the first."""

    said: list[Said]
    since: datetime | None  # where the page begins
    older_than: datetime | None
    newest: InboundMessage | None  # the client's latest word on this page
    unread: int

    @property
    def moving(self) -> bool:
        """Whether something on the page is about to change."""
        return any(one.message is not None and one.message.status in MOVING for one in self.said)

    @property
    def look_again(self) -> int:
        """Seconds until an open page asks again."""
        return FAST if self.moving else SLOW


MOVING = frozenset({*Message.WAITING, Message.Status.CLAIMED, Message.Status.UNKNOWN, Message.Status.SENT})
FAST, SLOW = 4, 20  # seconds between two looks, while something is on its way and otherwise


def thread(
    client: Client,
    *,
    now: datetime,
    before: datetime | None = None,
    since: datetime | None = None,
    length: int = PAGE,
) -> Thread:
    """What left, what people wrote (sent or not), and every word of the client's.

    The newest `length` messages older than `before`, or all from `since` on.
    """
    found = _newest_first(
        *(_between(rows, before, since, length) for rows in (_ours(client), _theirs(client)))
    )
    page = found if since is not None else _cut(found, length)
    said = [_said(row, now) for row in reversed(page)]
    inbound = [one.inbound for one in said if one.inbound is not None]
    return Thread(
        said=said,
        since=said[0].at if said else None,
        older_than=said[0].at if len(found) > len(page) else None,
        newest=inbound[-1] if inbound else None,
        unread=InboundMessage.objects.of(client).filter(read_at__isnull=True).count(),
    )


def _between(rows: Any, before: datetime | None, since: datetime | None, length: int) -> list[Any]:
    if before is not None:
        rows = rows.filter(at__lt=before)
    if since is not None:
        return list(rows.filter(at__gte=since).order_by("-at", "-pk")[:MOST])
    return list(rows.order_by("-at", "-pk")[: length + 1])


def _cut(found: list[Any], length: int) -> list[Any]:
    """Pages part between two moments, never within one: what came at the same instant stays together."""
    page = found[:length]
    if len(found) > length:
        page = [row for row in page if row.at != found[length].at] or page
    return page


def _ours(client: Client) -> Any:
    gone = Q(sent_at__isnull=False) | Q(status=Message.Status.DEAD) | Q(kind=Message.Kind.MANUAL)
    rows = Message.objects.of(client).filter(gone).select_related("written_by", "in_reply_to")
    return rows.annotate(at=Coalesce("sent_at", "due_at"))


def _theirs(client: Client) -> Any:
    rows = InboundMessage.objects.of(client).select_related("answered_by", "handled_by", "read_by")
    return rows.prefetch_related("todos").annotate(at=F("received_at"))


def _newest_first(*kinds: Iterable[Any]) -> list[Any]:
    return sorted(
        chain(*kinds), key=lambda row: (row.at, isinstance(row, InboundMessage), row.pk), reverse=True
    )


def _said(row: Any, now: datetime) -> Said:
    if isinstance(row, InboundMessage):
        return Said(at=row.received_at, inbound=row)
    return Said(
        at=row.at,
        message=row,
        why=words(row, now=now),
        tone=TONES[row.status],
        purpose=purpose(row.template_key),
    )

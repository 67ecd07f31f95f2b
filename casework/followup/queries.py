"""What the pages of this room list, each only of the clients whom the person may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from casework.followup.models import InboundMessage, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from clients.access import Role
from clients.models import Client

UNKNOWN_KEPT = timedelta(days=30)
THREAD_LENGTH = 200


def answers(user: Any, *, at: datetime, show: str = "open") -> QuerySet[InboundMessage]:
    """What clients wrote: open crises first, then unread, then the newest."""
    crisis_open = ToDo.objects.open().filter(inbound=OuterRef("pk"), kind=ToDoKind.CRISIS)
    rows = InboundMessage.objects.visible_to(user, at=at).annotate(
        pinned=Exists(crisis_open), crisis_todo=Subquery(crisis_open.order_by("pk").values("uid")[:1])
    )
    if show == "open":
        rows = rows.filter(Q(handled_at=None) | Q(read_at=None) | Q(pinned=True))
    elif show == "crisis":
        rows = rows.filter(crisis=True)
    unread_first = Q(read_at__isnull=True)
    return (
        rows.select_related("client__summary")
        .annotate(unread=unread_first)
        .order_by("-pinned", "-unread", "-received_at", "-pk")
    )


def unknown_senders(user: Any, *, at: datetime) -> QuerySet[InboundMessage]:
    """Messages from numbers on nobody's record, kept for 30 days; supervisors look them through."""
    if user.role != Role.SUPERVISOR:
        return InboundMessage.objects.none()
    recent = InboundMessage.objects.filter(client=None, received_at__gt=at - UNKNOWN_KEPT, handled_at=None)
    return recent.order_by("-crisis", "-received_at", "-pk")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message of a thread, of the client's or of ours."""

    at: datetime
    inbound: InboundMessage | None = None
    message: Message | None = None


def thread(client: Client) -> list[Said]:
    """What was written both ways, oldest first; only what left, not what waits."""
    ours = Message.objects.filter(client=client, sent_at__isnull=False).order_by("-sent_at")[:THREAD_LENGTH]
    theirs = InboundMessage.objects.filter(client=client).prefetch_related("todos").order_by("-received_at")
    return sorted([*_sent(ours), *_received(theirs[:THREAD_LENGTH])], key=lambda said: said.at)


def _sent(messages: Any) -> Iterator[Said]:
    return (Said(at=message.sent_at, message=message) for message in messages)


def _received(rows: Any) -> Iterator[Said]:
    return (Said(at=row.received_at, inbound=row) for row in rows)

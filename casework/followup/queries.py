"""What the pages of this room list, each only of the clients whom the person may see."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from casework.followup.models import InboundMessage, ToDo
from casework.followup.plan_templates import ToDoKind
from clients.access import Role

UNKNOWN_KEPT = timedelta(days=30)


def answers(user: Any, *, at: datetime, show: str = "open") -> QuerySet[InboundMessage]:
    """What clients wrote: open crises first, then unread, then the newest."""
    of_text = Q(inbound=OuterRef("pk")) | Q(pk=OuterRef("alarm"))  # a later text of the hour joined an alarm
    crisis_open = ToDo.objects.open().filter(of_text, kind=ToDoKind.CRISIS)
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


def unread(user: Any, *, at: datetime) -> int:
    """How many messages of the clients whom the person may see nobody has read."""
    rows = InboundMessage.objects.visible_to(user, at=at)
    return rows.filter(read_at__isnull=True).count()


def unknown_senders(user: Any, *, at: datetime) -> QuerySet[InboundMessage]:
    """Messages from numbers on nobody's record, kept for 30 days; supervisors look them through."""
    if user.role != Role.SUPERVISOR:
        return InboundMessage.objects.none()
    recent = InboundMessage.objects.filter(client=None, received_at__gt=at - UNKNOWN_KEPT, handled_at=None)
    return recent.order_by("-crisis", "-received_at", "-pk")

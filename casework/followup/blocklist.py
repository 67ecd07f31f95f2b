"""A provider may have blocked a number before we heard of it: its list counts like a STOP (clinical.md §5.3)."""

from collections.abc import Iterable
from datetime import datetime

from casework.followup import optout
from clients.models import ContactPoint


def import_blocked(numbers: Iterable[str], *, now: datetime) -> int:
    """Withdraw texting from whoever has one of these numbers (E.164) on record. Returns for how many it was in force.

    Numbers of nobody are passed over in silence; importing the same list again changes nothing.
    """
    points = ContactPoint.objects.current().filter(kind=ContactPoint.Kind.MOBILE, normalized__in=set(numbers))
    clients = sorted(set(points.order_by("pk").values_list("client_id", flat=True)))
    return sum(optout.provider_blocked(client_id=pk, now=now) for pk in clients)

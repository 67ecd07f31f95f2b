"""Messages from numbers on nobody's record do not stay for ever (clinical.md §5.3)."""

from datetime import datetime

from django.db import transaction

from casework.followup.models import InboundMessage
from casework.followup.queries import UNKNOWN_KEPT
from clients import audit


@transaction.atomic
def purge(now: datetime) -> int:
    """Delete what nobody has put with a client within 30 days. Returns how many; the trail keeps their numbers."""
    old = InboundMessage.objects.filter(client=None, received_at__lte=now - UNKNOWN_KEPT)
    ids = list(
        old.select_for_update(of=("self",), skip_locked=True).order_by("pk").values_list("pk", flat=True)
    )
    if ids:
        InboundMessage.objects.filter(pk__in=ids).delete()
        audit.record("unknown.purged", by=None, at=now, ids=ids)
    return len(ids)

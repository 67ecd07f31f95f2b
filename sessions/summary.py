"""The columns of ClientSummary that sessions and notes keep true, in the transaction that changes them."""

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce

from clients.models import ClientSummary
from sessions.models import Session


def refresh(client_id: int) -> None:
    """Read the facts anew and write them. The row is locked first, so that two acts at once both count."""
    rows = ClientSummary.objects.select_for_update(of=("self",)).select_related("client")
    row = rows.filter(client_id=client_id).first()
    if row is None:
        return
    if row.client.merged_into_id is not None:
        refresh(row.client.merged_into_id)
        return
    theirs = Session.objects.of(row.client)
    attended = Q(state=Session.State.ATTENDED)
    facts = theirs.aggregate(
        last_session_at=Max("started_at", filter=attended),
        next_session_at=Min("starts_at", filter=Q(state=Session.State.SCHEDULED)),
        sessions_attended=Count("pk", filter=attended),
    )
    unsigned = theirs.awaiting_note().aggregate(
        unsigned_notes=Count("pk"), oldest_unsigned_at=Min(Coalesce("ended_at", "ends_at"))
    )
    ClientSummary.objects.filter(client_id=client_id).update(**facts, **unsigned)

"""When we were last in touch with a client, the same on every page (clinical.md §7.3 I-03, I-04).

A contact is a session held or a live talk. Who was never seen counts from the start of the present assignment.
"""

from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from clients.models import CareTeamMember, Client
from clients.stage import Stage

DAY = timedelta(days=1)
# Days within which a contact is due, by stage. No stage yet counts as none.
LIMITS = {Stage.NONE: 30, Stage.EMOTIONAL: 14, Stage.MENTAL: 7, Stage.PHYSICAL: 3}


def with_last_contact(clients: "QuerySet[Client]") -> "QuerySet[Client]":
    """Adds `last_contact_at` (None: never seen), `counts_from`, and the primary counselor as `counselor_name`."""
    primary = CareTeamMember.objects.filter(
        client=OuterRef("pk"), role=CareTeamMember.Role.PRIMARY, ends_at__isnull=True
    )
    return clients.annotate(
        last_contact_at=Greatest("summary__last_contact_at", "summary__last_session_at"),
        counselor_id=Subquery(primary.values("user")[:1]),
        counselor_name=Subquery(primary.values("user__full_name")[:1]),
        counts_from=Coalesce("last_contact_at", Subquery(primary.values("starts_at")[:1]), "registered_at"),
    )


def contact_overdue(now: datetime) -> Q:
    """Whole days since `counts_from` exceed the limit of the stage; for clients we are in touch with."""
    unranked = Q(summary__stage__in=["", Stage.INDETERMINATE])
    late = Q()
    for stage, days in LIMITS.items():
        at_stage = Q(summary__stage=stage) | (unranked if stage == Stage.NONE else Q(pk__in=[]))
        late |= at_stage & Q(counts_from__lte=now - (days + 1) * DAY)
    return late & Q(state=Client.State.ACTIVE)


def days_since(moment: datetime, now: datetime) -> int:
    """Whole days of 24 hours, rounded down; 0 for a moment that is still to come."""
    return max((now - moment) // DAY, 0)

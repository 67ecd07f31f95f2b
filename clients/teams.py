"""Into which teams somebody may take clients."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from clients.access import Role
from clients.models import Team


def open_to(user: Any, *, now: datetime) -> QuerySet[Team]:
    """The teams that the person belongs to now; for a supervisor, those that they supervise."""
    places = user.team_memberships.on(timezone.localdate(now))
    if user.role == Role.SUPERVISOR:
        places = places.filter(is_supervisor=True)
    return Team.objects.filter(pk__in=places.values("team")).order_by("name")

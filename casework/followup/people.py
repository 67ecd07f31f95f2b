"""Whose to-do it is: the client's counselor, and who supervises that counselor."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from clients.models import CareTeamMember, Client, Supervision, TeamMembership


def counselor_of(client: Client, at: datetime) -> Any:
    """The primary counselor at that moment, or None."""
    primary = CareTeamMember.objects.in_force(at).filter(client=client, role=CareTeamMember.Role.PRIMARY)
    member = primary.select_related("user").order_by("-starts_at", "-pk").first()
    return member.user if member else None


def supervisor_of(client: Client, counselor: Any, at: datetime) -> Any:
    """Who supervises the counselor, else who supervises the client's team; None when nobody does."""
    day = timezone.localdate(at)
    if counselor is not None:
        personal = (
            Supervision.objects.on(day)
            .filter(supervisee=counselor)
            .select_related("supervisor")
            .order_by("pk")
            .first()
        )
        if personal is not None:
            return personal.supervisor
    of_team = TeamMembership.objects.on(day).filter(team=client.team_id, is_supervisor=True)
    member = of_team.select_related("user").order_by("pk").first()
    return member.user if member else None

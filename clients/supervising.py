"""Who answers for whose work: by a named supervision, or as the supervisor of a team."""

from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from clients.models import Absence, Practice, Supervision, TeamMembership

Rows = TypeVar("Rows", bound=QuerySet[Any])


def people_of(user: Any, *, at: datetime) -> Any:
    """The numbers of those for whose work `user` answers at `at`, for a supervisor who is away too (cover)."""
    day = timezone.localdate(at)
    covered = Absence.objects.in_force(at).filter(cover=user).order_by().values("user")
    selves = Q(pk__in=covered) | Q(pk=user.pk)
    people = get_user_model().objects.filter(selves).order_by().values("pk")
    named = Supervision.objects.on(day).filter(supervisor__in=people).order_by().values("supervisee")
    teams = TeamMembership.objects.on(day).filter(user__in=people, is_supervisor=True).values("team")
    members = TeamMembership.objects.on(day).filter(team__in=teams).order_by().values("user")
    return named.union(members)


def answered_for_by(rows: Rows, user: Any, *, at: datetime) -> Rows:
    """The rows (with `author` and `signed_at`) whose author's work `user` answers for at `at` or did at signing."""
    day = OuterRef("signed_on")
    held = Q(from_on__lte=day) & (Q(to_on=None) | Q(to_on__gte=day))
    named = Supervision.objects.filter(held, supervisor=user, supervisee=OuterRef("author"))
    there = Q(team__memberships__to_on=None) | Q(team__memberships__to_on__gte=day)
    led = TeamMembership.objects.filter(
        held,
        there,
        user=user,
        is_supervisor=True,
        team__memberships__user=OuterRef("author"),
        team__memberships__from_on__lte=day,
    )
    zone = Practice.current().zone
    return rows.alias(signed_on=TruncDate("signed_at", tzinfo=zone)).filter(
        Q(author__in=people_of(user, at=at)) | Exists(named) | Exists(led)
    )

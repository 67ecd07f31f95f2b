"""Clients who do not answer: what waits for a supervisor's decision, and who has only just gone silent."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from casework.followup.models import LadderRung


def to_decide(user: Any, now: datetime) -> QuerySet[LadderRung]:
    """The rungs that ask a supervisor, of the clients whom the person sees: the highest first, then the longest."""
    rungs = LadderRung.objects.visible_to(user, at=now).to_decide()
    people = rungs.select_related("client__summary", "client__merged_into", "plan", "todo", "decided_by")
    return people.exclude(todo=None).order_by("-rung", "silent_since", "pk")


def waiting(user: Any, now: datetime) -> QuerySet[LadderRung]:
    """Silences that only ask the counselor for a call so far."""
    rungs = LadderRung.objects.visible_to(user, at=now).open().filter(rung=1)
    answered = LadderRung.objects.to_decide().values("plan")
    return (
        rungs.exclude(plan__in=answered)
        .select_related("client", "todo__owner")
        .order_by("silent_since", "pk")
    )

"""Which measures are due, with what only this room knows: on which days a physical stage was reported."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone

from casework.measures.schedule import Due, due, histories
from casework.relapse.models import RelapseReport
from casework.relapse.reporting import STANDING
from clients.models import Client
from clients.stage import Stage


def due_of(clients: Iterable[Client], *, now: datetime) -> dict[int, list[Due]]:
    """By client, what is due on their day; in three queries however many there are."""
    people = list(clients)
    told = physical_days(people)
    found = histories(people, physical_on=told)
    zones = {one.pk: one.zone for one in people}
    return {pk: due(history, on=timezone.localdate(now, zones[pk])) for pk, history in found.items()}


def physical_days(clients: Iterable[Client]) -> dict[int, tuple[date, ...]]:
    """The local days of the physical reports that stand, by client."""
    owner = {pk: one for one in clients for pk in one.record_ids}
    days: dict[int, list[date]] = defaultdict(list)
    reports = RelapseReport.objects.filter(client__in=owner, stage=Stage.PHYSICAL, state__in=STANDING)
    for pk, at in reports.order_by("reported_at").values_list("client", "reported_at"):
        client = owner[pk]
        days[client.pk].append(timezone.localdate(at, client.zone))
    return {pk: tuple(found) for pk, found in days.items()}

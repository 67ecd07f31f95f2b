"""My clients: filtered and sorted by what the address says, and by nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.followup.models import RUNNING
from clients.last_contact import contact_overdue, with_last_contact
from clients.models import Client
from clients.stage import Stage


@dataclass(frozen=True)
class Show:
    """One filter: its word, and which clients it keeps."""

    label: str | Promise
    keeps: Q | Callable[[datetime], Q]

    def at(self, now: datetime) -> Q:
        return self.keeps(now) if callable(self.keeps) else self.keeps


SHOWS: Mapping[str, Show] = {
    "in-touch": Show(_("Active"), Q(state__in=[Client.State.ACTIVE, Client.State.PAUSED])),
    "physical": Show(_("Physical stage"), Q(summary__stage=Stage.PHYSICAL)),
    "mental": Show(_("Mental stage"), Q(summary__stage=Stage.MENTAL)),
    "emotional": Show(_("Emotional stage"), Q(summary__stage=Stage.EMOTIONAL)),
    "plan": Show(_("Plan running"), Q(summary__plan_state__in=RUNNING)),
    "contact": Show(_("Contact overdue"), contact_overdue),
    "ended": Show(_("Discharged or deceased"), Q(state__in=[Client.State.DISCHARGED, Client.State.DECEASED])),
    "all": Show(_("All"), Q()),
}
DEFAULT_SHOW = "in-touch"

SORTS: Mapping[str, tuple[str | Promise, tuple[Any, ...]]] = {
    "name": (_("Name"), ("family_name", "given_name", "pk")),
    "contact": (_("Longest without contact"), ("counts_from", "pk")),
    "session": (_("Next session"), (F("summary__next_session_at").asc(nulls_last=True), "family_name", "pk")),
    "stage": (_("Latest change of stage"), (F("summary__stage_since").desc(nulls_last=True), "pk")),
}
DEFAULT_SORT = "name"


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; anything unknown in it falls back to the default."""

    show: str = DEFAULT_SHOW
    sort: str = DEFAULT_SORT

    @classmethod
    def of(cls, address: Mapping[str, Any]) -> "Wanted":
        show, sort = str(address.get("show")), str(address.get("sort"))
        return cls(show if show in SHOWS else DEFAULT_SHOW, sort if sort in SORTS else DEFAULT_SORT)


def my_clients(user: Any, wanted: Wanted, now: datetime) -> Any:
    """The clients that the person sees, filtered and sorted, with what every row shows."""
    clients = with_last_contact(Client.objects.visible_to(user, at=now).for_list())
    return clients.filter(SHOWS[wanted.show].at(now)).order_by(*SORTS[wanted.sort][1])

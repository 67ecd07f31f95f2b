"""The caseload: one row a client, also of those never seen; every total is the length of the list that it opens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.followup.models import RUNNING, ToDo
from clients.last_contact import contact_overdue, with_last_contact
from clients.models import Client
from clients.stage import Stage


def stage_rose() -> Q:
    """The stage now ranks higher than the one before it."""
    ranked = [(stage, stage.rank) for stage in Stage if stage.rank is not None]
    rose = Q(pk__in=[])
    for stage, rank in ranked:
        lower = [one.value for one, height in ranked if height < rank]
        rose |= Q(summary__stage=stage.value, summary__stage_before__in=lower)
    return rose


@dataclass(frozen=True)
class Total:
    """A number on top of the page, what it counts, and in which tone."""

    key: str
    label: str | Promise
    meaning: str | Promise
    keeps: Q | Callable[[datetime], Q]
    tone: str = "plain"

    def at(self, now: datetime) -> Q:
        return self.keeps(now) if callable(self.keeps) else self.keeps


ANY = _("clients with any")
TOTALS = (
    Total("in-touch", _("Clients"), _("active or paused"), Q()),
    Total("physical", _("Physical stage"), _("the stage on record now"), Q(summary__stage=Stage.PHYSICAL)),
    Total("rising", _("Stage rose"), _("the latest move went up"), stage_rose()),
    Total("never", _("Never seen"), _("no session, no talk yet"), Q(last_contact_at=None), "attention"),
    Total(
        "contact", _("Contact overdue"), _("beyond 30, 14, 7, 3 days by stage"), contact_overdue, "attention"
    ),
    Total("plan", _("Plan running"), _("after a report"), Q(summary__plan_state__in=RUNNING)),
    Total("todos", _("Overdue to-dos"), ANY, Q(overdue_todos__gt=0), "attention"),
    Total("notes", _("Unsigned notes"), ANY, Q(summary__unsigned_notes__gt=0)),
    Total("unread", _("Unread answers"), ANY, Q(summary__unread_answers__gt=0)),
    Total("unassigned", _("No counselor"), _("nobody is primary"), Q(counselor_id=None), "attention"),
)
BY_KEY: Mapping[str, Total] = {total.key: total for total in TOTALS}
ALL = "in-touch"


_LAST = {"nulls_last": True}
SORTS: Mapping[str, tuple[Any, ...]] = {
    "contact": (F("counts_from").asc(),),
    "client": (F("family_name").asc(), F("given_name").asc()),
    "counselor": (F("counselor_name").asc(**_LAST), F("family_name").asc()),
    "stage": (F("summary__stage_since").desc(**_LAST),),
    "plan": (F("summary__plan_started_at").desc(**_LAST),),
    "todos": (F("overdue_todos").desc(), F("counts_from").asc()),
    "notes": (F("summary__unsigned_notes").desc(), F("summary__oldest_unsigned_at").asc(**_LAST)),
}
DEFAULT_SORT = "contact"


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; what it does not know is ignored."""

    show: str = ALL
    sort: str = DEFAULT_SORT
    counselor: int | None = None

    @classmethod
    def of(cls, address: Mapping[str, Any]) -> "Wanted":
        show, sort = address.get("show", ALL), address.get("sort", "")
        person = address.get("counselor", "")
        return cls(
            show=show if show in BY_KEY else ALL,
            sort=sort if sort in SORTS else DEFAULT_SORT,
            counselor=int(person) if person.isascii() and person.isdecimal() and len(person) < 18 else None,
        )


def caseload(user: Any, wanted: Wanted, now: datetime) -> Any:
    """The clients whom the person supervises and the practice is in touch with, before any total is applied."""
    late = ToDo.objects.overdue(now).filter(client=OuterRef("pk")).order_by().values("client")
    clients: Any = with_last_contact(Client.objects.visible_to(user, at=now).in_touch()).annotate(
        overdue_todos=Coalesce(Subquery(late.annotate(n=Count("pk")).values("n")), 0)
    )
    return clients if wanted.counselor is None else clients.filter(counselor_id=wanted.counselor)


def totals(clients: Any, now: datetime) -> dict[str, int]:
    """How many of the clients each total counts, in one query."""
    counts = {
        total.key.replace("-", "_"): Count("pk", filter=total.at(now)) for total in TOTALS if total.at(now)
    }
    found: dict[str, int] = clients.aggregate(in_touch=Count("pk"), **counts)
    return {total.key: found[total.key.replace("-", "_")] for total in TOTALS}


def rows(clients: Any, wanted: Wanted, now: datetime) -> Any:
    """The list that a total opens, sorted."""
    return clients.filter(BY_KEY[wanted.show].at(now)).for_list().order_by(*SORTS[wanted.sort], "pk")


def counselors(user: Any, now: datetime) -> list[tuple[int, str]]:
    """The primary counselors in the caseload, for the filter."""
    clients: Any = with_last_contact(Client.objects.visible_to(user, at=now).in_touch()).order_by()
    named = (
        clients.filter(counselor_id__isnull=False).values_list("counselor_id", "counselor_name").distinct()
    )
    return sorted(named, key=lambda one: one[1])

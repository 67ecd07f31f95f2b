"""Everything that a new plan depends on, read in one statement: a report must not wait for a dozen of them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework.followup import schedule
from casework.followup.messages.policy import AUTOMATED, PERMISSION_FOR
from casework.followup.models import FollowUpPlan, Message, ToDo
from casework.followup.models.plans import RUNNING
from casework.followup.plan_templates import BY_HAND, FOR_SUPERVISOR, SAFETY, ChannelRule, ToDoKind
from casework.followup.plan_versions import released
from casework.relapse.models import StageAssessment, UseDay
from clients.models import (
    CareTeamMember,
    Client,
    ClientSubstance,
    EpisodeOfCare,
    Permission,
    Practice,
    Supervision,
    TeamMembership,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is on record of a client at the moment of a report."""

    red_flags: list[str]  # of final assessments made within a day before the report
    substance_classes: list[str]
    used_on: date | None  # the last use before that day
    last_used_on: date | None  # the same, as the list of substances tells it
    admitted_on: date | None
    sent: list[datetime]  # automated messages of the last week: the caps count them
    counselor: int | None  # the owner on record of a to-do, or whoever supervises that person
    supervisor: int | None
    agreed: list[str]  # channels with a permission in force
    declines_calls: bool
    has_running_plan: bool
    open_alarms: list[str]  # kinds of to-dos of a red flag that a new plan leaves open
    jurisdiction: str | None  # None before the practice is set up
    template_version: int  # the newest of the stage

    def owner_of(self, kind: str) -> int | None:
        """Whose to-do it is: the counselor's; the supervisor's where the kind is theirs and there is one."""
        return (self.supervisor if kind in FOR_SUPERVISOR else None) or self.counselor

    @property
    def may_be_messaged(self) -> bool:
        """Whether a permission for some automated way is left."""
        return not set(PERMISSION_FOR.values()).isdisjoint(self.agreed)

    @property
    def way_by_hand(self) -> ToDoKind | None:
        """What a person does where no message may go: call, else write, else nothing (clinical.md §4.3)."""
        if not self.declines_calls:
            return ToDoKind.CALL
        return ToDoKind.LETTER if Permission.Channel.LETTER in self.agreed else None

    def by_hand(self, preferred: str) -> dict[str, ToDoKind | None]:
        """Which steps a person does for this client, by the step's way; None where there is no way at all."""
        ways: dict[str, ToDoKind | None] = dict.fromkeys((*PERMISSION_FOR, *BY_HAND), self.way_by_hand)
        for rule, channel in PERMISSION_FOR.items():
            if channel in self.agreed:
                del ways[rule]
        if Permission.Channel.LETTER in self.agreed:
            ways[ChannelRule.LETTER] = ToDoKind.LETTER
        if preferred == ChannelRule.CALL and Permission.Channel.CALL in self.agreed:
            ways[ChannelRule.PREFERRED] = ToDoKind.CALL
        return ways

    def days_without_use(self, day: date) -> int | None:
        """Days from the last use on record, or from admission where none is, to `day`. None when neither is known."""
        used = [one for one in (self.used_on, self.last_used_on) if one is not None]
        known = used or [one for one in (self.admitted_on,) if one is not None]
        return (day - max(known)).days if known else None


def read(client: Client, *, stage: str, day: date, reported_at: datetime, now: datetime) -> Known:
    """What is known of the client; `day` is the local day of what is reported."""
    ids = client.record_ids
    rows = Client.objects.filter(pk=client.pk).annotate(
        **_history(ids, day, reported_at), **_people(now), **_permissions(ids, now)
    )
    found = rows.annotate(
        known_sent=ArraySubquery(_sends(ids, now)),
        known_running=Exists(FollowUpPlan.objects.running().filter(client=client)),
        known_alarms=ArraySubquery(_alarms(client)),
        known_jurisdiction=Subquery(Practice.objects.order_by("pk").values("jurisdiction")[:1]),
        known_version=Subquery(released(stage).values("version")[:1]),
    ).values(*COLUMNS)
    return Known(**{COLUMNS[name]: value for name, value in found.get().items()})


# The names of the annotations, which must not be those of the client's own fields.
COLUMNS = {
    "known_flags": "red_flags",
    "known_classes": "substance_classes",
    "known_use": "used_on",
    "known_last_use": "last_used_on",
    "known_admission": "admitted_on",
    "known_sent": "sent",
    "known_counselor": "counselor",
    "known_supervisor": "supervisor",
    "known_agreed": "agreed",
    "known_no_calls": "declines_calls",
    "known_running": "has_running_plan",
    "known_alarms": "open_alarms",
    "known_jurisdiction": "jurisdiction",
    "known_version": "template_version",
}


def _history(ids: list[int], day: date, reported_at: datetime) -> dict[str, Any]:
    today = StageAssessment.objects.filter(
        client__in=ids, state="final", assessed_at__range=(reported_at - schedule.TOO_LATE / 2, reported_at)
    )
    substances = ClientSubstance.objects.filter(client__in=ids)
    used = UseDay.objects.filter(episode__client__in=ids, on__lt=day).exclude(episode__verification="void")
    last_used = substances.filter(last_used_on__lt=day).order_by("-last_used_on")
    admitted = EpisodeOfCare.objects.filter(client__in=ids, admitted_on__lte=day).order_by("-admitted_on")
    return {
        "known_flags": ArraySubquery(today.order_by("pk").values_list(Unnest("red_flags"))),
        "known_classes": ArraySubquery(substances.order_by("pk").values("substance__klass")),
        "known_use": Subquery(used.order_by("-on").values("on")[:1]),
        "known_last_use": Subquery(last_used.values("last_used_on")[:1]),
        "known_admission": Subquery(admitted.values("admitted_on")[:1]),
    }


class Unnest(Func):
    """One row for each element of an array."""

    function = "unnest"
    set_returning = True
    output_field = TextField()


def _people(now: datetime) -> dict[str, Any]:
    day = timezone.localdate(now)
    primary = CareTeamMember.objects.in_force(now).filter(
        client=OuterRef("pk"), role=CareTeamMember.Role.PRIMARY
    )
    counselor = Subquery(primary.order_by("-starts_at", "-pk").values("user")[:1])
    personal = Supervision.objects.on(day).filter(supervisee=OuterRef("known_counselor")).order_by("pk")
    of_team = TeamMembership.objects.on(day).filter(team=OuterRef("team"), is_supervisor=True).order_by("pk")
    return {
        "known_counselor": counselor,
        "known_supervisor": Coalesce(
            Subquery(personal.values("supervisor")[:1]), Subquery(of_team.values("user")[:1])
        ),
    }


def _permissions(ids: list[int], now: datetime) -> dict[str, Any]:
    given = Permission.objects.filter(client__in=ids)
    calls = given.filter(channel=Permission.Channel.CALL)
    return {
        "known_agreed": ArraySubquery(given.in_force(now).order_by("pk").values("channel")),
        "known_no_calls": Q(Exists(calls)) & ~Q(Exists(calls.in_force(now))),
    }


def _alarms(client: Client) -> "QuerySet[Any]":
    """Those of the running plan end with it, unless they are about safety."""
    kinds = (ToDoKind.EMERGENCY, ToDoKind.SUPERVISOR_REVIEW, ToDoKind.MEDICAL)
    stays = Q(plan__isnull=True) | Q(kind__in=SAFETY) | ~Q(plan__state__in=RUNNING)
    return ToDo.objects.open().filter(stays, client=client, kind__in=kinds).order_by("pk").values("kind")


def _sends(ids: list[int], now: datetime) -> "QuerySet[Any]":
    sent = Message.objects.filter(client__in=ids, kind__in=AUTOMATED, sent_at__gte=now - schedule.WEEK)
    return sent.order_by("sent_at").values("sent_at")

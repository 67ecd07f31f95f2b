"""What stands beside a client's name on every page about them: ways to reach, agreements, substances, care."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from clients.models import (
    CareTeamMember,
    Client,
    ClientMerge,
    ClientSubstance,
    ContactPoint,
    EmergencyContact,
    EpisodeOfCare,
    Guardian,
    Handover,
    Permission,
)
from clients.together import Asker, alone


@dataclass(frozen=True)
class Agreement:
    """One way to reach the client: the newest word on it, if any was ever given."""

    channel: Permission.Channel
    latest: Permission | None
    in_force: bool


@dataclass(frozen=True)
class Overview:
    """The right column of the client's page."""

    contact_points: list[ContactPoint]
    agreements: list[Agreement]
    substances: list[ClientSubstance]
    care_team: list[CareTeamMember]
    episodes: list[EpisodeOfCare]
    emergency_contacts: list[EmergencyContact]
    guardians: list[Guardian]
    handover: Handover | None
    merges: list[ClientMerge]

    @property
    def consent_waits(self) -> bool:
        """Whether who decides has changed since the consent was gone through."""
        return any(one.waits_for_consent for one in self.guardians)

    @property
    def open_episode(self) -> EpisodeOfCare | None:
        return next((one for one in self.episodes if one.discharged_on is None), None)


def overview(client: Client, at: datetime) -> Overview:
    """Everything at once, in one query however much there is."""
    return alone(asked(client, at))


def asked(client: Client, at: datetime) -> Asker[Overview]:
    """The same, for a page that asks for more."""
    points = ContactPoint.objects.of(client).current()
    given = _permissions(client)
    substances = ClientSubstance.objects.of(client).select_related("substance")
    team = client.care_team.in_force(at).select_related("user").order_by("-role", "starts_at", "pk")
    episodes = EpisodeOfCare.objects.of(client).select_related("programme")
    nearest = EmergencyContact.objects.of(client).current()
    guardians = Guardian.objects.of(client)
    handovers = Handover.objects.of(client).select_related("from_user", "to_user")[:1]
    merges = ClientMerge.objects.filter(survivor=client, undone_at=None).select_related("merged", "by")
    yield [points, given, substances, team, episodes, nearest, guardians, handovers, merges]
    return Overview(
        contact_points=list(points),
        agreements=_newest_words(given, at),
        substances=_one_a_substance(client, list(substances)),
        care_team=list(team),
        episodes=list(episodes),
        emergency_contacts=list(nearest),
        guardians=list(guardians),
        handover=next(iter(handovers), None),
        merges=list(merges),
    )


def _one_a_substance(client: Client, rows: list[ClientSubstance]) -> list[ClientSubstance]:
    """One row a substance; where a merged record names it too, the client's own counts."""
    own_last = sorted(rows, key=lambda row: row.client_id == client.pk)
    kept = {row.substance_id: row for row in own_last}.values()
    return [row for row in rows if row in kept]


def _permissions(client: Client) -> QuerySet[Permission]:
    rows = Permission.objects.of(client).select_related("granted_by", "withdrawn_by")
    return rows.order_by(F("withdrawn_at").asc(nulls_last=True), "granted_at", "pk")


def agreements(client: Client, at: datetime) -> list[Agreement]:
    """One line a channel, in the order of the channels."""
    return _newest_words(_permissions(client), at)


def _newest_words(rows: Iterable[Permission], at: datetime) -> list[Agreement]:
    newest = {row.channel: row for row in rows}
    return [
        Agreement(channel, found, found is not None and found.holds(at))
        for channel in Permission.Channel
        for found in [newest.get(channel)]
    ]

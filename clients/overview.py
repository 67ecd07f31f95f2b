"""What stands beside a client's name on every page about them: ways to reach, agreements, substances, care."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

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
    """Everything at once, in nine queries at most however much there is."""
    return Overview(
        contact_points=list(ContactPoint.objects.of(client).current()),
        agreements=agreements(client, at),
        substances=_substances(client),
        care_team=list(
            client.care_team.in_force(at).select_related("user").order_by("-role", "starts_at", "pk")
        ),
        episodes=list(EpisodeOfCare.objects.of(client).select_related("programme")),
        emergency_contacts=list(EmergencyContact.objects.of(client).current()),
        guardians=list(Guardian.objects.of(client)),
        handover=Handover.objects.of(client).select_related("from_user", "to_user").first(),
        merges=_merges(client) if client.absorbed else [],
    )


def _merges(client: Client) -> list[ClientMerge]:
    return list(ClientMerge.objects.filter(survivor=client, undone_at=None).select_related("merged", "by"))


def _substances(client: Client) -> list[ClientSubstance]:
    """One row a substance; where a merged record names it too, the client's own counts."""
    rows = ClientSubstance.objects.of(client).select_related("substance")
    own_last = sorted(rows, key=lambda row: row.client_id == client.pk)
    kept = {row.substance_id: row for row in own_last}.values()
    return [row for row in rows if row in kept]


def agreements(client: Client, at: datetime) -> list[Agreement]:
    """One line a channel, in the order of the channels."""
    newest: dict[str, Permission] = {}
    rows = Permission.objects.of(client).select_related("granted_by", "withdrawn_by")
    rows = rows.order_by(F("withdrawn_at").asc(nulls_last=True), "granted_at", "pk")
    for row in rows:
        newest[row.channel] = row
    return [
        Agreement(channel, found, found is not None and found.holds(at))
        for channel in Permission.Channel
        for found in [newest.get(channel)]
    ]

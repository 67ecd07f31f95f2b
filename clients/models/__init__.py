"""The protected record."""

from clients.models.audit import AuditEvent
from clients.models.care import CareTeamMember, EpisodeOfCare
from clients.models.client import Client, PauseReason, StatusChange
from clients.models.contact import ContactPoint, Permission
from clients.models.practice import Practice, Programme, Site, Supervision, Team, TeamMembership
from clients.models.substance import ClientSubstance, Substance
from clients.models.summary import ClientSummary

__all__ = [
    "AuditEvent",
    "CareTeamMember",
    "Client",
    "ClientSubstance",
    "ClientSummary",
    "ContactPoint",
    "EpisodeOfCare",
    "PauseReason",
    "Permission",
    "Practice",
    "Programme",
    "Site",
    "StatusChange",
    "Substance",
    "Supervision",
    "Team",
    "TeamMembership",
]

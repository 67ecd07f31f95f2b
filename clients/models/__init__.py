"""The protected record."""

from clients.models.absence import Absence
from clients.models.audit import AuditEvent
from clients.models.care import CareTeamMember, EpisodeOfCare, Handover
from clients.models.circle import EmergencyContact, Guardian
from clients.models.client import Client, PauseReason, StatusChange
from clients.models.contact import ContactPoint, Permission
from clients.models.hours import Closure, OnCall, StaffedHours
from clients.models.links import ClientLink
from clients.models.merge import ClientMerge
from clients.models.practice import Practice, Programme, Site, Supervision, Team, TeamMembership
from clients.models.substance import ClientSubstance, Substance
from clients.models.summary import ClientSummary

__all__ = [
    "Absence",
    "AuditEvent",
    "CareTeamMember",
    "Client",
    "ClientLink",
    "ClientMerge",
    "ClientSubstance",
    "ClientSummary",
    "Closure",
    "ContactPoint",
    "EmergencyContact",
    "EpisodeOfCare",
    "Guardian",
    "Handover",
    "OnCall",
    "PauseReason",
    "Permission",
    "Practice",
    "Programme",
    "Site",
    "StaffedHours",
    "StatusChange",
    "Substance",
    "Supervision",
    "Team",
    "TeamMembership",
]

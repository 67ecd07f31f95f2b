"""Episodes of care, and who cares for whom over time."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField


class EpisodeOfCare(Record):
    """From admission to discharge."""

    class Reason(models.TextChoices):
        COMPLETED = "completed", _("Completed")
        LEFT = "left", _("Left before completing")
        TERMINATED = "terminated", _("Ended by the practice")
        TRANSFERRED = "transferred", _("Transferred")
        INCARCERATED = "incarcerated", _("Incarcerated")
        DECEASED = "deceased", _("Deceased")
        OTHER = "other", _("Other")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="episodes_of_care")
    programme = models.ForeignKey(
        "clients.Programme", models.PROTECT, null=True, blank=True, related_name="+"
    )
    admitted_on = models.DateField(_("admitted"))
    discharged_on = models.DateField(_("discharged"), null=True, blank=True)
    discharge_reason = models.CharField(_("reason"), max_length=14, choices=Reason.choices, blank=True)
    source = models.CharField(max_length=20, default="staff", editable=False)

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        clinical="programme admitted_on discharged_on discharge_reason",
        operational="id uid client source",
    )

    class Meta:
        ordering: ClassVar = ["-admitted_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(discharged_on__isnull=True, discharge_reason="")
                | (Q(discharged_on__gte=F("admitted_on")) & ~Q(discharge_reason="")),
                name="discharge_has_date_and_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class CareTeamQuerySet(ClientOwnedQuerySet):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


class CareTeamMember(Record):
    """A person who cares for a client, from one moment to another. Cover ends by itself."""

    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary counselor")
        COVERING = "covering", _("Covering counselor")
        GROUP = "group", _("Group facilitator")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="care_team")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="care_team_places")
    role = models.CharField(_("as"), max_length=10, choices=Role.choices)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = CareTeamQuerySet.as_manager()

    CLASSES = classify(operational="id uid client user role starts_at ends_at assigned_by")

    class Meta:
        ordering: ClassVar = ["-starts_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["user", "client"], name="care_team_by_person")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client"],
                condition=Q(role="primary", ends_at__isnull=True),
                name="one_primary_counselor_per_client",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="care_team_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.user_id} {self.role}"

    def holds(self, at: datetime) -> Any:
        return self.starts_at <= at and (self.ends_at is None or self.ends_at > at)


class Handover(Record):
    """What the next counselor should know when a client passes from one to another."""

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="handovers")
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(clinical="note", operational="id uid client from_user to_user at by")

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"handover {self.uid}"

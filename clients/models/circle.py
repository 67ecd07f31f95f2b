"""People beside the client: whom to call in an emergency, and who decides for somebody who may not alone."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify


class EmergencyContactQuerySet(ClientOwnedQuerySet):
    def current(self) -> Self:
        return self.filter(retired_at__isnull=True)

    def consented(self, at: datetime) -> Self:
        """Those whom the client agreed, by name, that we may call."""
        agreed = self.current().filter(consent_given_at__lte=at)
        return agreed.filter(Q(consent_withdrawn_at__isnull=True) | Q(consent_withdrawn_at__gt=at))


class EmergencyContact(Record):
    """Somebody to call when the client cannot be reached (clinical.md §4.5 U3): only with consent naming them."""

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="emergency_contacts")
    name = models.CharField(_("name"), max_length=120)
    relationship = models.CharField(_("who they are to the client"), max_length=60)
    phone = models.CharField(_("phone"), max_length=40)
    consent_given_at = models.DateTimeField(_("consent given"), null=True, blank=True)
    consent_withdrawn_at = models.DateTimeField(_("consent withdrawn"), null=True, blank=True)
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EmergencyContactQuerySet.as_manager()

    CLASSES = classify(
        identifying="name relationship phone",
        operational="id uid client consent_given_at consent_withdrawn_at recorded_at recorded_by retired_at",
    )

    class Meta:
        ordering: ClassVar = ["recorded_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(consent_withdrawn_at__isnull=True)
                | Q(consent_withdrawn_at__gte=F("consent_given_at")),
                name="named_consent_withdrawn_after_it_was_given",
            )
        ]

    def __str__(self) -> str:
        return f"emergency contact {self.pk}"

    @property
    def may_be_called(self) -> bool:
        """Whether the client's consent names this person and stands."""
        return (
            self.retired_at is None
            and self.consent_given_at is not None
            and self.consent_withdrawn_at is None
        )


class GuardianQuerySet(ClientOwnedQuerySet):
    def current(self) -> Self:
        return self.filter(to_on__isnull=True)

    def to_recheck(self) -> Self:
        """Changes after which nobody has gone through the consent again."""
        return self.filter(Q(consent_rechecked_at__isnull=True) | Q(consent_rechecked_at__lt=F("changed_at")))


class Guardian(Record):
    """Who decides for a minor, or for somebody under guardianship, from one day to another (clinical.md §4.6)."""

    class Relationship(models.TextChoices):
        PARENT = "parent", _("Parent")
        GUARDIAN = "guardian", _("Legal guardian")
        AGENCY = "agency", _("Agency with custody")
        OTHER = "other", _("Somebody else who decides")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="guardians")
    name = models.CharField(_("name"), max_length=120)
    relationship = models.CharField(
        _("who they are to the client"), max_length=10, choices=Relationship.choices
    )
    contact = models.CharField(_("phone or address"), max_length=120, blank=True)
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"), null=True, blank=True)
    changed_at = models.DateTimeField(editable=False)  # of the last change that asks for the consent anew
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    consent_rechecked_at = models.DateTimeField(null=True, blank=True, editable=False)
    consent_rechecked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = GuardianQuerySet.as_manager()

    CLASSES = classify(
        identifying="name relationship contact",
        operational="id uid client from_on to_on changed_at changed_by consent_rechecked_at consent_rechecked_by",
    )

    class Meta:
        ordering: ClassVar = ["-from_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="guardian_dates_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"guardian {self.pk}"

    @property
    def waits_for_consent(self) -> bool:
        """Whether nobody has gone through the consent since the last change."""
        return self.consent_rechecked_at is None or self.consent_rechecked_at < self.changed_at

"""One-time links to a client's phone (docs/adr/0016). The address is told once; kept is only what it hashes to."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify


class ClientLinkQuerySet(ClientOwnedQuerySet):
    def open_at(self, at: datetime) -> Self:
        """Those that still lead somewhere."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at)


class ClientLink(Record):
    """A page that one client may open once on their phone. `expires_at` moves closer when it is opened."""

    class Purpose(models.TextChoices):
        MEASURE = "measure", _("Questionnaire")
        PLAN = "plan", _("Prevention plan")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ClientLinkQuerySet.as_manager()

    CLASSES = classify(
        clinical="purpose",
        operational="id uid client token_hash issued_at issued_by expires_at opened_at used_at revoked_at revoked_by",
    )

    class Meta:
        ordering: ClassVar = ["-issued_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "purpose", "-issued_at"], name="link_of_client")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("issued_at")), name="link_expires_after_it_is_issued"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(opened_at__isnull=False),
                name="link_is_opened_before_used",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                name="used_link_is_not_revoked",
            ),
            models.CheckConstraint(
                condition=Q(revoked_by__isnull=True) | Q(revoked_at__isnull=False),
                name="link_revoked_by_and_at",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.uid}"

    def is_open(self, at: datetime) -> bool:
        return self.used_at is None and self.revoked_at is None and at < self.expires_at

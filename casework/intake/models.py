"""What in other systems is the same as a record here."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, classify


class ExternalRef(models.Model):
    """One thing of another system, by the name it has there, and the record it became here.

    It is what makes a second import change nothing: whatever is named here has arrived already.
    """

    class Kind(models.TextChoices):
        CLIENT = "client", _("Person")
        SUBSTANCE = "substance", _("Substance")
        USE = "use", _("Use")
        EPISODE = "episode", _("Episode of care")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="external_refs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    system = models.CharField(max_length=255)
    external_id = models.CharField(max_length=255)
    target_id = models.BigIntegerField()
    imported_at = models.DateTimeField()

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(identifying="system external_id", operational="id client kind target_id imported_at")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["system", "kind", "external_id"], name="one_record_per_external_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_id}"

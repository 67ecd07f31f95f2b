"""The trail of who did and saw what. Rows are only ever added."""

from typing import ClassVar

from django.db import models

from clients.base import classify


class AuditEvent(models.Model):
    """One act or one look. It carries ids and no client data, and no foreign key: it outlives what it speaks of."""

    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor_id = models.BigIntegerField(null=True)  # None: the system itself
    client_id = models.BigIntegerField(null=True)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)

    CLASSES = classify(operational="id at verb actor_id client_id target_type target_id detail")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["client_id", "-id"], name="audit_by_client"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_type} {self.target_id}"

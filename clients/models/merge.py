"""Two records of one person made one, and what is needed to part them again."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField

UNDO_WITHIN = timedelta(days=30)


class ClientMergeQuerySet(ClientOwnedQuerySet):
    client_path = "survivor"


class ClientMerge(Record):
    """One merge. `moved` names, by kind, the rows that changed hands and what they were before."""

    survivor = models.ForeignKey("clients.Client", models.PROTECT, related_name="merges")
    merged = models.ForeignKey("clients.Client", models.PROTECT, related_name="merged_by")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = EncryptedTextField()
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ClientMergeQuerySet.as_manager()

    CLASSES = classify(
        identifying="reason", operational="id uid survivor merged at by moved undone_at undone_by"
    )

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=Q(undone_at__isnull=True),
                name="merged_into_one_record_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(survivor=F("merged")), name="no_record_merges_into_itself"),
        ]

    def __str__(self) -> str:
        return f"merge {self.uid}"

    @property
    def undo_until(self) -> datetime:
        """The last moment at which the two can be parted again."""
        return self.at + UNDO_WITHIN

    def can_be_undone(self, at: datetime) -> bool:
        return self.undone_at is None and at <= self.undo_until

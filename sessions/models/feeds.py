"""The address under which a counselor's own calendar reads their sessions."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clients.base import classify


class CalendarFeed(models.Model):
    """Who may read whose times under which secret. The secret itself is nowhere kept, only its hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feeds")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    CLASSES: ClassVar[Any] = classify(operational="id user secret_hash made_at revoked_at")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None), name="one_calendar_feed_per_person"
            ),
            models.CheckConstraint(
                name="feed_revoked_after_it_was_made",
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("made_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"feed {self.pk}"

"""Keys to the second door, and the answers already given to retried writes."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from clients import audit
from clients.base import classify
from clients.encryption import EncryptedTextField

PREFIX = "tn_"


def digest(token: str) -> str:
    """What is stored of a token: enough to recognise it, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)


class ApiToken(models.Model):
    """A person's key for a program. Only its digest is kept, so it is shown once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    CLASSES = classify(operational="id user name digest created_at expires_at revoked_at")

    def __str__(self) -> str:
        return self.name

    @classmethod
    @transaction.atomic
    def issue(
        cls, *, user: Any, name: str, now: datetime, expires_at: datetime | None = None
    ) -> tuple["ApiToken", str]:
        """A new token and, this once, its text; the trail keeps that it was given."""
        text = PREFIX + secrets.token_urlsafe(32)
        row = cls.objects.create(
            user=user, name=name, digest=digest(text), created_at=now, expires_at=expires_at
        )
        audit.record("api.token_given", by=None, at=now, target=row, user=user.pk)
        return row, text

    @transaction.atomic
    def revoke(self, *, now: datetime) -> None:
        """End it at once, and keep that in the trail."""
        self.revoked_at = now
        self.save(update_fields=["revoked_at"])
        audit.record("api.token_revoked", by=None, at=now, target=self, user=self.user_id)


class AnsweredWrite(models.Model):
    """The answer given to a write that carried an Idempotency-Key: the same key gets the same answer again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = EncryptedTextField(null=True)
    at = models.DateTimeField()

    CLASSES: ClassVar = classify(clinical="body", operational="id user key fingerprint status at")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key

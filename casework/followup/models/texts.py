"""The texts that clients receive, each in every version there ever was."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.base import classify


class MessageTextQuerySet(models.QuerySet[Any]):
    def current(self) -> Self:
        """The version of each text that goes out now."""
        return self.filter(retired_at__isnull=True)


class MessageText(models.Model):
    """One version of one text in one language. Its words never change: an edit is the next version.

    A key is a purpose and, where a series would repeat itself, a number; an e-mail also has a `subject` and a `foot`.
    """

    class Channel(models.TextChoices):
        SMS = "sms", _("text message")
        EMAIL = "email", _("e-mail")

    class Language(models.TextChoices):
        ENGLISH = "en", _("English")
        SPANISH = "es", _("Spanish")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    key = models.CharField(max_length=40)
    language = models.CharField(max_length=8, choices=Language.choices)
    version = models.PositiveIntegerField()
    body = models.TextField()
    released_at = models.DateTimeField()
    released_by = models.ForeignKey(  # nobody: it came with Turnaround
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(
        null=True, blank=True
    )  # by somebody who speaks the language as their own
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = MessageTextQuerySet.as_manager()

    CLASSES = classify(
        operational="id channel key language version body released_at released_by retired_at retired_by reviewed_at "
        "reviewed_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_text_per_version", fields=["channel", "key", "language", "version"]
            ),
            models.UniqueConstraint(
                name="one_current_text",
                fields=["channel", "key", "language"],
                condition=Q(retired_at__isnull=True),
            ),
            models.CheckConstraint(
                name="text_retired_at_and_by",
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
            ),
            models.CheckConstraint(
                name="text_reviewed_at_and_by",
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key}.{self.language} v{self.version}"

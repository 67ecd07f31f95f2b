"""Which visits a reminder names, and the time it tells: what a C or an R answers (clinical.md §4.2, §5.5)."""

from typing import ClassVar

from django.db import models

from casework.followup.models.messages import Message
from clients.base import ClientOwnedQuerySet, classify


class NamedVisitQuerySet(ClientOwnedQuerySet):
    client_path = "message__client"


class NamedVisit(models.Model):
    """That a reminder names a session, at the time that the session had then."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="visits")
    session = models.ForeignKey("counseling.Session", models.PROTECT, related_name="named_in")
    starts_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)  # the client answered C
    change_asked_at = models.DateTimeField(null=True, blank=True)  # the client answered R

    objects = NamedVisitQuerySet.as_manager()

    CLASSES = classify(clinical="message session starts_at confirmed_at change_asked_at", operational="id")

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "session"], name="one_naming_of_a_visit"),
            models.CheckConstraint(
                name="visit_confirmed_or_to_be_changed",
                condition=models.Q(confirmed_at__isnull=True) | models.Q(change_asked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"visit {self.session_id} in message {self.message_id}"

    @property
    def stands(self) -> bool:
        """Whether the session is still to be held, and at the time that was told."""
        return bool(
            self.session.state == self.session.State.SCHEDULED and self.session.starts_at == self.starts_at
        )

"""SUD counseling notes (clinical.md §6.3 REQ-09): one's own analysis of a session, kept apart from the record.

Nothing but their own pages may read this model: it is in no search, list, export, report, timeline or API.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clients.access import Verb, can
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField


class CounselingNoteQuerySet(ClientOwnedQuerySet):
    """Counseling notes are their author's alone."""

    def visible_to(self, user: Any, *, at: datetime) -> Self:
        """The person's own, about clients that they see at `at`."""
        if not can(user, Verb.KEEP_COUNSELING_NOTES):
            return self.none()
        return super().visible_to(user, at=at).filter(author=user, deleted_at=None)


class CounselingNote(Record):
    """What a counselor keeps for themselves about the work with a client. No other person opens it."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    content = EncryptedTextField(default="")
    version = models.PositiveIntegerField(default=1)
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CounselingNoteQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="content",
        operational="id uid author version begun_at saved_at deleted_at",
    )

    class Meta:
        ordering = ["-begun_at", "-pk"]
        indexes = [
            models.Index(
                fields=["author", "client"], condition=Q(deleted_at=None), name="counseling_note_of_author"
            )
        ]

    def __str__(self) -> str:
        return f"{self.uid}"

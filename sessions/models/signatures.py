"""What stands under a note and beside it: signatures, addenda, and what was sent back. Rows are only ever added."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.access import Verb, can
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField
from clients.supervising import answered_for_by
from sessions.integrity import content_hash
from sessions.models.notes import Note


class Meaning(models.TextChoices):
    """What a signature says."""

    AUTHOR = "author", _("Author")
    COSIGNER = "cosigner", _("Co-signer")
    REVIEWER = "reviewer", _("Reviewer")


class AddendumQuerySet(ClientOwnedQuerySet):
    """Addenda; who may see the note's client may read them."""

    client_path = "note__client"

    def awaiting_cosign(self) -> Self:
        """Those of people in training that nobody has co-signed yet."""
        return self.filter(needs_cosign=True).exclude(signatures__meaning=Meaning.COSIGNER)

    def cosignable_by(self, user: Any, *, at: datetime) -> Self:
        """Those awaiting a co-signature that `user` may give, by the same rule as for notes."""
        if not can(user, Verb.COSIGN_NOTE) or user.is_trainee:
            return self.none()
        waiting = self.awaiting_cosign().exclude(author=user)
        return answered_for_by(waiting, user, at=at)


class Addendum(Record):
    """Something added after signing, under its own signature. The note above stays as it is."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="addenda")
    text = EncryptedTextField()
    reason = EncryptedTextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=150)
    credential = models.CharField(max_length=60, blank=True)
    content_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    needs_cosign = models.BooleanField(default=False)
    cosign_due_at = models.DateTimeField(null=True, blank=True)
    # Written by a supervisor because the note's author works here no more.
    author_unavailable = models.BooleanField(default=False)

    objects = AddendumQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="note",
        clinical="text reason",
        operational="id uid author signer_name credential content_hash signed_at needs_cosign cosign_due_at"
        " author_unavailable",
    )

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="addendum_awaiting_cosignature_says_until_when",
                condition=Q(needs_cosign=True, cosign_due_at__isnull=False)
                | Q(needs_cosign=False, cosign_due_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.uid}"

    def signed_content(self) -> dict[str, Any]:
        """Everything that the signature vouches for."""
        told = {
            "addendum": str(self.uid),
            "note": str(self.note.uid),
            "text": self.text,
            "reason": self.reason,
            "author": str(self.author_id),
            "signer": self.signer_name,
            "credential": self.credential,
            "signed_at": self.signed_at,
        }
        return told | ({"author_unavailable": True} if self.author_unavailable else {})

    @property
    def is_intact(self) -> bool:
        """Whether the text is still what was signed."""
        return content_hash(self.signed_content()) == self.content_hash


class SignatureQuerySet(ClientOwnedQuerySet):
    """Signatures; who may see the note's client may see who signed it."""

    client_path = "note__client"


class Signature(Record):
    """One person put their name to one version of one text, and what they meant by it."""

    Meaning = Meaning

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="signatures")
    # Empty for a signature under the note itself.
    addendum = models.ForeignKey(
        Addendum, on_delete=models.PROTECT, null=True, blank=True, related_name="signatures"
    )
    meaning = models.CharField(max_length=8, choices=Meaning.choices)
    version = models.PositiveIntegerField()
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=150)
    credential = models.CharField(max_length=60, blank=True)
    content_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    objects = SignatureQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="note addendum",
        operational="id uid meaning version signer signer_name credential content_hash signed_at",
    )

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["note", "version", "meaning"],
                condition=Q(addendum=None) & ~Q(meaning="reviewer"),
                name="one_signature_per_note_version_and_meaning",
            ),
            models.UniqueConstraint(
                fields=["addendum", "meaning"],
                condition=Q(addendum__isnull=False) & ~Q(meaning="reviewer"),
                name="one_signature_per_addendum_and_meaning",
            ),
            models.CheckConstraint(
                name="signature_names_what_was_signed", condition=Q(content_hash__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meaning} {self.uid}"


class NoteReturn(Record):
    """A co-signer sent a note back: why, and the text as it had been signed, so that the signature keeps its object."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="returns")
    version = models.PositiveIntegerField()
    comment = EncryptedTextField()
    # The canonical JSON that the hash of the author's signature was made from.
    signed_text = EncryptedTextField()
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=150)

    objects = SignatureQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="note",
        clinical="comment signed_text",
        operational="id uid version content_hash at by by_name",
    )

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["note", "version"], name="a_version_is_returned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.uid}"

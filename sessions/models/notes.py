"""The progress note of a session, and what is added to it after signing."""

import json
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.access import Verb, can
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from sessions.formats import FORMATS, NoteFormat
from sessions.integrity import content_hash, is_late


class NoteState(models.TextChoices):
    """Where a note stands. Nothing leads back from a signature (clinical.md §9.2)."""

    DRAFT = "draft", _("Draft")
    SIGNED = "signed", _("Signed")


class NoteQuerySet(ClientOwnedQuerySet):
    """Notes. A draft's words belong to its author; that it exists may be known."""

    def readable_by(self, user: Any, *, at: datetime) -> Self:
        """Signed notes of the clients that `user` sees, and the person's own drafts."""
        if not can(user, Verb.READ_NOTE):
            return self.none()
        return self.visible_to(user, at=at).filter(Q(state=NoteState.SIGNED) | Q(author=user))

    def signed(self) -> Self:
        return self.filter(state=NoteState.SIGNED)


class Note(Lifecycle, Record):
    """What a counselor wrote about a session. Signed, it changes no more: the database refuses too."""

    State = NoteState
    TRANSITIONS = {NoteState.DRAFT: frozenset({NoteState.SIGNED}), NoteState.SIGNED: frozenset()}

    session = models.OneToOneField("counseling.Session", on_delete=models.PROTECT, related_name="note")
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    format = models.CharField(max_length=8, choices=[(key, key.upper()) for key in FORMATS], default="dap")
    content = EncryptedTextField(default="{}")
    version = models.PositiveIntegerField(default=1)
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=NoteState.choices, default=NoteState.DRAFT)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signer_name = models.CharField(max_length=150, blank=True)
    credential = models.CharField(max_length=60, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    late_reason = EncryptedTextField(default="")

    objects = NoteQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client session",
        clinical="content late_reason",
        operational="id uid author format version begun_at saved_at state signed_at signed_by signer_name credential"
        " content_hash",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="signed_note_is_whole",
                condition=Q(state=NoteState.DRAFT, signed_at=None, signed_by=None, content_hash="")
                | Q(
                    state=NoteState.SIGNED,
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    content_hash__regex="^[0-9a-f]{64}$",
                ),
            ),
            models.CheckConstraint(
                name="note_signed_by_its_author",
                condition=Q(signed_by=None) | Q(signed_by=models.F("author")),
            ),
        ]
        indexes = [models.Index(fields=["client", "-signed_at"], name="note_client_signed")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.uid}"

    @property
    def sections(self) -> dict[str, str]:
        """The text by field, the risk statement included."""
        loaded: dict[str, str] = json.loads(self.content or "{}")
        return loaded

    @sections.setter
    def sections(self, value: dict[str, str]) -> None:
        self.content = json.dumps(value, ensure_ascii=False)

    @property
    def layout(self) -> NoteFormat:
        return FORMATS[self.format]

    @property
    def is_signed(self) -> bool:
        return self.state == NoteState.SIGNED

    @property
    def is_late(self) -> bool:
        """Whether it is a late entry: signed more than 72 hours after the session's end."""
        return self.signed_at is not None and is_late(ended_at=self.session.over_at, signed_at=self.signed_at)

    def signed_content(self) -> dict[str, Any]:
        """Everything that the signature vouches for. Times are UTC, so that they are spelled one way."""
        return {
            "note": str(self.uid),
            "client": str(self.client.uid),
            "session": str(self.session.uid),
            "kind": self.session.kind,
            "modality": self.session.modality,
            "began": self.session.begins_at,
            "ended": self.session.over_at,
            "format": self.format,
            "sections": self.sections,
            "author": str(self.author_id),
            "signer": self.signer_name,
            "credential": self.credential,
            "meaning": "author",
            "signed_at": self.signed_at,
            "late_reason": self.late_reason,
        }

    @property
    def is_intact(self) -> bool:
        """Whether the content is still what was signed."""
        return self.is_signed and content_hash(self.signed_content()) == self.content_hash


class AddendumQuerySet(ClientOwnedQuerySet):
    """Addenda; who may see the note's client may read them."""

    client_path = "note__client"


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

    objects = AddendumQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="note",
        clinical="text reason",
        operational="id uid author signer_name credential content_hash signed_at",
    )

    class Meta:
        ordering = ["signed_at", "id"]

    def __str__(self) -> str:
        return f"{self.uid}"

    def signed_content(self) -> dict[str, Any]:
        """Everything that the signature vouches for."""
        return {
            "addendum": str(self.uid),
            "note": str(self.note.uid),
            "text": self.text,
            "reason": self.reason,
            "author": str(self.author_id),
            "signer": self.signer_name,
            "credential": self.credential,
            "signed_at": self.signed_at,
        }

    @property
    def is_intact(self) -> bool:
        """Whether the text is still what was signed."""
        return content_hash(self.signed_content()) == self.content_hash

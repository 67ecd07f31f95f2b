"""The progress note of a session: from the first word to the last signature."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.access import Verb, can
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField
from clients.stage import Stage
from clients.supervising import answered_for_by
from sessions.formats import FORMATS, NoteFormat
from sessions.integrity import content_hash, is_late

LONGEST = timedelta(hours=12)


class NoteState(models.TextChoices):
    """Where a note stands. A signed note leads on to another signature, back to its author, or to being voided."""

    DRAFT = "draft", _("Draft")
    NEEDS_COSIGN = "needs_cosign", _("Awaits co-signature")
    RETURNED = "returned", _("Returned")
    FINAL = "final", _("Signed")
    VOIDED = "voided", _("Voided")
    DELETED = "deleted", _("Deleted draft")


# What its author can still change; what a signature vouches for; what nobody changes ever again.
OPEN = (NoteState.DRAFT, NoteState.RETURNED)
SIGNED = (NoteState.NEEDS_COSIGN, NoteState.FINAL)
LOCKED = (*SIGNED, NoteState.VOIDED)

TRANSITIONS: Mapping[Any, frozenset[Any]] = {
    NoteState.DRAFT: frozenset({NoteState.NEEDS_COSIGN, NoteState.FINAL, NoteState.DELETED}),
    NoteState.NEEDS_COSIGN: frozenset({NoteState.FINAL, NoteState.RETURNED, NoteState.VOIDED}),
    NoteState.RETURNED: frozenset({NoteState.DRAFT}),
    NoteState.FINAL: frozenset({NoteState.VOIDED}),
    NoteState.VOIDED: frozenset(),
    NoteState.DELETED: frozenset({NoteState.DRAFT}),
}


class NoteQuerySet(ClientOwnedQuerySet):
    """Notes. A draft's words belong to its author; that it exists may be known."""

    def readable_by(self, user: Any, *, at: datetime) -> Self:
        """Signed notes of the clients that `user` sees, the person's own, and those they are asked to co-sign.

        What was voided stays readable to its author and to those who may void or audit.
        """
        if not can(user, Verb.READ_NOTE):
            return self.none()
        theirs = Q(state__in=SIGNED) | (Q(author=user) & ~Q(state=NoteState.DELETED))
        if can(user, Verb.VOID_NOTE) or can(user, Verb.READ_AUDIT):
            theirs |= Q(state=NoteState.VOIDED)
        seen = self.visible_to(user, at=at).filter(theirs)
        if not can(user, Verb.COSIGN_NOTE):
            return seen
        asked = self.cosignable_by(user, at=at).order_by().values("pk")
        return self.filter(Q(pk__in=seen.order_by().values("pk")) | Q(pk__in=asked))

    def cosignable_by(self, user: Any, *, at: datetime) -> Self:
        """Notes that await a co-signature which `user` may give.

        Whoever answers for the author's work now, or did when the note was signed; never one's own, and never a
        person in training (clinical.md §9.2).
        """
        if not can(user, Verb.COSIGN_NOTE) or user.is_trainee:
            return self.none()
        waiting = self.filter(state=NoteState.NEEDS_COSIGN).exclude(author=user)
        return answered_for_by(waiting, user, at=at)

    def signed(self) -> Self:
        """Those that a signature stands for now."""
        return self.filter(state__in=SIGNED)

    def begun(self) -> Self:
        """Those that their author is still writing."""
        return self.filter(state__in=OPEN)

    def orphaned(self) -> Self:
        """Drafts whose author works here no more and that nobody has closed the book on yet."""
        return self.filter(state__in=OPEN, author__is_active=False, author_unavailable_at=None)

    def without_words(self) -> Self:
        """For lists: nothing is decrypted."""
        return self.defer("content", "carried", "attendees", "late_reason", "void_reason")


class Note(Lifecycle, Record):
    """What a counselor wrote about a session. Signed, it changes no more: the database refuses too."""

    State = NoteState
    TRANSITIONS = TRANSITIONS

    class VoidKind(models.TextChoices):
        WRONG_CLIENT = "wrong_client", _("Written under the wrong client")
        DUPLICATE = "duplicate", _("Written twice")

    # The session it was written about, for ever; and the one whose note it is now: none once it was given up.
    session = models.ForeignKey("counseling.Session", on_delete=models.PROTECT, related_name="notes_ever")
    stands_for = models.OneToOneField(
        "counseling.Session", on_delete=models.PROTECT, null=True, blank=True, related_name="note"
    )
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    format = models.CharField(max_length=12, default="dap")
    content = EncryptedTextField(default="{}")
    # What was taken over from an earlier note, by field: to be edited before signing.
    carried = EncryptedTextField(default="{}")
    carried_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    # The header (clinical.md §9.1). Times and place are the session's unless the author says otherwise.
    service_type = models.CharField(max_length=24, blank=True)
    place = EncryptedTextField(default="")
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    attendees = EncryptedTextField(default="{}")
    stage_at_end = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    next_appointment_at = models.DateTimeField(null=True, blank=True)
    goals = models.ManyToManyField("counseling.Goal", blank=True, related_name="notes")
    version = models.PositiveIntegerField(default=1)
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=NoteState.choices, default=NoteState.DRAFT)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signer_name = models.CharField(max_length=150, blank=True)
    credential = models.CharField(max_length=60, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    content_schema = models.PositiveSmallIntegerField(default=2)
    late_reason = EncryptedTextField(default="")
    cosign_due_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    void_kind = models.CharField(max_length=12, choices=VoidKind.choices, blank=True)
    void_reason = EncryptedTextField(default="")
    deleted_at = models.DateTimeField(null=True, blank=True)
    author_unavailable_at = models.DateTimeField(null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client session stands_for place",
        clinical="content carried late_reason void_reason attendees service_type began_at ended_at stage_at_end"
        " next_appointment_at",
        operational="id uid author format version begun_at saved_at state signed_at signed_by signer_name credential"
        " content_hash content_schema carried_from replaces cosign_due_at voided_at voided_by void_kind deleted_at"
        " author_unavailable_at",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="signed_note_is_whole",
                condition=Q(
                    state__in=[*OPEN, NoteState.DELETED], signed_at=None, signed_by=None, content_hash=""
                )
                | Q(
                    state__in=LOCKED,
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    content_hash__regex="^[0-9a-f]{64}$",
                ),
            ),
            models.CheckConstraint(
                name="note_signed_by_its_author",
                condition=Q(signed_by=None) | Q(signed_by=F("author")),
            ),
            models.CheckConstraint(
                name="note_stands_for_its_session_or_none",
                condition=Q(stands_for=F("session")) & ~Q(state=NoteState.DELETED)
                | Q(stands_for=None, state__in=[NoteState.DELETED, NoteState.VOIDED]),
            ),
            models.CheckConstraint(
                name="note_awaiting_cosignature_says_until_when",
                condition=~Q(state=NoteState.NEEDS_COSIGN) | Q(cosign_due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="voided_note_says_when_by_whom_and_why",
                condition=Q(state=NoteState.VOIDED, voided_at__isnull=False, voided_by__isnull=False)
                & ~Q(void_kind="")
                | ~Q(state=NoteState.VOIDED) & Q(voided_at=None, voided_by=None, void_kind=""),
            ),
            models.CheckConstraint(
                name="deleted_draft_says_when",
                condition=Q(state=NoteState.DELETED, deleted_at__isnull=False)
                | ~Q(state=NoteState.DELETED) & Q(deleted_at=None),
            ),
            models.CheckConstraint(
                name="note_covers_up_to_twelve_hours",
                condition=Q(began_at=None)
                | Q(ended_at=None)
                | Q(ended_at__gt=F("began_at"), ended_at__lte=F("began_at") + LONGEST),
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-signed_at"], name="note_client_signed"),
            models.Index(
                fields=["cosign_due_at", "id"], condition=Q(state="needs_cosign"), name="note_cosign_due"
            ),
            models.Index(
                fields=["author", "id"], condition=Q(state__in=["draft", "returned"]), name="note_begun_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.uid}"

    @property
    def sections(self) -> dict[str, str]:
        """The text by field, the risk statement included."""
        loaded: dict[str, str] = json.loads(self.content or "{}")
        return loaded

    @sections.setter
    def sections(self, value: Mapping[str, str]) -> None:
        self.content = json.dumps(value, ensure_ascii=False)

    @property
    def carried_text(self) -> dict[str, str]:
        """What each field held right after text was taken over from an earlier note."""
        loaded: dict[str, str] = json.loads(self.carried or "{}")
        return loaded

    @carried_text.setter
    def carried_text(self, value: Mapping[str, str]) -> None:
        self.carried = json.dumps(value, ensure_ascii=False)

    @property
    def present(self) -> dict[str, Any]:
        """Who was there: `roles`, and in `who` the words about them."""
        loaded: dict[str, Any] = json.loads(self.attendees or "{}")
        return {"roles": loaded.get("roles", []), "who": loaded.get("who", "")}

    def say_present(self, roles: Sequence[str], who: str) -> None:
        """Write down who was there."""
        self.attendees = json.dumps({"roles": list(roles), "who": who}, ensure_ascii=False)

    @property
    def layout(self) -> NoteFormat:
        return FORMATS[self.format]

    @property
    def is_signed(self) -> bool:
        """Whether a signature stands for it now: final, or final but for the co-signature."""
        return self.state in SIGNED

    @property
    def is_begun(self) -> bool:
        """Whether its author is still writing it."""
        return self.state in OPEN

    @property
    def is_late(self) -> bool:
        """Whether it is a late entry: signed more than 72 hours after the session's end."""
        return self.signed_at is not None and is_late(ended_at=self.session.over_at, signed_at=self.signed_at)

    @property
    def minutes(self) -> int | None:
        """Whole minutes that the note covers, once its times are known."""
        if self.began_at is None or self.ended_at is None:
            return None
        return int((self.ended_at - self.began_at).total_seconds() // 60)

    def signed_content(self) -> dict[str, Any]:
        """Everything that the author's signature vouches for. Times are UTC, so that they are spelled one way.

        Notes signed before there was a header (schema 1) are spelled as they were then.
        """
        told = {
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
        return told if self.content_schema == 1 else told | self._header()

    def _header(self) -> dict[str, Any]:
        goals = sorted(str(goal.uid) for goal in self.goals.all()) if self.pk else []
        return {
            "schema": self.content_schema,
            "version": self.version,
            "began": self.began_at,
            "ended": self.ended_at,
            "service_type": self.service_type,
            "place": self.place,
            "attendees": self.present,
            "stage_at_end": self.stage_at_end,
            "next_appointment": self.next_appointment_at,
            "goals": goals,
            "carried": sorted(self.carried_text),
        }

    @property
    def is_intact(self) -> bool:
        """Whether the content is still what was signed."""
        return self.state in LOCKED and content_hash(self.signed_content()) == self.content_hash

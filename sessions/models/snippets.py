"""A counselor's own words for what they write often: phrases put in by keyboard, and beginnings of whole notes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.base import Record, classify
from clients.encryption import EncryptedTextField


class SnippetQuerySet(models.QuerySet[Any]):
    """Phrases and templates. They belong to one person; nobody else sees them."""

    def visible_to(self, user: Any, *, at: datetime | None = None) -> Self:
        return self.filter(owner=user)

    def phrases(self) -> Self:
        return self.filter(kind=Snippet.Kind.PHRASE)

    def templates(self) -> Self:
        return self.filter(kind=Snippet.Kind.TEMPLATE)


class Snippet(Record):
    """A phrase, called by its short word; or a template, which fills the empty fields of a note of its format."""

    class Kind(models.TextChoices):
        PHRASE = "phrase", _("Phrase")
        TEMPLATE = "template", _("Template")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    word = models.CharField(max_length=24)
    format = models.CharField(max_length=12, blank=True)
    content = EncryptedTextField(default="")
    saved_at = models.DateTimeField()

    objects = SnippetQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        clinical="word content", operational="id uid owner kind format saved_at"
    )

    class Meta:
        ordering = ["kind", "word"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind", "word"], name="one_word_per_person_and_kind"),
            models.CheckConstraint(
                name="template_has_a_format_and_phrase_none",
                condition=Q(kind="phrase", format="") | Q(kind="template") & ~Q(format=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def sections(self) -> dict[str, str]:
        """A template's text by field."""
        loaded: dict[str, str] = json.loads(self.content or "{}") if self.kind == self.Kind.TEMPLATE else {}
        return loaded

    @sections.setter
    def sections(self, value: Mapping[str, str]) -> None:
        self.content = json.dumps(value, ensure_ascii=False)

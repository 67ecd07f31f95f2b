"""What a client answered, what it came to, and what was asked of a phone (clinical.md §2, docs/adr/0015)."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField


class Respondent(models.TextChoices):
    """Who answered."""

    CLIENT = "client", _("Client")
    COUNSELOR = "counselor", _("Counselor")


class Mode(models.TextChoices):
    """How it was answered."""

    INTERVIEW = "interview", _("Asked in person")
    SELF = "self", _("Filled in by the client")
    PHONE = "phone", _("On the client's phone")
    ENTRY = "entry", _("Score entered from paper")


class MeasureRequestQuerySet(ClientOwnedQuerySet):
    def waiting(self, at: datetime) -> Self:
        """Those whose link still leads somewhere, newest first."""
        open_ones = self.filter(link__used_at=None, link__revoked_at=None, link__expires_at__gt=at)
        return open_ones.select_related("link", "asked_by").order_by("-asked_at", "-pk")


class MeasureRequest(Record):
    """Measures that one link brings to a client's phone, one after the other."""

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="measure_requests")
    link = models.OneToOneField("clients.ClientLink", models.PROTECT, related_name="measure_request")
    measures = ArrayField(models.CharField(max_length=24))
    language = models.CharField(max_length=8, default="en")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = MeasureRequestQuerySet.as_manager()

    CLASSES = classify(clinical="measures", operational="id uid client link language asked_at asked_by")

    class Meta:
        ordering: ClassVar = ["-asked_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["client", "-asked_at", "-id"], name="measure_request_of_client")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(measures=[]), name="measure_request_asks_for_something")
        ]

    def __str__(self) -> str:
        return f"request {self.uid}"

    def left(self) -> list[str]:
        """The measures that have no answer yet, in the order in which they are asked."""
        done = {one.measure for one in self.results.all()}
        return [one for one in self.measures if one not in done]


class MeasureResultQuerySet(ClientOwnedQuerySet):
    def standing(self) -> Self:
        """Those that were not entered in error, newest first."""
        return self.filter(voided_at__isnull=True).order_by("-taken_at", "-pk")

    def with_scores(self) -> Self:
        """With every reckoning, so that `scored` asks nothing again."""
        return self.prefetch_related("scorings")


class MeasureResult(Record):
    """One measure as it was given once. Nothing in it changes; one that was a mistake is voided with a reason."""

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="measures")
    session = models.ForeignKey(
        "counseling.Session", models.PROTECT, null=True, blank=True, related_name="measures"
    )
    request = models.ForeignKey(MeasureRequest, models.PROTECT, null=True, blank=True, related_name="results")
    measure = models.CharField(max_length=24)
    version = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    respondent = models.CharField(max_length=10, choices=Respondent.choices)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    taken_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # JSON: {"items": {"1": 0, …}} as they were given, or {"scores": {…}} of a score that was entered.
    answers = EncryptedTextField()
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = EncryptedTextField(blank=True, default="")

    objects = MeasureResultQuerySet.as_manager()

    CLASSES = classify(
        clinical="measure answers void_reason taken_at",
        operational="id uid client session request version language respondent mode recorded_at recorded_by "
        "voided_at voided_by",
    )

    class Meta:
        ordering: ClassVar = ["-taken_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["client", "measure", "-taken_at", "-id"], name="measure_of_client"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "measure"],
                condition=Q(request__isnull=False),
                name="one_answer_to_each_measure_asked_for",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True)
                | Q(voided_at__isnull=False, voided_by__isnull=False),
                name="measure_voided_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__lte=F("recorded_at")), name="measure_is_taken_before_it_is_recorded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.uid}"

    @cached_property
    def given(self) -> Mapping[str, Any]:
        """What stands in `answers`."""
        return dict(json.loads(self.answers))

    @property
    def items(self) -> dict[str, int]:
        """The answers by item; empty for a score that was entered."""
        return dict(self.given.get("items", {}))

    @property
    def scored(self) -> "Scoring":
        """The latest reckoning; use `with_scores` where there are many."""
        return max(self.scorings.all(), key=lambda one: one.pk)

    @property
    def is_standing(self) -> bool:
        return self.voided_at is None


class Scoring(models.Model):
    """What the answers came to under one version of the rules. A later version adds a row and changes none."""

    result = models.ForeignKey(MeasureResult, models.PROTECT, related_name="scorings")
    rules = models.PositiveSmallIntegerField()
    scored_at = models.DateTimeField()
    scored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    scores = models.JSONField()  # {"total": 14}; null where it is incomplete, never a guess
    bands = models.JSONField()  # {"total": "moderate"}
    flags = ArrayField(models.CharField(max_length=32), default=list)
    alarms = ArrayField(models.CharField(max_length=32), default=list)

    CLASSES = classify(
        clinical="scores bands flags alarms", operational="id result rules scored_at scored_by"
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "rules"], name="one_scoring_per_version_of_the_rules")
        ]

    def __str__(self) -> str:
        return f"scoring {self.pk}"


class PackInUse(models.Model):
    """An optional pack that the operator switched on, and for which use of theirs."""

    class Use(models.TextChoices):
        CLINICAL = "clinical", _("Clinical care")
        RESEARCH = "research", _("Research")
        EDUCATION = "education", _("Education")
        COMMERCIAL = "commercial", _("Commercial")

    name = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    use = models.CharField(max_length=12, choices=Use.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    CLASSES = classify(operational="id name version use since until")

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=Q(until__isnull=True), name="pack_in_use_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.use})"

    @classmethod
    def names(cls, at: datetime) -> frozenset[str]:
        """The packs in use at that instant."""
        rows = cls.objects.filter(since__lte=at).exclude(until__lte=at).order_by("pk")
        return frozenset(rows.values_list("name", flat=True))

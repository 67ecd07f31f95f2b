"""What was asked, what it suggests, and what the counselor holds (clinical.md §1.2–1.4)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from casework.relapse import signs
from casework.relapse.stage import ALGORITHM_VERSION, INDEXED, Answer, Confidence
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.stage import Stage

COUNSELOR_CONFIDENCE = tuple((n, str(n)) for n in range(1, 6))


class StageSign(models.Model):
    """A row of a released catalogue of signs. Released rows are never edited: a new version adds rows."""

    code = models.CharField(max_length=3)
    stage = models.CharField(max_length=14, choices=Stage.choices)
    label_en = models.CharField(max_length=80)
    label_es = models.CharField(max_length=80)
    hard = models.BooleanField(default=False)
    version = models.PositiveSmallIntegerField()
    active = models.BooleanField(default=True)

    CLASSES = classify(operational="id code stage label_en label_es hard version active")

    class Meta:
        ordering: ClassVar = ["version", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="one_sign_per_code_and_version")
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


def _nought_to(field: str, most: int) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": most})


class StageAssessmentQuerySet(ClientOwnedQuerySet):
    def final(self) -> Self:
        """Those that count: newest first, ties by the highest id."""
        return self.filter(state=StageAssessment.State.FINAL).order_by("-assessed_at", "-pk")


class StageAssessment(Lifecycle, Record):
    """One assessment: a draft until it is finalised, and never edited after that."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        FINAL = "final", _("Final")
        ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        State.DRAFT: frozenset({State.FINAL, State.ENTERED_IN_ERROR}),
        State.FINAL: frozenset({State.ENTERED_IN_ERROR}),
        State.ENTERED_IN_ERROR: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="assessments")
    session = models.ForeignKey(
        "counseling.Session", models.PROTECT, null=True, blank=True, related_name="assessments"
    )
    assessed_at = models.DateTimeField()
    window_days = models.PositiveSmallIntegerField(default=7)
    assessor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    catalogue_version = models.PositiveSmallIntegerField(default=signs.CATALOGUE_VERSION)
    halt_hungry = models.BooleanField(null=True, blank=True)
    halt_angry = models.BooleanField(null=True, blank=True)
    halt_lonely = models.BooleanField(null=True, blank=True)
    halt_tired = models.BooleanField(null=True, blank=True)
    triggers = ArrayField(
        models.CharField(max_length=20, choices=signs.Trigger.choices), default=list, blank=True
    )
    protective = ArrayField(
        models.CharField(max_length=20, choices=signs.Protective.choices), default=list, blank=True
    )
    craving = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(10)])
    confidence_abstain = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(10)]
    )
    # What the signs suggested when it was finalised; kept as it was, whatever later versions would say.
    suggested_stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    rule_fired = models.CharField(max_length=2, blank=True)
    flags = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    algorithm_version = models.PositiveSmallIntegerField(default=ALGORITHM_VERSION)
    completeness = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    derived_confidence = models.CharField(
        max_length=6, choices=[(one, one) for one in Confidence], blank=True
    )
    index_emotional = models.PositiveSmallIntegerField(null=True)
    index_mental = models.PositiveSmallIntegerField(null=True)
    index_physical = models.PositiveSmallIntegerField(null=True)
    # What the counselor holds: this is the record.
    counselor_stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    counselor_confidence = models.PositiveSmallIntegerField(
        choices=COUNSELOR_CONFIDENCE, null=True, blank=True
    )
    override_reason = models.CharField(max_length=500, blank=True)
    red_flags = ArrayField(
        models.CharField(max_length=24, choices=signs.RedFlag.choices), default=list, blank=True
    )
    plan_change = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    saved_at = models.DateTimeField()
    finalised_at = models.DateTimeField(null=True, blank=True)
    error_reason = models.CharField(max_length=500, blank=True)

    objects = StageAssessmentQuerySet.as_manager()

    CLASSES = classify(
        clinical="window_days halt_hungry halt_angry halt_lonely halt_tired triggers protective craving "
        "confidence_abstain suggested_stage rule_fired flags completeness derived_confidence index_emotional "
        "index_mental index_physical counselor_stage counselor_confidence override_reason red_flags plan_change "
        "error_reason",
        operational="id uid client session assessed_at assessor catalogue_version algorithm_version state saved_at "
        "finalised_at",
    )

    class Meta:
        ordering: ClassVar = ["-assessed_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["client", "-assessed_at", "-id"], name="assessment_of_client"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "assessor"],
                condition=Q(state="draft"),
                name="one_draft_assessment_per_assessor",
            ),
            models.CheckConstraint(
                condition=~Q(state="final")
                | (
                    Q(finalised_at__isnull=False, completeness__isnull=False)
                    & ~Q(counselor_stage="")
                    & ~Q(suggested_stage="")
                ),
                name="final_assessment_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state="final")
                | Q(suggested_stage="indeterminate")
                | Q(counselor_stage=F("suggested_stage"))
                | ~Q(override_reason=""),
                name="override_says_why",
            ),
            models.CheckConstraint(
                condition=Q(window_days__gte=1, window_days__lte=90), name="window_is_1_to_90_days"
            ),
            models.CheckConstraint(condition=_nought_to("craving", 10), name="craving_is_0_to_10"),
            models.CheckConstraint(
                condition=_nought_to("confidence_abstain", 10), name="confidence_is_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(counselor_confidence__isnull=True)
                | Q(counselor_confidence__gte=1, counselor_confidence__lte=5),
                name="counselor_confidence_is_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"assessment {self.uid}"

    @property
    def halt(self) -> dict[str, bool | None]:
        """Hungry, angry, lonely, tired: yes, no, or None when not asked."""
        return {one.value: getattr(self, f"halt_{one.value}") for one in signs.Halt}

    @property
    def answers(self) -> dict[str, Answer]:
        """The signs that were kept, as the suggestion reads them."""
        return {one.sign_code: Answer(one.severity, frozenset(one.sources)) for one in self.signs.all()}

    @property
    def indices(self) -> dict[Stage, int | None]:
        """0–100 for each stage, None where nothing was asked."""
        return {stage: getattr(self, f"index_{stage.value}") for stage in INDEXED}

    @property
    def is_override(self) -> bool:
        """Whether the counselor holds another stage than the signs suggested (clinical.md §7.3 I-18)."""
        return (
            self.suggested_stage not in ("", Stage.INDETERMINATE)
            and self.suggested_stage != self.counselor_stage
        )

    def window(self, zone: Any) -> tuple[date, date]:
        """First and last local day of the assessed window, both counted."""
        last = self.assessed_at.astimezone(zone).date()
        return last - timedelta(days=self.window_days - 1), last


class AssessedSign(models.Model):
    """One sign as answered in one assessment. Not asked is NULL, and never 0."""

    assessment = models.ForeignKey(StageAssessment, models.CASCADE, related_name="signs")
    sign_code = models.CharField(max_length=3)
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    sources = ArrayField(
        models.CharField(max_length=20, choices=signs.Source.choices), default=list, blank=True
    )
    note = models.CharField(max_length=500, blank=True)

    CLASSES = classify(clinical="sign_code severity sources note", operational="id assessment")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "sign_code"], name="one_answer_per_sign"),
            models.CheckConstraint(condition=_nought_to("severity", 3), name="severity_is_0_to_3"),
        ]

    def __str__(self) -> str:
        return f"{self.sign_code}={self.severity}"

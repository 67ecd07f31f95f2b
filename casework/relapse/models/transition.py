"""Every move of a client's stage, kept as it happened (clinical.md §1.5)."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, classify
from clients.stage import Stage


class StageTransition(models.Model):
    """From one stage to another; or the same stage when something escalated within it. Rows are only ever added."""

    class Cause(models.TextChoices):
        ASSESSMENT = "assessment", _("Assessment")
        REPORT = "report", _("Report")
        USE = "use", _("Use seen differently")
        CORRECTION = "correction", _("Correction of a mistake")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="stage_transitions")
    from_stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    to_stage = models.CharField(max_length=14, choices=Stage.choices, blank=True)
    at = models.DateTimeField()
    cause = models.CharField(max_length=12, choices=Cause.choices)
    escalations = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    sustained = models.BooleanField(default=False)
    assessment = models.ForeignKey(
        "relapse.StageAssessment", models.PROTECT, null=True, blank=True, related_name="transitions"
    )
    report = models.ForeignKey(
        "relapse.RelapseReport", models.PROTECT, null=True, blank=True, related_name="transitions"
    )

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        clinical="from_stage to_stage cause escalations sustained",
        operational="id client at assessment report",
    )

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "-at"], name="transition_of_client")]

    def __str__(self) -> str:
        return f"{self.from_stage or '–'} → {self.to_stage or '–'}"

"""What a counselor changed in one client's plan, and why: a row for each step added, moved or dropped."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.followup.models.plans import FollowUpPlan
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.encryption import EncryptedTextField


class StepChangeQuerySet(ClientOwnedQuerySet):
    client_path = "plan__client"


class StepChange(Record):
    """One change of one step. Rows are only ever added: the plan's page reads the last of each step."""

    class Act(models.TextChoices):
        ADDED = "added", _("Added")
        MOVED = "moved", _("Moved")
        DROPPED = "dropped", _("Dropped")

    plan = models.ForeignKey(FollowUpPlan, models.PROTECT, related_name="changes")
    message = models.ForeignKey(
        "followup.Message", models.PROTECT, null=True, blank=True, related_name="changes"
    )
    todo = models.ForeignKey("followup.ToDo", models.PROTECT, null=True, blank=True, related_name="changes")
    act = models.CharField(max_length=8, choices=Act.choices)
    from_at = models.DateTimeField(null=True, blank=True)  # when the step was due before
    to_at = models.DateTimeField(null=True, blank=True)  # when it is due since; none once dropped
    reason = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = StepChangeQuerySet.as_manager()

    CLASSES = classify(
        clinical="plan message todo act from_at to_at reason at",
        operational="id uid by",
    )

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(message__isnull=False, todo__isnull=True)
                | Q(message__isnull=True, todo__isnull=False),
                name="step_change_names_one_step",
            ),
            models.CheckConstraint(
                condition=Q(act="dropped", to_at__isnull=True) | ~Q(act="dropped") & Q(to_at__isnull=False),
                name="dropped_step_has_no_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} step of plan {self.plan_id}"

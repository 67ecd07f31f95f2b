"""What client and counselor work towards: a plan, its goals, what is done for each, and how all of it came about."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField


class TreatmentPlanQuerySet(ClientOwnedQuerySet):
    """Treatment plans; who may see the client may read them."""

    def active(self) -> Self:
        return self.filter(state=TreatmentPlan.State.ACTIVE)

    def review_due(self, on: date) -> Self:
        """Running plans of clients in care with anything to be gone through by that day, the longest waiting first."""
        running = self.active().filter(client__state__in=["active", "paused"], next_review_on__lte=on)
        return running.order_by("next_review_on", "pk")


class TreatmentPlan(Lifecycle, Record):
    """The frame of the goals, and the day by which all of it is gone through again."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Running")
        ENDED = "ended", _("Ended")

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        State.ACTIVE: frozenset({State.ENDED}),
        State.ENDED: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="treatment_plans")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    review_on = models.DateField()
    # The earliest of its own day and those of what is still worked on: what the lists of due reviews ask for.
    next_review_on = models.DateField()
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TreatmentPlanQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="review_on next_review_on",
        operational="id uid state begun_at begun_by ended_at ended_by",
    )

    class Meta:
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(state="active"), name="one_running_treatment_plan_per_client"
            ),
            models.CheckConstraint(
                name="ended_treatment_plan_says_when",
                condition=Q(state="active", ended_at=None) | Q(state="ended", ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_review_on", "id"], condition=Q(state="active"), name="treatment_review_due"
            )
        ]

    def __str__(self) -> str:
        return f"treatment plan {self.uid}"


class WorkState(models.TextChoices):
    """How it stands with a goal or a step. Nothing is ever failed: it is reached, or set aside for something else."""

    OPEN = "open", _("Being worked on")
    REACHED = "reached", pgettext_lazy("a goal", "Reached")
    SET_ASIDE = "set_aside", _("Set aside")


# What was reached or set aside can be taken up again.
WORK_TRANSITIONS: Mapping[Any, frozenset[Any]] = {
    WorkState.OPEN: frozenset({WorkState.REACHED, WorkState.SET_ASIDE}),
    WorkState.REACHED: frozenset({WorkState.OPEN}),
    WorkState.SET_ASIDE: frozenset({WorkState.OPEN}),
}


def _closed_says_when(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name, condition=Q(state="open", state_at=None) | (~Q(state="open") & Q(state_at__isnull=False))
    )


class GoalQuerySet(ClientOwnedQuerySet):
    """Goals; who may see the client may read them."""

    def open(self) -> Self:
        """Those being worked on, in the order in which they were agreed."""
        return self.filter(state=WorkState.OPEN).order_by("added_at", "pk")


class Goal(Lifecycle, Record):
    """Something that the client wants to be so, in their words."""

    State = WorkState
    TRANSITIONS = WORK_TRANSITIONS

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="goals")
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="goals")
    words = EncryptedTextField()
    review_on = models.DateField()
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.OPEN)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state_at = models.DateTimeField(null=True, blank=True)
    state_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GoalQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="words review_on state state_at",
        operational="id uid plan added_at added_by state_by",
    )

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [_closed_says_when("closed_goal_says_when")]
        indexes = [models.Index(fields=["client", "state"], name="goal_of_client")]

    def __str__(self) -> str:
        return f"goal {self.uid}"


class GoalStepQuerySet(ClientOwnedQuerySet):
    """Objectives and interventions; who may see the goal's client may read them."""

    client_path = "goal__client"


class GoalStep(Lifecycle, Record):
    """One thing on the way to a goal: what the client will be able to do, or what we do for it."""

    class Kind(models.TextChoices):
        OBJECTIVE = "objective", _("Objective")
        INTERVENTION = "intervention", _("Intervention")

    State = WorkState
    TRANSITIONS = WORK_TRANSITIONS

    goal = models.ForeignKey(Goal, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    words = EncryptedTextField()
    review_on = models.DateField()
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.OPEN)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state_at = models.DateTimeField(null=True, blank=True)
    state_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GoalStepQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        clinical="kind words review_on state state_at",
        operational="id uid goal added_at added_by state_by",
    )

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [_closed_says_when("closed_goal_step_says_when")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class TreatmentChangeQuerySet(ClientOwnedQuerySet):
    """The history; who may see the client may read it."""

    def until(self, at: datetime) -> Self:
        """What had happened by then, oldest first."""
        return self.filter(at__lte=at).order_by("at", "pk")


class TreatmentChange(Record):
    """One change of the plan: what, when, by whom, and the words before and after. Only ever added to."""

    class What(models.TextChoices):
        BEGUN = "begun", _("Plan begun")
        ADDED = "added", _("Added")
        REWORDED = "reworded", _("Changed")
        REVIEWED = "reviewed", _("Gone through")
        MOVED = "moved", _("State changed")
        ENDED = "ended", _("Plan ended")

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="changes")
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="treatment_changes")
    goal = models.ForeignKey(Goal, models.PROTECT, null=True, blank=True, related_name="changes")
    step = models.ForeignKey(GoalStep, models.PROTECT, null=True, blank=True, related_name="changes")
    what = models.CharField(max_length=8, choices=What.choices)
    words_before = EncryptedTextField(blank=True)
    words_after = EncryptedTextField(blank=True)
    remark = EncryptedTextField(blank=True)
    state_after = models.CharField(max_length=10, blank=True)
    review_on = models.DateField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = TreatmentChangeQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client",
        clinical="words_before words_after remark state_after review_on",
        operational="id uid plan goal step what at by",
    )

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["client", "-at", "-id"], name="treatment_change_of_client")]

    def __str__(self) -> str:
        return f"{self.what} {self.uid}"

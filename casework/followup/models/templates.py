"""The templates of plans: per stage, in versions (clinical.md §4.3). A released version never changes again."""

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.followup.models.plans import PLAN_STAGES
from casework.followup.plan_templates import (
    PREFIX,
    ChannelRule,
    MessageStep,
    PlanTemplate,
    ToDoKind,
    ToDoStep,
)
from casework.followup.risk import RiskTier
from clients.base import Lifecycle, Record, classify
from clients.stage import Stage


class TemplateVersionQuerySet(models.QuerySet["TemplateVersion"]):
    def released(self) -> Self:
        """What plans can begin with, or once began with."""
        return self.filter(state=TemplateVersion.State.RELEASED)

    def newest_first(self) -> Self:
        return self.order_by("stage", "-version")


class TemplateVersion(Lifecycle, Record):
    """One version of a stage's plan. Edited as a draft; once released, plans keep it and nobody changes it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RELEASED = "released", _("Released")

    TRANSITIONS = {State.DRAFT: frozenset({State.RELEASED}), State.RELEASED: frozenset()}

    stage = models.CharField(_("stage"), max_length=14, choices=PLAN_STAGES)
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    hasty_contact = models.DurationField(null=True, blank=True)
    silent_after = models.DurationField(default=timedelta(days=10))
    decide_on = models.PositiveSmallIntegerField(default=14)
    close_on = models.PositiveSmallIntegerField(default=30)
    checkups = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TemplateVersionQuerySet.as_manager()

    CLASSES = classify(
        operational="id uid stage version state hasty_contact silent_after decide_on close_on checkups created_at "
        "created_by released_at released_by"
    )

    class Meta:
        ordering: ClassVar = ["stage", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stage", "version"], name="one_template_per_stage_and_version"),
            models.UniqueConstraint(
                fields=["stage"], condition=Q(state="draft"), name="one_draft_template_per_stage"
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False)
                | (~Q(state="released") & Q(released_at__isnull=True, released_by__isnull=True)),
                name="released_template_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} template, version {self.version}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def as_template(self, steps: Iterable["TemplateStep"] | None = None) -> PlanTemplate:
        """The template as the planner reads it."""
        rows = list(self.steps.order_by("day", "pk") if steps is None else steps)
        return PlanTemplate(
            prefix=PREFIX[Stage(self.stage)],
            messages=tuple(row.as_message() for row in rows if row.is_message),
            todos=tuple(row.as_todo() for row in rows if not row.is_message),
            hasty_contact=self.hasty_contact,
            silent_after=self.silent_after,
            decide_on=self.decide_on,
            close_on=self.close_on,
            checkups=tuple(self.checkups),
        )


class TemplateStep(models.Model):
    """A text on a day, or something a person does by a time. `key` names it within its plan."""

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        TODO = "todo", _("To-do")

    template = models.ForeignKey(TemplateVersion, models.CASCADE, related_name="steps")
    key = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    within = models.DurationField(null=True, blank=True)
    grace = models.DurationField(default=timedelta)
    channel = models.CharField(max_length=8, choices=ChannelRule.choices, blank=True)
    text = models.CharField(max_length=40, blank=True)
    asks = models.BooleanField(default=False)
    todo = models.CharField(max_length=20, choices=ToDoKind.choices, blank=True)
    tiers = ArrayField(models.CharField(max_length=6, choices=RiskTier.choices), default=list, blank=True)

    CLASSES = classify(operational="id template key kind day within grace channel text asks todo tiers")

    class Meta:
        ordering: ClassVar = ["template", "day", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "key"], name="one_template_step_per_key"),
            models.CheckConstraint(
                condition=Q(kind="message", day__isnull=False, within__isnull=True, todo="") & ~Q(text="")
                | Q(kind="todo", text="", channel="") & ~Q(todo=""),
                name="template_step_is_text_or_todo",
            ),
            models.CheckConstraint(
                condition=Q(day__isnull=False, within__isnull=True)
                | Q(day__isnull=True, within__gt=timedelta(0)),
                name="template_step_has_one_time",
            ),
            models.CheckConstraint(condition=Q(grace__gte=timedelta(0)), name="template_step_grace"),
        ]

    def __str__(self) -> str:
        return f"step {self.key} of template {self.template_id}"

    @property
    def is_message(self) -> bool:
        return self.kind == self.Kind.MESSAGE

    def as_message(self) -> MessageStep:
        return MessageStep(self.day or 0, self.text, asks=self.asks, channel=ChannelRule(self.channel))

    def as_todo(self) -> ToDoStep:
        return ToDoStep(
            ToDoKind(self.todo),
            within=self.within,
            day=self.day,
            grace=self.grace,
            if_tier=frozenset(self.tiers),
        )

    def named(self) -> str:
        """The key that its day and kind give it."""
        return self.as_message().key if self.is_message else self.as_todo().key

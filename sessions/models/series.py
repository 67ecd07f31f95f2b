"""Sessions that come back: every week, every other week, or every month."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify
from sessions.models.session import Kind, Modality

LONGEST_AHEAD = timedelta(days=366)


class Every(models.TextChoices):
    """How often it comes back."""

    WEEK = "week", _("Every week")
    OTHER_WEEK = "other_week", _("Every other week")
    MONTH = "month", _("Every month")


class Series(Record):
    """A rule by the practice's wall clock, and what its sessions have in common.

    Its sessions are rows of their own from the beginning, so that each holds its place and may be moved or left out.
    A series that changes from a day on ends there, and another one continues it.
    """

    Every = Every

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="series")
    counselor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="series")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INDIVIDUAL)
    modality = models.CharField(max_length=12, choices=Modality.choices, default=Modality.IN_PERSON)
    room = models.ForeignKey("counseling.Room", models.PROTECT, null=True, blank=True, related_name="series")
    location = models.CharField(max_length=120, blank=True)
    companions = models.CharField(max_length=120, blank=True)
    every = models.CharField(max_length=12, choices=Every.choices)
    starts_on = models.DateField()
    until_on = models.DateField()
    at = models.TimeField()
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5), MaxValueValidator(720)])
    zone = models.CharField(max_length=64)
    continues = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="continued_by"
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="client location companions",
        clinical="kind modality every starts_on until_on at minutes ended_on",
        operational="id uid counselor room zone continues made_at made_by ended_at ended_by",
    )

    class Meta:
        verbose_name_plural = "series"
        indexes: ClassVar = [models.Index(fields=["client", "-starts_on"], name="series_of_client")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="series_lasts_up_to_a_year",
                condition=Q(until_on__gte=F("starts_on")) & Q(until_on__lte=F("starts_on") + LONGEST_AHEAD),
            ),
            models.CheckConstraint(
                name="series_session_lasts_up_to_twelve_hours", condition=Q(minutes__gte=5, minutes__lte=720)
            ),
            models.CheckConstraint(
                name="series_ended_on_and_at",
                condition=Q(ended_on=None, ended_at=None) | Q(ended_on__isnull=False, ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"series {self.pk}"

"""Who is away, from when to when, and who covers. Here and not with the people: whom one may see depends on it."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import Record, classify


class Span(models.Func):
    """From the first instant to just before the second, as a range of the database."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class AbsenceQuerySet(models.QuerySet[Any]):
    def in_force(self, at: datetime) -> Self:
        """Those that hold at that instant: the first counts, the last does not."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def touching(self, start: datetime, end: datetime) -> Self:
        """Those that hold at some instant from `start` to just before `end`; one called off earlier never does."""
        return self.filter(starts_at__lt=end, ends_at__gt=start).exclude(ends_at=F("starts_at"))

    def not_over(self, at: datetime) -> Self:
        """Those that hold or are still to come."""
        return self.filter(ends_at__gt=at).exclude(ends_at=F("starts_at"))


class Absence(Record):
    """A person of the practice is away; `cover` sees and answers what is theirs meanwhile. It ends by itself.

    Ended early, `ends_at` is when it ended; called off before it began, it holds at no instant.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="absences", verbose_name=_("who is away")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    cover = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="covers",
        verbose_name=_("who covers"),
    )
    note = models.CharField(_("note for colleagues"), max_length=200, blank=True)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = AbsenceQuerySet.as_manager()

    CLASSES = classify(
        operational="id uid user starts_at ends_at cover note made_at made_by ended_at ended_by"
    )

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["cover", "ends_at"], name="absence_by_cover"),
            models.Index(fields=["user", "ends_at"], name="absence_by_person"),
        ]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (Span("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="absence_dates_in_order"),
            models.CheckConstraint(
                condition=Q(cover__isnull=True) | ~Q(cover=F("user")), name="nobody_covers_themselves"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="absence_ended_at_and_by",
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.pk}"

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at

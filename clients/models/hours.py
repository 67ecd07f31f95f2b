"""When somebody of the practice reads what clients write, and who answers when nobody is there."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from clients.base import Record, classify

DAYS = tuple(
    WEEKDAYS.values()
)  # as Django says them, so that no second word for Friday stands beside its own


class StaffedHours(models.Model):
    """The hours of one weekday, in the practice's zone. A day without a row is closed; no row at all: as shipped."""

    weekday = models.PositiveSmallIntegerField(_("day"), choices=list(enumerate(DAYS)), unique=True)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("to"))

    CLASSES = classify(operational="id weekday opens closes")

    class Meta:
        ordering: ClassVar = ["weekday"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="staffed_weekday_known"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="staffed_hours_in_order"),
        ]

    def __str__(self) -> str:
        return f"{DAYS[self.weekday]} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Closure(Record):
    """A day on which nobody works: a holiday, or another reason."""

    on = models.DateField(_("day"), unique=True)
    what = models.CharField(_("what it is"), max_length=80, blank=True)

    CLASSES = classify(operational="id uid on what")

    class Meta:
        ordering: ClassVar = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.what}".strip()


class OnCallQuerySet(models.QuerySet["OnCall"]):
    def at(self, instant: datetime) -> Self:
        """The duties that hold at an instant."""
        return self.filter(from_at__lte=instant, to_at__gt=instant)


class OnCall(Record):
    """Somebody answers for emergencies from one moment to another."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="on_call", verbose_name=_("who")
    )
    from_at = models.DateTimeField(_("from"))
    to_at = models.DateTimeField(_("to"))
    added_by: Any = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = OnCallQuerySet.as_manager()

    CLASSES = classify(operational="id uid user from_at to_at added_by")

    class Meta:
        ordering: ClassVar = ["from_at", "pk"]
        indexes: ClassVar = [models.Index(fields=["to_at"], name="on_call_by_end")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(to_at__gt=F("from_at")), name="on_call_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.from_at:%d %b %H:%M} – {self.to_at:%d %b %H:%M}"

"""What somebody said of a day: used, or not. What nobody said stays unknown (clinical.md §2.14)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.relapse.models.use import UseType
from casework.relapse.reporting import TO_CONFIRM, ReportSource
from clients.base import ClientOwnedQuerySet, Lifecycle, Record, classify
from clients.encryption import EncryptedTextField


class DayMarkQuerySet(ClientOwnedQuerySet):
    def standing(self) -> Self:
        """Those that nobody replaced or took back."""
        return self.filter(state=DayMark.State.STANDS)


class DayMark(Lifecycle, Record):
    """One word on one day, from one source. A later word of the same source replaces it and leaves it readable."""

    class State(models.TextChoices):
        STANDS = "stands", _("Stands")
        REPLACED = "replaced", _("Replaced by a later word")
        WITHDRAWN = "withdrawn", _("Taken back")

    class Certainty(models.TextChoices):
        SURE = "sure", _("Sure of the day")
        ESTIMATED = "estimated", _("About that day")

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        State.STANDS: frozenset({State.REPLACED, State.WITHDRAWN}),
        State.REPLACED: frozenset(),
        State.WITHDRAWN: frozenset(),
    }

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="day_marks")
    on = models.DateField()
    used = models.BooleanField()
    substance = models.ForeignKey(
        "clients.Substance", models.PROTECT, null=True, blank=True, related_name="+"
    )
    use_type = models.CharField(max_length=24, choices=UseType.choices, blank=True)
    amount_text = EncryptedTextField(blank=True)
    heavy = models.BooleanField(default=False)
    certainty = models.CharField(max_length=10, choices=Certainty.choices, default=Certainty.SURE)
    source = models.CharField(max_length=24, choices=ReportSource.choices)
    session = models.ForeignKey(
        "counseling.Session", models.PROTECT, null=True, blank=True, related_name="day_marks"
    )
    brought_day = models.BooleanField(default=False)  # whether the use episode learnt of this day from here
    state = models.CharField(max_length=10, choices=State.choices, default=State.STANDS)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_reason = EncryptedTextField(blank=True)

    objects = DayMarkQuerySet.as_manager()

    CLASSES = classify(
        clinical="on used substance use_type amount_text heavy certainty source ended_reason",
        operational="id uid client session brought_day state recorded_at recorded_by ended_at ended_by",
    )

    class Meta:
        ordering: ClassVar = ["on", "pk"]
        indexes: ClassVar = [models.Index(fields=["client", "on"], name="day_mark_of_client")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "on", "source", "substance"],
                condition=Q(state="stands"),
                nulls_distinct=False,
                name="one_word_per_day_and_source",
            ),
            models.CheckConstraint(
                condition=Q(used=True) & ~Q(use_type="")
                | Q(used=False, substance__isnull=True, use_type="", heavy=False),
                name="a_day_without_use_names_nothing",
            ),
            models.CheckConstraint(
                condition=~Q(use_type="as_prescribed"), name="as_prescribed_is_no_use_day"
            ),
            models.CheckConstraint(
                condition=Q(state="stands", ended_at__isnull=True)
                | (~Q(state="stands") & Q(ended_at__isnull=False)),
                name="ended_day_mark_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {'used' if self.used else 'no use'}"

    @property
    def awaits_talk(self) -> bool:
        """Whether the client has not been asked yet: somebody else said so."""
        return self.source in TO_CONFIRM

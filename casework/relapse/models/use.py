"""Use, day by day: an episode is what its days make of it (clinical.md §1.6)."""

from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from casework.relapse import episodes
from casework.relapse.reporting import SELF_REPORTS, TO_CONFIRM, ReportSource
from clients.base import ClientOwnedQuerySet, Record, classify
from clients.models import ClientSubstance


class UseType(models.TextChoices):
    """What kind of use. `as_prescribed` can be said, and is then declined: it is not an episode."""

    ILLICIT = "illicit", _("Illicit substance")
    NON_PRESCRIBED = "non_prescribed_medicine", _("Medicine not prescribed to the client")
    MISUSE = "misuse_of_prescribed", _("Own medicine, other than prescribed")
    ALCOHOL = "alcohol", _("Alcohol")
    AS_PRESCRIBED = "as_prescribed", _("Own medicine, as prescribed")


class Verification(models.TextChoices):
    """How firm the knowledge is. A presumptive result alone never sets a stage."""

    REPORTED = "reported", _("Reported")
    PRESUMPTIVE = "presumptive", _("Presumptive result")
    CONFIRMED = "confirmed", _("Confirmed result")
    CORROBORATED = "corroborated", _("Confirmed")
    UNSUBSTANTIATED = "unsubstantiated", _("Not borne out")
    VOID = "void", _("Taken back or entered in error")


# Known whoever told of it.
FIRM = (Verification.CONFIRMED, Verification.CORROBORATED)


class UseEpisodeQuerySet(ClientOwnedQuerySet):
    def standing(self) -> Self:
        """Those not taken back, not a mistake, not found to be without substance."""
        return self.exclude(verification__in=[Verification.VOID, Verification.UNSUBSTANTIATED])

    def believed(self) -> Self:
        """Those on record, without what still awaits a talk with the client."""
        awaiting = Q(
            verification__in=[Verification.REPORTED, Verification.PRESUMPTIVE], source__in=TO_CONFIRM
        ) | Q(verification=Verification.PRESUMPTIVE)
        return self.standing().exclude(awaiting)

    def counting(self) -> Self:
        """Those that a stage may rest on: told by the client, or confirmed (clinical.md §1.4)."""
        firm = Q(verification__in=FIRM)
        told = Q(verification=Verification.REPORTED, source__in=SELF_REPORTS)
        return self.filter(firm | told)


class UseEpisode(Record):
    """Use of one substance on days fewer than 14 apart."""

    Verification = Verification
    UseType = UseType

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="use_episodes")
    substance = models.ForeignKey(
        "clients.Substance", models.PROTECT, null=True, blank=True, related_name="+"
    )
    use_type = models.CharField(max_length=24, choices=UseType.choices)
    first_use_on = models.DateField()
    last_use_on = models.DateField(null=True, blank=True)  # None: as far as known it goes on
    route = models.CharField(max_length=10, choices=ClientSubstance.Route.choices, default="unknown")
    amount_text = models.CharField(max_length=120, blank=True)
    with_whom = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=24, choices=ReportSource.choices)
    verification = models.CharField(
        max_length=16, choices=Verification.choices, default=Verification.REPORTED
    )
    loss_of_control = models.BooleanField(default=False)
    class_override = models.CharField(
        max_length=8, choices=[(one, one) for one in episodes.EpisodeClass], blank=True
    )
    class_reason = models.CharField(max_length=500, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = UseEpisodeQuerySet.as_manager()

    CLASSES = classify(
        identifying="with_whom place",
        clinical="substance use_type first_use_on last_use_on route amount_text source verification loss_of_control "
        "class_override class_reason",
        operational="id uid client recorded_at recorded_by",
    )

    class Meta:
        ordering: ClassVar = ["-first_use_on", "-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "-first_use_on"], name="use_episode_of_client")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(use_type="as_prescribed"), name="as_prescribed_is_no_episode"
            ),
            models.CheckConstraint(
                condition=Q(last_use_on__isnull=True) | Q(last_use_on__gte=F("first_use_on")),
                name="last_use_after_first_use",
            ),
            models.CheckConstraint(
                condition=Q(class_override="", class_reason="")
                | (~Q(class_override="") & ~Q(class_reason="")),
                name="class_override_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"use episode {self.uid}"

    @property
    def counts(self) -> bool:
        """Whether a stage may rest on it: the same rule as the queryset's `counting`."""
        if self.verification == Verification.REPORTED:
            return self.source in SELF_REPORTS
        return self.verification in (Verification.CORROBORATED, Verification.CONFIRMED)

    def classification(self, thresholds: episodes.Thresholds = episodes.DEFAULT) -> episodes.EpisodeClass:
        """Lapse or relapse: the counselor's word when there is one, else what the days say."""
        if self.class_override:
            return episodes.EpisodeClass(self.class_override)
        days = [one.on for one in self.days.all()]
        return episodes.classify(days, loss_of_control=self.loss_of_control, thresholds=thresholds)

    def is_ongoing(self, on: date, thresholds: episodes.Thresholds = episodes.DEFAULT) -> bool:
        """Whether use goes on, as reckoned on a day."""
        return episodes.is_ongoing(self.first_use_on, self.last_use_on, on=on, thresholds=thresholds)


class UseDay(models.Model):
    """A day with use. A count alone could not be classified."""

    episode = models.ForeignKey(UseEpisode, models.CASCADE, related_name="days")
    on = models.DateField()

    CLASSES: ClassVar[Any] = classify(clinical="on", operational="id episode")

    class Meta:
        ordering: ClassVar = ["on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["episode", "on"], name="one_row_per_use_day")
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class AlsoUsed(models.Model):
    """A further substance used together with the episode's own."""

    episode = models.ForeignKey(UseEpisode, models.CASCADE, related_name="also_used")
    substance = models.ForeignKey("clients.Substance", models.PROTECT, related_name="+")

    CLASSES: ClassVar[Any] = classify(clinical="substance", operational="id episode")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["episode", "substance"], name="one_row_per_further_substance")
        ]

    def __str__(self) -> str:
        return f"{self.substance_id}"

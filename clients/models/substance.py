"""Substances: the practice's catalogue, and what a client has used (clinical.md §3.7)."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify


class Substance(models.Model):
    """An entry of the catalogue. Street names serve search only and never leave the staff's screens."""

    class Klass(models.TextChoices):
        SEDATIVE = "sedative", _("Sedative")
        ALCOHOL = "alcohol", _("Alcohol")
        OPIOID = "opioid", _("Opioid")
        STIMULANT = "stimulant", _("Stimulant")
        CANNABIS = "cannabis", _("Cannabis")
        HALLUCINOGEN = "hallucinogen", _("Hallucinogen")
        INHALANT = "inhalant", _("Inhalant")
        NICOTINE = "nicotine", _("Nicotine")
        OTHER = "other", _("Other")

    key = models.SlugField(max_length=40, unique=True)
    name_en = models.CharField(max_length=80)
    name_es = models.CharField(max_length=80)
    brands = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    klass = models.CharField(_("class"), max_length=14, choices=Klass.choices)
    subclass = models.CharField(max_length=20, blank=True)
    icd_prefix = models.CharField(max_length=4, blank=True)
    atc = models.CharField(max_length=8, blank=True)
    rxcui = models.CharField(max_length=10, blank=True)
    street_names = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    lint_block = models.BooleanField(default=True)
    is_controlled = models.BooleanField(default=False)
    counts_as_moud = models.BooleanField(default=False)
    sudden_stop_danger = models.BooleanField(default=False)
    tolerance_loss_danger = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    version = models.PositiveSmallIntegerField(default=1)

    CLASSES = classify(
        operational="id key name_en name_es brands klass subclass icd_prefix atc rxcui street_names lint_block "
        "is_controlled counts_as_moud sudden_stop_danger tolerance_loss_danger is_active version"
    )

    class Meta:
        ordering: ClassVar = ["name_en"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_es if (get_language() or "en").startswith("es") else self.name_en


class ClientSubstance(Record):
    """One of the several substances that a client uses or has used."""

    class Route(models.TextChoices):
        ORAL = "oral", _("By mouth")
        SMOKED = "smoked", _("Smoked")
        NASAL = "nasal", _("Through the nose")
        INJECTED = "injected", _("Injected")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Not known")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="substances")
    substance = models.ForeignKey(Substance, models.PROTECT, related_name="+", verbose_name=_("substance"))
    first_used_on = models.DateField(_("first use"), null=True, blank=True)
    last_used_on = models.DateField(_("last use"), null=True, blank=True)
    route = models.CharField(_("route"), max_length=10, choices=Route.choices, default=Route.UNKNOWN)
    is_prescribed = models.BooleanField(_("prescribed to the client"), default=False)
    is_primary = models.BooleanField(_("primary"), default=False)
    source = models.CharField(max_length=20, default="staff", editable=False)
    recorded_at = models.DateTimeField(editable=False)

    objects = ClientOwnedQuerySet.as_manager()

    CLASSES = classify(
        clinical="substance first_used_on last_used_on route is_prescribed is_primary",
        operational="id uid client source recorded_at",
    )

    class Meta:
        ordering: ClassVar = ["-is_primary", "substance__name_en"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "substance"], name="one_row_per_client_and_substance"),
            models.UniqueConstraint(
                fields=["client"], condition=Q(is_primary=True), name="one_primary_substance_per_client"
            ),
            models.CheckConstraint(
                condition=Q(first_used_on__isnull=True)
                | Q(last_used_on__isnull=True)
                | Q(last_used_on__gte=F("first_used_on")),
                name="last_use_not_before_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substance_id}"

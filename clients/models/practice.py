"""Who we are: the practice, its sites and programmes, its teams and who supervises whom."""

import zoneinfo
from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import Record, classify


def validate_zone(value: str) -> None:
    """Accept only names of the IANA time zone database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(zone)s” is not a time zone. Choose one like “America/Phoenix”.") % {"zone": value}
        )


class Practice(models.Model):
    """The one practice of this installation."""

    name = models.CharField(_("name"), max_length=120)
    sender_alias = models.CharField(
        _("name that messages carry"),
        max_length=20,
        help_text=_("Neutral: a stranger who reads it must learn nothing about care."),
    )
    phone = models.CharField(_("phone in messages"), max_length=30)
    helpline_number = models.CharField(_("own 24-hour line, if any"), max_length=30, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    jurisdiction = models.CharField(_("jurisdiction"), max_length=8, default="US")
    crisis_auto_reply = models.BooleanField(
        _("answer crisis words at once"),
        default=True,
        help_text=_("A text that names the crisis lines goes out at once, at most one an hour."),
    )

    CLASSES = classify(
        operational="id name sender_alias phone helpline_number time_zone jurisdiction crisis_auto_reply"
    )

    class Meta:
        verbose_name = _("practice")
        verbose_name_plural = _("practices")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Practice":
        """The practice; an unsaved neutral one until set-up has been done."""
        return cls.objects.order_by("pk").first() or cls(
            name="Turnaround", sender_alias="Our office", phone="", time_zone=settings.TIME_ZONE
        )

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class Site(Record):
    """A place where the practice works."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="sites")
    name = models.CharField(_("name"), max_length=120)

    CLASSES = classify(operational="id uid practice name")

    def __str__(self) -> str:
        return self.name


class Programme(Record):
    """A kind of care that a site offers."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="programmes")
    name = models.CharField(_("name"), max_length=120)

    CLASSES = classify(operational="id uid site name")

    def __str__(self) -> str:
        return self.name


class Team(Record):
    """People who share a caseload under the same supervision."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=120, unique=True)

    CLASSES = classify(operational="id uid site name")

    def __str__(self) -> str:
        return self.name


class DatedQuerySet(models.QuerySet[Any]):
    """Rows that hold from one day to another."""

    def on(self, day: date) -> Self:
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gte=day), from_on__lte=day)


def _dates_in_order(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name=name)


class TeamMembership(models.Model):
    """A person in a team, from one day to another."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="team_memberships")
    is_supervisor = models.BooleanField(_("supervises the team"), default=False)
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    CLASSES = classify(operational="id team user is_supervisor from_on to_on")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "user"],
                condition=Q(to_on__isnull=True),
                name="one_open_membership_per_team_and_person",
            ),
            _dates_in_order("team_membership_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class Supervision(models.Model):
    """A supervisor answers for a counselor's work, from one day to another; a person may have several."""

    supervisor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="supervises")
    supervisee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="supervised_by")
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    CLASSES = classify(operational="id supervisor supervisee from_on to_on")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(supervisor=F("supervisee")), name="nobody_supervises_themselves"
            ),
            _dates_in_order("supervision_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.supervisor} → {self.supervisee}"

"""How to reach a client, and what the client has agreed to."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify


class ContactPointQuerySet(ClientOwnedQuerySet):
    def current(self) -> Self:
        return self.filter(retired_at__isnull=True)


class ContactPoint(Record):
    """A phone number or address of a client."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("Mobile phone")
        LANDLINE = "landline", _("Landline")
        EMAIL = "email", _("E-mail")

    class State(models.TextChoices):
        UNVERIFIED = "unverified", _("Not yet verified")
        VERIFIED = "verified", _("Verified")
        BAD = "bad", _("Does not work")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="contact_points")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("number or address"), max_length=254)
    normalized = models.CharField(max_length=254, editable=False, db_index=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.UNVERIFIED)
    state_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_shared = models.BooleanField(
        _("others use it too"),
        default=False,
        help_text=_("Nothing is sent to a shared phone until someone has reviewed it."),
    )
    shared_reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ContactPointQuerySet.as_manager()

    CLASSES = classify(
        identifying="value normalized",
        operational="id uid client kind state state_at is_shared shared_reviewed_at position retired_at",
    )

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "normalized"],
                condition=Q(retired_at__isnull=True),
                name="one_contact_point_per_value",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_usable(self) -> bool:
        """Whether something may be sent there: current, not bad, and reviewed when others use it too."""
        return (
            self.retired_at is None
            and self.state != self.State.BAD
            and (not self.is_shared or self.shared_reviewed_at is not None)
        )


class PermissionQuerySet(ClientOwnedQuerySet):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at), granted_at__lte=at)

    def standing(self) -> Self:
        """Given and not taken back, whatever the clocks of those say who wrote it down."""
        return self.filter(withdrawn_at__isnull=True)


class Permission(Record):
    """A client's word that we may reach them in one way; the newest row without withdrawal counts."""

    class Channel(models.TextChoices):
        TEXT = "text", _("Text messages")
        EMAIL = "email", _("E-mail")
        CALL = "call", _("Phone calls")
        LETTER = "letter", _("Letters")
        POST_DISCHARGE = "post_discharge", _("Contact after discharge")

    class How(models.TextChoices):
        STAFF = "staff", _("told to staff")
        KEYWORD = "keyword", _("by a reply")
        PROVIDER = "provider", _("blocked at the carrier")

    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="permissions")
    channel = models.CharField(_("for"), max_length=16, choices=Channel.choices)
    version = models.CharField(_("version of the wording"), max_length=20, default="1")
    language = models.CharField(_("language of the wording"), max_length=12, default="en")
    granted_at = models.DateTimeField(_("given"))
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_how = models.CharField(max_length=10, choices=How.choices, blank=True)

    objects = PermissionQuerySet.as_manager()

    CLASSES = classify(
        operational="id uid client channel version language granted_at granted_by withdrawn_at withdrawn_by "
        "withdrawn_how"
    )

    class Meta:
        ordering: ClassVar = ["channel", "-granted_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "channel"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_permission_in_force_per_channel",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_how="")
                | (Q(withdrawn_at__gte=F("granted_at")) & ~Q(withdrawn_how="")),
                name="withdrawal_says_when_and_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"

    def holds(self, at: datetime) -> bool:
        return self.granted_at <= at and (self.withdrawn_at is None or self.withdrawn_at > at)


def permitted(client: Any, channel: str, *, at: datetime) -> bool:
    """Whether the client's permission for the channel is in force at that moment."""
    return Permission.objects.in_force(at).filter(client=client, channel=channel).exists()

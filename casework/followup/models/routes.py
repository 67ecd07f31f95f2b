"""What delivery knows of the routes to clients: is the provider there, how fast may it be fed, and what came of it.

A route is a provider on a channel. Rows are few and small; times are the database's.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from clients.base import classify


class Breaker(models.Model):
    """One per route: open while the provider is away, and then nothing is claimed for it."""

    class State(models.TextChoices):
        CLOSED = "closed", _("in service")
        OPEN = "open", _("away")
        HALF_OPEN = "half_open", _("being tried again")

    provider = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0)  # in a row, the provider's own
    rests = models.PositiveSmallIntegerField(default=0)  # how often it was left alone since it went away
    code = models.CharField(max_length=40, blank=True)  # of the last failure
    away_since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(
        null=True, blank=True
    )  # open: when one may try; half open: until when it has time
    changed_at = models.DateTimeField(db_default=Now())

    CLASSES = classify(
        operational="id provider channel state failures rests code away_since until changed_at"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_breaker_per_route", fields=["provider", "channel"]),
            models.CheckConstraint(
                name="open_breaker_has_times",
                condition=Q(state="closed", away_since__isnull=True, until__isnull=True)
                | Q(state__in=["open", "half_open"], away_since__isnull=False, until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} for {self.channel}: {self.state}"


class Pace(models.Model):
    """How many messages a second a sender may hand over: a bucket of tokens. No row: as many as can."""

    provider = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    sender = models.CharField(max_length=80)
    per_second = models.FloatField()
    tokens = models.FloatField(default=1.0)
    filled_at = models.DateTimeField(db_default=Now())
    # The end of the queue, so that each who waits is looked at once in its turn and not over and over again.
    booked_until = models.DateTimeField(db_default=Now())
    urgent_until = models.DateTimeField(db_default=Now())

    CLASSES = classify(
        operational="id provider channel sender per_second tokens filled_at booked_until urgent_until"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_pace_per_sender", fields=["provider", "channel", "sender"]),
            models.CheckConstraint(name="pace_is_positive", condition=Q(per_second__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.sender} by {self.provider}: {self.per_second:g} a second"


class Tally(models.Model):
    """Sums that only grow, for those who watch from outside: attempts by outcome, lateness by step."""

    measure = models.CharField(max_length=20)
    label = models.CharField(max_length=80)
    number = models.BigIntegerField(default=0)
    total = models.FloatField(default=0.0)
    at = models.DateTimeField(db_default=Now())

    CLASSES = classify(operational="id measure label number total at")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_tally_per_label", fields=["measure", "label"])]

    def __str__(self) -> str:
        return f"{self.measure} {self.label}: {self.number}"

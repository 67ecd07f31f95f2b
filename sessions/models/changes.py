"""What became of a session, step by step: rows that are only ever added to."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.base import ClientOwnedQuerySet, Record, classify
from sessions.models.session import CancelledBy, Modality, State


class SessionChangeQuerySet(ClientOwnedQuerySet):
    client_path = "session__client"


class What(models.TextChoices):
    """What was done."""

    MOVED = "moved", _("Changed")
    STARTED = "started", _("Started")
    CLOSED = "closed", _("Outcome")
    CANCELLED = "cancelled", _("Called off")


class SessionChange(Record):
    """One change of plans or of the outcome: what stood before, what stands now, who and when."""

    What = What

    session = models.ForeignKey("counseling.Session", models.PROTECT, related_name="changes")
    what = models.CharField(max_length=12, choices=What.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    wished_by = models.CharField(max_length=8, choices=CancelledBy.choices, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    was_state = models.CharField(max_length=12, choices=State.choices)
    was_starts_at = models.DateTimeField()
    was_ends_at = models.DateTimeField()
    was_modality = models.CharField(max_length=12, choices=Modality.choices)
    was_counselor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    was_room = models.ForeignKey("counseling.Room", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    modality = models.CharField(max_length=12, choices=Modality.choices)
    counselor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    room = models.ForeignKey("counseling.Room", models.PROTECT, null=True, related_name="+")

    objects = SessionChangeQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(
        identifying="session",
        clinical="what wished_by reason was_state was_starts_at was_ends_at was_modality state starts_at ends_at"
        " modality",
        operational="id uid at by was_counselor was_room counselor room",
    )

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [models.Index(fields=["session", "at"], name="change_of_session")]

    def __str__(self) -> str:
        return f"{self.what} {self.session_id}"

    @property
    def in_time(self) -> bool:
        """Whether the session lies at another time than before."""
        return (self.starts_at, self.ends_at) != (self.was_starts_at, self.was_ends_at)

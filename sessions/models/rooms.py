"""Rooms in which the practice meets its clients."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.base import Record, classify


class RoomQuerySet(models.QuerySet["Room"]):
    def in_use(self) -> Self:
        """Those that can still be booked."""
        return self.filter(retired_at=None)


class Room(Record):
    """A room of a site. One that is given up keeps its past sessions and cannot be booked any more."""

    site = models.ForeignKey("clients.Site", models.PROTECT, related_name="rooms", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RoomQuerySet.as_manager()

    CLASSES: ClassVar[Any] = classify(operational="id uid site name retired_at")

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site", "name"], condition=Q(retired_at=None), name="one_room_of_a_name_per_site"
            )
        ]

    def __str__(self) -> str:
        return self.name

"""What every record in every room is built from."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from clients.errors import InvalidTransition

IDENTIFYING, CLINICAL, OPERATIONAL = "identifying", "clinical", "operational"


def classify(*, identifying: str = "", clinical: str = "", operational: str = "") -> Mapping[str, str]:
    """Say of every field whether it identifies a person, is clinical, or only runs the system."""
    named = {IDENTIFYING: identifying, CLINICAL: clinical, OPERATIONAL: operational}
    return {field: kind for kind, fields in named.items() for field in fields.split()}


class Record(models.Model):
    """A row with a number inside and a UUID in addresses."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    CLASSES: ClassVar[Mapping[str, str]] = {}

    class Meta:
        abstract = True


class Lifecycle(models.Model):
    """A record whose `state` moves only along its TRANSITIONS."""

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any] | set[Any]]] = {}
    State: ClassVar[type[models.TextChoices]]
    state: Any

    class Meta:
        abstract = True

    def can_move_to(self, state: Any) -> bool:
        """Whether the table allows the move; buttons are drawn from this."""
        return state in self.TRANSITIONS.get(self.state, frozenset())

    def move_to(self, state: Any) -> None:
        """Change the state. Raises InvalidTransition when the table has no such move."""
        if not self.can_move_to(state):
            raise InvalidTransition(
                _(
                    "This is “%(now)s” now and cannot become “%(to)s”. Reload the page to see what can be done."
                )
                % {"now": self.State(self.state).label, "to": self.State(state).label}
            )
        self.state = state


class ClientOwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a client: who may see the client may see them."""

    client_path: ClassVar[str] = "client"

    def visible_to(self, user: Any, *, at: datetime) -> Self:
        """The rows of the clients that `user` may see at `at`, those of records merged into theirs among them."""
        clients = apps.get_model("clients", "Client").objects.readable_to(user, at=at)
        return self.filter(**{f"{self.client_path}__in": clients.values("pk")})

    def of(self, client: Any) -> Self:
        """The rows of one person, under whichever of their records they stand."""
        return self.filter(**{f"{self.client_path}__in": client.record_ids})

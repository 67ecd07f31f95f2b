"""What the domain says when it declines; pages and the API each translate it once."""

from collections.abc import Callable

from django.utils.functional import Promise


class DomainError(Exception):
    """An act was declined. `message` says why and what to do; `field` names the input at fault, if one is."""

    code = "declined"
    # Set where the refusal itself left a row in the trail: whoever rolls back that transaction calls it again.
    note: Callable[[], object] | None = None

    def __init__(self, message: str | Promise, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    """A value cannot be right, whoever sends it."""

    code = "invalid"


class InvalidTransition(DomainError):
    """The record is not in a state from which this act is possible."""

    code = "invalid_transition"


class Conflict(DomainError):
    """Somebody, or another tab, was there first."""

    code = "conflict"


class NotAllowed(DomainError):
    """The person's role does not include this act."""

    code = "not_allowed"

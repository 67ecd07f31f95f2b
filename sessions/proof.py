"""Who signs proves once more who they are (clinical.md §9.2): a signature needs more than an unlocked screen."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from clients import audit
from clients.errors import InvalidInput, NotAllowed
from clients.models import AuditEvent

NOT_PROVEN = "signature.not_proven"
HOLDS = timedelta(minutes=5)
TRIES, WITHIN = 5, timedelta(minutes=15)


class NotProven(InvalidInput):
    """It could not be shown that the person who signs is the one who is signed in."""

    code = "not_proven"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="password")


def prove(user: Any, password: str, *, now: datetime) -> datetime:
    """The moment at which `user` proved who they are: `now`.

    Raises NotProven for another password, and for any password after five wrong ones within fifteen minutes. Every
    wrong one is in the trail.
    """
    if _tries(user, now) >= TRIES:
        raise NotProven(_("Too many wrong passwords. Wait a quarter of an hour; your text is kept."))
    if not user.check_password(password):
        refusal = NotProven(_("This is not your password. Nothing was signed; your text is kept."))
        refusal.note = lambda: audit.record(NOT_PROVEN, by=user, at=now)
        refusal.note()
        raise refusal
    return now


def _tries(user: Any, now: datetime) -> int:
    return AuditEvent.objects.filter(actor_id=user.pk, verb=NOT_PROVEN, at__gt=now - WITHIN).count()


def check_proof(by: Any, *, proven_at: datetime, now: datetime) -> None:
    """Raise NotAllowed for a signature that nobody gives, or whose proof is older than five minutes."""
    if by is None:
        raise NotAllowed(_("A signature needs a person who gives it."))
    if not now - HOLDS <= proven_at <= now:
        raise NotAllowed(_("Enter your password once more: the last time is too long ago."))

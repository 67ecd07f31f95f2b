"""Nobody is in two sessions at once: a kind answer first, the database's answer behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.errors import Conflict, InvalidInput
from clients.models import Practice
from sessions.models import Session
from sessions.models.session import LONGEST

CONSTRAINTS = ("one_session_at_a_time_per_counselor", "one_session_at_a_time_per_client")


def check_times(*, starts_at: datetime, ends_at: datetime) -> None:
    """Raise InvalidInput unless the session ends after it starts and within twelve hours (clinical.md §9.1)."""
    if ends_at <= starts_at:
        raise InvalidInput(_("The session must end after it starts."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise InvalidInput(_("A session lasts twelve hours at most."), field="ends_at")


def check_free(session: Session) -> None:
    """Raise Conflict when the counselor or the client is taken at that time. Says when, never with whom."""
    others = Session.objects.overlapping(starts_at=session.starts_at, ends_at=session.ends_at).exclude(
        pk=session.pk
    )
    for clash in others.filter(counselor=session.counselor_id).order_by("starts_at")[:1]:
        raise Conflict(
            _("%(name)s already has a session then: %(when)s. Choose another time.")
            % {"name": session.counselor, "when": _span(clash)},
            field="starts_at",
        )
    for clash in others.filter(client=session.client_id).order_by("starts_at")[:1]:
        raise Conflict(
            _("%(name)s already has a session then: %(when)s. Choose another time.")
            % {"name": session.client.first_name, "when": _span(clash)},
            field="starts_at",
        )


def _span(session: Session) -> str:
    zone = Practice.current().zone
    begin, end = timezone.localtime(session.starts_at, zone), timezone.localtime(session.ends_at, zone)
    day = date_format(begin, _("D j M"))
    return f"{day}, {begin:%H:%M}–{end:%H:%M}"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Turn the database's refusal of a double booking, made by somebody at the same moment, into a Conflict."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if any(name in str(error) for name in CONSTRAINTS):
            raise Conflict(
                _("Somebody has just booked that time. Choose another time."), field="starts_at"
            ) from error
        raise

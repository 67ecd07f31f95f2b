"""What became of a session, in words: each change with who made it and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.absences import away
from clients.models import Absence
from clients.together import Asker, alone
from sessions.models import Session, SessionChange
from sessions.models.session import Modality, State

What = SessionChange.What


@dataclass(frozen=True)
class Step:
    """One line of the history."""

    at: datetime
    by: Any
    words: str
    reason: str = ""


def history(session: Session) -> list[Step]:
    """From when it was planned to how it ended, oldest first. One query."""
    return alone(history_asked(session))


def history_asked(session: Session) -> Asker[list[Step]]:
    """The same, for a page that asks for more."""
    rows = session.changes.select_related("by", "counselor", "was_counselor", "room", "was_room")
    rows = rows.order_by("at", "pk")
    yield [rows]
    planned = Step(session.scheduled_at, session.scheduled_by, _("Planned"))
    return [planned, *(Step(row.at, row.by, in_words(row), row.reason) for row in rows)]


def in_words(change: SessionChange) -> str:
    """What was done, with what stood before."""
    match change.what:
        case What.MOVED:
            return _with_wish(change, " ".join(_moves(change)))
        case What.STARTED if change.was_state == State.NO_SHOW:
            return _("Started after all; “missed” was noted before.")
        case What.STARTED:
            return _("Started")
        case What.CLOSED if change.was_state == State.NO_SHOW:
            return _("Attended after all; “missed” was noted before.")
        case What.CANCELLED:
            return _with_wish(change, _("Called off."))
    return str(State(change.state).label)


def _moves(change: SessionChange) -> list[str]:
    said = []
    if change.in_time:
        times = {"old": _moment(change.was_starts_at), "new": _moment(change.starts_at)}
        said.append(_("Moved from %(old)s to %(new)s.") % times)
    if change.counselor_id != change.was_counselor_id:
        people = {"old": change.was_counselor, "new": change.counselor}
        said.append(_("Given from %(old)s to %(new)s.") % people)
    if change.room_id != change.was_room_id:
        rooms = {"old": change.was_room or _("no room"), "new": change.room or _("no room")}
        said.append(_("Room: from %(old)s to %(new)s.") % rooms)
    if change.modality != change.was_modality:
        ways = {"old": Modality(change.was_modality).label, "new": Modality(change.modality).label}
        said.append(_("From “%(old)s” to “%(new)s”.") % ways)
    return said


def _with_wish(change: SessionChange, words: str) -> str:
    wish = {"client": _("The client's wish."), "practice": _("The practice's wish.")}.get(
        change.wished_by, ""
    )
    return f"{words} {wish}".strip()


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, _('D j M'))}, {local:%H:%M}"


def away_then(session: Session) -> Absence | None:
    """How it is arranged, when the counselor of a session still to come is away at its start."""
    if not session.is_open:
        return None
    return away([session.counselor_id], session.starts_at).get(session.counselor_id)

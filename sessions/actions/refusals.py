"""What an act on a note declines, in its own words; and the row that a refusal leaves in the trail."""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from clients import audit
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from sessions import formats
from sessions.models import Addendum, Note, Session

NOTE_REFUSED = "note.refused"
R = TypeVar("R")


class StaleDraft(Conflict):
    """The draft has moved on since the writer last saw it. `stored` is the note as it is now."""

    code = "stale_draft"

    def __init__(self, note: Note) -> None:
        super().__init__(
            _("This note was saved elsewhere in the meantime. Both texts are shown; nothing is lost.")
        )
        self.stored = note


class Incomplete(InvalidInput):
    """Required parts are empty; `fields` lists them in reading order."""

    code = "incomplete"

    def __init__(self, fields: list[str]) -> None:
        names = ", ".join(formats.label_of(key) for key in fields)
        super().__init__(
            _("Still to be filled before signing: %(fields)s.") % {"fields": names}, field=fields[0]
        )
        self.fields = fields


class Unedited(InvalidInput):
    """Text taken over from an earlier note stands as it was; `fields` lists where, in reading order."""

    code = "unedited"

    def __init__(self, fields: list[str]) -> None:
        names = ", ".join(formats.label_of(key) for key in fields)
        super().__init__(
            _("Taken over from an earlier note and not edited yet: %(fields)s. Say what is so today.")
            % {"fields": names},
            field=fields[0],
        )
        self.fields = fields


def refusals_audited(act: Callable[..., R]) -> Callable[..., R]:
    """Run the act in one transaction. That it was refused is recorded after the transaction has been undone."""

    @wraps(act)
    def run(**arguments: Any) -> R:
        try:
            with transaction.atomic():
                return act(**arguments)
        except (InvalidTransition, NotAllowed) as refusal:
            refusal.note = partial(_record_refusal, act.__name__, refusal.code, arguments)
            refusal.note()
            raise

    return run


def _record_refusal(act: str, why: str, arguments: Mapping[str, Any]) -> None:
    found = _named(arguments)
    note = found.note if isinstance(found, Addendum) else found
    client_id = note.client_id if note else None
    by, now = arguments["by"], arguments["now"]
    audit.record(NOTE_REFUSED, by=by, at=now, client_id=client_id, target=found, act=act, why=why)


def _named(arguments: Mapping[str, Any]) -> Session | Note | Addendum | None:
    if "session_id" in arguments:
        return Session.objects.filter(pk=arguments["session_id"]).first()
    if "addendum_id" in arguments:
        return Addendum.objects.select_related("note").filter(pk=arguments["addendum_id"]).first()
    return Note.objects.filter(pk=arguments["note_id"]).first()

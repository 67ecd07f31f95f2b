"""A client passes from one counselor to another (clinical.md §4.6): to-dos with them, in the same transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from casework.followup import summary
from casework.followup.people import counselor_of
from casework.followup.plan_templates import FOR_SUPERVISOR
from clients import actions as record
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput
from clients.models import Client, Handover


@transaction.atomic
def transfer_client(*, client_id: int, counselor: Any, by: Any, now: datetime, note: str = "") -> Client:
    """Make somebody the primary counselor. Open to-dos of the one before become theirs; messages carry their name.

    What waits to be sent stays planned: its words are made when it leaves. Raises InvalidInput when a client changes
    hands without a word for the next counselor. Handing to the same person changes nothing.
    """
    require(by, Verb.ASSIGN_COUNSELOR)
    client = locked(client_id)
    before = counselor_of(client, now)
    if before == counselor:
        return client
    if before is not None and not note.strip():
        raise InvalidInput(_("Say in a few words what the next counselor should know."), field="note")
    record.assign_counselor(client_id=client.pk, counselor=counselor, by=by, now=now)
    moved = _pass_todos(client, before, counselor)
    if note.strip():
        handover = Handover.objects.create(
            client=client, from_user=before, to_user=counselor, note=note.strip(), at=now, by=by
        )
        audit.record("client.handed_over", by=by, at=now, client_id=client.pk, target=handover, todos=moved)
    summary.refresh(client.pk)
    return client


def _pass_todos(client: Client, before: Any, counselor: Any) -> int:
    """Those of the counselor before, and those that nobody had; a supervisor's own stay. Returns how many."""
    nobodys = Q(owner=None) & ~Q(kind__in=FOR_SUPERVISOR)
    theirs = nobodys if before is None else nobodys | Q(owner=before)
    return client.todos.open().filter(theirs).update(owner=counselor)

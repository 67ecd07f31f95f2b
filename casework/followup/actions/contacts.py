"""Trying to reach a client, reaching them, and what was asked when they were reached (clinical.md §4.4, §3.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from casework.followup import answering, ladder, summary, todos
from casework.followup.actions.pausing import BACK
from casework.followup.models import ContactAttempt, InboundMessage, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput
from clients.models import Client

ENDS_WITH_CONTACT = frozenset({ToDoKind.FIRST_CONTACT, ToDoKind.CALL, ToDoKind.ANSWER})
Channel, Outcome = ContactAttempt.Channel, ContactAttempt.Outcome
# What can come of each way; a text of ours that nobody answered is an attempt like a call that nobody took.
POSSIBLE: Mapping[str, frozenset[str]] = {
    Channel.PHONE: frozenset(Outcome),
    Channel.VIDEO: frozenset(Outcome) - {Outcome.VOICEMAIL},
    Channel.IN_PERSON: frozenset(Outcome) - {Outcome.VOICEMAIL, Outcome.WRONG_NUMBER},
    Channel.MESSAGE: frozenset({Outcome.REACHED, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER, Outcome.DECLINED}),
}


@transaction.atomic
def log_contact(
    *,
    client_id: int,
    channel: str,
    outcome: str,
    by: Any,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    todo_id: int | None = None,
    idempotency_key: str = "",
) -> ContactAttempt:
    """Note a try to reach the client. A talk both ways is a contact, and so is a message that was read and answered.

    A contact closes the first contact and the calls that were due; anything else is an attempt and leaves them open.
    """
    require(by, Verb.LOG_CONTACT)
    client = locked(client_id)
    at = at or now
    _check(client, channel, outcome, at, now)
    if idempotency_key:
        known = client.contact_attempts.filter(idempotency_key=idempotency_key).order_by("pk").first()
        if known is not None:
            return known
    todo = client.todos.filter(pk=todo_id).first() if todo_id else None
    attempt = ContactAttempt.objects.create(
        client=client,
        todo=todo,
        at=at,
        by=by,
        channel=channel,
        outcome=outcome,
        note=note.strip(),
        recorded_at=now,
        idempotency_key=idempotency_key,
    )
    audit.record(
        "contact.logged", by=by, at=now, client_id=client_id, target=attempt, outcome=outcome, channel=channel
    )
    if outcome == ContactAttempt.Outcome.REACHED:
        contact_made(client, at=at, by=by, now=now, todo=todo, spoken=channel != Channel.MESSAGE)
    return attempt


@transaction.atomic
def reply_answered(inbound: Any, *, by: Any, now: datetime) -> ContactAttempt:
    """A person has read what the client wrote and answered it: a contact, once a message (clinical.md §4.4)."""
    return log_contact(
        client_id=inbound.client.pk,
        channel=Channel.MESSAGE,
        outcome=Outcome.REACHED,
        by=by,
        now=now,
        idempotency_key=f"reply-{inbound.pk}",
    )


def _check(client: Client, channel: str, outcome: str, at: datetime, now: datetime) -> None:
    if channel not in Channel.values:
        raise InvalidInput(_("Say how you tried to reach the client."), field="channel")
    if outcome not in Outcome.values:
        raise InvalidInput(_("Say what came of it."), field="outcome")
    if outcome not in POSSIBLE[channel]:
        raise InvalidInput(_("That cannot come of this way. Choose what happened."), field="outcome")
    if at > now:
        raise InvalidInput(_("A contact cannot lie in the future."), field="at")
    if client.state == Client.State.DECEASED:
        raise InvalidInput(_("%(first)s has died.") % {"first": client.first_name})
    if channel == Channel.MESSAGE and outcome == Outcome.REACHED and not _wrote(client, at):
        raise InvalidInput(
            _("%(first)s has written nothing that could be answered. A text of ours alone is an attempt.")
            % {"first": client.first_name},
            field="outcome",
        )


def _wrote(client: Client, at: datetime) -> bool:
    """Whether the client had sent anything by then but a word to stop."""
    return InboundMessage.objects.of(client).filter(ladder.HEARD, received_at__lte=at).exists()


def contact_made(
    client: Client,
    *,
    at: datetime,
    by: Any,
    now: datetime,
    todo: ToDo | None = None,
    spoken: bool = True,
    in_group: bool = False,
) -> None:
    """A contact took place: close what waited for it. The caller holds the client's row and audits.

    One in writing (`spoken` false) leaves calls to be made: "I'll call at three" is not the call. One in a group is no
    talk about what happened: it ends a silence, and the talk is still to be had.
    """
    summary.contact_made(client.pk, at)
    settled = Q(pk__in=[]) if in_group else _settled(at, now, todo, spoken=spoken)
    done = list(client.todos.open().filter(settled).select_related("inbound").order_by("pk"))
    how = Outcome.REACHED.label if spoken else Channel.MESSAGE.label
    todos.finish(done, by=by, now=now, outcome=str(how))
    answering.settle_inbound(done, by=by, now=now)
    answering.mark_answered(client, at=at)
    summary.refresh(client.pk)


def _settled(at: datetime, now: datetime, todo: ToDo | None, *, spoken: bool) -> Q:
    """The first contact after a report or a pause, calls that were due or asked for, and what the talk was for.

    A call that a silence asked for is made with any talk, due or not.
    """
    first = Q(kind=ToDoKind.FIRST_CONTACT, plan__reported_at__lte=at)
    asked = Q(due_at__lte=now) | Q(inbound__isnull=False) | Q(step_key__regex=ladder.KEYS)
    calls = Q(kind=ToDoKind.CALL, opened_at__lte=at) & asked
    calls = calls if spoken else Q(pk__in=[])
    this = Q(pk=todo.pk, kind__in=ENDS_WITH_CONTACT) if todo is not None else Q(pk__in=[])
    back = Q(step_key__startswith=BACK, opened_at__lte=at)
    return first | calls | this | back

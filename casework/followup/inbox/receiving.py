"""What happens when a client writes to us (clinical.md §5.3). Crisis first; nobody unknown learns anything.

Called by the webhook after the signature was checked; the same message told twice is one message.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import answering, optout, outbox, phone_links, summary, tasks, todos, visits
from casework.followup.contact_points import mark_contact
from casework.followup.inbox import away, lexicon
from casework.followup.inbox.alarm import raise_alarm
from casework.followup.inbox.crisis import Lexicon
from casework.followup.inbox.words import Meaning, Reading, read
from casework.followup.models import FollowUpPlan, InboundMessage, Message, NamedVisit, PlanState, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import actions as record
from clients import audit, hours
from clients.jurisdiction import jurisdiction
from clients.models import Client, ContactPoint, Permission, Practice
from clients.stage import Stage

CALL_WITHIN, CALL_WITHIN_PHYSICAL = timedelta(hours=24), timedelta(hours=4)
KIND_OF = {"sms": ContactPoint.Kind.MOBILE, "email": ContactPoint.Kind.EMAIL}
PERMISSION_OF = {"sms": Permission.Channel.TEXT, "email": Permission.Channel.EMAIL}


def receive(
    *, provider: str, provider_id: str, channel: str, from_address: str, body: str, now: datetime
) -> InboundMessage:
    """Keep a message and do what it asks for, once per provider and id. Answers leave after the transaction."""
    # The crisis words are read first, so that a table that cannot be read does not cost the message.
    words = lexicon.current()
    return _received(provider, provider_id, channel, from_address, body, words, now)


@transaction.atomic
def _received(
    provider: str, provider_id: str, channel: str, from_address: str, body: str, words: Lexicon, now: datetime
) -> InboundMessage:
    known = InboundMessage.objects.filter(provider=provider, provider_id=provider_id).order_by("pk").first()
    if known is not None:
        return known
    writers = _writers(channel, from_address)
    client = _locked_writer(writers, from_address)
    reading = read(
        body,
        jurisdiction(Practice.current().jurisdiction),
        words,
        opted_out_by_keyword=_stopped_by_keyword(client, channel),
    )
    inbound, created = InboundMessage.objects.get_or_create(
        provider=provider,
        provider_id=provider_id,
        defaults={
            "channel": channel,
            "from_normalized": from_address,
            "client": client,
            "received_at": now,
            "body": body,
            "kind": reading.meaning,
            "crisis": reading.crisis,
            "opt_out": reading.opt_out,
        },
    )
    if not created:
        return inbound
    audit.record(
        "inbox.received",
        by=None,
        at=now,
        client_id=client.pk if client else None,
        target=inbound,
        kind=str(reading.meaning),
    )
    if client is not None:
        _act(inbound, reading, client, now=now)
        for other in writers:
            if other.pk != client.pk and reading.opt_out:
                _opt_out(other, inbound, reading, now=now)
        transaction.on_commit(tasks.wake)
    return inbound


def _writers(channel: str, address: str) -> list[Client]:
    """Who has this number or address on record, each person once. Several people can share a phone."""
    points = ContactPoint.objects.current().filter(normalized=address, kind=KIND_OF.get(channel, channel))
    rows = points.select_related("client__merged_into").order_by("client_id")
    return list({point.client.survivor.pk: point.client.survivor for point in rows}.values())


def _locked_writer(writers: list[Client], address: str) -> Client | None:
    """Of several people on one phone, the one whom we wrote to last; their rows are held until the end."""
    if not writers:
        return None
    ids = sorted(client.pk for client in writers)
    held = {
        pk: record.locked(pk) for pk in ids
    }  # in one order, whoever writes: two messages never wait for each other
    person = {pk: client.pk for client in writers for pk in client.record_ids}
    written = Message.objects.filter(client__in=person, sent_at__isnull=False).order_by("-sent_at")
    last = written.values_list("client_id", flat=True).first() if len(ids) > 1 else None
    return held[person[last] if last else ids[0]]


def _stopped_by_keyword(client: Client | None, channel: str) -> bool:
    """Whether the client's last word on this channel was a keyword that stopped us."""
    if client is None or channel not in PERMISSION_OF:
        return False
    last = (
        Permission.objects.of(client)
        .filter(channel=PERMISSION_OF[channel])
        .order_by("-granted_at", "-pk")
        .first()
    )
    return last is not None and last.withdrawn_at is not None and last.withdrawn_how == Permission.How.KEYWORD


def _act(inbound: InboundMessage, reading: Reading, client: Client, *, now: datetime) -> None:
    if not reading.opt_out or reading.crisis:
        about = reading.meaning in ABOUT_A_VISIT and answering.reminder_answered(client, at=now)
        inbound.answers = about or answering.mark_answered(client, at=now)
        inbound.save(update_fields=["answers"])
    if reading.crisis:
        raise_alarm(client, inbound, now=now)
    if reading.opt_out:
        _opt_out(client, inbound, reading, now=now)
    if client.state == Client.State.DECEASED:
        _somebody_else(client, inbound, reading, now)
    elif reading.meaning in ASKS:
        ASKS[reading.meaning](client, inbound, reading, now)
    summary.refresh(client.pk)


def _opt_out(client: Client, inbound: InboundMessage, reading: Reading, *, now: datetime) -> None:
    """Stop at once, confirm once. A crisis text that says STOP gets the crisis answer and no second one."""
    withdrawn = None
    if inbound.channel in PERMISSION_OF:
        withdrawn = optout.withdraw(
            client_id=client.pk,
            channel=PERMISSION_OF[inbound.channel],
            by=None,
            now=now,
            how=Permission.How.KEYWORD,
        )
    if reading.wrong_number:
        _suspend_number(client, inbound, now=now)
    elif (
        withdrawn is not None and not reading.crisis and inbound.client_id == client.pk and client.is_in_touch
    ):
        outbox.answer(inbound, Message.Kind.STOP_REPLY, client=client, now=now)


def _suspend_number(client: Client, inbound: InboundMessage, *, now: datetime) -> None:
    """The number is somebody else's: nothing goes there any more, the client's name included; the counselor calls."""
    for point in ContactPoint.objects.of(client).current().filter(normalized=inbound.from_normalized):
        mark_contact(contact_id=point.pk, state=ContactPoint.State.BAD, by=None, now=now)
    todos.open_todo(
        client=client,
        kind=ToDoKind.CALL,
        title=_("%(first)s's number seems to be somebody else's: find a new one")
        % {"first": client.first_name},
        due_at=now + CALL_WITHIN,
        now=now,
        inbound=inbound,
        step_key=f"WRONG-NUMBER-{inbound.pk}",
    )


def _opt_in(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    """START undoes a STOP by keyword; it gives no permission that was never given.

    From a number that is known to be somebody else's, or dead, it is no word of the client's: a person looks.
    """
    theirs = ContactPoint.objects.of(client).current().filter(normalized=inbound.from_normalized)
    is_good = theirs.exclude(state=ContactPoint.State.BAD).exists()
    if is_good and client.is_in_touch and _stopped_by_keyword(client, inbound.channel):
        record.grant_permission(
            client_id=client.pk, channel=PERMISSION_OF[inbound.channel], by=None, now=now, version="keyword"
        )
        outbox.answer(inbound, Message.Kind.START_REPLY, client=client, now=now)
    else:
        _for_a_person(client, inbound, reading, now)


def _help(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    outbox.answer(inbound, Message.Kind.HELP_REPLY, client=client, now=now)


def _call(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    physical = _plan_is_physical(client)
    _ask(
        client,
        inbound,
        kind=ToDoKind.CALL,
        title=_("%(first)s answered 2: please call"),
        due_at=now + (CALL_WITHIN_PHYSICAL if physical else CALL_WITHIN),
        now=now,
    )


def _confirm(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    """C confirms the visit that a reminder named; without one nobody knows what it says yes to."""
    standing = _visits_meant(client, inbound, reading, now)
    if standing:
        visits.confirm(client, standing, at=now)


def _reschedule(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    """R asks for another time. The visit stays booked until a person has found one, and the answer says so."""
    standing = _visits_meant(client, inbound, reading, now)
    if standing:
        visits.ask_for_change(client, standing, inbound=inbound, at=now)
        away.say(client, inbound, Message.Kind.CHANGE_REPLY, now=now)


def _visits_meant(
    client: Client, inbound: InboundMessage, reading: Reading, now: datetime
) -> list[NamedVisit]:
    """The visits still to come that a C or an R answers. Of any that is off or has moved somebody tells the client."""
    answered = inbound.answers
    reminder = answered if answered is not None and answered.kind == Message.Kind.REMINDER else None
    named = visits.named_in(reminder, at=inbound.received_at)
    standing = visits.standing(named)
    if not named:
        _for_a_person(client, inbound, reading, now)
    elif len(standing) < len(named):
        _ask(
            client,
            inbound,
            kind=ToDoKind.CALL,
            title=_("%(first)s answers a reminder of a visit that is off or has moved: tell them"),
            due_at=visits.due_before(named[0].starts_at, now),
            now=now,
        )
    return standing


def _plan(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    if not phone_links.plan_asked_for(client, inbound, now=now):
        _for_a_person(client, inbound, reading, now)


def _for_a_person(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    soon = reading.urgent or _plan_is_physical(client)
    _ask(
        client,
        inbound,
        kind=ToDoKind.ANSWER,
        title=_("%(first)s asks for help: answer soon")
        if reading.urgent
        else _("%(first)s wrote: read and answer"),
        due_at=now + CALL_WITHIN_PHYSICAL if soon else hours.next_business_close(now),
        now=now,
        urgent=reading.urgent,
    )


def _ask(
    client: Client,
    inbound: InboundMessage,
    *,
    kind: ToDoKind,
    title: str,
    due_at: datetime,
    now: datetime,
    **more: Any,
) -> ToDo:
    away.answer(client, inbound, now=now)
    return todos.open_todo(
        client=client,
        kind=kind,
        title=title % {"first": client.first_name},
        due_at=due_at,
        now=now,
        inbound=inbound,
        step_key=f"INBOUND-{inbound.pk}",
        **more,
    )


def _somebody_else(client: Client, inbound: InboundMessage, reading: Reading, now: datetime) -> None:
    """Whoever holds the phone of a client who has died is answered by a person, and never asked for as the client."""
    if not reading.crisis and not reading.opt_out:
        _ask(
            client,
            inbound,
            kind=ToDoKind.ANSWER,
            title=_("A message from the phone of %(first)s, who has died"),
            due_at=hours.next_business_close(now),
            now=now,
        )


ABOUT_A_VISIT = frozenset({Meaning.CONFIRM, Meaning.RESCHEDULE})
ASKS = {
    Meaning.OPT_IN: _opt_in,
    Meaning.HELP: _help,
    Meaning.CALL: _call,
    Meaning.CONFIRM: _confirm,
    Meaning.RESCHEDULE: _reschedule,
    Meaning.PLAN: _plan,
    Meaning.OTHER: _for_a_person,
}


def _plan_is_physical(client: Client) -> bool:
    return FollowUpPlan.objects.filter(
        client=client, state__in=[PlanState.ACTIVE, PlanState.MESSAGES_OFF], stage=Stage.PHYSICAL
    ).exists()

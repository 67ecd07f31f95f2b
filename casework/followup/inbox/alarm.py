"""Words that may mean a crisis: somebody is asked at once, the client gets the crisis lines (clinical.md §5.3)."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from casework.followup import outbox, todos
from casework.followup.models import ACKNOWLEDGE_WITHIN, InboundMessage, Message, ToDo
from casework.followup.plan_templates import ToDoKind
from clients import audit
from clients.models import Client, Practice

ONE_REPLY_IN = timedelta(minutes=60)
ONE_ALARM_IN = timedelta(minutes=60)


def raise_alarm(client: Client, inbound: InboundMessage, *, now: datetime) -> ToDo:
    """Ask somebody at once, and send the crisis text, also to somebody who has stopped us."""
    todo = alarm_of(client, inbound, now=now)
    if _may_reply(client, now):
        outbox.answer(inbound, Message.Kind.CRISIS_REPLY, client=client, now=now)
    return todo


def alarm_of(client: Client, inbound: InboundMessage, *, now: datetime) -> ToDo:
    """An urgent to-do, or the one that is open already. The plan's messages wait until a person has cleared it.

    The caller holds the client's row.
    """
    todo = _joined(client, inbound, now) or todos.open_todo(
        client=client,
        kind=ToDoKind.CRISIS,
        title=_("%(first)s may be in crisis: read the message and reach them now")
        % {"first": client.first_name},
        due_at=now + ACKNOWLEDGE_WITHIN,
        now=now,
        inbound=inbound,
        urgent=True,
        step_key=f"CRISIS-{inbound.pk}",
    )
    inbound.alarm = todo
    inbound.save(update_fields=["alarm"])
    Message.objects.filter(client=client).recall()
    return todo


def _joined(client: Client, inbound: InboundMessage, now: datetime) -> ToDo | None:
    """The open alarm that a text of the hour before belongs to.

    One that somebody has is asked about once more: who has it may not have seen this text.
    """
    recent = client.todos.open().filter(
        kind=ToDoKind.CRISIS, crisis_texts__received_at__gt=now - ONE_ALARM_IN
    )
    todo = recent.order_by("-opened_at", "-pk").first()
    if todo is None:
        return None
    if todo.acknowledged_at is not None:
        todo.acknowledged_at, todo.acknowledged_by = None, None
        todo.due_at = now + ACKNOWLEDGE_WITHIN
        todo.save(update_fields=["acknowledged_at", "acknowledged_by", "due_at"])
    audit.record("alarm.joined", by=None, at=now, client_id=client.pk, target=todo, inbound=inbound.pk)
    return todo


def _may_reply(client: Client, now: datetime) -> bool:
    """At most one an hour, unless the practice has switched it off; nobody who has died is written to."""
    if client.state == Client.State.DECEASED or not Practice.current().crisis_auto_reply:
        return False
    return not Message.objects.filter(
        client=client, kind=Message.Kind.CRISIS_REPLY, due_at__gt=now - ONE_REPLY_IN
    ).exists()

"""What the follow-up tests start from."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from casework.followup import actions, inbox
from casework.followup.messages.texts import Texts
from casework.followup.models import Message
from clients.models import ClientSubstance, Substance

PHONE_STEPS = 11  # messages of a physical plan


FIRST = import_module("casework.followup.migrations.0004_first_texts")
LATER = import_module("casework.followup.migrations.0014_texts_of_visits_and_links")
SHIPPED = Texts(
    {
        (row["channel"], row["language"], row["key"]): row["body"]
        for migration in (FIRST, LATER)
        for row in migration.shipped()
    }
)


def report(client: Any, by: Any, now: Any, **fields: Any) -> actions.Reported:
    """Alex tells Dana in a session that it happened."""
    fields = {"stage": "physical", "source": "self_session", **fields}
    return actions.report_relapse(client_id=client.pk, by=by, now=now, **fields)


def sent(message: Message, at: Any, *, delivered: bool = True) -> Message:
    """As the deliverer leaves a message that went through."""
    message.status = Message.Status.DELIVERED if delivered else Message.Status.SENT
    message.sent_at, message.delivered_at = at, at + timedelta(seconds=5) if delivered else None
    message.reason_code = "delivered" if delivered else "accepted"
    message.save()
    return message


def first_message(client: Any) -> Message:
    return Message.objects.filter(client=client, kind=Message.Kind.PLAN).order_by("due_at").first()


def texts(client: Any, body: str, now: Any, *, provider_id: str = "", address: str = "") -> Any:
    """The client (or somebody with the phone) sends a text."""
    number = address or client.contact_points.get(kind="mobile").normalized
    return inbox.receive(
        provider="sandbox",
        provider_id=provider_id or f"in-{body[:20]}-{now.timestamp()}",
        channel="sms",
        from_address=number,
        body=body,
        now=now,
    )


def uses(client: Any, now: Any, *keys: str) -> None:
    """Put substances on record."""
    for key in keys:
        ClientSubstance.objects.create(
            client=client, substance=Substance.objects.get(key=key), recorded_at=now
        )


def open_todos(client: Any) -> list[str]:
    return list(client.todos.open().order_by("due_at", "pk").values_list("kind", flat=True))


def statuses(client: Any) -> set[str]:
    return set(Message.objects.filter(client=client).values_list("status", flat=True))

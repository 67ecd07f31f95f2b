"""A desk with something on it; the clock stands still where pages are opened."""

from datetime import timedelta

import pytest
import time_machine

from casework.followup.models import InboundMessage, ToDo
from casework.followup.plan_templates import ToDoKind
from tests.conftest import NOW


@pytest.fixture
def frozen():
    """Pages read the clock; here it says NOW: 11:00 on a Wednesday in New York."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


def todo(client, *, due_at, kind=ToDoKind.OTHER, title="Send the letter", owner=None, **more) -> ToDo:
    """Something that waits for a person."""
    return ToDo.objects.create(
        client=client,
        kind=kind,
        title=title,
        due_at=due_at,
        owner=owner,
        opened_at=due_at - timedelta(days=1),
        **more,
    )


def answer(client, *, at, body="2", kind="call", **more) -> InboundMessage:
    """What a client wrote."""
    return InboundMessage.objects.create(
        client=client,
        provider="sandbox",
        provider_id=f"in-{InboundMessage.objects.count()}",
        from_normalized="+16025550000",
        received_at=at,
        body=body,
        kind=kind,
        **more,
    )

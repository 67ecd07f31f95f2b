"""One set of real processes for all fault tests; each test has clients and messages of its own."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from casework.followup import heartbeats
from casework.followup.models import Heartbeat, Message
from clients.models import Client
from tests import factories
from tests.faults.stack import Stack, until
from tests.own_database import database_copy

numbers = itertools.count()


@pytest.fixture(scope="module")
def stack(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Provider, worker, beat and watchman, all up."""
    with database_copy(django_db_blocker) as name:
        stack = Stack(tmp_path_factory.mktemp("stack"), database=name)
        try:
            stack.start("sandbox", "worker", "beat", "watch")
            until(stack.provider_is_up, within=30, what="the provider answers")
            stack.arrange(telling="none")
            until(worker_is_seen, within=40, what="the worker sweeps")
            yield stack
        except AssertionError:
            print(stack.logs())
            raise
        finally:
            stack.stop_all()


def worker_is_seen() -> bool:
    """Whether beat and worker have been seen in the last two seconds."""
    at = timezone.now() - timedelta(seconds=3)
    return Heartbeat.objects.filter(name=heartbeats.BEAT, beat_at__gt=at).exists()


@pytest.fixture
def processes(stack: Stack) -> Iterator[Stack]:
    """The stack with everything running and nothing arranged; its logs are shown when a test fails."""
    for name in ("worker", "beat", "watch"):
        if name not in stack.running:
            stack.start(name)
    until(worker_is_seen, within=40, what="the worker sweeps")
    yield stack
    stack.arrange(clear="1")


@pytest.fixture
def alex(stack: Stack) -> Client:
    """A new Alex, with a phone of his own."""
    team = factories.TeamFactory()
    dana = factories.counselor("Dana Reyes", team=team)
    return factories.client_of(dana, team=team, given_name="Alex", time_zone="America/Phoenix")


@pytest.fixture
def phone(alex: Client) -> str:
    number: str = alex.contact_points.get().normalized
    return number


@pytest.fixture
def write(alex: Client) -> Callable[..., Message]:
    """A message written by staff, due now."""

    def one(**fields: Any) -> Message:
        at, number = timezone.now(), next(numbers)
        return Message.objects.create(
            **{
                "client": alex,
                "kind": Message.Kind.MANUAL,
                "body": f"Hi Alex, see you soon ({number}).",
                "local_date": at.date(),
                "local_time": at.time(),
                "tz": "UTC",
                "due_at": at,
                "dedupe_key": f"manual:{number}",
                **fields,
            }
        )

    return one

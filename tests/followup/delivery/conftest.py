"""Messages that are due, and the provider they go to."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from casework.followup import channels
from casework.followup.models import Attempt, Breaker, Message
from clients.models import Client
from tests import factories
from tests.followup.delivery.fakes import FakeMail, FakeSms
from tests.own_database import own_database

__all__ = ["own_database"]
numbers = itertools.count()


def due(client: Client, *, seconds: float = 60, **fields: Any) -> Message:
    """A message written by staff, due some seconds ago: no plan and no quiet hours stand in its way."""
    at = timezone.now() - timedelta(seconds=seconds)
    number = next(numbers)
    defaults: dict[str, Any] = {
        "kind": Message.Kind.MANUAL,
        "body": f"Hi Alex, see you soon ({number}).",
        "local_date": at.date(),
        "local_time": at.time(),
        "tz": "UTC",
        "due_at": at,
        "dedupe_key": f"manual:{number}",
    }
    return Message.objects.create(client=client, **{**defaults, **fields})


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def last_attempt(message: Message) -> Attempt:
    return Attempt.objects.filter(message=message).order_by("fence").last()


def make_due(message: Message) -> None:
    """Let the time pass that a retry or a look-up waits for."""
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def state() -> Breaker:
    """The breaker of the SMS provider."""
    return Breaker.objects.get(provider="fake", channel="sms")


def open_it(*, until: float = 60.0, since: float = 0.0) -> Breaker:
    """The SMS provider is away since some seconds; it may be tried in some."""
    now = timezone.now()
    return Breaker.objects.create(
        provider="fake",
        channel="sms",
        state=Breaker.State.OPEN,
        failures=5,
        rests=1,
        code="unreachable",
        away_since=now - timedelta(seconds=since),
        until=now + timedelta(seconds=until),
    )


@pytest.fixture
def pace(settings: Any) -> Any:
    """Waits short enough for a test, in their true order."""
    settings.FOLLOWUP_LEASE = 5
    settings.FOLLOWUP_PROVIDER_TIMEOUT = 1
    settings.FOLLOWUP_LOOKUP_DELAY = 2
    settings.FOLLOWUP_BACKOFF = 20
    return settings


@pytest.fixture
def provider(pace: Any) -> Iterator[FakeSms]:
    """The SMS provider of this test."""
    pace.FOLLOWUP_CHANNELS = {
        "sms": "tests.followup.delivery.fakes.FakeSms",
        "email": "tests.followup.delivery.fakes.FakeMail",
    }
    fake = channels.route("sms")
    assert isinstance(fake, FakeSms)
    fake.reset()
    yield fake
    fake.reset()


@pytest.fixture
def mail(provider: FakeSms) -> FakeMail:
    """The mail server of this test."""
    fake = channels.route("email")
    assert isinstance(fake, FakeMail)
    fake.reset()
    return fake


@pytest.fixture
def own_alex(own_database: str) -> Client:
    """Alex, Dana's client, in a database whose transactions commit."""
    team = factories.TeamFactory()
    dana = factories.counselor("Dana Reyes", team=team)
    return factories.client_of(dana, team=team, given_name="Alex", time_zone="America/Phoenix")


@pytest.fixture
def write(alex: Client) -> Callable[..., Message]:
    """Write a due message to Alex."""
    return lambda **fields: due(alex, **fields)

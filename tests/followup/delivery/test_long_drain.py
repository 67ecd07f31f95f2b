"""A drain may take most of a minute; what happens meanwhile does not wait for its end."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from casework.followup import delivery
from casework.followup.delivery import sending
from casework.followup.delivery.claiming import claim
from casework.followup.delivery.due import Watermark
from casework.followup.models import Attempt, Message
from tests.followup.delivery.conftest import fresh, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status


def test_a_lease_that_runs_out_during_a_drain_is_freed_during_it(provider, write, pace):
    pace.FOLLOWUP_BATCH, pace.FOLLOWUP_SENDERS = 1, 1
    held = write()
    claim(owner="vanishes:1", watermark=Watermark())
    Message.objects.filter(pk=held.pk).update(lease_until=timezone.now() + timedelta(seconds=0.3))
    others = [write() for _ in range(5)]
    provider.script.extend([lambda outgoing: time.sleep(0.4)] * len(others))

    delivery.deliver_due()

    assert {fresh(message).status for message in others} == {Status.SENT}
    assert fresh(held).status in {Status.UNKNOWN, Status.SENT}, "freed, and looked up if there was time"
    first = Attempt.objects.filter(message=held).order_by("fence").first()
    assert first.outcome in {Attempt.Outcome.UNKNOWN, Attempt.Outcome.ABSENT}


def test_a_drain_that_is_over_at_once_looks_once(provider, write, monkeypatch):
    looked = []
    monkeypatch.setattr(delivery, "expire", lambda: looked.append(1))
    write()

    delivery.deliver_due()

    assert looked == [1]


def test_a_call_that_comes_back_after_its_drain_is_over_is_heard_by_the_next(
    provider, write, pace, monkeypatch
):
    """A process that was frozen in the middle of a call: others have sent the message meanwhile."""
    pace.FOLLOWUP_PROVIDER_TIMEOUT, pace.FOLLOWUP_SENDERS = 0.2, 1
    monkeypatch.setattr(sending, "GRACE", 0.1)
    message = write()
    woken, done = threading.Event(), threading.Event()

    def freeze(outgoing):
        woken.wait(10)
        done.set()

    provider.script.append(freeze)
    delivery.deliver_due()
    assert fresh(message).status == Status.UNKNOWN
    make_due(message)
    delivery.deliver_due()
    assert fresh(message).status == Status.SENT
    assert not fresh(message).possible_duplicate

    woken.set()
    done.wait(10)
    wait_for(lambda: len(provider.accepted) == 2)
    wait_for(lambda: not sending.LATE.empty())
    delivery.deliver_due()

    assert fresh(message).possible_duplicate
    outcomes = Attempt.objects.filter(message=message).values_list("outcome", flat=True)
    assert set(outcomes) == {Attempt.Outcome.ACCEPTED}


def wait_for(true):
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)

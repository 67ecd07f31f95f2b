"""The next claim is made while the last one is sent: more quickly, and as carefully."""

import threading
from collections import Counter

import pytest

from casework.followup import delivery
from casework.followup.channels import DeliveryError
from casework.followup.delivery import ahead
from casework.followup.delivery.ahead import Claims
from casework.followup.delivery.claiming import Watermark
from casework.followup.models import Attempt, Message
from tests.followup.delivery.conftest import due

Status = Message.Status


@pytest.fixture
def asked(monkeypatch):
    """How large each claim was wanted, and in which thread it was made."""
    real, seen = ahead.claim, []

    def claim(**how):
        seen.append((how["batch"], threading.current_thread() is threading.main_thread()))
        return real(**how)

    monkeypatch.setattr(ahead, "claim", claim)
    return seen


def claims():
    return Claims(owner="me", watermark=Watermark(), grace=0.0)


def test_what_a_provider_takes_at_once_is_claimed_ahead_in_growing_pieces(
    provider, own_alex, pace, asked, monkeypatch
):
    pace.FOLLOWUP_BATCH = 5
    monkeypatch.setattr(ahead, "QUICK", 60.0)  # however busy the machine is
    for _ in range(60):
        due(own_alex)

    assert delivery.deliver_due() == 60

    batches = [batch for batch, _main in asked]
    largest = max(batches)
    growing = batches[: batches.index(largest)]  # the last ones, which find nothing, are small again
    assert growing == sorted(growing)
    assert (batches[0], largest > 10) == (5, True)
    assert not all(main for _batch, main in asked)
    assert set(Counter(provider.bodies).values()) == {1}
    assert Attempt.objects.filter(outcome="accepted").count() == 60


def test_no_more_than_five_hundred_are_taken_at_a_time(provider, own_alex, pace):
    pace.FOLLOWUP_BATCH = 300
    due(own_alex)
    with claims() as some:
        claimed, _since = some.next(busy=())
        for _ in range(4):
            some.sent(claimed, seconds=0.1)
        assert some._wanted == 500


def test_after_a_slow_one_the_pieces_are_small_again(provider, own_alex, pace):
    pace.FOLLOWUP_BATCH = 5
    due(own_alex)
    with claims() as some:
        claimed, _since = some.next(busy=())
        some.sent(claimed, seconds=0.1)
        some.sent(claimed, seconds=2.0)
        assert some._wanted == 5


def test_nothing_is_claimed_ahead_of_a_slow_provider(provider, own_alex, pace, asked, monkeypatch):
    pace.FOLLOWUP_BATCH = 5
    monkeypatch.setattr(ahead, "QUICK", 0.0)
    for _ in range(12):
        due(own_alex)

    assert delivery.deliver_due() == 12

    assert {batch for batch, _main in asked} == {5}
    assert all(main for _batch, main in asked)


def test_what_was_claimed_ahead_when_the_time_is_up_is_given_back_untouched(provider, own_alex, pace):
    pace.FOLLOWUP_BATCH = 5
    for _ in range(20):
        due(own_alex)
    with claims() as some:
        first, _since = some.next(busy=())
        some.sent(first, seconds=0.1)
        some.next(busy=())
        (ahead_of_time, _when) = next(iter(some.rest()))
        assert ahead_of_time.held
        assert list(some.rest()) == []


def test_the_time_being_up_leaves_no_message_with_a_lease(provider, own_alex, pace, monkeypatch):
    pace.FOLLOWUP_BATCH = 5
    for _ in range(40):
        due(own_alex)
    ticks = iter([0.0] * 2)
    real = delivery.time.monotonic
    begun = real()
    monkeypatch.setattr(
        delivery, "time", type("Clock", (), {"monotonic": lambda: next(ticks, 1000.0) + begun, "sleep": None})
    )

    delivery.deliver_due(seconds=10)

    assert not Message.objects.filter(status=Status.CLAIMED).exists()
    assert Message.objects.filter(status=Status.SENT).count() == len(provider.accepted)


@pytest.mark.django_db
def test_inside_somebodys_transaction_one_connection_does_it_all(provider, alex, pace, asked):
    pace.FOLLOWUP_BATCH = 2
    for _ in range(9):
        due(alex)

    assert delivery.deliver_due() == 9

    assert all(main for _batch, main in asked)


def test_a_claim_ahead_that_breaks_is_told_and_what_was_sent_is_written_down(
    provider, own_alex, pace, monkeypatch
):
    pace.FOLLOWUP_BATCH = 5
    for _ in range(20):
        due(own_alex)
    real = ahead.claim

    def claim(**how):
        if threading.current_thread() is not threading.main_thread():
            raise DeliveryError("the database went away")
        return real(**how)

    monkeypatch.setattr(ahead, "claim", claim)
    with pytest.raises(DeliveryError):
        delivery.deliver_due()

    assert Message.objects.filter(status=Status.SENT).count() == len(provider.accepted) > 0

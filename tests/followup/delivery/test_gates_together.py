"""Several processes at one breaker and one bucket: one has the try, and no more go than the rate allows."""

import pytest

from casework.followup import delivery
from casework.followup.delivery import breaker, pace
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.models import Attempt, Breaker, Message, Priority
from tests.followup.delivery.conftest import due, open_it, state
from tests.followup.delivery.test_claiming_together import in_threads

State = Breaker.State
SMS = Route("fake", "sms")


@pytest.fixture
def pace_of(provider):
    """Let the SMS number send so many messages a second."""
    return lambda per_second: pace.limit(SMS, provider.sender, per_second)


def test_one_of_many_processes_has_the_try(provider, own_alex, settings):
    messages = [due(own_alex) for _ in range(12)]
    open_it(until=-1)
    settings.FOLLOWUP_BATCH = 2

    shares = in_threads(lambda place: claim(owner=str(place), watermark=Watermark()).held, 6)

    assert sum(map(len, shares)) == 1
    assert Attempt.objects.count() == 1
    assert Message.objects.filter(reason_code="provider_away").count() == len(messages) - 1


def test_failures_counted_by_many_at_once_open_it_once(own_alex, settings):
    settings.FOLLOWUP_BREAKER = {"failures": 3}
    opened = in_threads(lambda place: breaker.failed(SMS, code="503"), 6)

    assert (state().state, state().failures, state().rests) == (State.OPEN, 6, 1)
    assert sum(opened) >= 4  # from the third on they are told that it is away


def test_no_more_leave_than_the_rate_allows_however_many_send(provider, own_alex, pace_of):
    pace_of(20)
    for _ in range(120):
        due(own_alex)

    in_threads(lambda place: delivery.deliver_due(seconds=3), 3)

    at = sorted(when.timestamp() for _id, _sent, when in provider.accepted)
    lasted = at[-1] - at[0]
    assert len(at) <= 5 + 20 * lasted * 1.05  # a bucket of a quarter of a second, and five in a hundred
    assert len(at) >= 0.8 * 20 * lasted  # and the carrier's time is used
    assert Attempt.objects.count() == len(at)


def test_high_risk_takes_the_next_tokens_however_long_the_queue(provider, own_alex, pace_of):
    pace_of(10)
    usual = [due(own_alex, seconds=900 - number) for number in range(60)]
    delivery.deliver_due(seconds=0.5)
    high = [due(own_alex, priority=Priority.HIGH, body=f"high {number}") for number in range(5)]

    in_threads(lambda place: delivery.deliver_due(seconds=1.5), 2)

    sent = provider.bodies
    places = [sent.index(one.body) for one in high]
    before = sum(body not in {one.body for one in high} for body in sent[: max(places)])
    assert before <= 8  # what had left before, and what was in the air
    assert len(sent) < len(usual)

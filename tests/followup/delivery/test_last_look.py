"""Between the claim and the call time goes by: nothing begins when it is night, of no use, or long since decided."""

import time
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from django.utils import timezone

from casework.followup.channels import DeliveryError
from casework.followup.delivery import retry, sending
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.settling import settle
from casework.followup.models import Message
from tests.followup.delivery.conftest import fresh

pytestmark = pytest.mark.django_db
Status = Message.Status


@pytest.fixture
def claimed(provider, write):
    """A claim of one message that is of use for so long."""

    def made(useful_for):
        message = write()
        took = claim(owner="worker", watermark=Watermark())
        (one,) = took.held
        one.outgoing = replace(one.outgoing, useful_for=useful_for)
        return message, took

    return made


def test_what_waited_in_our_hands_until_the_window_closed_is_given_back(provider, pace, claimed):
    message, took = claimed(timedelta(seconds=0.2))
    until = time.monotonic() + pace.FOLLOWUP_LEASE
    time.sleep(0.3)

    assert sending.send(took, until=until) == 0

    assert provider.accepted == []
    assert (fresh(message).status, fresh(message).attempts_made) == (Status.PLANNED, 0)


def test_the_provider_hears_how_long_it_is_of_use_from_now_and_not_from_the_claim(provider, pace, claimed):
    _message, took = claimed(timedelta(minutes=10))

    sending.send(took, until=time.monotonic() + pace.FOLLOWUP_LEASE - 2)  # claimed two seconds ago

    ((_sid, sent, _at),) = provider.accepted
    assert timedelta(minutes=9, seconds=50) < sent.useful_for <= timedelta(minutes=9, seconds=58)


def test_what_is_of_use_for_ever_is_told_so(provider, pace, claimed):
    _message, took = claimed(None)

    sending.send(took, until=time.monotonic() + pace.FOLLOWUP_LEASE)

    assert [sent.useful_for for _sid, sent, _at in provider.accepted] == [None]


def test_a_machine_that_stood_still_looks_again_before_its_first_call(provider, alex, claimed, monkeypatch):
    """Withdrawn while it stood between the look and the socket, well within the lease."""
    message, took = claimed(timedelta(hours=1))
    monkeypatch.setattr(sending, "STALE", 0.2)
    stood_still = []

    class Standing(Thread):
        def start(self):
            if not stood_still:
                stood_still.append(True)
                Message.objects.filter(client=alex).withdraw(reason="opted_out", at=timezone.now())
                time.sleep(0.3)
            super().start()

    monkeypatch.setattr(sending, "Thread", Standing)

    assert sending.send(took, until=time.monotonic() + 60) == 0

    assert provider.accepted == []
    assert (fresh(message).status, fresh(message).reason_code) == (Status.CANCELLED, "opted_out")


def test_one_batch_writes_down_the_unclear_and_the_withheld_whatever_numbers_the_settings_are(
    provider, pace, write
):
    """A breaker that opens makes both at once: what timed out waits for its look-up, the rest goes back at once."""
    pace.FOLLOWUP_LOOKUP_DELAY = 15
    unclear, withheld = write(seconds=90), write(seconds=80)
    took = claim(owner="worker", watermark=Watermark())
    timed_out = DeliveryError("timeout", ambiguous=True)
    after = {unclear.pk: retry.after_error(timed_out, attempts=1), withheld.pk: retry.withheld()}

    settle([sending._result(one, after[one.message.pk]) for one in took.held])

    assert (fresh(unclear).status, fresh(withheld).status) == (Status.UNKNOWN, Status.PLANNED)

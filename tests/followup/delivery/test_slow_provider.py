"""A provider that is slow, or drips, keeps only its own messages waiting; nobody waits for it for ever."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from casework.followup import delivery
from casework.followup.channels import DeliveryError
from casework.followup.delivery import sending
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.models import Attempt, Breaker, Message
from clients.models import ContactPoint
from tests import factories
from tests.followup.delivery.conftest import due, fresh, last_attempt, make_due

Status = Message.Status


@pytest.fixture
def released():
    """Set at the end, so that no call of a test hangs on behind it."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def alex_with_mail(own_alex):
    factories.ContactPointFactory(
        client=own_alex, kind=ContactPoint.Kind.EMAIL, value="a@example.org", normalized="a@example.org"
    )
    factories.PermissionFactory(client=own_alex, channel="email")
    return own_alex


def delivered_beside(**given):
    """Deliver in a thread with a connection of its own."""

    def work():
        try:
            return delivery.deliver_due(**given)
        finally:
            connection.close()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def until(condition, *, within):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_e_mail_that_becomes_due_leaves_while_texts_hang(provider, mail, alex_with_mail, released, pace):
    pace.FOLLOWUP_PROVIDER_TIMEOUT, pace.FOLLOWUP_LEASE = 4, 20
    provider.script.extend([lambda outgoing: released.wait(30) for _ in range(40)])
    texts = [due(alex_with_mail, seconds=90 - number) for number in range(20)]
    done = delivered_beside(seconds=6)
    until(Attempt.objects.exists, within=5)

    letters = [due(alex_with_mail, seconds=0, channel_rule="email") for _ in range(3)]
    until(
        lambda: {fresh(one).status for one in letters} == {Status.SENT}, within=3.5
    )  # before a text is given up

    assert len(mail.accepted) == 3
    assert Attempt.objects.filter(channel="sms", outcome="started").count() >= 8
    done.result(timeout=20)
    assert {fresh(one).status for one in texts} <= {Status.UNKNOWN, Status.HELD, Status.PLANNED}
    assert provider.accepted == []


def test_the_breaker_opens_as_soon_as_the_first_calls_time_out(provider, own_alex, released, pace):
    pace.FOLLOWUP_LEASE = 60
    provider.script.extend([lambda outgoing: released.wait(30) for _ in range(40)])
    for number in range(30):
        due(own_alex, seconds=90 - number)
    began = time.monotonic()

    done = delivered_beside(seconds=12)
    until(lambda: Breaker.objects.filter(state="open").exists(), within=10)

    assert time.monotonic() - began < 10  # the time-out of one second, a second of grace, and a busy machine
    done.result(timeout=20)
    # Eight in the air, and one for each of the four failures that did not yet open it.
    assert Attempt.objects.exclude(outcome="withheld").count() <= 12
    assert Message.objects.filter(reason_code="provider_away").count() >= 20


def test_a_call_that_hangs_is_given_up_and_looked_up(provider, own_alex, released):
    provider.script.append(lambda outgoing: released.wait(30))
    message = due(own_alex)

    assert delivery.deliver_due() == 0

    assert fresh(message).status == Status.UNKNOWN
    assert last_attempt(message).error_code == "timeout"
    make_due(message)
    assert delivery.deliver_due() == 1
    assert len(provider.accepted) == 1


def test_what_the_given_up_call_says_later_changes_nothing(provider, own_alex, released):
    provider.script.append(lambda outgoing: released.wait(30))
    message = due(own_alex)
    delivery.deliver_due()

    released.set()  # the provider takes it after all
    until(lambda: provider.accepted, within=5)
    assert fresh(message).status == Status.UNKNOWN
    make_due(message)
    delivery.deliver_due()

    assert fresh(message).status == Status.SENT
    assert len(provider.accepted) == 1


def test_the_truth_about_a_given_up_call_is_kept_when_it_comes_in_time(provider, own_alex, released):
    provider.script.append(lambda outgoing: released.wait(30))
    message = due(own_alex)
    hands = sending.Sending()
    hands.take(claim(owner="worker", watermark=Watermark()), until=time.monotonic() + 60)
    hands.run(seconds=10)
    assert fresh(message).status == Status.UNKNOWN

    released.set()
    until(
        lambda: sending.settle_late() >= 0 and last_attempt(message).outcome == Attempt.Outcome.ACCEPTED,
        within=5,
    )
    hands.finish()

    make_due(message)
    delivery.deliver_due()
    assert fresh(message).status == Status.SENT
    assert len(provider.accepted) == 1
    assert provider.asked == 0


def test_a_question_that_hangs_keeps_nothing_from_leaving(provider, own_alex, released):
    unclear = due(own_alex, body="unclear")
    provider.script.append(DeliveryError("500", ambiguous=True, provider_away=False))
    delivery.deliver_due()
    make_due(unclear)
    real = provider.find
    provider.find = lambda outgoing: released.wait(30) and real(outgoing)
    other = due(own_alex, body="other")

    try:
        done = delivered_beside(seconds=5)
        until(lambda: "other" in provider.bodies, within=1.9)
        done.result(timeout=20)
    finally:
        provider.find = real

    assert fresh(other).status == Status.SENT
    assert fresh(unclear).status == Status.UNKNOWN
    assert fresh(unclear).reason_code == "checking_provider"


@pytest.mark.django_db
def test_a_quick_provider_is_given_several_at_a_time(provider, write, monkeypatch, pace):
    pace.FOLLOWUP_SENDERS = 2
    checks = []
    real = sending._still_ours
    monkeypatch.setattr(sending, "_still_ours", lambda some: checks.append(len(some)) or real(some))
    for _ in range(90):
        write()

    assert delivery.deliver_due() == 90

    assert len(checks) < 60
    assert max(checks) > 4
    assert sorted(provider.bodies) == sorted(set(provider.bodies))


@pytest.mark.django_db
def test_a_check_is_believed_for_a_moment_only(provider, write, monkeypatch, pace):
    pace.FOLLOWUP_SENDERS = 1
    messages = [write(seconds=90 - number) for number in range(12)]

    def slow(outgoing):
        time.sleep(sending.FRESH * 1.5)

    provider.script.extend([None, None, None, slow])
    checks = []
    real = sending._still_ours
    monkeypatch.setattr(
        sending, "_still_ours", lambda some: checks.append([one.message.pk for one in some]) or real(some)
    )

    assert delivery.deliver_due() == 12

    checked = [pk for some in checks for pk in some]
    assert len(checked) > 12  # those behind the slow one were asked about a second time
    assert set(checked) == {one.pk for one in messages}
    assert len(provider.accepted) == 12


@pytest.mark.django_db
def test_what_a_flight_brings_back_at_the_end_is_given_back_at_once(provider, write, pace):
    pace.FOLLOWUP_SENDERS = 1
    messages = [write(seconds=90 - number) for number in range(6)]
    provider.script.extend([None, lambda outgoing: time.sleep(sending.FRESH * 1.5)])
    hands = sending.Sending()
    hands._at_a_time.default_factory = lambda: 6
    hands.take(claim(owner="worker", watermark=Watermark()), until=time.monotonic() + 60)
    hands._start()

    hands.finish()

    assert len(provider.accepted) == 2
    assert [fresh(one).status for one in messages] == [Status.SENT] * 2 + [Status.PLANNED] * 4
    assert {fresh(one).attempts_made for one in messages[2:]} == {0}

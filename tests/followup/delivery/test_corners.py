"""What happens rarely: somebody else was faster, the database went away, the last try was the last."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from requests import ConnectTimeout

from casework.followup import delivery, tasks
from casework.followup.channels import DeliveryError, Outgoing
from casework.followup.channels.sms import Twilio, never_left
from casework.followup.delivery import claiming, due
from casework.followup.delivery.aside import Aside, end
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.reconciling import expire
from casework.followup.delivery.retry import after_acceptance, after_error
from casework.followup.delivery.settling import Result, settle
from casework.followup.messages import policy
from casework.followup.models import Attempt, Message, ToDo
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status
UNCLEAR = DeliveryError("timeout", ambiguous=True)


def away(*args, **kwargs):
    raise OperationalError("the database went away")


def not_foreseen(*args, **kwargs):
    raise ZeroDivisionError


def break_loading(monkeypatch):
    monkeypatch.setattr(due, "load", away)


def break_policy(monkeypatch):
    monkeypatch.setattr(policy, "may_send_many", away)


def break_policy_twice(monkeypatch):
    monkeypatch.setattr(policy, "may_send_many", not_foreseen)
    monkeypatch.setattr(policy, "may_send", away)


def break_rendering(monkeypatch):
    monkeypatch.setattr(claiming, "render", away)


@pytest.mark.parametrize("breaking", [break_loading, break_policy, break_policy_twice, break_rendering])
def test_a_database_that_goes_away_is_not_the_message_s_fault(provider, write, monkeypatch, breaking):
    messages = [write(), write()]
    with monkeypatch.context() as broken:
        breaking(broken)
        with pytest.raises(OperationalError):
            delivery.deliver_due()

    assert {fresh(message).status for message in messages} == {Status.PLANNED}
    assert {fresh(message).attempts_made for message in messages} == {0}


def test_a_database_that_goes_away_during_a_look_up_stops_the_round(provider, monkeypatch):
    monkeypatch.setattr(delivery.Asking, "begin", away)

    with pytest.raises(OperationalError):
        delivery.deliver_due()


def test_a_message_that_somebody_closed_meanwhile_is_not_closed_twice(provider, write):
    message = write()
    Message.objects.filter(pk=message.pk).withdraw(reason="voided", at=timezone.now())

    end(Aside(message, Status.DEAD, "too_late", {}))

    assert fresh(message).reason_code == "voided"
    assert not ToDo.objects.filter(message=message).exists()


def test_a_round_ends_when_its_time_is_over(provider, write):
    message = write()

    assert delivery.deliver_due(seconds=0) == 0
    assert fresh(message).status == Status.PLANNED


def test_read_after_delivered_changes_nothing(provider, write):
    message = write()
    delivery.deliver_due()
    attempt = last_attempt(message)
    for word in ("delivered", "read"):
        delivery.record_status(
            attempt_id=attempt.pk, provider="fake", provider_id=attempt.provider_id, status=word
        )

    assert fresh(message).status == Status.DELIVERED
    assert last_attempt(message).provider_status == "read"


def test_a_failure_told_of_a_message_already_closed_opens_nothing(provider, write):
    message = write()
    delivery.deliver_due()
    attempt = last_attempt(message)
    Message.objects.filter(pk=message.pk).update(status=Status.DEAD)

    delivery.record_status(
        attempt_id=attempt.pk,
        provider="fake",
        provider_id=attempt.provider_id,
        status="undelivered",
        code="30003",
    )

    assert fresh(message).status == Status.DEAD


def test_a_failure_told_of_an_attempt_given_up_changes_nothing(provider, write):
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    first = last_attempt(message)
    make_due(message)
    delivery.deliver_due()

    delivery.record_status(attempt_id=first.pk, provider="fake", provider_id="SM1", status="undelivered")

    assert fresh(message).status == Status.SENT
    assert not fresh(message).possible_duplicate


def test_a_late_truth_ends_the_doubt_without_asking(provider, write):
    message = write()
    one = claim(owner="frozen", watermark=Watermark()).held[0]
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - timedelta(seconds=10))
    expire()
    settle([Result(message, one.fence, one.outgoing.attempt_id, "", after_acceptance("SM3"))])
    make_due(message)

    delivery.deliver_due()

    assert provider.asked == 0
    assert fresh(message).status == Status.SENT
    assert provider.accepted == []


def test_proven_absent_at_the_last_try_goes_to_the_counselor(provider, write, pace):
    pace.FOLLOWUP_ATTEMPTS = 1
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    make_due(message)

    delivery.deliver_due()

    assert fresh(message).reason_code == "dead_too_many_attempts"
    assert ToDo.objects.filter(message=message).exists()


def test_giving_up_without_the_fence_tells_nobody(provider, write):
    message = write()
    one = claim(owner="frozen", watermark=Watermark()).held[0]
    refused = after_error(DeliveryError("21617", permanent=True), attempts=1)
    Message.objects.filter(pk=message.pk).update(fence=one.fence + 1)

    assert settle([Result(message, one.fence, one.outgoing.attempt_id, "", refused)]) == []

    assert not ToDo.objects.exists()
    assert Attempt.objects.get().outcome == Attempt.Outcome.STARTED


def test_settling_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert settle([]) == []


def test_a_second_process_takes_the_second_lane(provider, write, own_session):
    message = write()
    own_session.execute("SELECT pg_advisory_lock(%s, 0)", [tasks.LANE])

    tasks.sweep()

    assert fresh(message).status == Status.SENT


@pytest.fixture
def own_session():
    """Another process's connection."""
    import psycopg

    with psycopg.connect(
        **connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    ) as session:
        yield session


def test_a_connection_never_made_carried_nothing():
    assert never_left(ConnectTimeout())


def test_an_acceptance_without_an_id_is_unclear(settings, monkeypatch):
    settings.TWILIO = {"sid": "AC1", "token": "t", "sender": "+1", "base": ""}
    channel = Twilio()
    monkeypatch.setattr(channel.client.messages, "create", lambda **fields: type("Made", (), {"sid": None}))

    with pytest.raises(DeliveryError, match="no_id") as caught:
        channel.send(Outgoing(None, "+1", "", "Hi", timezone.now()))

    assert caught.value.ambiguous

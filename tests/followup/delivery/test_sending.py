"""A due message leaves once; a refused one waits, or ends with a to-do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from casework.followup import delivery
from casework.followup.channels import About, DeliveryError
from casework.followup.models import Attempt, Message, Priority, ToDo
from clients.models import ContactPoint, Permission
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status


def test_a_due_message_is_sent_once(provider, write):
    message = write(body="Hi Alex, see you at ten.")

    assert delivery.deliver_due() == 1
    assert delivery.deliver_due() == 0

    assert provider.bodies == ["Hi Alex, see you at ten."]
    assert fresh(message).status == Status.SENT
    assert fresh(message).reason_code == "sent"
    assert fresh(message).sent_at is not None
    assert last_attempt(message).outcome == Attempt.Outcome.ACCEPTED
    assert last_attempt(message).provider_id == provider.accepted[0][0]


def test_a_message_that_is_not_yet_due_waits(provider, write):
    message = write(seconds=-60)

    assert delivery.deliver_due() == 0
    assert fresh(message).status == Status.PLANNED


def test_the_watchman_leaves_the_first_seconds_to_the_worker(provider, write):
    write(seconds=2)
    older = write(seconds=10)

    assert delivery.deliver_due(grace=5) == 1
    assert fresh(older).status == Status.SENT


def test_the_attempt_is_on_record_before_the_provider_hears_of_it(provider, write):
    message = write()
    provider.script.append(lambda outgoing: seen.append(outgoing.attempt_id))
    seen: list = []

    delivery.deliver_due()

    assert seen == [last_attempt(message).pk]
    assert last_attempt(message).started_at <= provider.accepted[0][2]


def test_the_urgent_go_first_whatever_is_older(provider, write, pace):
    pace.FOLLOWUP_SENDERS = 1
    write(body="usual", seconds=500)
    write(body="high", priority=Priority.HIGH, seconds=50)
    write(body="crisis", priority=Priority.CRISIS, seconds=5)

    delivery.deliver_due()

    assert provider.bodies == ["crisis", "high", "usual"]


def test_more_than_a_batch_drains_in_one_go(provider, write, pace):
    pace.FOLLOWUP_BATCH = 4
    for _ in range(11):
        write()

    assert delivery.deliver_due() == 11
    assert not Message.objects.exclude(status=Status.SENT).exists()


def test_a_refusal_for_now_is_tried_again_later(provider, write):
    message = write()
    provider.script.append(DeliveryError("20429"))

    assert delivery.deliver_due() == 0

    waiting = fresh(message)
    assert waiting.status == Status.FAILED
    assert waiting.reason_code == "retrying"
    assert last_attempt(message).outcome == Attempt.Outcome.REJECTED
    make_due(message)
    assert delivery.deliver_due() == 1
    assert fresh(message).attempts_made == 2


def test_the_provider_s_wish_to_wait_is_honoured(provider, write):
    message = write()
    provider.script.append(DeliveryError("20429", retry_after=600))

    delivery.deliver_due()

    assert fresh(message).due_at > timezone.now() + timedelta(seconds=590)


def test_too_many_refusals_end_in_a_call_for_the_counselor(provider, write, pace, dana):
    pace.FOLLOWUP_ATTEMPTS = 2
    message = write()
    provider.script.extend([DeliveryError("20429"), DeliveryError("20429")])

    delivery.deliver_due()
    make_due(message)
    delivery.deliver_due()

    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "dead_too_many_attempts"
    assert fresh(message).closed_at is not None
    todo = ToDo.objects.get(message=message)
    assert todo.owner == dana


def test_a_refusal_for_good_is_never_tried_again(provider, write):
    message = write()
    provider.script.append(DeliveryError("21617", permanent=True))

    delivery.deliver_due()
    make_due(message)
    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "provider_refused"
    assert ToDo.objects.filter(message=message).count() == 1


def test_a_number_that_does_not_exist_is_marked_and_not_used_again(provider, write, alex):
    first, second = write(seconds=90), write(seconds=30)
    provider.script.append(DeliveryError("21211", permanent=True, about=About.RECIPIENT))

    delivery.deliver_due()
    make_due(second)
    delivery.deliver_due()

    assert fresh(first).reason_code == "unreachable_number"
    assert alex.contact_points.get().state == ContactPoint.State.BAD


def test_a_stop_known_only_to_the_carrier_withdraws_the_permission(provider, write, alex):
    message = write()
    provider.script.append(DeliveryError("21610", permanent=True, about=About.OPT_OUT))

    delivery.deliver_due()

    assert fresh(message).reason_code == "provider_blocked"
    permission = Permission.objects.get(client=alex, channel="text")
    assert permission.withdrawn_how == Permission.How.PROVIDER


def test_a_message_past_its_use_becomes_a_call_instead(provider, write):
    message = write(useful_until=timezone.now() - timedelta(seconds=1))

    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "too_late"
    assert ToDo.objects.filter(message=message).exists()


def test_a_channel_that_breaks_its_promise_is_treated_as_unclear(provider, write):
    message = write()

    def burst(outgoing):
        raise RuntimeError("never")

    provider.script.append(burst)

    delivery.deliver_due()

    assert fresh(message).status == Status.UNKNOWN
    assert last_attempt(message).error_code == "internal"

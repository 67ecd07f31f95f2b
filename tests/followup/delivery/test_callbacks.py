"""Status callbacks: told twice or in the wrong order, they move a message once and only forwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from casework.followup import delivery
from casework.followup.channels import DeliveryError
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.retry import after_acceptance
from casework.followup.delivery.settling import Result, settle
from casework.followup.models import Attempt, Message, ProviderEvent, ToDo
from clients.models import ContactPoint
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status


def told(attempt, status, *, sid=None, code="", provider="fake"):
    return delivery.record_status(
        attempt_id=attempt.pk,
        provider=provider,
        provider_id=sid or attempt.provider_id or "SM1",
        status=status,
        code=code,
    )


@pytest.fixture
def sent(provider, write):
    message = write()
    delivery.deliver_due()
    return message


def test_delivered_is_told_once_however_often_it_is_said(sent):
    attempt = last_attempt(sent)

    moved = [told(attempt, "delivered") for _ in range(10)]

    assert moved == [True] + [False] * 9
    assert ProviderEvent.objects.count() == 1
    assert fresh(sent).status == Status.DELIVERED
    assert fresh(sent).delivered_at is not None


@pytest.mark.parametrize("late", ["queued", "sending", "sent", "undelivered"])
def test_nothing_moves_a_delivered_message_back(sent, late):
    attempt = last_attempt(sent)
    told(attempt, "delivered")

    assert told(attempt, late) is False
    assert fresh(sent).status == Status.DELIVERED
    assert last_attempt(sent).provider_status == "delivered"


def test_a_callback_that_comes_before_the_answer_counts(provider, write):
    message = write()
    one = claim(owner="worker", watermark=Watermark()).held[0]
    attempt = last_attempt(message)

    told(attempt, "sent", sid="SM77")
    settled = settle(
        [Result(one.message, one.fence, attempt.pk, one.outgoing.recipient, after_acceptance("SM77"))]
    )

    assert settled == []
    assert fresh(message).status == Status.SENT
    assert last_attempt(message).provider_id == "SM77"


def test_a_callback_ends_the_doubt_about_an_unclear_answer(provider, write):
    message = write()
    provider.script.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()

    told(last_attempt(message), "delivered", sid="SM5")
    make_due(message)
    delivery.deliver_due()

    assert fresh(message).status == Status.DELIVERED
    assert provider.asked == 0
    assert provider.accepted == []


def test_a_late_callback_of_an_attempt_given_up_stops_the_second_one(provider, write):
    message = write()
    provider.script.extend([DeliveryError("timeout", ambiguous=True), DeliveryError("20429")])
    delivery.deliver_due()
    first = last_attempt(message)
    make_due(message)
    delivery.deliver_due()  # proven absent, tried again, refused for now
    assert fresh(message).status == Status.FAILED

    told(first, "delivered", sid="SM9")
    make_due(message)
    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.DELIVERED


def test_a_late_callback_after_the_second_was_sent_is_owned_up_to(provider, write):
    message = write()
    provider.script.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()
    first = last_attempt(message)
    make_due(message)
    delivery.deliver_due()
    assert fresh(message).status == Status.SENT

    told(first, "delivered", sid="SM9")

    assert fresh(message).possible_duplicate


def test_a_sender_that_lost_its_fence_changes_nothing_but_tells_its_truth(provider, write):
    message = write()
    one = claim(owner="frozen", watermark=Watermark()).held[0]
    Message.objects.filter(pk=message.pk).update(
        fence=one.fence + 1, status=Status.FAILED, lease_until=None, due_at=timezone.now()
    )

    result = Result(one.message, one.fence, one.outgoing.attempt_id, "", after_acceptance("SM3"))

    assert settle([result]) == []
    assert fresh(message).status == Status.FAILED
    assert Attempt.objects.get(pk=one.outgoing.attempt_id).outcome == Attempt.Outcome.ACCEPTED


def test_undelivered_for_now_is_tried_again(sent):
    told(last_attempt(sent), "undelivered", code="30003")

    waiting = fresh(sent)
    assert waiting.status == Status.FAILED
    assert waiting.due_at > timezone.now() - timedelta(seconds=1)
    make_due(sent)
    assert delivery.deliver_due() == 1


def test_undelivered_for_good_becomes_a_call(sent, provider):
    provider.is_hard_later = True

    told(last_attempt(sent), "failed", code="30006")

    assert fresh(sent).status == Status.DEAD
    assert ToDo.objects.filter(message=sent).count() == 1


def test_undelivered_and_withdrawn_meanwhile_is_cancelled(sent):
    Message.objects.filter(pk=sent.pk).update(recalled=Message.Recall.CANCEL, recall_reason="opted_out")

    told(last_attempt(sent), "undelivered", code="30003")

    assert fresh(sent).status == Status.CANCELLED
    assert fresh(sent).reason_code == "opted_out"


@pytest.mark.parametrize(
    "fields",
    [{"provider": "twilio"}, {"sid": "SMofSomebodyElse"}],
    ids=["another provider", "another message"],
)
def test_a_callback_about_something_else_changes_nothing(sent, fields):
    assert told(last_attempt(sent), "delivered", **fields) is False
    assert fresh(sent).status == Status.SENT
    assert not ProviderEvent.objects.exists()


def test_a_word_we_do_not_know_changes_nothing(sent):
    assert told(last_attempt(sent), "exploded") is False
    assert not ProviderEvent.objects.exists()


def test_a_callback_for_an_attempt_we_never_made_changes_nothing(db):
    attempt = Attempt()

    assert told(attempt, "delivered") is False


def test_the_provider_s_list_tells_of_delivery_too(provider, write):
    message = write()
    provider.after.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()
    make_due(message)

    delivery.deliver_due()

    assert last_attempt(message).provider_status == "sent"
    assert ContactPoint.objects.filter(state="bad").count() == 0


def test_an_old_attempt_that_arrived_while_the_newer_one_is_unclear_is_owned_up_to(provider, write):
    """Both may be on the phone: the first came late, and of the second the answer was lost."""
    message = write()
    provider.script.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()
    first = last_attempt(message)
    make_due(message)
    provider.after.append(DeliveryError("timeout", ambiguous=True))
    delivery.deliver_due()  # proven absent, and sent again: taken over, but the answer is lost
    assert (fresh(message).status, len(provider.accepted)) == (Status.UNKNOWN, 1)

    told(first, "delivered", sid="SM9")

    assert fresh(message).status == Status.DELIVERED
    assert fresh(message).possible_duplicate

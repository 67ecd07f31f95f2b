"""An unclear answer is looked up before anything is tried again."""

from datetime import timedelta

import pytest
from django.db.models.expressions import RawSQL
from django.utils import timezone

from casework.followup import delivery
from casework.followup.channels import DeliveryError
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.reconciling import expire
from casework.followup.models import Attempt, Message, ToDo
from clients.models import ContactPoint, Permission
from tests.factories import ContactPointFactory, PermissionFactory
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status
UNCLEAR = DeliveryError("timeout", ambiguous=True)


def lease_ran_out(message):
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - timedelta(seconds=10))


def test_an_unclear_answer_is_not_tried_again_at_once(provider, write):
    message = write()
    provider.script.append(UNCLEAR)

    delivery.deliver_due()
    delivery.deliver_due()

    assert provider.accepted == []
    assert provider.asked == 0
    assert fresh(message).status == Status.UNKNOWN
    assert fresh(message).reason_code == "checking_provider"


def test_accepted_and_then_silent_is_found_and_not_sent_again(provider, write):
    message = write()
    provider.after.append(UNCLEAR)
    delivery.deliver_due()
    make_due(message)

    delivery.deliver_due()

    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT
    assert last_attempt(message).outcome == Attempt.Outcome.ACCEPTED
    assert last_attempt(message).provider_id == provider.accepted[0][0]
    assert not fresh(message).possible_duplicate


def test_proven_absent_is_sent_again_once(provider, write):
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    make_due(message)

    delivery.deliver_due()

    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT
    outcomes = list(
        Attempt.objects.filter(message=message).order_by("fence").values_list("outcome", flat=True)
    )
    assert outcomes == [Attempt.Outcome.ABSENT, Attempt.Outcome.ACCEPTED]


def test_while_the_provider_cannot_be_asked_nothing_is_sent(provider, write):
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    provider.unreachable_for_questions = True

    for _ in range(3):
        make_due(message)
        delivery.deliver_due()

    assert provider.asked == 3
    assert provider.accepted == []
    assert fresh(message).status == Status.UNKNOWN


def test_an_answer_that_never_comes_goes_to_the_counselor_when_it_is_too_late(provider, write):
    message = write(useful_until=timezone.now() + timedelta(hours=1))
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    provider.unreachable_for_questions = True
    Message.objects.update(useful_until=timezone.now(), due_at=timezone.now())

    delivery.deliver_due()

    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "not_provable"
    assert ToDo.objects.filter(message=message).exists()


def test_what_no_key_opens_any_more_goes_to_the_counselor_when_it_is_too_late(provider, write):
    lost, fine = write(), write()
    provider.script.extend([UNCLEAR, UNCLEAR])
    delivery.deliver_due()
    Message.objects.filter(pk=lost.pk).update(body=RawSQL("%s::bytea", [b"\x01of no key"]))
    Message.objects.update(due_at=timezone.now())

    delivery.deliver_due()
    assert (fresh(fine).status, status_of(lost)) == (Status.SENT, Status.UNKNOWN)

    Message.objects.filter(pk=lost.pk).update(useful_until=timezone.now(), due_at=timezone.now())
    delivery.deliver_due()

    assert status_of(lost) == Status.DEAD
    assert ToDo.objects.filter(message=lost).exists()


def status_of(message):
    """Without its words."""
    return Message.objects.values_list("status", flat=True).get(pk=message.pk)


def test_two_messages_of_the_same_words_are_not_taken_for_each_other(provider, write):
    first, second = write(body="Hi Alex."), write(body="Hi Alex.")
    provider.after.append(UNCLEAR)
    provider.script.extend([None, UNCLEAR])
    delivery.deliver_due()
    make_due(first)
    make_due(second)

    delivery.deliver_due()

    assert len(provider.accepted) == 2
    ids = {last_attempt(first).provider_id, last_attempt(second).provider_id}
    assert ids == {sid for sid, _sent, _at in provider.accepted}


def test_a_worker_that_died_before_the_call_is_found_out_and_the_message_sent(provider, write):
    message = write()
    claim(owner="dead", watermark=Watermark())
    assert fresh(message).status == Status.CLAIMED
    lease_ran_out(message)

    assert expire() == 1
    assert fresh(message).status == Status.UNKNOWN
    assert fresh(message).reason_code == "interrupted"
    make_due(message)
    delivery.deliver_due()

    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT


def test_a_worker_that_died_after_the_call_does_not_make_a_second_message(provider, write):
    message = write()
    claimed = claim(owner="dead", watermark=Watermark())
    provider.send(claimed.held[0].outgoing)
    lease_ran_out(message)

    expire()
    make_due(message)
    delivery.deliver_due()

    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT


def test_a_lease_that_has_not_run_out_is_left_alone(provider, write):
    message = write()
    claim(owner="alive", watermark=Watermark())

    assert expire() == 0
    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.CLAIMED


def test_a_message_withdrawn_meanwhile_is_not_sent_after_all(provider, write):
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    Message.objects.filter(pk=message.pk).withdraw(reason="plan_replaced", at=timezone.now())
    assert fresh(message).status == Status.UNKNOWN
    make_due(message)

    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.CANCELLED
    assert fresh(message).reason_code == "plan_replaced"


def test_a_message_withdrawn_meanwhile_that_had_left_is_told_as_sent(provider, write):
    message = write()
    provider.after.append(UNCLEAR)
    delivery.deliver_due()
    Message.objects.filter(pk=message.pk).withdraw(reason="plan_replaced", at=timezone.now())
    make_due(message)

    delivery.deliver_due()

    assert fresh(message).status == Status.SENT


def test_a_provider_no_longer_in_use_cannot_be_asked(provider, write):
    message = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    Attempt.objects.update(provider="gone")
    make_due(message)

    delivery.deliver_due()

    assert fresh(message).status == Status.SENT  # its call had not been marked as begun: nothing was sent
    assert len(provider.accepted) == 1


@pytest.fixture
def by_mail(alex, write):
    """Alex prefers e-mail."""
    ContactPointFactory(
        client=alex, kind=ContactPoint.Kind.EMAIL, value="alex@example.org", normalized="alex@example.org"
    )
    Permission.objects.filter(client=alex).update(withdrawn_at=timezone.now(), withdrawn_how="staff")
    PermissionFactory(client=alex, channel="email")
    alex.preferred_channel = "email"
    alex.save()


def test_where_nothing_can_be_proven_it_is_sent_once_more_and_flagged(mail, write, by_mail):
    message = write()
    mail.after.append(UNCLEAR)
    delivery.deliver_due()
    assert last_attempt(message).called_at is not None
    make_due(message)

    delivery.deliver_due()

    assert len(mail.accepted) == 2
    assert fresh(message).status == Status.SENT
    assert fresh(message).possible_duplicate


def test_where_nothing_can_be_proven_there_is_no_third_time(mail, write, by_mail):
    message = write()
    mail.after.extend([UNCLEAR, UNCLEAR])
    delivery.deliver_due()
    make_due(message)
    delivery.deliver_due()
    make_due(message)

    delivery.deliver_due()
    make_due(message)
    delivery.deliver_due()

    assert len(mail.accepted) == 2
    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "not_provable"
    assert ToDo.objects.filter(message=message).exists()


def test_mail_whose_call_had_not_begun_is_sent_without_a_flag(mail, write, by_mail):
    message = write()
    claim(owner="dead", watermark=Watermark())
    lease_ran_out(message)
    expire()
    make_due(message)

    delivery.deliver_due()

    assert len(mail.accepted) == 1
    assert not fresh(message).possible_duplicate


def test_what_cannot_be_looked_up_keeps_nothing_from_leaving(provider, write, monkeypatch):
    doubtful = write()
    provider.script.append(UNCLEAR)
    delivery.deliver_due()
    make_due(doubtful)
    monkeypatch.setattr(provider, "find", lambda outgoing: 1 / 0)
    fine = write()

    delivery.deliver_due()

    assert fresh(fine).status == Status.SENT
    assert fresh(doubtful).status == Status.UNKNOWN


def test_a_second_try_by_another_channel_has_that_channel_s_words(provider, mail, write, by_mail, alex):
    message = write(body="", template_key="checkin.1")
    mail.script.append(DeliveryError("451"))
    delivery.deliver_due()
    assert "STOP" not in fresh(message).body
    PermissionFactory(client=alex, channel="text")
    Permission.objects.filter(client=alex, channel="email").update(
        withdrawn_at=timezone.now(), withdrawn_how="staff"
    )
    make_due(message)

    delivery.deliver_due()

    assert "STOP" in provider.bodies[0]

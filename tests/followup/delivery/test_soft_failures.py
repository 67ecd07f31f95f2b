"""What does not arrive: twice in vain by one way, then the next; a dead number is marked; in the end somebody calls."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from casework.followup import channels, delivery
from casework.followup.channels import About, DeliveryError
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.hours import timing_of
from casework.followup.messages.policy import Decision, Verdict, may_send
from casework.followup.messages.reasons import words
from casework.followup.models import Attempt, Breaker, Message, ToDo
from casework.followup.schedule import Timing, closing, same_day
from clients.models import ContactPoint, Permission, Practice
from tests import factories
from tests.followup.delivery.conftest import fresh, last_attempt, make_due

pytestmark = pytest.mark.django_db
Status = Message.Status


@pytest.fixture
def mailbox(mail, alex):
    factories.ContactPointFactory(
        client=alex, kind=ContactPoint.Kind.EMAIL, value="alex@example.org", normalized="alex@example.org"
    )
    factories.PermissionFactory(client=alex, channel=Permission.Channel.EMAIL)
    return mail


def tell(message, status, code="30003"):
    """The provider reports on the last attempt."""
    attempt = last_attempt(message)
    return delivery.record_status(
        attempt_id=attempt.pk,
        provider=attempt.provider,
        provider_id=attempt.provider_id,
        status=status,
        code=code,
    )


def send_in_vain(message, *, code="30003"):
    make_due(message)
    delivery.deliver_due()
    assert fresh(message).status == Status.SENT
    tell(message, "undelivered", code)


def test_after_one_soft_failure_the_same_way_is_tried_again(provider, mailbox, write):
    message = write()
    send_in_vain(message)

    make_due(message)
    delivery.deliver_due()

    assert [attempt.channel for attempt in message.attempts.order_by("n")] == ["sms", "sms"]


def test_after_two_soft_failures_the_same_message_takes_the_next_way(provider, mailbox, write):
    message = write()
    send_in_vain(message)
    send_in_vain(message)

    make_due(message)
    delivery.deliver_due()

    assert fresh(message).status == Status.SENT
    assert [attempt.channel for attempt in message.attempts.order_by("n")] == ["sms", "sms", "email"]
    assert len(mailbox.accepted) == 1
    assert Message.objects.count() == 1


def test_the_second_failure_need_not_be_the_next_one(provider, mailbox, write):
    message = write()
    send_in_vain(message)
    make_due(message)
    provider.script.append(DeliveryError("450", provider_away=False))
    delivery.deliver_due()
    send_in_vain(message)

    make_due(message)
    delivery.deliver_due()

    assert last_attempt(message).channel == "email"


def test_another_message_still_goes_by_the_usual_way(provider, mailbox, write):
    message, other = write(), write(seconds=-600)
    send_in_vain(message)
    send_in_vain(message)

    make_due(other)
    delivery.deliver_due()

    assert last_attempt(other).channel == "sms"


def test_without_another_way_two_soft_failures_become_a_call(provider, write, dana):
    message = write()
    send_in_vain(message)
    send_in_vain(message)
    assert fresh(message).status == Status.FAILED

    make_due(message)
    delivery.deliver_due()

    assert (fresh(message).status, fresh(message).reason_code) == (Status.DEAD, "did_not_arrive")
    todo = ToDo.objects.get(message=message)
    assert todo.owner == dana
    assert "Call instead" in words(fresh(message))


def test_two_soft_failures_on_each_way_become_a_call(provider, mailbox, write):
    message = write()
    for _ in range(4):
        send_in_vain(message)

    make_due(message)
    delivery.deliver_due()

    assert [attempt.channel for attempt in message.attempts.order_by("n")] == ["sms", "sms", "email", "email"]
    assert fresh(message).reason_code == "did_not_arrive"


def test_a_crowded_carrier_is_no_failure_of_the_way(provider, mailbox, write):
    message = write()
    for _ in range(3):
        send_in_vain(message, code="30001")
        Breaker.objects.all().delete()

    make_due(message)
    delivery.deliver_due()

    assert last_attempt(message).channel == "sms"


def test_a_crowded_carrier_is_left_alone_for_a_moment(provider, write):
    message, other = write(), write(seconds=-60)
    send_in_vain(message, code="30001")
    make_due(other)

    delivery.deliver_due()

    assert Breaker.objects.get().state == Breaker.State.OPEN
    assert fresh(other).reason_code == "provider_away"


def test_a_number_that_never_works_is_marked_and_a_call_asked_for_the_same_day(provider, alex, write, dana):
    provider.is_hard_later = True
    message = write()
    real, provider.later_failure = (
        provider.later_failure,
        lambda code: DeliveryError(code, permanent=True, about=About.RECIPIENT),
    )
    try:
        send_in_vain(message, code="30005")
    finally:
        provider.later_failure = real

    assert fresh(message).reason_code == "unreachable_number"
    assert alex.contact_points.get().state == ContactPoint.State.BAD
    todo = ToDo.objects.get(message=message)
    now = timezone.now()
    assert todo.due_at == same_day(todo.opened_at, alex.zone, timing_of(Practice.current()))
    assert todo.due_at - now < timedelta(hours=15)


PHOENIX_DAY = [  # what Alex's clock shows in Phoenix, and until when to call: UTC is seven hours on
    (datetime(2026, 3, 11, 16, 0, tzinfo=UTC), datetime(2026, 3, 12, 3, 0, tzinfo=UTC)),  # 09:00 -> 20:00
    (datetime(2026, 3, 12, 1, 59, tzinfo=UTC), datetime(2026, 3, 12, 3, 0, tzinfo=UTC)),  # 18:59 -> 20:00
    (datetime(2026, 3, 12, 2, 30, tzinfo=UTC), datetime(2026, 3, 12, 3, 30, tzinfo=UTC)),  # 19:30 -> an hour
    (datetime(2026, 3, 12, 5, 0, tzinfo=UTC), datetime(2026, 3, 12, 17, 0, tzinfo=UTC)),  # 22:00 -> 10:00
    (datetime(2026, 3, 12, 14, 0, tzinfo=UTC), datetime(2026, 3, 12, 17, 0, tzinfo=UTC)),  # 07:00 -> 10:00
]


@pytest.mark.parametrize(("now", "by"), PHOENIX_DAY)
def test_the_same_day_is_the_client_s(alex, now, by):
    assert same_day(now, alex.zone, Timing()) == by


def test_the_window_closes_where_the_client_is(alex):
    assert closing(datetime(2026, 3, 12, 2, 0, tzinfo=UTC), alex.zone, Timing()) == datetime(
        2026, 3, 12, 3, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("code", ["30003", "30008", "30001", "30022", "30036"])
def test_twilio_s_passing_failures_are_soft(settings, code):
    settings.FOLLOWUP_CHANNELS = {"sms": "casework.followup.channels.sms.Twilio"}
    assert not channels.route("sms").later_failure(code).permanent


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("30004", "recipient"),
        ("30005", "recipient"),
        ("30006", "recipient"),
        ("30007", "message"),
        ("21610", "opt_out"),
    ],
)
def test_twilio_s_hard_failures_are_about_somebody(settings, code, about):
    settings.FOLLOWUP_CHANNELS = {"sms": "casework.followup.channels.sms.Twilio"}
    failure = channels.route("sms").later_failure(code)
    assert (failure.permanent, failure.about) == (True, about)


# --- how long a message is of use to the provider ---
def useful_for(message, monkeypatch, *, arrive_by=None):
    way = Verdict(
        decision=Decision.SEND,
        channel="sms",
        address="+16025550000",
        contact_point_id=None,
        arrive_by=arrive_by,
    )
    monkeypatch.setattr(
        "casework.followup.messages.policy.decide", lambda message, facts, at: way, raising=True
    )
    (one,) = claim(owner="worker", watermark=Watermark()).held
    assert one.message.pk == message.pk
    return one.outgoing.useful_for


def test_nothing_is_of_use_for_longer_than_four_hours(provider, write, monkeypatch):
    assert useful_for(write(), monkeypatch) == timedelta(hours=4)


def test_nothing_may_arrive_after_the_window_has_closed(provider, write, monkeypatch):
    soon = timezone.now() + timedelta(minutes=20)

    left = useful_for(write(), monkeypatch, arrive_by=soon)

    assert timedelta(minutes=19) < left <= timedelta(minutes=20)


def test_nothing_may_arrive_when_it_is_of_no_use(provider, write, monkeypatch):
    message = write(useful_until=timezone.now() + timedelta(minutes=5))

    left = useful_for(message, monkeypatch, arrive_by=timezone.now() + timedelta(hours=2))

    assert timedelta(minutes=4) < left <= timedelta(minutes=5)


@time_machine.travel(datetime(2026, 3, 12, 2, 0, tzinfo=UTC), tick=False)  # 19:00 in Phoenix
def test_policy_says_until_when_a_plan_s_message_may_arrive(alex, write):
    message = write(kind=Message.Kind.REMINDER, seconds=0)

    assert may_send(message, timezone.now()).arrive_by == datetime(2026, 3, 12, 3, 0, tzinfo=UTC)


# --- the key of a message ---
def keys(provider):
    return [sent.idempotency_key for _id, sent, _at in provider.accepted]


def test_every_try_of_a_message_carries_the_same_key(provider, write):
    message = write()
    provider.after.append(DeliveryError("500", ambiguous=True, provider_away=False))
    provider.script.append(None)
    delivery.deliver_due()
    Attempt.objects.update(outcome="rejected")
    Message.objects.update(status=Status.FAILED)
    make_due(message)
    delivery.deliver_due()

    assert keys(provider) == [f"{message.uid}:0"] * 2


def test_after_it_was_proven_not_to_have_arrived_it_is_another_one(provider, write):
    message = write()
    send_in_vain(message)
    make_due(message)
    delivery.deliver_due()

    assert keys(provider) == [f"{message.uid}:0", f"{message.uid}:1"]

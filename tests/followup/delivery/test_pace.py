"""A sender hands over no more a second than it may; who waits is told so, and the urgent go first."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from casework.followup import channels, delivery
from casework.followup.channels.email import Email
from casework.followup.channels.sandbox import Sandbox
from casework.followup.channels.sms import Twilio
from casework.followup.delivery import pace as pacing
from casework.followup.delivery.breaker import Route
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.models import Message, Pace, Priority
from tests import factories
from tests.followup.delivery.conftest import due, fresh, make_due, open_it

pytestmark = pytest.mark.django_db
Status = Message.Status
SMS = Route("fake", "sms")


@pytest.fixture
def one_a_second(provider):
    return pacing.limit(SMS, provider.sender, 1)


def claimed(batch=None):
    return [one.message.pk for one in claim(owner="worker", watermark=Watermark(), batch=batch).held]


def test_without_a_limit_all_go(provider, write):
    messages = [write(seconds=90 - number) for number in range(30)]

    assert claimed() == [one.pk for one in messages]
    assert not Pace.objects.exists()


def test_one_goes_and_the_others_get_their_turn(provider, write, one_a_second):
    messages = [write(seconds=90 - number) for number in range(5)]

    assert claimed() == [messages[0].pk]

    waiting = [fresh(one) for one in messages[1:]]
    assert {(one.status, one.reason_code) for one in waiting} == {(Status.HELD, "rate")}
    gaps = {round((later.due_at - sooner.due_at).total_seconds(), 3) for sooner, later in pairwise(waiting)}
    assert gaps == {1.0}
    assert [one.ready_at for one in waiting] == [one.due_at for one in messages[1:]]


def test_the_turn_of_the_next_batch_comes_behind_the_first(provider, write, one_a_second):
    messages = [write(seconds=90 - number) for number in range(6)]

    claimed(batch=3)
    claimed(batch=3)

    turns = [fresh(one).due_at for one in messages[1:]]
    assert turns == sorted(set(turns))
    assert turns[-1] - turns[0] == timedelta(seconds=4)


def test_the_urgent_need_not_queue_behind_the_usual(provider, write, one_a_second):
    usual = [write(seconds=90 - number) for number in range(50)]
    claimed()
    crisis = write(priority=Priority.CRISIS, seconds=1)

    assert claimed() == []

    assert fresh(crisis).due_at < fresh(usual[3]).due_at


def test_who_had_a_turn_and_lost_it_is_not_sent_to_the_end(provider, write, one_a_second):
    messages = [write(seconds=90 - number) for number in range(50)]
    claimed()
    end = Pace.objects.get().booked_until
    make_due(messages[10])

    assert claimed() == []

    assert fresh(messages[10]).due_at < timezone.now() + timedelta(seconds=1.5)
    assert Pace.objects.get().booked_until == end


def test_tokens_come_back_with_the_database_s_time_and_no_more_than_a_bucket(provider, write, one_a_second):
    messages = [write(seconds=90 - number) for number in range(5)]
    claimed()
    Pace.objects.update(filled_at=timezone.now() - timedelta(hours=1))
    Message.objects.filter(status=Status.HELD).update(due_at=timezone.now() - timedelta(seconds=1))

    assert len(claimed()) == 1
    assert Message.objects.filter(reason_code="rate").count() == len(messages) - 2


def test_a_fast_sender_has_a_bucket_of_a_quarter_of_a_second(provider, write):
    pacing.limit(SMS, provider.sender, 100)
    Pace.objects.update(filled_at=timezone.now() - timedelta(hours=1))
    for _ in range(40):
        write()

    assert len(claimed()) == 25


def test_e_mail_does_not_wait_for_the_turns_of_texts(provider, mail, alex, write, one_a_second):
    factories.ContactPointFactory(
        client=alex, kind="email", value="alex@example.org", normalized="alex@example.org"
    )
    factories.PermissionFactory(client=alex, channel="email")
    for number in range(150):
        write(seconds=500 - number)
    letter = due(alex, seconds=1, channel_rule="email")

    delivery.deliver_due(seconds=3)

    assert fresh(letter).status == Status.SENT


def test_the_deliverer_stays_while_somebody_has_a_turn(provider, write):
    pacing.limit(SMS, provider.sender, 20)
    for _ in range(8):
        write()

    assert delivery.deliver_due(seconds=5) == 8
    assert pacing.next_turn() is None


def test_an_empty_queue_keeps_nobody(provider, one_a_second):
    assert pacing.next_turn() is None


def test_a_turn_is_never_later_than_the_message_is_of_use(provider, write, one_a_second):
    soon = timezone.now() + timedelta(seconds=5)
    messages = [write(seconds=90 - number, useful_until=soon) for number in range(20)]

    claimed()

    assert fresh(messages[-1]).due_at == soon


def test_what_is_held_for_the_provider_takes_no_token(provider, write, one_a_second):
    write()
    open_it()

    assert claimed() == []
    assert Pace.objects.get().tokens == 1


def test_a_try_goes_even_when_the_bucket_is_empty(provider, write, one_a_second):
    message = write()
    open_it(until=-1)
    Pace.objects.update(tokens=0, filled_at=timezone.now())

    assert claimed() == [message.pk]


def test_a_long_number_sends_one_a_second_unless_the_installation_says_otherwise(settings, provider):
    settings.TWILIO = {**settings.TWILIO, "sender": "+15550100177"}
    settings.FOLLOWUP_CHANNELS = {"sms": "casework.followup.channels.sms.Twilio"}
    channels._made.cache_clear()

    delivery.deliver_due()
    assert [(one.sender, one.per_second) for one in Pace.objects.order_by("pk")] == [("+15550100177", 1.0)]

    pacing.limit(Route("twilio", "sms"), "+15550100177", 3)
    delivery.deliver_due()
    channels._made.cache_clear()
    assert Pace.objects.get().per_second == 3


@pytest.mark.parametrize(
    ("sender", "rate"), [("+15550100177", 1.0), ("55501", None), ("MG" + "0" * 32, None)]
)
def test_short_codes_and_services_pace_themselves(settings, sender, rate):
    settings.TWILIO = {**settings.TWILIO, "sender": sender}

    assert Twilio().per_second == rate


def test_the_sandbox_and_e_mail_have_no_limit(settings):
    settings.DEMO = True

    assert (Sandbox().per_second, Email().per_second) == (None, None)
    assert Email().sender == settings.DEFAULT_FROM_EMAIL


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_rate_is_a_positive_number(db, rate):
    with pytest.raises(ValueError, match=str(rate)):
        pacing.limit(SMS, "+15550100177", rate)


def test_an_operator_sets_and_sees_the_rate(provider, capsys):
    call_command("pace")
    assert "as fast as it can" in capsys.readouterr().out

    call_command("pace", "sms", "2.5")

    assert f"sms by fake from {provider.sender}: 2.5 a second" in capsys.readouterr().out
    assert Pace.objects.get().per_second == 2.5


def test_an_operator_is_told_what_a_rate_is(provider):
    with pytest.raises(CommandError, match="positive number"):
        call_command("pace", "sms", "0")

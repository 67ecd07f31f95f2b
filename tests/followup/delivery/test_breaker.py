"""A provider that is away costs no attempts, keeps nobody else waiting, and is tried again by one process only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from casework.followup import delivery
from casework.followup.channels import DeliveryError
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.models import Attempt, Breaker, Message, Priority, ToDo
from clients.models import ContactPoint, Permission
from tests import factories
from tests.followup.delivery.conftest import due, fresh, last_attempt, make_due, open_it, state

Status = Message.Status
State = Breaker.State

pytestmark = pytest.mark.django_db


def away(code="unreachable", **fields):
    return DeliveryError(code, **fields)


def let_it_rest_enough():
    Breaker.objects.update(until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def mailbox(alex):
    """Alex also agreed to e-mail."""
    factories.ContactPointFactory(
        client=alex, kind=ContactPoint.Kind.EMAIL, value="alex@example.org", normalized="alex@example.org"
    )
    factories.PermissionFactory(client=alex, channel=Permission.Channel.EMAIL)


@pytest.fixture
def pace(pace):
    pace.FOLLOWUP_BREAKER = {"failures": 3, "rest": 15, "rest_cap": 60}
    return pace


def test_failures_in_a_row_open_it_and_the_rest_is_held(provider, write):
    messages = [write(seconds=100 - number) for number in range(20)]
    provider.script.extend([away() for _ in range(20)])

    delivery.deliver_due()

    assert state().state == State.OPEN
    assert state().until > timezone.now()
    assert provider.accepted == []
    tried = Attempt.objects.filter(outcome="rejected").count()
    assert 3 <= tried <= 8  # what was in the air when it opened; nothing after it
    held = [one for one in map(fresh, messages) if one.reason_code == "provider_away"]
    assert len(held) == 20 - tried
    assert {one.status for one in held} == {Status.HELD}
    assert {one.attempts_made for one in held} == {0}


def test_held_messages_stay_late_from_their_first_due_time_on(provider, write):
    message = write(seconds=500)
    open_it()

    delivery.deliver_due()

    assert fresh(message).due_at > timezone.now()
    assert fresh(message).ready_at == message.due_at
    make_due(message)
    delivery.deliver_due()
    assert fresh(message).ready_at == message.due_at


def test_single_failures_between_successes_open_nothing(provider, write, pace):
    pace.FOLLOWUP_SENDERS = 1
    for _ in range(8):
        write()
    provider.script.extend([away(), None, away(), away(), None, away(), away(), None])

    delivery.deliver_due()

    assert state().state == State.CLOSED
    assert len(provider.accepted) == 3


def test_a_refusal_of_one_number_says_nothing_about_the_provider(provider, write):
    for _ in range(6):
        write()
    provider.script.extend([DeliveryError("21617", permanent=True) for _ in range(6)])

    delivery.deliver_due()

    assert not Breaker.objects.exists()


def test_a_server_that_greylists_one_mailbox_is_not_away(provider, write):
    for _ in range(6):
        write()
    provider.script.extend([DeliveryError("450", provider_away=False) for _ in range(6)])

    delivery.deliver_due()

    assert not Breaker.objects.exists()


def test_the_wish_to_be_left_alone_holds_the_whole_route(provider, write, pace):
    pace.FOLLOWUP_SENDERS = 1
    first, second = write(seconds=90), write(seconds=60)
    provider.script.append(away("20429", retry_after=600))

    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(first).reason_code == "retrying"
    assert fresh(second).reason_code == "provider_away"
    assert state().until > timezone.now() + timedelta(seconds=590)
    assert fresh(second).due_at >= state().until


def test_an_absurd_wish_is_believed_for_a_quarter_of_an_hour(provider, write):
    write()
    provider.script.append(away("503", retry_after=86_400))

    delivery.deliver_due()

    assert state().until < timezone.now() + timedelta(seconds=901)


def test_after_its_rest_one_message_is_tried_and_success_closes_it(provider, write):
    messages = [write(seconds=100 - number) for number in range(5)]
    open_it(until=-1)

    claimed = claim(owner="worker", watermark=Watermark())

    assert [one.message.pk for one in claimed.held] == [messages[0].pk]
    assert claimed.held[0].is_try
    assert state().state == State.HALF_OPEN
    assert {fresh(one).reason_code for one in messages[1:]} == {"provider_away"}


def test_when_the_try_succeeds_all_go(provider, write):
    messages = [write(seconds=100 - number) for number in range(5)]
    open_it(until=-1)

    delivery.deliver_due()
    assert state().state == State.CLOSED
    assert (state().failures, state().away_since, state().until, state().code) == (0, None, None, "")
    for message in messages:
        make_due(message)
    delivery.deliver_due()

    assert len(provider.accepted) == 5


def test_the_most_urgent_is_the_one_that_is_tried(provider, write):
    write(seconds=900)
    urgent = write(seconds=5, priority=Priority.CRISIS)
    open_it(until=-1)

    assert [one.message.pk for one in claim(owner="worker", watermark=Watermark()).held] == [urgent.pk]


def test_a_try_that_fails_lets_it_rest_longer_and_costs_the_message_nothing(provider, write):
    message = write()
    open_it(until=-1)
    provider.script.append(away("503"))

    delivery.deliver_due()

    assert state().state == State.OPEN
    assert state().rests == 2
    assert state().until > timezone.now() + timedelta(seconds=20)  # 15 doubled, with a little jitter
    assert fresh(message).attempts_made == 0
    assert last_attempt(message).outcome == Attempt.Outcome.REJECTED


def test_however_often_it_is_tried_a_message_does_not_die_of_it(provider, write, pace):
    pace.FOLLOWUP_ATTEMPTS = 2
    message = write()
    open_it(until=-1)
    provider.script.extend([away("503") for _ in range(6)])

    for _ in range(6):
        delivery.deliver_due()
        let_it_rest_enough()
        make_due(message)
    assert state().rests == 7
    assert fresh(message).status == Status.FAILED

    delivery.deliver_due()
    assert fresh(message).status == Status.SENT


def test_a_try_whose_answer_never_came_is_looked_up_like_any_other(provider, write):
    message = write()
    open_it(until=-1)
    provider.script.append(away("timeout", ambiguous=True))

    delivery.deliver_due()

    assert state().state == State.OPEN
    assert fresh(message).status == Status.UNKNOWN
    assert fresh(message).attempts_made == 0


def test_a_try_that_is_withdrawn_is_another_s(provider, write):
    message, other = write(seconds=90), write(seconds=30)
    open_it(until=-1)
    claimed = claim(owner="worker", watermark=Watermark())
    assert [one.message.pk for one in claimed.held] == [message.pk]
    Message.objects.filter(pk=message.pk).withdraw(reason="voided", at=timezone.now())

    delivery.sending.send(claimed, until=10**9)
    make_due(other)
    delivery.deliver_due()

    assert provider.bodies == [other.body]
    assert state().state == State.CLOSED


def test_a_try_whose_process_died_is_made_again_after_its_lease(provider, write):
    write()
    open_it(until=-1)
    claim(owner="worker", watermark=Watermark())
    other = write()

    assert not claim(owner="second", watermark=Watermark()).held
    let_it_rest_enough()
    make_due(other)
    assert [one.message.pk for one in claim(owner="third", watermark=Watermark()).held] == [other.pk]


def test_a_call_from_before_it_opened_closes_nothing(provider, write):
    write()
    claimed = claim(owner="worker", watermark=Watermark())
    open_it()

    assert delivery.sending.send(claimed, until=10**9) == 1

    assert state().state == State.OPEN


def test_e_mail_goes_on_while_texts_wait(provider, mail, alex, mailbox, write):
    texts = [write(seconds=500 - number) for number in range(150)]
    open_it()
    write_mail = due(alex, seconds=1, channel_rule="email")

    delivery.deliver_due()

    assert fresh(write_mail).status == Status.SENT
    assert [sent.recipient for _id, sent, _at in mail.accepted] == [
        alex.contact_points.get(kind=ContactPoint.Kind.EMAIL).normalized
    ]
    assert {fresh(one).reason_code for one in texts} == {"provider_away"}


def test_away_for_long_the_client_s_next_way_is_taken(provider, mail, mailbox, write):
    message = write()
    open_it(since=601)

    delivery.deliver_due()

    assert fresh(message).status == Status.SENT
    assert last_attempt(message).channel == "email"


def test_away_for_a_moment_it_is_waited_for(provider, mail, mailbox, write):
    message = write()
    open_it(since=60)

    delivery.deliver_due()

    assert mail.accepted == []
    assert fresh(message).reason_code == "provider_away"


def test_what_may_have_gone_out_once_takes_no_other_way(provider, mail, mailbox, write):
    message = write(possible_duplicate=True)
    open_it(since=601)

    delivery.deliver_due()

    assert mail.accepted == []
    assert fresh(message).reason_code == "provider_away"


def test_without_another_way_it_waits_however_long(provider, write):
    message = write()
    open_it(since=3601)

    delivery.deliver_due()

    assert fresh(message).reason_code == "provider_away"
    assert not ToDo.objects.exists()


def test_what_is_of_no_use_any_more_becomes_a_call_while_the_provider_is_away(provider, write):
    message = write(useful_until=timezone.now() + timedelta(seconds=30))
    open_it(until=900)
    delivery.deliver_due()
    assert fresh(message).due_at == message.useful_until

    Message.objects.update(useful_until=timezone.now() - timedelta(seconds=1))
    make_due(message)
    delivery.deliver_due()

    assert (fresh(message).status, fresh(message).reason_code) == (Status.DEAD, "too_late")
    assert ToDo.objects.filter(message=message).count() == 1


def test_what_a_dead_provider_kept_for_two_days_becomes_a_call(provider, write):
    meant = timezone.now() - timedelta(hours=49)
    message = write(
        due_at=timezone.now(),
        local_date=meant.date(),
        local_time=meant.time(),
        status=Status.HELD,
        reason_code="provider_away",
    )
    open_it(until=-1)

    delivery.deliver_due()

    assert (fresh(message).status, fresh(message).reason_code) == (Status.SKIPPED, "late")
    assert ToDo.objects.filter(message=message).count() == 1
    assert provider.accepted == []


def test_what_a_crisis_kept_for_two_days_is_left_out_without_a_call(provider, write):
    meant = timezone.now() - timedelta(hours=49)
    message = write(
        due_at=timezone.now(), local_date=meant.date(), local_time=meant.time(), reason_code="crisis_cleared"
    )

    delivery.deliver_due()

    assert fresh(message).reason_code == "late"
    assert not ToDo.objects.exists()


def test_what_our_own_standstill_kept_for_two_days_becomes_a_call(provider, write):
    """Held for the night, and in the morning nobody was there: for days."""
    meant = timezone.now() - timedelta(hours=60)
    message = write(
        due_at=meant + timedelta(hours=8),
        local_date=meant.date(),
        local_time=meant.time(),
        status=Status.HELD,
        reason_code="quiet_hours",
    )

    delivery.deliver_due()

    assert (fresh(message).status, fresh(message).reason_code) == (Status.SKIPPED, "late")
    assert ToDo.objects.filter(message=message).count() == 1


def test_a_provider_that_is_away_is_asked_one_question_at_a_time(provider, write):
    for _ in range(6):
        write()
    provider.script.extend([away("timeout", ambiguous=True) for _ in range(6)])
    provider.unreachable_for_questions = True
    delivery.deliver_due()
    unclear = Message.objects.filter(status=Status.UNKNOWN)
    assert unclear.count() >= 3
    unclear.update(due_at=timezone.now())

    delivery.deliver_due()

    assert provider.asked == 1
    assert not Message.objects.filter(status=Status.UNKNOWN, due_at__lte=timezone.now()).exists()


def test_a_provider_that_takes_nothing_and_yet_answers_is_asked_all(provider, write):
    for _ in range(6):
        write()
    provider.script.extend([away("timeout", ambiguous=True) for _ in range(6)])
    delivery.deliver_due()
    unclear = Message.objects.filter(status=Status.UNKNOWN)
    number = unclear.count()
    assert number >= 3
    assert state().state == State.OPEN
    unclear.update(due_at=timezone.now())

    delivery.deliver_due()

    assert provider.asked == number
    assert not Message.objects.filter(status=Status.UNKNOWN).exists()
    assert {one.outcome for one in Attempt.objects.exclude(outcome="withheld")} == {"absent"}


def test_withdrawn_permission_is_obeyed_by_what_is_held(provider, write, alex):
    message = write()
    open_it()
    delivery.deliver_due()
    Permission.objects.filter(client=alex).update(withdrawn_at=timezone.now(), withdrawn_how="staff")
    make_due(message)

    delivery.deliver_due()

    assert fresh(message).status == Status.CANCELLED

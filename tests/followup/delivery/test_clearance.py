"""Policy is asked under the lock, and again before the call: what was decided in between is obeyed."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from casework.followup import actions, delivery
from casework.followup.delivery import claiming
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.sending import send
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision, Verdict
from casework.followup.models import Attempt, Message, ToDo
from clients.models import Permission
from tests.followup.delivery.conftest import fresh, last_attempt

pytestmark = pytest.mark.django_db
Status = Message.Status


def claimed_by_dana_s_worker():
    return claim(owner="worker", watermark=Watermark())


def handed_over(claimed, *, lease=60):
    return send(claimed, until=time.monotonic() + lease)


def verdict(monkeypatch, **fields):
    monkeypatch.setattr(
        policy,
        "may_send_many",
        lambda messages, at, closed: {message.pk: Verdict(**fields) for message in messages},
    )


def test_without_permission_nothing_leaves_and_somebody_is_asked_to_call(provider, write, alex):
    message = write()
    Permission.objects.filter(client=alex).update(withdrawn_at=timezone.now(), withdrawn_how="staff")

    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.CANCELLED
    assert not Attempt.objects.filter(message=message).exists()


def test_a_held_message_waits_for_its_next_time_and_says_why(provider, write, monkeypatch):
    message = write()
    until = timezone.now() + timedelta(hours=9)
    verdict(monkeypatch, decision=Decision.HOLD, reason="quiet_hours", until=until, params={"until": "09:00"})

    delivery.deliver_due()

    held = fresh(message)
    assert (held.status, held.reason_code, held.due_at) == (Status.HELD, "quiet_hours", until)
    assert held.reason_params == {"until": "09:00"}
    assert held.closed_at is None


def test_a_hold_that_ends_in_the_past_does_not_spin(provider, write, monkeypatch):
    message = write()
    verdict(monkeypatch, decision=Decision.HOLD, reason="cap", until=timezone.now() - timedelta(hours=1))

    delivery.deliver_due()

    assert fresh(message).due_at > timezone.now()


def test_a_skipped_message_is_closed(provider, write, monkeypatch):
    message = write()
    verdict(monkeypatch, decision=Decision.SKIP, reason="cap")

    delivery.deliver_due()

    assert fresh(message).status == Status.SKIPPED
    assert fresh(message).closed_at is not None


def test_a_cancellation_that_leaves_the_client_unreached_opens_a_call(provider, write, monkeypatch):
    message = write()
    verdict(monkeypatch, decision=Decision.CANCEL, reason="no_contact")

    delivery.deliver_due()

    assert fresh(message).status == Status.CANCELLED
    assert ToDo.objects.filter(message=message).count() == 1


def test_a_withdrawal_between_claim_and_call_stops_the_call(provider, write):
    message = write()
    claimed = claimed_by_dana_s_worker()

    Message.objects.filter(pk=message.pk).withdraw(reason="opted_out", at=timezone.now())
    assert handed_over(claimed) == 0

    assert provider.accepted == []
    assert fresh(message).status == Status.CANCELLED
    assert fresh(message).reason_code == "opted_out"
    assert last_attempt(message).outcome == Attempt.Outcome.WITHHELD


def test_a_recalled_message_is_cleared_again_before_it_leaves(provider, write, alex):
    message = write()
    claimed = claimed_by_dana_s_worker()
    Permission.objects.filter(client=alex).update(withdrawn_at=timezone.now(), withdrawn_how="staff")

    assert Message.objects.filter(client=alex).recall() == 1
    handed_over(claimed)
    delivery.deliver_due()

    assert provider.accepted == []
    assert fresh(message).status == Status.CANCELLED


def test_a_recalled_message_that_still_may_go_goes(provider, write, alex):
    message = write()
    claimed = claimed_by_dana_s_worker()
    Message.objects.filter(client=alex).recall()

    handed_over(claimed)
    delivery.deliver_due()

    assert fresh(message).status == Status.SENT
    assert len(provider.accepted) == 1
    assert fresh(message).attempts_made == 1


@pytest.mark.parametrize("act", ["retired", "bad"])
def test_a_number_given_up_between_claim_and_call_gets_nothing(provider, write, alex, dana, act):
    message = write()
    claimed = claimed_by_dana_s_worker()
    told = {"contact_id": alex.contact_points.get().pk, "by": dana, "now": timezone.now()}
    if act == "retired":
        actions.retire_contact_point(**told)
    else:
        actions.mark_contact(state="bad", **told)

    assert handed_over(claimed) == 0
    delivery.deliver_due()

    assert provider.accepted == []
    assert last_attempt(message).outcome == Attempt.Outcome.WITHHELD
    assert fresh(message).status == Status.CANCELLED
    assert fresh(message).reason_code == ("opted_out" if act == "retired" else "number_bad")
    assert ToDo.objects.filter(message=message).count() == 1


def test_a_client_paused_between_claim_and_call_gets_nothing_until_the_pause_ends(
    provider, write, alex, dana
):
    message = write()
    claimed = claimed_by_dana_s_worker()
    today = timezone.localdate(timezone.now(), alex.zone)
    told = {"client_id": alex.pk, "on": today, "by": dana}
    actions.pause_client(reason="incarcerated", now=timezone.now(), **told)

    assert handed_over(claimed) == 0
    delivery.deliver_due()
    assert provider.accepted == []
    assert (fresh(message).status, fresh(message).reason_code) == (Status.HELD, "client_paused")

    actions.resume_client(now=timezone.now(), **told)
    delivery.deliver_due()
    assert len(provider.accepted) == 1
    assert fresh(message).status == Status.SENT


def test_a_message_withdrawn_while_on_its_way_is_not_tried_a_second_time(provider, write, alex):
    from casework.followup.channels import DeliveryError

    message = write()

    def withdrawn_meanwhile(outgoing):
        raise DeliveryError("20429")

    provider.script.append(withdrawn_meanwhile)
    claimed = claimed_by_dana_s_worker()
    Message.objects.filter(pk=message.pk).update(recalled=Message.Recall.CANCEL, recall_reason="opted_out")
    # The guard saw the row before the withdrawal; the refusal comes after it.
    from casework.followup.delivery import retry
    from casework.followup.delivery.settling import Result, settle

    one = claimed.held[0]
    settle(
        [
            Result(
                one.message,
                one.fence,
                one.outgoing.attempt_id,
                one.outgoing.recipient,
                retry.after_error(DeliveryError("20429"), attempts=1),
            )
        ]
    )

    assert fresh(message).status == Status.CANCELLED
    assert fresh(message).reason_code == "opted_out"


def test_a_lease_too_short_for_the_call_is_not_used(provider, write, pace):
    message = write()
    claimed = claimed_by_dana_s_worker()
    pace.FOLLOWUP_PROVIDER_TIMEOUT = 30

    handed_over(claimed)

    assert provider.accepted == []
    assert fresh(message).status == Status.PLANNED


def test_a_process_frozen_past_its_lease_finds_out_before_it_calls(provider, write):
    message = write()
    claimed = claimed_by_dana_s_worker()

    handed_over(claimed, lease=0)

    assert provider.accepted == []
    assert fresh(message).status == Status.PLANNED


def test_one_message_that_policy_cannot_digest_does_not_stop_the_others(provider, write, monkeypatch, pace):
    pace.FOLLOWUP_ATTEMPTS = 2
    poison, fine = write(seconds=90), write(seconds=30)
    real = policy.may_send_many

    def many(messages, at, closed):
        if any(message.pk == poison.pk for message in messages):
            raise ZeroDivisionError
        return real(messages, at, closed=closed)

    monkeypatch.setattr(policy, "may_send_many", many)
    monkeypatch.setattr(
        policy, "may_send", lambda message, at, closed: many([message], at, closed)[message.pk]
    )

    delivery.deliver_due()

    assert fresh(fine).status == Status.SENT
    assert fresh(poison).status == Status.HELD
    Message.objects.filter(pk=poison.pk).update(due_at=timezone.now())
    delivery.deliver_due()
    assert fresh(poison).status == Status.DEAD
    assert ToDo.objects.filter(message=poison).exists()


def test_one_text_that_cannot_be_made_does_not_stop_the_others(provider, write, monkeypatch):
    poison, fine = write(seconds=90), write(seconds=30)
    real = claiming.render

    def render(message, channel):
        if message.pk == poison.pk:
            raise KeyError("first")
        return real(message, channel=channel)

    monkeypatch.setattr(claiming, "render", render)

    delivery.deliver_due()

    assert fresh(fine).status == Status.SENT
    assert fresh(poison).reason_code == "retrying"


def test_a_text_that_may_not_leave_becomes_a_call(provider, write, monkeypatch):
    from casework.followup.messages.render import RenderRefused

    message = write()

    def render(message, channel):
        raise RenderRefused("telling_word", variable="sender")

    monkeypatch.setattr(claiming, "render", render)

    delivery.deliver_due()

    assert fresh(message).status == Status.DEAD
    assert fresh(message).reason_code == "telling_word"
    assert ToDo.objects.filter(message=message).exists()


def test_one_body_that_no_key_opens_does_not_stop_the_others(provider, write, pace):
    pace.FOLLOWUP_ATTEMPTS = 1
    poison, fine = write(seconds=90), write(seconds=30)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE followup_message SET body = 'x' WHERE id = %s", [poison.pk])

    delivery.deliver_due()

    assert fresh(fine).status == Status.SENT
    assert Message.objects.filter(
        pk=poison.pk, status=Status.DEAD, reason_code="dead_too_many_attempts"
    ).exists()
    assert ToDo.objects.filter(message_id=poison.pk).exists()

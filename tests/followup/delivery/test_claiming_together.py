"""Several processes at once, with connections of their own: no two of them ever take the same message."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import time as dt_time

from django.db import connection, transaction
from django.utils import timezone

from casework.followup import actions, delivery, schedule
from casework.followup.delivery import claiming
from casework.followup.delivery.claiming import Watermark, claim
from casework.followup.delivery.sending import send
from casework.followup.models import Attempt, Message, MessageHold
from tests.followup.delivery.conftest import due, fresh

Status = Message.Status


def in_threads(work, number):
    """Run `work` in threads that meet first; each has its own connection."""
    meet = threading.Barrier(number)

    def one(place):
        meet.wait()
        try:
            return work(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_claimers_never_share_a_message_and_leave_none(provider, own_alex, pace):
    pace.FOLLOWUP_BATCH = 5
    for _ in range(60):
        due(own_alex)

    def drain(place):
        taken = []
        watermark = Watermark()
        while (claimed := claim(owner=str(place), watermark=watermark)).taken:
            taken += [one.message.pk for one in claimed.held]
        return taken

    shares = in_threads(drain, 4)

    counted = Counter(pk for share in shares for pk in share)
    assert set(counted.values()) == {1}
    assert len(counted) >= 60 - 5 * 4  # a claimer may stop while another's batch is still locked
    assert Attempt.objects.count() == len(counted)


def test_several_deliverers_send_everything_once(provider, own_alex, pace):
    pace.FOLLOWUP_BATCH = 7
    for _ in range(50):
        due(own_alex)

    in_threads(lambda place: delivery.deliver_due(), 3)
    delivery.deliver_due()

    assert len(provider.accepted) == 50
    assert len(set(provider.bodies)) == 50
    assert Message.objects.filter(status=Status.SENT).count() == 50


def test_a_withdrawal_committed_before_the_claim_is_obeyed_and_one_after_it_marks(provider, own_alex):
    messages = [due(own_alex) for _ in range(20)]
    results = in_threads(
        lambda place: claim(owner="worker", watermark=Watermark()) if place else _withdraw(own_alex), 2
    )
    claimed = {one.message.pk for one in results[1].held}

    for message in messages:
        row = fresh(message)
        if row.pk in claimed:
            assert (row.status, row.recalled) == (Status.CLAIMED, Message.Recall.CANCEL)
        else:
            assert row.status == Status.CANCELLED


def test_a_number_retired_while_workers_claim_is_never_texted_after_it(provider, own_alex):
    messages = [due(own_alex) for _ in range(20)]
    point = own_alex.contact_points.get()
    retire = lambda: actions.retire_contact_point(contact_id=point.pk, by=None, now=timezone.now())  # noqa: E731
    results = in_threads(lambda place: claim(owner="worker", watermark=Watermark()) if place else retire(), 2)

    assert send(results[1], until=time.monotonic() + 60) == 0
    delivery.deliver_due()

    assert provider.accepted == []
    assert {fresh(message).status for message in messages} == {Status.CANCELLED}


def _withdraw(client):
    with transaction.atomic():
        return Message.objects.filter(client=client).withdraw(reason="opted_out", at=timezone.now())


def test_many_equal_callbacks_at_once_are_one(provider, own_alex):
    message = due(own_alex)
    delivery.deliver_due()
    attempt = Attempt.objects.get()

    moved = in_threads(
        lambda place: delivery.record_status(
            attempt_id=attempt.pk, provider="fake", provider_id=attempt.provider_id, status="delivered"
        ),
        6,
    )

    assert sorted(moved) == [False] * 5 + [True]
    assert fresh(message).status == Status.DELIVERED


def test_two_claimers_never_let_two_go_to_one_client_on_one_day(provider, own_alex, pace, monkeypatch):
    """Each has one of the two in its hands, and neither can see yet what the other decides."""
    at_noon = schedule.resolve(timezone.now().date(), dt_time(12), own_alex.zone)
    pace.FOLLOWUP_BATCH = 1
    for round_ in range(4):
        two = [due(own_alex, kind=Message.Kind.PLAN, template_key="checkin.1", body="") for _ in range(2)]
        meet = threading.Barrier(2)
        taken = []
        real = claiming.take_due

        def together(*args, meet=meet, real=real, taken=taken, **given):
            found, _at = real(*args, **given)
            taken.extend(one.pk for one in found)
            meet.wait(10)
            return found, at_noon

        monkeypatch.setattr(claiming, "take_due", together)
        shares = in_threads(lambda place: claim(owner=str(place), watermark=Watermark()).held, 2)
        monkeypatch.setattr(claiming, "take_due", real)

        assert sorted(taken) == sorted(one.pk for one in two)
        assert sum(map(len, shares)) == 1, round_
        assert sorted(fresh(one).status for one in two) == [Status.CLAIMED, Status.HELD]
        assert {fresh(one).reason_code for one in two} == {"due", "cap_day"}
        Attempt.objects.all().delete()
        MessageHold.objects.all().delete()
        Message.objects.all().delete()

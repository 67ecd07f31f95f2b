"""A merge at the same moment as something else, in real transactions."""

import pytest

from casework.followup import actions
from casework.followup.actions.merging import merge_clients, undo_merge
from casework.followup.models import FollowUpPlan, Message, ToDo
from clients.errors import Conflict
from clients.models import Client, ClientMerge, Permission
from tests import factories
from tests.followup.making import PHONE_STEPS, report, texts
from tests.followup.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def twin(dana, team):
    return factories.client_of(dana, team=team, given_name="Alexander", time_zone="America/Phoenix")


def merge(survivor, merged, by, now):
    return merge_clients(survivor_id=survivor.pk, merged_id=merged.pk, reason="Same", by=by, now=now)


def nothing_waits_for(client):
    return not (
        Message.objects.unsettled().filter(client=client).exists()
        or ToDo.objects.open().filter(client=client).exists()
        or FollowUpPlan.objects.running().filter(client=client).exists()
    )


def test_a_report_and_a_merge_at_once_leave_one_plan_with_the_survivor(alex, twin, dana, sam, now):
    told, done = together(lambda: report(twin, dana, now), lambda: merge(alex, twin, sam, now))
    assert not isinstance(told, Exception)
    assert not isinstance(done, Exception)
    assert FollowUpPlan.objects.running().get().client == alex
    assert Message.objects.unsettled().filter(client=alex).count() == PHONE_STEPS
    assert nothing_waits_for(twin)


def test_two_reports_and_a_merge_at_once_leave_one_plan(alex, twin, dana, sam, now):
    together(
        lambda: report(twin, dana, now), lambda: report(alex, dana, now), lambda: merge(alex, twin, sam, now)
    )
    assert FollowUpPlan.objects.running().count() == 1
    assert Message.objects.unsettled().count() == PHONE_STEPS
    assert nothing_waits_for(twin)


def test_of_two_merges_in_opposite_directions_one_is_done(alex, twin, sam, now):
    answers = together(lambda: merge(alex, twin, sam, now), lambda: merge(twin, alex, sam, now))
    assert sorted(type(one).__name__ for one in answers) == ["ClientMerge", Conflict.__name__]
    assert Client.objects.standing().count() == 1


def test_a_stop_on_the_merged_number_and_a_merge_at_once_leave_nothing_to_send(alex, twin, dana, sam, now):
    report(alex, dana, now)
    together(lambda: texts(twin, "STOP", now), lambda: merge(alex, twin, sam, now))
    assert not Permission.objects.in_force(now).filter(channel="text").exists()
    assert not Message.objects.waiting().filter(kind="plan").exists()


def test_two_people_undoing_at_once_undo_once(alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    undo = lambda: undo_merge(merge_id=done.pk, by=sam, now=now)  # noqa: E731
    answers = together(undo, undo)
    assert sorted(type(one).__name__ for one in answers) == ["ClientMerge", Conflict.__name__]
    assert ClientMerge.objects.get().undone_at == now


def test_a_pause_and_a_merge_at_once_leave_no_message_that_may_go(alex, twin, dana, sam, now):
    report(alex, dana, now)
    paused, merged = together(
        lambda: actions.pause_client(client_id=alex.pk, reason="away", on=now.date(), by=dana, now=now),
        lambda: merge(alex, twin, sam, now),
    )
    assert not isinstance(paused, Exception)
    assert merged.__class__ in {ClientMerge, Conflict}  # whichever came first
    assert FollowUpPlan.objects.running().get().state == "paused"

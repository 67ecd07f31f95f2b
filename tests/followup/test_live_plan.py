"""A plan that is open on a screen shows by itself what is being sent, and asks no more than it must."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from casework.followup.models import FollowUpPlan, Message
from casework.followup.plan_view import view_of
from clients.models import AuditEvent
from tests.followup.making import first_message, report, sent

pytestmark = pytest.mark.django_db


def steps(browser, client, **query):
    return browser.get(reverse("followup:plan_steps", kwargs={"uid": client.uid}), query)


@pytest.fixture
def first(dana, alex, now) -> Message:
    report(alex, dana, now)
    return first_message(alex)


def plan_of(message: Message) -> FollowUpPlan:
    return FollowUpPlan.objects.get(pk=message.plan_id)


def test_a_plan_whose_next_message_is_near_renews_itself(first):
    assert view_of(plan_of(first), first.due_at - timedelta(minutes=9)).moving


def test_a_plan_at_rest_does_not(first):
    assert not view_of(plan_of(first), first.due_at - timedelta(minutes=11)).moving


def test_it_goes_on_until_the_provider_has_said_what_came_of_it(first):
    later = first.due_at + timedelta(minutes=1)
    sent(first, first.due_at, delivered=False)
    assert view_of(plan_of(first), later).moving
    assert not view_of(plan_of(first), later + timedelta(minutes=2)).moving


def test_what_went_a_moment_ago_stays_to_be_seen_then_falls_behind(first):
    sent(first, first.due_at)
    soon = view_of(plan_of(first), first.due_at + timedelta(minutes=1))
    late = view_of(plan_of(first), first.due_at + timedelta(minutes=16))
    assert [step.state for step in soon.just] == ["Delivered"]
    assert (late.just, late.done) == ([], soon.done + 1)
    assert soon.steps == late.steps


def test_only_a_moving_plan_asks_the_server_again(as_dana, first, alex):
    with time_machine.travel(first.due_at, tick=False):
        assert 'hx-trigger="every 4s"' in steps(as_dana, alex).content.decode()
    with time_machine.travel(first.due_at - timedelta(minutes=30), tick=False):
        assert "hx-trigger" not in steps(as_dana, alex).content.decode()


def test_the_client_page_keeps_to_the_next_steps_when_renewed(as_dana, first, alex, now):
    with time_machine.travel(now, tick=False):
        few, all_of_them = (steps(as_dana, alex, few=few).content.decode() for few in (":6", ""))
    assert few.count('class="row') < all_of_them.count('class="row')


def test_renewing_is_no_new_look_in_the_trail(as_dana, first, alex):
    before = AuditEvent.objects.count()
    steps(as_dana, alex)
    assert AuditEvent.objects.count() == before


def test_a_client_without_a_plan_has_nothing_to_renew(as_dana, alex):
    assert steps(as_dana, alex).status_code == 204


def test_a_page_that_renews_itself_keeps_nobody_signed_in(as_dana, first, alex):
    address = reverse("followup:plan_steps", kwargs={"uid": alex.uid})
    with time_machine.travel(first.due_at, tick=False) as clock:
        as_dana.get("/help/")
        for _ in range(4):
            clock.shift(timedelta(minutes=4))
            answer = as_dana.get(address, headers={"X-Unattended": "1"})
        assert answer.status_code == 302

"""When a message may go, by which way, and why not (clinical.md §4.2, §4.6, §5.2)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from casework.followup.messages.facts import World
from casework.followup.messages.policy import Decision, may_send, may_send_many
from casework.followup.messages.reasons import words
from casework.followup.models import FollowUpPlan, Message
from casework.followup.todos import BECOMES_CALL
from clients.models import Client
from tests import factories
from tests.followup.making import first_message, report, sent, texts

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 13, 17, 0, tzinfo=UTC)  # Friday 10:00 in Phoenix: the day-2 message is due


@pytest.fixture
def plan(alex, dana, now):
    plan = report(alex, dana, now).plan
    sent(plan.messages.get(step_key="PHY-D00-MSG"), now + timedelta(hours=1))
    return plan


@pytest.fixture
def message(plan):
    return plan.messages.select_related("client").get(step_key="PHY-D02-MSG")


def verdict(message, at=TEN):
    return may_send(Message.objects.select_related("client").get(pk=message.pk), at)


def test_a_message_on_its_day_goes_to_the_clients_phone(alex, message):
    found = verdict(message)
    point = alex.contact_points.get()
    assert (found.decision, found.channel, found.address, found.contact_point_id) == (
        Decision.SEND,
        "sms",
        point.normalized,
        point.pk,
    )


@pytest.mark.parametrize(
    ("hour", "until"),
    [
        ("2026-03-13 15:59", "2026-03-13 16:00"),
        ("2026-03-14 03:00", "2026-03-14 16:00"),
        ("2026-03-13 08:00", "2026-03-13 16:00"),
    ],
)
def test_in_quiet_hours_it_is_held_until_the_window_opens(message, hour, until):
    found = verdict(message, datetime.fromisoformat(hour).replace(tzinfo=UTC))
    assert (found.decision, found.reason) == (Decision.HOLD, "quiet_hours")
    assert found.until == datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert words(found.reason, found.params, now=found.until) == "Held until 09:00 in Phoenix (quiet hours)."


def test_a_second_message_on_a_local_day_is_held_until_the_next_morning(plan, message):
    sent(plan.messages.get(step_key="PHY-D05-MSG"), TEN - timedelta(minutes=30))
    found = verdict(message)
    assert (found.reason, found.until) == ("cap_day", datetime(2026, 3, 14, 16, tzinfo=UTC))
    assert words(found.reason, found.params) == "Held until Sat 14 Mar, 09:00 in Phoenix (one message a day)."


def test_a_fourth_message_in_a_week_is_held_until_there_is_room(plan, message):
    for step, hours in [("PHY-D05-MSG", 150), ("PHY-D08-MSG", 140)]:
        sent(plan.messages.get(step_key=step), TEN - timedelta(hours=hours))
    found = verdict(message)
    assert (found.reason, found.until) == (
        "cap_week",
        datetime(2026, 3, 14, 16, tzinfo=UTC),
    )  # 18 h on is night
    assert found.decision is Decision.HOLD


def test_what_the_caps_would_move_by_more_than_two_days_is_left_out(plan, message):
    for step, hours in [("PHY-D05-MSG", 100), ("PHY-D08-MSG", 75)]:
        sent(plan.messages.get(step_key=step), TEN - timedelta(hours=hours))
    found = verdict(message)
    assert (found.decision, found.reason) == (Decision.SKIP, "cap")


def test_what_another_worker_holds_counts_so_that_two_never_go_on_one_day(plan, message):
    claimed = {"status": "claimed", "lease_until": TEN + timedelta(minutes=1), "attempt_id": message.uid}
    for older, newer in permutations([message, plan.messages.get(step_key="PHY-D05-MSG")]):
        Message.objects.filter(pk=older.pk).update(**claimed)
        assert verdict(newer).reason == "cap_day"
        Message.objects.filter(pk=older.pk).update(status="planned", lease_until=None)


def test_what_is_being_asked_about_counts_too(plan, message):
    """It may have arrived: until the carrier has said so or not, nothing else goes that day."""
    later = plan.messages.get(step_key="PHY-D05-MSG")
    Message.objects.filter(pk=later.pk).update(status="unknown", attempt_id=later.uid)
    assert verdict(message).reason == "cap_day"


def test_of_two_in_one_batch_only_the_first_goes(plan, message):
    other = plan.messages.select_related("client").get(step_key="PHY-D05-MSG")
    found = may_send_many([other, message], TEN)
    assert found[other.pk].decision is Decision.SEND
    assert found[message.pk].reason == "cap_day"


def test_more_than_two_days_late_it_is_left_out(message):
    assert verdict(message, TEN + timedelta(hours=48)).decision is Decision.SEND
    found = verdict(message, TEN + timedelta(hours=48, minutes=1))
    assert (found.decision, found.reason) == (Decision.SKIP, "late")


@pytest.mark.parametrize(
    ("state", "decision", "reason"),
    [
        ("paused", Decision.HOLD, "plan_paused"),
        ("messages_off", Decision.CANCEL, "messages_off"),
        ("superseded", Decision.CANCEL, "plan_superseded"),
        ("voided", Decision.CANCEL, "plan_voided"),
        ("closed_deceased", Decision.CANCEL, "plan_closed_deceased"),
        ("closed_discharged", Decision.CANCEL, "plan_closed_discharged"),
        ("completed", Decision.CANCEL, "plan_completed"),
    ],
)
def test_a_plan_that_is_not_active_sends_nothing(plan, message, now, state, decision, reason):
    closed = None if state in {"paused", "messages_off"} else now
    FollowUpPlan.objects.filter(pk=plan.pk).update(state=state, closed_at=closed)
    found = verdict(message)
    assert (found.decision, found.reason) == (decision, reason)
    assert words(found.reason, found.params) != found.reason


@pytest.mark.parametrize(
    ("state", "decision", "reason"),
    [
        ("deceased", Decision.CANCEL, "client_deceased"),
        ("discharged", Decision.CANCEL, "client_discharged"),
        ("paused", Decision.HOLD, "client_paused"),
    ],
)
def test_a_client_with_whom_we_are_not_in_touch_gets_nothing(alex, message, state, decision, reason):
    Client.objects.filter(pk=alex.pk).update(state=state)
    found = verdict(message)
    assert (found.decision, found.reason) == (decision, reason)


def test_contact_after_discharge_that_was_agreed_to_goes_on(alex, plan, message, now):
    factories.PermissionFactory(client=alex, channel="post_discharge")
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    FollowUpPlan.objects.filter(pk=plan.pk).update(state="closed_discharged", closed_at=now)
    assert verdict(message).decision is Decision.SEND


def test_while_a_crisis_is_open_the_plan_waits(alex, message, now):
    texts(alex, "I want to die", now)
    found = verdict(message)
    assert (found.decision, found.reason, found.until) == (
        Decision.HOLD,
        "crisis_open",
        TEN + timedelta(minutes=15),
    )


# --- the way ---------------------------------------------------------------------------------------------------------
def test_without_permission_nothing_goes_and_somebody_calls(alex, message):
    alex.permissions.all().delete()
    found = verdict(message)
    assert (found.decision, found.reason) == (Decision.CANCEL, "no_permission")
    assert found.reason in BECOMES_CALL


def test_a_withdrawn_permission_says_when(alex, message, now):
    alex.permissions.update(withdrawn_at=now, withdrawn_how="staff")
    found = verdict(message)
    assert (
        words(found.reason, found.params, tz="America/Phoenix")
        == "Not sent: the client withdrew texting on 11 Mar."
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "bad"}, "number_bad"),
        ({"is_shared": True}, "shared_not_reviewed"),
        ({"retired_at": datetime(2026, 1, 1, tzinfo=UTC)}, "no_contact"),
        ({"kind": "landline"}, "no_contact"),
    ],
)
def test_a_number_that_cannot_be_used_is_told_apart(alex, message, change, reason):
    alex.contact_points.update(**change)
    found = verdict(message)
    assert (found.decision, found.reason) == (Decision.CANCEL, reason)


def test_a_reviewed_shared_phone_may_be_used(alex, message, now):
    alex.contact_points.update(is_shared=True, shared_reviewed_at=now)
    assert verdict(message).decision is Decision.SEND


def with_email(alex, prefers="sms"):
    factories.PermissionFactory(client=alex, channel="email")
    factories.ContactPointFactory(
        client=alex, kind="email", value="a@example.org", normalized="a@example.org"
    )
    Client.objects.filter(pk=alex.pk).update(preferred_channel=prefers)


@pytest.mark.parametrize(("prefers", "channel"), [("sms", "sms"), ("email", "email"), ("call", "sms")])
def test_the_preferred_way_comes_first(alex, message, prefers, channel):
    with_email(alex, prefers)
    assert verdict(message).channel == channel


def test_the_next_agreed_way_takes_over_from_a_bad_number(alex, message):
    with_email(alex)
    alex.contact_points.filter(kind="mobile").update(state="bad")
    found = verdict(message)
    assert (found.decision, found.channel, found.address) == (Decision.SEND, "email", "a@example.org")


# --- answers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "kind"), [("I want to die", "crisis_reply"), ("STOP", "stop_reply"), ("HELP", "help_reply")]
)
def test_an_answer_goes_at_night_to_where_the_client_wrote_from(alex, plan, body, kind):
    night = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)  # 02:00 in Phoenix
    inbound = texts(alex, body, night)
    found = verdict(Message.objects.get(kind=kind), night)
    assert (found.decision, found.channel, found.address) == (Decision.SEND, "sms", inbound.from_normalized)


def test_a_message_by_hand_keeps_no_quiet_hours_but_needs_permission(alex, now):
    night = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    message = Message.objects.create(
        client=alex,
        kind="manual",
        body="See you soon",
        local_date=night.date(),
        local_time=night.time(),
        tz="UTC",
        due_at=night,
        dedupe_key="manual:1",
    )
    assert verdict(message, night).decision is Decision.SEND
    alex.permissions.all().delete()
    assert verdict(message, night).decision is Decision.CANCEL


def test_a_batch_asks_a_fixed_number_of_questions(dana, team, now, django_assert_max_num_queries):
    for number in range(6):
        report(factories.client_of(dana, team=team, given_name=f"Client {number}"), dana, now)
    batch = list(Message.objects.select_related("client").filter(step_key="PHY-D02-MSG").order_by("pk"))
    with django_assert_max_num_queries(10):
        found = may_send_many(batch, TEN)
    assert {one.decision for one in found.values()} == {Decision.SEND}


@pytest.mark.parametrize("nowhere", ["Mars/Olympus", "America"])  # the second is a folder of zones
def test_an_unknown_zone_falls_back_to_the_practices(alex, message, nowhere):
    Client.objects.filter(pk=alex.pk).update(time_zone=nowhere)
    assert (
        verdict(message, datetime(2026, 3, 13, 13, 30, tzinfo=UTC)).decision is Decision.SEND
    )  # 09:30 in New York


def test_the_first_message_of_a_plan_may_go_when_due(alex, dana, now):
    report(alex, dana, now)
    message = first_message(alex)
    assert verdict(message, message.due_at).decision is Decision.SEND


@pytest.mark.parametrize("state", ["unverified", "verified", "bad"])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("reviewed", [False, True])
def test_the_facts_know_a_usable_number_as_the_record_does(alex, message, state, shared, reviewed):
    """The facts are read by SQL of their own; this keeps its rule the same as the model's."""
    point = alex.contact_points.get(kind="mobile")
    point.state, point.is_shared = state, shared
    point.shared_reviewed_at = TEN if reviewed else None
    point.save()
    (found,) = World([message], TEN, {}).facts(message).contact_points
    assert (found.pk, found.normalized, found.is_usable) == (point.pk, point.normalized, point.is_usable)


def test_a_number_that_was_given_up_is_no_fact_any_more(alex, message):
    alex.contact_points.update(retired_at=TEN)
    assert World([message], TEN, {}).facts(message).contact_points == ()


def test_what_left_within_the_week_counts_however_long_ago_it_was_first_due(alex, message):
    """Held, tried again and looked up for days, it went out on Tuesday all the same."""
    late = Message.objects.create(
        client=alex,
        kind="plan",
        local_date=TEN.date(),
        local_time=TEN.time(),
        tz="UTC",
        due_at=TEN - timedelta(days=6, hours=47),
        sent_at=TEN - timedelta(days=5),
        status="sent",
        dedupe_key="late",
    )
    assert late.sent_at in World([message], TEN, {}).facts(message).sent


def test_a_withdrawal_holds_at_once_even_if_its_clock_ran_ahead(alex, message):
    """STOP was written down by a host two hours ahead of the database: nothing leaves in those two hours."""
    alex.permissions.update(withdrawn_at=TEN + timedelta(hours=2), withdrawn_how="keyword")
    found = verdict(message)
    assert (found.decision, found.reason) == (Decision.CANCEL, "opted_out")

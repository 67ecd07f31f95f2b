"""A counselor fits one client's plan: steps added, moved and dropped, each with a reason (clinical.md §4.3)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.followup import optout, plan_changes, plan_upkeep
from casework.followup.actions import steps as acts
from casework.followup.actions.reports import retract_report
from casework.followup.messages.reasons import words
from casework.followup.models import Message, StepChange, ToDo
from casework.followup.plan_caps import too_many
from casework.followup.plan_templates import SAFETY, ToDoKind
from casework.followup.schedule import WEEK
from clients import audit
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Permission
from tests import factories
from tests.followup.making import report, sent
from tests.followup.test_schedule import PHOENIX

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = date(2026, 3, 11)  # the day of the report in Phoenix
FOURTH = "it would be the fourth message within seven days, beside"
WHY = "Alex works nights this week."


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


def last(alex):
    return alex.followup_plans.order_by("-pk").values_list("pk", flat=True)[0]


def day(number):
    return TODAY + number * DAY


def add(alex, by, now, number, **fields):
    fields = {"text": "support", "reason": WHY, **fields}
    return acts.add_message_step(plan_id=last(alex), on=day(number), by=by, now=now, **fields)


def do(alex, by, now, number, **fields):
    fields = {"kind": "call", "reason": WHY, **fields}
    return acts.add_todo_step(plan_id=last(alex), on=day(number), by=by, now=now, **fields)


def move(alex, by, now, key, number, **fields):
    return acts.move_step(
        plan_id=last(alex), key=key, on=day(number), by=by, now=now, **{"reason": WHY, **fields}
    )


def drop(alex, by, now, key, **fields):
    return acts.drop_step(plan_id=last(alex), key=key, by=by, now=now, **{"reason": WHY, **fields})


def refusal(act):
    with pytest.raises((InvalidInput, Conflict)) as refused:
        act()
    return refused.value.field, str(refused.value)


# --- adding -----------------------------------------------------------------------------------------------------------
def test_a_text_is_added_at_ten_in_the_clients_morning(alex, dana, plan, now):
    change = add(alex, dana, now, 25)
    message = change.message
    assert (message.local_date, message.due_at) == (day(25), datetime(2026, 4, 5, 17, 0, tzinfo=UTC))
    assert (message.plan, message.status, message.template_key, message.kind) == (
        plan,
        "planned",
        "support",
        "plan",
    )
    assert (change.act, change.reason, change.by, change.to_at) == ("added", WHY, dana, message.due_at)


def test_a_text_may_go_one_way_only(alex, dana, plan, now):
    assert add(alex, dana, now, 25, channel="email").message.channel_rule == "email"
    assert refusal(lambda: add(alex, dana, now, 26, channel="call"))[0] == "channel"


def test_a_to_do_is_added_to_the_end_of_the_clients_day(alex, dana, plan, now):
    todo = do(alex, dana, now, 6, kind="visit").todo
    assert (todo.kind, todo.title, todo.plan, todo.owner) == ("visit", "Hold the visit", plan, dana)
    assert todo.due_at == datetime(2026, 3, 18, 0, 0, tzinfo=UTC)  # 17:00 in Phoenix
    own = do(alex, dana, now, 6, kind="other", title=" Ask about the bus pass ").todo
    assert own.title == "Ask about the bus pass"


def test_a_supervisors_step_goes_to_the_supervisor(alex, dana, sam, plan, now):
    assert do(alex, dana, now, 6, kind="supervisor_review").todo.owner == sam


def test_a_text_added_today_goes_while_the_window_is_open(alex, dana, plan, now):
    drop(alex, dana, now, "PHY-D00-MSG")
    noon = now + timedelta(hours=5)
    assert add(alex, dana, noon, 0).message.due_at == noon
    later = now + timedelta(hours=13)  # 21:00 in Phoenix
    assert refusal(lambda: add(alex, dana, later, 0)) == ("on", "Messages go no more today. Choose tomorrow.")
    assert refusal(lambda: do(alex, dana, later, 0)) == (
        "on",
        "The working day is over there. Choose tomorrow.",
    )


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (2, "Fri 13 Mar has a message already: one a day at most."),
        (4, f"Sun 15 Mar: {FOURTH} Wed 11 Mar, Fri 13 Mar, Mon 16 Mar."),
        (9, f"Fri 20 Mar: {FOURTH} Mon 16 Mar, Thu 19 Mar, Sat 21 Mar."),
    ],
)
def test_a_text_too_many_is_refused_with_the_day_named(alex, dana, plan, now, number, says):
    before = plan.messages.count()
    assert refusal(lambda: add(alex, dana, now, number)) == ("on", f"{says} Choose another day.")
    assert plan.messages.count() == before


def test_what_has_gone_counts_as_well(alex, dana, plan, now):
    sent(plan.messages.get(step_key="PHY-D00-MSG"), now + timedelta(hours=1))
    assert "beside Wed 11 Mar" in refusal(lambda: add(alex, dana, now + DAY, 6))[1]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "help"}, "text"),
        ({"text": ""}, "text"),
        ({"reason": "  "}, "reason"),
        ({"number": -1}, "on"),
        ({"number": 400}, "on"),
    ],
)
def test_a_text_that_cannot_be_is_refused_by_field(alex, dana, plan, now, fields, field):
    number = fields.pop("number", 25)
    assert refusal(lambda: add(alex, dana, now, number, **fields))[0] == field
    assert not StepChange.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "crisis"}, "kind"),
        ({"kind": "other"}, "title"),
        ({"reason": ""}, "reason"),
        ({"number": -1}, "on"),
    ],
)
def test_a_to_do_that_cannot_be_is_refused_by_field(alex, dana, plan, now, fields, field):
    number = fields.pop("number", 25)
    assert refusal(lambda: do(alex, dana, now, number, **fields))[0] == field


def test_the_same_to_do_twice_on_a_day_is_refused(alex, dana, plan, now):
    do(alex, dana, now, 6)
    assert refusal(lambda: do(alex, dana, now, 6))[0] == "on"
    do(alex, dana, now, 6, kind="other", title="Bus pass")
    do(alex, dana, now, 6, kind="other", title="Housing form")
    assert plan.todos.filter(step_key__startswith="ADDED-").count() == 3


def test_whom_messages_may_not_reach_gets_calls_and_who_wants_no_calls_none(alex, dana, plan, now):
    call = {"client_id": alex.pk, "by": dana, "now": now, "how": "staff"}
    optout.withdraw(channel=Permission.Channel.TEXT, **call)
    assert refusal(lambda: add(alex, dana, now, 25))[1] == "Alex has agreed to no messages. Add a call."
    do(alex, dana, now, 25)
    factories.PermissionFactory(client=alex, channel="call")
    optout.withdraw(channel=Permission.Channel.CALL, **call)
    assert refusal(lambda: do(alex, dana, now, 26)) == ("kind", "Alex wants no calls.")


# --- moving -----------------------------------------------------------------------------------------------------------
def test_a_text_is_moved_to_another_morning(alex, dana, plan, now):
    change = move(alex, dana, now, "PHY-D30-MSG", 33)
    message = plan.messages.get(step_key="PHY-D30-MSG")
    assert (message.local_date, message.due_at) == (day(33), datetime(2026, 4, 13, 17, 0, tzinfo=UTC))
    assert (change.act, change.from_at.astimezone(PHOENIX).date(), change.to_at) == (
        "moved",
        day(30),
        message.due_at,
    )


def test_a_text_may_move_by_a_day_although_it_stands_beside_itself(alex, dana, plan, now):
    move(alex, dana, now, "PHY-D10-MSG", 11)
    assert plan.messages.get(step_key="PHY-D10-MSG").local_date == day(11)


@pytest.mark.parametrize(
    ("number", "said"), [(8, "Thu 19 Mar has a message"), (6, "Tue 17 Mar: it would be")]
)
def test_a_move_that_breaks_a_cap_is_refused_and_nothing_moves(alex, dana, plan, now, number, said):
    field, says = refusal(lambda: move(alex, dana, now, "PHY-D10-MSG", number))
    assert (field, says.startswith(said)) == ("on", True)
    assert plan.messages.get(step_key="PHY-D10-MSG").local_date == day(10)


def test_a_held_text_that_is_moved_waits_for_its_new_day(alex, dana, plan, now):
    held = plan.messages.filter(step_key="PHY-D02-MSG")
    held.update(status="held", reason_code="quiet_hours", reason_params={"until": now.isoformat()})
    move(alex, dana, now, "PHY-D02-MSG", 3)
    message = held.get()
    assert (message.status, message.reason_code, message.reason_params) == ("planned", "", {})


def test_a_to_do_is_moved_to_the_end_of_another_day(alex, dana, plan, now):
    move(alex, dana, now, "PHY-VISIT", 9)
    assert plan.todos.get(step_key="PHY-VISIT").due_at == datetime(2026, 3, 21, 0, 0, tzinfo=UTC)


def test_a_call_that_stands_for_a_text_takes_its_new_day_along(alex, dana, plan, now):
    optout.withdraw(client_id=alex.pk, channel="text", by=dana, now=now, how="staff")
    move(alex, dana, now, "PHY-D30-MSG-CALL", 33)
    factories.PermissionFactory(client=alex, channel="text", granted_at=now + timedelta(hours=1))
    plan_changes.follow_changes(now + timedelta(hours=1, minutes=1))
    again = plan.messages.get(step_key="PHY-D30-MSG")
    assert (again.status, again.local_date) == ("planned", day(33))


def test_a_client_who_moves_takes_the_moved_step_along(alex, dana, plan, now):
    move(alex, dana, now, "PHY-D30-MSG", 33)
    alex.time_zone = "America/New_York"
    alex.save()
    plan_changes.follow_changes(now)
    assert plan.messages.get(step_key="PHY-D30-MSG").due_at == datetime(2026, 4, 13, 14, 0, tzinfo=UTC)


# --- dropping ---------------------------------------------------------------------------------------------------------
def test_a_dropped_text_stays_readable_with_its_reason(alex, dana, plan, now):
    change = drop(alex, dana, now, "PHY-D30-MSG")
    message = plan.messages.get(step_key="PHY-D30-MSG")
    assert (message.status, message.reason_code, words(message)) == (
        "cancelled",
        "step_dropped",
        "Dropped from the plan.",
    )
    assert (change.act, change.message, change.reason, change.to_at) == ("dropped", message, WHY, None)


def test_a_dropped_to_do_stays_readable_too(alex, dana, plan, now):
    drop(alex, dana, now, "PHY-LEARNING-REVIEW")
    todo = plan.todos.get(step_key="PHY-LEARNING-REVIEW")
    assert (todo.state, todo.cancelled_reason) == ("cancelled", "step_dropped")


def test_no_sweep_brings_a_dropped_step_back_or_doubles_an_added_one(alex, dana, plan, now):
    drop(alex, dana, now, "PHY-D30-MSG")
    drop(alex, dana, now, "PHY-LEARNING-REVIEW")
    add(alex, dana, now, 35)
    do(alex, dana, now, 35)
    factories.PermissionFactory(client=alex, channel="email", granted_at=now)
    before = picture(plan)
    for minute in (1, 2, 3):
        plan_changes.follow_changes(now + timedelta(minutes=minute))
        plan_upkeep.complete_finished(now + timedelta(minutes=minute))
    assert picture(plan) == before


def picture(plan):
    rows = plan.messages.order_by("pk").values_list("step_key", "status", "local_date")
    return list(rows), list(plan.todos.order_by("pk").values_list("step_key", "state", "due_at"))


def test_an_opt_out_and_a_permission_given_again_leave_a_dropped_step_dropped(alex, dana, plan, now):
    drop(alex, dana, now, "PHY-D30-MSG")
    optout.withdraw(client_id=alex.pk, channel="text", by=dana, now=now, how="staff")
    assert not plan.todos.filter(step_key="PHY-D30-MSG-CALL").exists()
    drop(alex, dana, now, "PHY-D45-MSG-CALL")
    factories.PermissionFactory(client=alex, channel="text", granted_at=now + timedelta(hours=1))
    plan_changes.follow_changes(now + timedelta(hours=1, minutes=1))
    states = dict(plan.messages.order_by("pk").values_list("step_key", "status"))
    assert (states["PHY-D30-MSG"], states["PHY-D45-MSG"], states["PHY-D60-MSG"]) == (
        "cancelled",
        "cancelled",
        "planned",
    )


def test_a_step_dropped_and_added_again_on_that_day_has_a_key_of_its_own(alex, dana, plan, now):
    first = add(alex, dana, now, 35).message
    drop(alex, dana, now, first.step_key)
    second = add(alex, dana, now, 35).message
    assert (first.step_key, second.step_key) == ("ADDED-260415-MSG", "ADDED-260415-MSG-1")
    assert Message.objects.get(pk=first.pk).status == "cancelled"


def test_the_last_open_step_dropped_after_the_last_day_completes_the_plan(alex, dana, plan, now):
    late = now + 91 * DAY
    plan.messages.update(status="skipped", reason_code="late", closed_at=late)
    plan.todos.exclude(step_key="PHY-D90-REASSESSMENT").update(state="cancelled", cancelled_reason="voided")
    drop(alex, dana, late, "PHY-D90-REASSESSMENT")
    plan.refresh_from_db()
    assert plan.state == "completed"


# --- what stands ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("act", [lambda *to: move(*to, 5), drop])
@pytest.mark.parametrize("key", ["PHY-SAFETY-CHECKLIST", "PHY-FIRST-CONTACT"])
def test_what_is_about_safety_is_neither_moved_nor_dropped(alex, dana, plan, now, act, key):
    says = refusal(lambda: act(alex, dana, now, key))[1]
    assert says == "This is about safety: it stays, and stays on its day."
    assert plan.todos.get(step_key=key).is_open


def test_an_emergency_of_a_red_flag_is_never_dropped(alex, dana, now):
    plan = report(alex, dana, now, red_flags=["seizure"]).plan
    assert {"emergency", "safety_checklist"} <= set(SAFETY)
    with pytest.raises(Conflict):
        drop(alex, dana, now, "PHY-EMERGENCY")
    assert plan.todos.get(step_key="PHY-EMERGENCY").is_open


def test_the_supervisors_review_is_the_supervisors_to_move_or_drop(alex, dana, sam, plan, now):
    says = refusal(lambda: drop(alex, dana, now, "PHY-SUPERVISOR-REVIEW"))[1]
    assert says == "This is the supervisor's step: ask them to change it."
    drop(alex, sam, now, "PHY-SUPERVISOR-REVIEW")
    assert plan.todos.get(step_key="PHY-SUPERVISOR-REVIEW").state == "cancelled"


@pytest.mark.parametrize("status", ["claimed", "sent", "failed", "unknown", "dead", "cancelled", "skipped"])
def test_a_text_that_has_gone_or_is_on_its_way_is_left_alone(alex, dana, plan, now, status):
    fields = {"lease_until": now, "attempt_id": alex.uid} if status == "claimed" else {"sent_at": now}
    plan.messages.filter(step_key="PHY-D02-MSG").update(status=status, **fields)
    for act in (
        lambda: drop(alex, dana, now, "PHY-D02-MSG"),
        lambda: move(alex, dana, now, "PHY-D02-MSG", 3),
    ):
        with pytest.raises(Conflict):
            act()


def test_a_to_do_that_is_done_is_left_alone(alex, dana, plan, now):
    plan.todos.filter(step_key="PHY-VISIT").update(state="done", done_at=now, done_by=dana)
    with pytest.raises(Conflict):
        drop(alex, dana, now, "PHY-VISIT")


@pytest.mark.parametrize("key", ["NOTHING", "PHY-D77-MSG", "ESCALATED-1"])
def test_what_is_no_step_of_the_plan_is_not_found(alex, dana, plan, now, key):
    ToDo.objects.create(
        client=alex, plan=plan, step_key="ESCALATED-1", kind="call", title="Call", due_at=now, opened_at=now
    )
    assert refusal(lambda: drop(alex, dana, now, key))[0] == "key"


def test_a_plan_that_runs_no_more_is_not_changed(alex, dana, plan, now):
    retract_report(report_id=plan.report_id, how="retracted", reason="A mix-up.", by=dana, now=now)
    for act in (
        lambda: add(alex, dana, now, 25),
        lambda: do(alex, dana, now, 25),
        lambda: move(alex, dana, now, "PHY-VISIT", 9),
        lambda: drop(alex, dana, now, "PHY-VISIT"),
    ):
        assert refusal(act)[1] == "This plan runs no more, so there is nothing to change."


def test_every_change_needs_a_reason(alex, dana, plan, now):
    assert refusal(lambda: move(alex, dana, now, "PHY-VISIT", 9, reason=" "))[0] == "reason"
    assert refusal(lambda: drop(alex, dana, now, "PHY-VISIT", reason=""))[0] == "reason"


# --- who, and the trail -----------------------------------------------------------------------------------------------
def test_an_administrator_and_an_auditor_change_no_clients_plan(alex, ada, audrey, plan, now):
    for person in (ada, audrey):
        for act in (
            lambda by: add(alex, by, now, 25),
            lambda by: do(alex, by, now, 25),
            lambda by: move(alex, by, now, "PHY-VISIT", 9),
            lambda by: drop(alex, by, now, "PHY-VISIT"),
        ):
            with pytest.raises(NotAllowed):
                act(person)


def test_the_trail_names_the_step_and_the_row_with_the_reason_and_no_words(alex, dana, plan, now):
    change = drop(alex, dana, now, "PHY-VISIT")
    told = AuditEvent.objects.get(verb="plan.step_dropped")
    assert (told.actor_id, told.client_id, told.target_id) == (dana.pk, alex.pk, str(plan.pk))
    assert told.detail == {"change": change.pk, "step": "PHY-VISIT"}


def test_a_change_whose_audit_row_cannot_be_written_has_not_happened(alex, dana, plan, now, monkeypatch):
    before = picture(plan)

    def refuse(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", refuse)
    for act in (
        lambda: add(alex, dana, now, 25),
        lambda: do(alex, dana, now, 25),
        lambda: move(alex, dana, now, "PHY-D30-MSG", 33),
        lambda: drop(alex, dana, now, "PHY-VISIT"),
    ):
        with pytest.raises(RuntimeError):
            act()
    assert picture(plan) == before
    assert not StepChange.objects.exists()


# --- the caps, alone --------------------------------------------------------------------------------------------------
hours = st.lists(st.integers(0, 40 * 24), max_size=14, unique=True)


@given(hours, st.integers(0, 40 * 24))
@settings(max_examples=400, deadline=None)
def test_a_text_is_refused_exactly_when_a_day_or_a_week_would_hold_too_many(others, hour):
    begin = datetime(2026, 3, 11, tzinfo=UTC)
    at, rest = begin + timedelta(hours=hour), [begin + timedelta(hours=other) for other in others]
    same_day = any(one.astimezone(PHOENIX).date() == at.astimezone(PHOENIX).date() for one in rest)
    windows = [start for start in (*rest, at) if start <= at < start + WEEK]
    too_full = any(sum(start <= one < start + WEEK for one in (*rest, at)) > 3 for start in windows)
    assert bool(too_many(at, rest, PHOENIX)) == (same_day or too_full)


def test_safety_kinds_are_none_that_can_be_added_by_hand():
    assert not set(acts.ADDABLE) & {*SAFETY, ToDoKind.FIRST_CONTACT}

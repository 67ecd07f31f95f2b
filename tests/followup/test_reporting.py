"""Reporting a relapse starts what follows, in one transaction (clinical.md §1.7, §4.3, §4.6)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from casework.followup import actions
from casework.followup.models import FollowUpPlan, Message, PlanState, ToDo
from casework.followup.plan_start import Told, draft
from casework.followup.plan_templates import ToDoKind
from casework.followup.planner import PlannedMessage
from casework.relapse.models import RelapseReport, UseEpisode
from clients import audit
from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Client
from clients.stage import Stage
from tests import factories
from tests.followup.alarms import recorded
from tests.followup.making import PHONE_STEPS, open_todos, report, sent, statuses, uses

pytestmark = pytest.mark.django_db


def test_a_reported_relapse_starts_the_plan_with_its_messages_and_to_dos(alex, dana, sam, now):
    done = report(alex, dana, now)
    plan = done.plan
    assert (plan.stage, plan.state, plan.risk_tier, plan.tz) == (
        "physical",
        "active",
        "green",
        "America/Phoenix",
    )
    assert Message.objects.filter(plan=plan, status="planned").count() == PHONE_STEPS
    contact = plan.todos.get(kind=ToDoKind.FIRST_CONTACT)
    assert (contact.owner, contact.due_at) == (dana, now + timedelta(hours=24))
    assert plan.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


def test_the_saved_plan_is_what_the_page_showed(alex, dana, now):
    shown = draft(alex, Told(stage=Stage.PHYSICAL, source="self_session", reported_at=now), now=now)
    plan = report(alex, dana, now).plan
    saved = {message.step_key: message.due_at for message in plan.messages.all()}
    saved |= {todo.step_key: todo.due_at for todo in plan.todos.all()}
    assert saved == {step.key: step.due_at for step in shown.steps}


def test_the_first_message_waits_for_the_clients_morning_and_thanks_for_telling(alex, dana, now):
    message = report(alex, dana, now).plan.messages.get(step_key="PHY-D00-MSG")
    assert message.due_at.astimezone(ZoneInfo("America/Phoenix")).strftime("%H:%M") == "09:00"
    assert message.template_key == "counts"


def test_the_summary_knows_the_plan_and_the_to_dos_at_once(alex, dana, now):
    report(alex, dana, now)
    alex.summary.refresh_from_db()
    assert (alex.summary.plan_state, alex.summary.plan_stage, alex.summary.plan_started_at) == (
        "active",
        "physical",
        now,
    )
    assert alex.summary.open_todos == alex.todos.open().count() > 0
    assert alex.summary.next_due_todo_at == now + timedelta(hours=24)
    assert alex.summary.stage == "physical"


def test_use_is_recorded_with_the_report(alex, dana, now):
    done = report(alex, dana, now, use={"use_type": "illicit", "days": [now.date()]})
    assert done.report.episode == UseEpisode.objects.get()


def test_medicine_taken_as_prescribed_starts_nothing(alex, dana, now):
    with pytest.raises(InvalidInput, match="as prescribed is not"):
        report(alex, dana, now, use={"use_type": "as_prescribed", "days": [now.date()]})
    assert not RelapseReport.objects.exists()


def test_use_is_always_the_physical_stage(alex, dana, now):
    with pytest.raises(InvalidInput, match="even one time"):
        report(alex, dana, now, stage="mental", use={"use_type": "illicit", "days": [now.date()]})


@pytest.mark.parametrize(
    ("substances", "tier", "hours"),
    [(["alcohol", "clonazepam"], "amber", 2), (["heroin"], "amber", 2), (["cocaine"], "green", 24)],
)
def test_substances_on_record_decide_how_soon_somebody_calls(alex, dana, now, substances, tier, hours):
    uses(alex, now, *substances)
    plan = report(alex, dana, now).plan
    assert plan.risk_tier == tier
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).due_at == now + timedelta(hours=hours)


def test_a_week_without_use_before_it_means_that_tolerance_may_be_lost(alex, dana, now):
    factories.EpisodeOfCareFactory(client=alex, admitted_on=now.date() - timedelta(days=30))
    plan = report(alex, dana, now).plan
    assert plan.risk_reasons == ["lost_tolerance"]


def test_a_red_flag_asks_for_the_emergency_workflow_and_sends_first(alex, dana, now):
    plan = report(alex, dana, now, red_flags=["seizure"]).plan
    emergency = plan.todos.get(kind=ToDoKind.EMERGENCY)
    assert (plan.risk_tier, emergency.urgent, emergency.due_at) == ("red", True, now + timedelta(minutes=15))
    assert set(plan.messages.values_list("priority", flat=True)) == {20}


def test_a_red_flag_told_by_others_is_an_emergency_at_once_and_still_sends_nothing(alex, dana, sam, now):
    report(alex, dana, now, source="collateral", red_flags=["overdose"])
    emergency = alex.todos.get(kind=ToDoKind.EMERGENCY)
    assert (emergency.urgent, emergency.due_at) == (True, now + timedelta(minutes=15))
    assert alex.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam
    assert ToDoKind.TALK in open_todos(alex)
    assert not Message.objects.exists()


def test_a_red_flag_in_a_report_that_joins_the_running_plan_is_an_emergency(alex, dana, now):
    report(alex, dana, now)
    report(alex, dana, now + timedelta(hours=1), stage="mental", red_flags=["suicidal"])
    emergency = alex.todos.get(kind=ToDoKind.EMERGENCY)
    assert (emergency.urgent, emergency.due_at) == (True, now + timedelta(hours=1, minutes=15))


def test_a_red_flag_in_a_report_told_again_is_an_emergency(alex, dana, now):
    use = {"use_type": "illicit", "days": [now.date()]}
    report(alex, dana, now, use=use)
    report(alex, dana, now + timedelta(hours=1), use=use, red_flags=["seizure"])
    assert alex.todos.filter(kind=ToDoKind.EMERGENCY).count() == 1


def test_an_emergency_that_is_open_is_not_opened_twice(alex, dana, now):
    report(alex, dana, now, red_flags=["seizure"])
    report(alex, dana, now + timedelta(hours=1), stage="mental", red_flags=["seizure"])
    assert open_todos(alex).count(ToDoKind.EMERGENCY) == 1


def test_confirming_a_report_that_raises_the_stage_tells_the_supervisor(alex, dana, sam, now):
    told = report(alex, dana, now, stage="emotional", source="collateral").report
    plan = actions.confirm_report(report_id=told.pk, by=dana, now=now + timedelta(hours=1)).plan
    assert plan.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


@pytest.mark.parametrize("source", ["collateral", "toxicology"])
def test_what_others_tell_sends_nothing_until_a_counselor_confirms(alex, dana, now, source):
    done = report(alex, dana, now, source=source)
    assert done.plan is None
    assert not Message.objects.exists()
    assert open_todos(alex) == [ToDoKind.TALK]
    assert done.todo.due_at == now + timedelta(hours=24)


def test_confirming_starts_the_plan_now_with_clocks_from_the_report(alex, dana, now):
    told = report(alex, dana, now, source="collateral")
    later = now + timedelta(days=2)
    plan = actions.confirm_report(report_id=told.report.pk, by=dana, now=later).plan
    assert (plan.reported_at, plan.starts_at) == (now, later)
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).is_overdue(later)
    assert plan.messages.order_by("due_at").first().due_at > later
    assert plan.messages.order_by("due_at").first().template_key == "today"
    assert ToDo.objects.get(kind=ToDoKind.TALK).state == "done"


def test_the_clients_own_word_on_the_same_day_confirms_and_closes_the_talk(alex, dana, now):
    use = {"use_type": "illicit", "days": [now.date()]}
    told = report(alex, dana, now, source="collateral", use=use)
    again = report(alex, dana, now + timedelta(hours=1), source="self_call", use=use)
    assert (again.report, again.created, again.plan.state) == (told.report, False, "active")
    assert ToDo.objects.get(kind=ToDoKind.TALK).state == "done"
    alex.summary.refresh_from_db()
    assert alex.summary.open_todos == alex.todos.open().count()


def test_confirming_a_self_report_starts_no_second_plan(alex, dana, now):
    told = report(alex, dana, now)
    again = actions.confirm_report(report_id=told.report.pk, by=dana, now=now + timedelta(hours=1))
    assert again.plan == told.plan
    assert FollowUpPlan.objects.count() == 1


def test_history_that_is_imported_starts_nothing(alex, now):
    done = report(alex, None, now, source="import", reported_at=now - timedelta(days=400))
    assert (done.plan, done.todo) == (None, None)
    assert not Message.objects.exists()
    assert not ToDo.objects.exists()


def test_the_same_form_posted_twice_makes_one_report_and_one_plan(alex, dana, now):
    first = report(
        alex, dana, now, idempotency_key="form-1", use={"use_type": "illicit", "days": [now.date()]}
    )
    second = report(
        alex, dana, now, idempotency_key="form-1", use={"use_type": "illicit", "days": [now.date()]}
    )
    assert (second.report, second.plan, second.created) == (first.report, first.plan, False)
    assert (RelapseReport.objects.count(), FollowUpPlan.objects.count(), UseEpisode.objects.count()) == (
        1,
        1,
        1,
    )


def test_a_report_entered_days_late_does_not_send_what_has_passed(alex, dana, now):
    plan = report(alex, dana, now, reported_at=now - timedelta(days=20)).plan
    assert plan.messages.order_by("due_at").first().due_at > now
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).is_overdue(now)


def test_messages_of_the_last_week_count_for_the_new_plans_caps(alex, dana, now):
    old = report(alex, dana, now - timedelta(days=2)).plan
    for message, ago in zip(old.messages.order_by("due_at")[:3], [30, 20, 6], strict=True):
        sent(message, now - timedelta(hours=ago))
    plan = report(alex, dana, now).plan
    assert plan.messages.order_by("due_at").first().due_at >= now + timedelta(hours=168 - 30)


def test_nothing_is_reported_of_a_client_who_has_died(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    with pytest.raises(InvalidTransition, match="has died"):
        report(alex, dana, now)


def test_a_report_about_a_discharged_client_asks_for_a_talk_and_sends_nothing(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    done = report(alex, dana, now)
    assert done.plan is None
    assert open_todos(alex) == [ToDoKind.TALK]


def test_a_client_without_permission_is_called_on_those_days(alex, dana, now):
    alex.permissions.all().delete()
    plan = report(alex, dana, now).plan
    assert plan.state == PlanState.ACTIVE
    assert statuses(alex) == {"cancelled"}
    calls = plan.todos.filter(kind=ToDoKind.CALL)
    assert calls.count() == PHONE_STEPS
    assert {call.owner for call in calls} == {dana}


def test_a_client_who_wants_neither_messages_nor_calls_is_left_in_peace(alex, dana, now):
    alex.permissions.all().delete()
    factories.PermissionFactory(
        client=alex, channel="call", withdrawn_at=now - timedelta(days=3), withdrawn_how="staff"
    )
    plan = report(alex, dana, now).plan
    assert plan.state == PlanState.MESSAGES_OFF
    assert not plan.todos.filter(kind=ToDoKind.CALL).exists()


def days_of(use):
    return sorted(use.days.values_list("on", flat=True))


def told(client, by, now, *ago, **fields):
    today = now.date()
    use = {"use_type": "illicit", "days": [today - timedelta(days=one) for one in ago]}
    return report(client, by, now, use=use, occurred_on=min(use["days"]), **fields).report


def test_taking_back_a_report_takes_back_the_days_that_it_alone_told_of(alex, dana, now):
    first = told(alex, dana, now, 6)
    second = told(alex, dana, now + timedelta(minutes=5), 5, 4, 3, 2)
    assert second.episode == first.episode
    assert first.episode.classification() == "relapse"
    actions.retract_report(report_id=second.pk, reason="A slip of the pen", by=dana, now=now)
    use = UseEpisode.objects.get()
    assert days_of(use) == [now.date() - timedelta(days=6)]
    assert (use.classification(), use.last_use_on) == ("lapse", days_of(use)[0])
    alex.summary.refresh_from_db()
    assert alex.summary.last_use_on == days_of(use)[0]


def test_a_day_that_another_report_told_of_too_stays(alex, dana, now):
    told(alex, dana, now, 6, 5)
    second = told(alex, dana, now + timedelta(minutes=5), 5, 4)
    actions.retract_report(report_id=second.pk, reason="A slip of the pen", by=dana, now=now)
    assert [(now.date() - day).days for day in days_of(UseEpisode.objects.get())] == [6, 5]


def test_taking_back_a_report_of_two_episodes_takes_back_both(alex, dana, now):
    only = told(alex, dana, now, 40, 1)
    assert UseEpisode.objects.standing().count() == 2
    actions.retract_report(report_id=only.pk, reason="A slip of the pen", by=dana, now=now)
    assert not UseEpisode.objects.standing().exists()
    alex.summary.refresh_from_db()
    assert alex.summary.last_use_on is None


# --- the state table: new reports -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "second"), [("mental", "mental"), ("mental", "physical"), ("emotional", "physical")]
)
def test_a_new_report_of_the_same_or_a_higher_stage_begins_a_new_plan(alex, dana, now, first, second):
    old = report(alex, dana, now, stage=first).plan
    later = now + timedelta(days=1)
    new = report(alex, dana, later, stage=second).plan
    old.refresh_from_db()
    assert (old.state, old.closed_at, new.state, new.stage) == ("superseded", later, "active", second)
    assert set(old.messages.values_list("status", "reason_code")) == {("cancelled", "superseded")}
    assert set(old.todos.values_list("state", flat=True)) == {"superseded"}


def test_a_safety_checklist_not_yet_done_moves_to_the_new_plan_with_its_earlier_time(alex, dana, now):
    report(alex, dana, now, stage="mental")
    new = report(alex, dana, now + timedelta(hours=10), stage="physical").plan
    checklist = new.todos.get(kind=ToDoKind.SAFETY_CHECKLIST)
    assert (checklist.due_at, checklist.state, checklist.step_key) == (
        now + timedelta(hours=24),
        "open",
        "PHY-SAFETY-CHECKLIST",
    )


def test_an_emergency_outlives_the_report_that_took_it_over(alex, dana, sam, now):
    report(alex, dana, now, red_flags=["seizure"])
    later = report(alex, dana, now + timedelta(hours=1)).report
    actions.retract_report(report_id=later.pk, reason="A slip", by=dana, now=now + timedelta(hours=2))
    assert sorted(open_todos(alex)) == [ToDoKind.EMERGENCY, ToDoKind.SAFETY_CHECKLIST, ToDoKind.UPGRADE]
    emergency = alex.todos.open().get(kind=ToDoKind.EMERGENCY)
    recorded(emergency, dana, sam, now + timedelta(hours=3))
    emergency.refresh_from_db()
    assert emergency.state == "done"


def test_an_emergency_ends_with_the_one_report_that_asked_for_it(alex, dana, now):
    only = report(alex, dana, now, red_flags=["seizure"]).report
    actions.retract_report(report_id=only.pk, reason="A slip", by=dana, now=now + timedelta(hours=2))
    assert open_todos(alex) == []


def test_an_open_emergency_survives_any_number_of_new_plans(alex, dana, now):
    report(alex, dana, now, red_flags=["seizure"])
    report(alex, dana, now + timedelta(hours=1))
    last = report(alex, dana, now + timedelta(hours=2), red_flags=["overdose"]).plan
    assert last.todos.open().filter(kind=ToDoKind.EMERGENCY).count() == 1


def test_a_new_report_of_a_lower_stage_joins_the_plan_and_asks_for_an_assessment(alex, dana, now):
    old = report(alex, dana, now).plan
    before = old.todos.count()
    done = report(alex, dana, now + timedelta(days=3), stage="emotional")
    old.refresh_from_db()
    assert (done.plan, old.state, FollowUpPlan.objects.count()) == (old, "active", 1)
    assert old.further_reports.get().report == done.report
    assert old.todos.count() == before + 1
    assert old.todos.get(report=done.report).kind == ToDoKind.REASSESSMENT
    assert Message.objects.count() == PHONE_STEPS


def test_a_retracted_report_cancels_everything_it_began(alex, dana, now):
    done = report(alex, dana, now)
    actions.retract_report(
        report_id=done.report.pk, reason="It was somebody else", by=dana, now=now + timedelta(hours=1)
    )
    done.plan.refresh_from_db()
    assert (done.plan.state, done.plan.closed_reason) == ("voided", "voided")
    assert statuses(alex) == {"cancelled"}
    assert set(alex.todos.values_list("state", "cancelled_reason")) == {("cancelled", "voided")}


def test_taking_back_an_unconfirmed_report_closes_its_talk(alex, dana, now):
    done = report(alex, dana, now, source="toxicology")
    actions.retract_report(
        report_id=done.report.pk, reason="Negative on confirmation", how="unsubstantiated", by=dana, now=now
    )
    assert open_todos(alex) == []


def test_when_the_newer_report_is_taken_back_somebody_decides_about_the_older_one(alex, dana, now):
    first = report(alex, dana, now, stage="mental")
    second = report(alex, dana, now + timedelta(hours=1))
    actions.retract_report(
        report_id=second.report.pk,
        reason="Entered for the wrong client",
        how="entered_in_error",
        by=dana,
        now=now + timedelta(hours=2),
    )
    todo = alex.todos.open().exclude(kind=ToDoKind.SAFETY_CHECKLIST).get()
    assert (todo.kind, todo.report) == (ToDoKind.UPGRADE, first.report)


def test_a_decision_that_does_not_exist_is_declined(alex, dana, now):
    done = report(alex, dana, now)
    with pytest.raises(InvalidInput):
        actions.retract_report(report_id=done.report.pk, reason="x", how="forgotten", by=dana, now=now)


def test_an_escalation_within_the_emotional_stage_asks_the_supervisor(alex, dana, sam, now):
    plan = report(alex, dana, now, stage="emotional").plan
    assert plan.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


# --- all or nothing -------------------------------------------------------------------------------------------------
def broken(monkeypatch, verb):
    real = audit.record

    def record(name, **fields):
        if name == verb:
            raise RuntimeError("the trail cannot be written")
        return real(name, **fields)

    monkeypatch.setattr(audit, "record", record)


@pytest.mark.parametrize("verb", ["relapse.reported", "plan.started"])
def test_without_the_trail_nothing_is_reported(alex, dana, now, monkeypatch, verb):
    broken(monkeypatch, verb)
    with pytest.raises(RuntimeError):
        report(alex, dana, now)
    assert not RelapseReport.objects.exists()
    assert not FollowUpPlan.objects.exists()
    assert not Message.objects.exists()
    assert not ToDo.objects.exists()
    alex.summary.refresh_from_db()
    assert (alex.summary.plan_state, alex.summary.stage) == ("", "")


def test_without_the_trail_nothing_is_taken_back(alex, dana, now, monkeypatch):
    done = report(alex, dana, now)
    broken(monkeypatch, "plan.voided")
    with pytest.raises(RuntimeError):
        actions.retract_report(report_id=done.report.pk, reason="wrong", by=dana, now=now)
    done.plan.refresh_from_db()
    done.report.refresh_from_db()
    assert (done.plan.state, done.report.state, statuses(alex)) == ("active", "reported", {"planned"})


def test_the_trail_tells_of_report_and_plan_without_a_word_about_the_person(alex, dana, now):
    done = report(alex, dana, now, narrative="Alex used at Robin's place")
    rows = AuditEvent.objects.filter(client_id=alex.pk, actor_id=dana.pk)
    assert {"relapse.reported", "plan.started"} <= set(rows.values_list("verb", flat=True))
    assert "Alex" not in str(list(rows.values_list("detail", flat=True)))
    assert rows.get(verb="plan.started").target_id == str(done.plan.pk)


def test_whoever_may_not_report_changes_nothing(alex, audrey, ada, now):
    for person in (audrey, ada):
        with pytest.raises(NotAllowed):
            report(alex, person, now)
    assert not RelapseReport.objects.exists()


def test_reporting_takes_a_fixed_number_of_statements(alex, dana, now, django_assert_max_num_queries):
    uses(alex, now, "alcohol", "clonazepam")
    with django_assert_max_num_queries(40):
        report(alex, dana, now)


def test_a_planned_message_is_a_row_and_not_a_to_do(alex, now):
    shown = draft(alex, Told(stage=Stage.MENTAL, source="self_call", reported_at=now), now=now)
    assert all(isinstance(step, PlannedMessage) for step in shown.messages)
    assert len(shown.messages) + len(shown.todos) == len(shown.steps)

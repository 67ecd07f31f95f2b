"""Stop, pause, restart: every row of the state table of clinical.md §4.6, and the invariants at its foot.

Each test of a row looks at all three columns: what waits to be sent, what people are asked to do, where the plan is.
"""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from casework.followup import actions, plan_changes, plan_upkeep
from casework.followup.actions.assessment import finalise_assessment
from casework.followup.actions.merging import merge_clients
from casework.followup.actions.pausing import add_guardian, end_guardian, recheck_consent
from casework.followup.actions.transferring import transfer_client
from casework.followup.checklist import QUESTIONS
from casework.followup.messages import policy
from casework.followup.messages.policy import Decision
from casework.followup.messages.render import render
from casework.followup.models import RUNNING, FollowUpPlan, Message, PlanState, Priority, ToDo
from casework.followup.plan_templates import SAFETY, ToDoKind
from casework.followup.risk import RiskReason, RiskTier
from casework.relapse.actions.assessing import Sheet
from casework.relapse.stage import Answer
from clients.actions import add_contact_point, grant_permission
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import AuditEvent, Client, Guardian, Handover
from tests import factories
from tests.followup.making import PHONE_STEPS, first_message, open_todos, report, sent, statuses, texts

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def plan(alex, dana, now):
    return report(alex, dana, now).plan


@pytest.fixture
def lee(team):
    """Lee, a second counselor of Dana's team."""
    return factories.counselor("Lee Osei", team=team)


def again(thing):
    thing.refresh_from_db()
    return thing


def local_day(client, at):
    return timezone.localdate(at, client.zone)


def pause(client, by, at, reason):
    return actions.pause_client(client_id=client.pk, reason=reason, on=local_day(client, at), by=by, now=at)


def resume(client, by, at, on=None):
    return actions.resume_client(client_id=client.pk, on=on or local_day(client, at), by=by, now=at)


def withdraw(client, channel, by, at):
    return actions.withdraw_permission(client_id=client.pk, channel=channel, by=by, now=at)


def reasons(plan):
    return set(plan.messages.values_list("status", "reason_code"))


def calls(plan):
    return plan.todos.open().filter(kind=ToDoKind.CALL)


def held_by_a_sender(message, now):
    Message.objects.filter(pk=message.pk).update(
        status="claimed", lease_until=now + timedelta(minutes=1), attempt_id=message.uid, lease_owner="w"
    )
    return again(message)


# --- opt-out of a channel -------------------------------------------------------------------------------------------
def test_opt_out_of_a_channel_without_another_one(alex, dana, plan, now):
    withdraw(alex, "text", dana, now)
    assert reasons(plan) == {("cancelled", "opted_out")}
    assert calls(plan).count() == PHONE_STEPS
    assert again(plan).state == PlanState.ACTIVE


def test_opt_out_of_a_channel_with_another_one_agreed_to(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="email")
    factories.ContactPointFactory(client=alex, kind="email", value="a@b.example", normalized="a@b.example")
    before = open_todos(alex)
    withdraw(alex, "text", dana, now)
    assert statuses(alex) == {"planned"}
    assert policy.may_send(first_message(alex), first_message(alex).due_at).channel == "email"
    assert open_todos(alex) == before
    assert again(plan).state == PlanState.ACTIVE


def test_opt_out_by_a_text_is_the_same(alex, plan, now):
    texts(alex, "STOP", now)
    assert reasons(plan) == {("cancelled", "opted_out")}
    assert calls(plan).count() == PHONE_STEPS
    assert again(plan).state == PlanState.ACTIVE


# --- opt-out of all -------------------------------------------------------------------------------------------------
def test_opt_out_of_all(alex, dana, plan, now):
    before = open_todos(alex)
    withdraw(alex, "messages", dana, now)
    assert reasons(plan) == {("cancelled", "messages_off")}
    assert open_todos(alex) == before
    assert again(plan).state == PlanState.MESSAGES_OFF


def test_opt_out_of_all_by_who_declines_calls_too(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="call")
    withdraw(alex, "messages", dana, now)
    withdraw(alex, "call", dana, now)
    assert not {ToDoKind.FIRST_CONTACT, ToDoKind.CALL, ToDoKind.TALK} & set(open_todos(alex))
    assert ToDoKind.SAFETY_CHECKLIST in open_todos(alex)
    assert again(plan).state == PlanState.MESSAGES_OFF


def test_a_permission_given_anew_brings_back_what_is_still_to_come(alex, dana, plan, now):
    withdraw(alex, "messages", dana, now)
    later = now + 6 * DAY
    grant_permission(client_id=alex.pk, channel="text", by=dana, now=later)
    plan_changes.follow_changes(later + timedelta(minutes=1))
    assert again(plan).state == PlanState.ACTIVE
    past = set(plan.messages.filter(due_at__lt=later).values_list("status", "reason_code"))
    ahead = plan.messages.filter(due_at__gt=later)
    assert past == {("cancelled", "messages_off")}
    assert set(ahead.values_list("status", flat=True)) == {"planned"}
    assert not calls(plan).exists()
    assert AuditEvent.objects.filter(verb="plan.messages_again").count() == 1
    plan_changes.follow_changes(later + timedelta(minutes=2))
    assert AuditEvent.objects.filter(verb="plan.messages_again").count() == 1


def test_during_a_pause_it_brings_them_back_paused(alex, dana, plan, now):
    withdraw(alex, "messages", dana, now)
    pause(alex, dana, now, "away")
    grant_permission(client_id=alex.pk, channel="text", by=dana, now=now + DAY)
    plan_changes.follow_changes(now + DAY + timedelta(minutes=1))
    assert again(plan).state == PlanState.PAUSED
    assert policy.may_send(plan.messages.order_by("-due_at").first(), now + DAY).decision is Decision.HOLD


# --- deceased -------------------------------------------------------------------------------------------------------
def test_deceased(alex, dana, sam, plan, now):
    actions.record_death(client_id=alex.pk, on=local_day(alex, now), by=dana, now=now)
    assert reasons(plan) == {("cancelled", "client_deceased")}
    assert open_todos(alex) == [ToDoKind.DEATH_REVIEW]
    assert alex.todos.open().get().owner == sam
    assert again(plan).state == PlanState.CLOSED_DECEASED


def test_nothing_is_ever_sent_to_who_has_died_whatever_is_queued_later(alex, dana, plan, now):
    actions.record_death(client_id=alex.pk, on=local_day(alex, now), by=dana, now=now)
    Message.objects.filter(client=alex).update(status="planned", closed_at=None)
    for message in Message.objects.filter(client=alex):
        verdict = policy.may_send(message, message.due_at)
        assert (verdict.decision, verdict.reason) == (Decision.CANCEL, "client_deceased")


# --- discharged -----------------------------------------------------------------------------------------------------
def discharge(client, by, at):
    return actions.discharge(client_id=client.pk, reason="left", on=local_day(client, at), by=by, now=at)


def test_discharged(alex, dana, plan, now):
    discharge(alex, dana, now)
    assert reasons(plan) == {("cancelled", "client_discharged")}
    assert open_todos(alex) == []
    assert again(plan).state == PlanState.CLOSED_DISCHARGED


def test_discharged_with_consent_to_contact_afterwards(alex, dana, plan, now):
    factories.PermissionFactory(client=alex, channel="post_discharge")
    discharge(alex, dana, now)
    assert statuses(alex) == {"planned"}
    assert policy.may_send(first_message(alex), first_message(alex).due_at).decision is Decision.SEND
    assert open_todos(alex) == []
    assert again(plan).state == PlanState.CLOSED_DISCHARGED


def test_a_discharge_leaves_the_letter_and_the_decision_about_silence(alex, dana, sam, plan, now):
    stays = [
        ToDo.objects.create(
            client=alex, plan=plan, kind=kind, title="x", due_at=now, opened_at=now, step_key=key
        )
        for kind, key in ((ToDoKind.DECISION, "U4-1-1"), (ToDoKind.LETTER, "LADDER-LETTER"))
    ]
    discharge(alex, dana, now)
    assert set(alex.todos.open()) == set(stays)


# --- incarcerated ---------------------------------------------------------------------------------------------------
def test_incarcerated(alex, dana, plan, now):
    before = open_todos(alex)
    pause(alex, dana, now, "incarcerated")
    assert policy.may_send(first_message(alex), first_message(alex).due_at).decision is Decision.HOLD
    assert open_todos(alex) == before
    assert again(plan).state == PlanState.PAUSED


def test_released(alex, dana, plan, now):
    FollowUpPlan.objects.filter(pk=plan.pk).update(risk_tier=RiskTier.GREEN, risk_reasons=[])
    pause(alex, dana, now, "incarcerated")
    back = now + 9 * DAY
    resume(alex, dana, back)
    assert set(plan.messages.filter(due_at__lt=back - 2 * DAY).values_list("status", flat=True)) == {
        "skipped"
    }
    todo = alex.todos.open().get(step_key__startswith="BACK-")
    assert (todo.kind, todo.due_at, todo.owner, todo.urgent) == (ToDoKind.CALL, back + DAY, dana, True)
    assert todo.title == "Alex is out of jail, tolerance may be lost: get in touch"
    assert again(plan).state == PlanState.ACTIVE
    assert (plan.risk_reasons, plan.risk_tier) == ([RiskReason.LOST_TOLERANCE], RiskTier.AMBER)


def test_whose_tolerance_may_be_lost_is_written_to_before_others(alex, dana, plan, now):
    FollowUpPlan.objects.filter(pk=plan.pk).update(risk_tier=RiskTier.GREEN, risk_reasons=[])
    Message.objects.update(priority=Priority.USUAL)
    pause(alex, dana, now, "incarcerated")
    resume(alex, dana, now + 9 * DAY)
    assert set(plan.messages.waiting().values_list("priority", flat=True)) == {Priority.HIGH}


def test_released_without_a_plan_asks_for_the_talk_all_the_same(alex, dana, now):
    pause(alex, dana, now, "incarcerated")
    resume(alex, dana, now + DAY)
    assert alex.todos.open().get().step_key.startswith("BACK-TOLERANCE-")


def test_a_release_makes_no_red_tier_milder(alex, dana, now):
    red = report(alex, dana, now, red_flags=["seizure"]).plan
    pause(alex, dana, now, "incarcerated")
    resume(alex, dana, now + DAY)
    assert again(red).risk_tier == RiskTier.RED
    assert RiskReason.LOST_TOLERANCE in red.risk_reasons


# --- hospital -------------------------------------------------------------------------------------------------------
def test_in_hospital(sam, alex, dana, plan, now):
    pause(alex, dana, now, "hospital")
    assert policy.may_send(first_message(alex), first_message(alex).due_at).decision is Decision.HOLD
    for_counselor = alex.todos.open().filter(owner=dana).exclude(kind__in=SAFETY)
    liaison = for_counselor.get()
    assert (liaison.title, liaison.due_at) == (
        "Alex is in hospital: with consent, agree with the ward on the day of discharge",
        now + DAY,
    )
    assert ToDoKind.SAFETY_CHECKLIST in open_todos(alex)
    assert again(plan).state == PlanState.PAUSED


def test_out_of_hospital_the_physical_clock_begins_again_on_the_day_of_discharge(alex, dana, plan, now):
    pause(alex, dana, now, "hospital")
    entered, on = now + 10 * DAY, local_day(alex, now) + 8 * DAY
    resume(alex, dana, entered, on=on)
    begun = FollowUpPlan.objects.running().get()
    assert (again(plan).state, begun.state, begun.report) == (
        PlanState.SUPERSEDED,
        PlanState.ACTIVE,
        plan.report,
    )
    assert begun.started_on == on
    days = dict(begun.messages.values_list("step_key", "local_date"))
    assert days["PHY-D02-MSG"] == on + 2 * DAY
    assert days["PHY-D90-MSG"] == on + 90 * DAY
    looks = begun.todos.filter(kind=ToDoKind.REASSESSMENT).order_by("due_at")
    assert [local_day(alex, one.due_at) - on for one in looks][:3] == [7 * DAY, 14 * DAY, 30 * DAY]
    assert begun.todos.get(kind=ToDoKind.VISIT).due_at == begun.reported_at + 7 * DAY
    assert not alex.todos.open().filter(step_key__startswith="LIAISON-").exists()
    assert begun.messages.get(step_key="PHY-D00-MSG").template_key == "today"  # nobody has just told us


def test_what_lies_more_than_two_days_back_when_a_discharge_is_entered_late_is_left_out(
    alex, dana, plan, now
):
    pause(alex, dana, now, "hospital")
    entered = now + 10 * DAY
    resume(alex, dana, entered, on=local_day(alex, now) + 4 * DAY)
    begun = FollowUpPlan.objects.running().get()
    assert set(begun.messages.filter(status="skipped").values_list("step_key", flat=True)) == {
        "PHY-D00-MSG",
        "PHY-D02-MSG",
    }


def test_out_of_hospital_what_was_known_of_risks_still_holds(alex, dana, plan, now):
    FollowUpPlan.objects.update(risk_tier=RiskTier.AMBER, risk_reasons=[RiskReason.LIVES_ALONE])
    pause(alex, dana, now, "hospital")
    resume(alex, dana, now + 3 * DAY)
    begun = FollowUpPlan.objects.running().get()
    assert begun.pk != plan.pk
    assert (begun.risk_tier, begun.risk_reasons) == (RiskTier.AMBER, [RiskReason.LIVES_ALONE])
    contact = begun.todos.get(kind=ToDoKind.FIRST_CONTACT)
    assert contact.due_at == begun.reported_at + 2 * HOUR
    assert set(begun.messages.values_list("priority", flat=True)) == {Priority.HIGH}


@pytest.mark.parametrize("stage", ["emotional", "mental"])
def test_out_of_hospital_another_plan_goes_on_where_the_calendar_stands(alex, dana, now, stage):
    plan = report(alex, dana, now, stage=stage).plan
    before = open_todos(alex)
    pause(alex, dana, now, "hospital")
    assert open_todos(alex).count(ToDoKind.OTHER) == 1
    assert set(before) <= set(open_todos(alex))
    resume(alex, dana, now + DAY)
    assert FollowUpPlan.objects.running().get() == plan


def test_who_wanted_no_messages_gets_none_after_the_hospital_either(alex, dana, plan, now):
    withdraw(alex, "messages", dana, now)
    pause(alex, dana, now, "hospital")
    resume(alex, dana, now + 3 * DAY)
    begun = FollowUpPlan.objects.running().get()
    assert (begun.pk != plan.pk, begun.state) == (True, PlanState.MESSAGES_OFF)
    assert not Message.objects.unsettled().exists()
    assert not calls(begun).filter(message__isnull=False).exists()


def test_a_stay_without_a_plan_is_a_pause_with_a_liaison(alex, dana, now):
    pause(alex, dana, now, "hospital")
    assert open_todos(alex) == [ToDoKind.OTHER]
    resume(alex, dana, now + DAY)
    assert not FollowUpPlan.objects.exists()


# --- a new report ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "second"), [("mental", "mental"), ("emotional", "physical")])
def test_a_new_report_of_the_same_or_a_higher_stage(alex, dana, now, first, second):
    old = report(alex, dana, now, stage=first).plan
    at = now + 2 * DAY
    new = report(alex, dana, at, stage=second).plan
    assert reasons(old) == {("cancelled", "superseded")}
    assert not old.todos.open().exists()
    assert (again(old).state, new.state, new.reported_at) == (PlanState.SUPERSEDED, PlanState.ACTIVE, at)


def test_safety_to_dos_not_yet_done_move_over_with_their_own_time(alex, dana, now):
    old = report(alex, dana, now, stage="mental", red_flags=["seizure"]).plan
    due = {todo.pk: todo.due_at for todo in alex.todos.open().filter(kind__in=SAFETY)}
    new = report(alex, dana, now + DAY, stage="physical").plan
    left = alex.todos.open().filter(pk__in=due)
    assert {todo.pk: todo.due_at for todo in left} == due
    assert set(left.exclude(plan=None).values_list("plan", flat=True)) == {new.pk}
    assert not old.todos.open().exists()


def test_a_new_report_of_a_lower_stage(alex, dana, plan, now):
    before = open_todos(alex)
    told = report(alex, dana, now + DAY, stage="mental")
    assert statuses(alex) == {"planned"}
    assert sorted(open_todos(alex)) == sorted([*before, ToDoKind.REASSESSMENT])
    assert told.plan == plan
    assert told.report.joined_plan.plan == plan
    assert again(plan).state == PlanState.ACTIVE


def test_the_stage_escalates_by_assessment_without_a_report(alex, dana, now):
    plan = report(alex, dana, now, stage="emotional").plan
    sheet = Sheet(
        answers={"M07": Answer(3, frozenset())}, counselor_stage="mental", override_reason="Plans to use"
    )
    finalise_assessment(client_id=alex.pk, sheet=sheet, by=dana, now=now + DAY)
    assert statuses(alex) == {"planned"}
    assert ToDoKind.UPGRADE in open_todos(alex)
    assert alex.todos.get(kind=ToDoKind.UPGRADE).said == "The stage rose: record a report?"
    assert again(plan).state == PlanState.ACTIVE


# --- report taken back ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["retracted", "entered_in_error"])
def test_a_report_taken_back(alex, dana, plan, now, how):
    actions.retract_report(report_id=plan.report_id, reason="Not so", how=how, by=dana, now=now + HOUR)
    assert reasons(plan) == {("cancelled", "voided")}
    assert open_todos(alex) == []
    assert again(plan).state == PlanState.VOIDED
    assert not type(plan.report).objects.standing().exists()


def test_a_checklist_taken_over_outlives_the_report_that_took_it_over(alex, dana, now):
    report(alex, dana, now, stage="mental")
    checklist = alex.todos.get(kind=ToDoKind.SAFETY_CHECKLIST)
    later = report(alex, dana, now + HOUR, stage="physical")
    actions.retract_report(report_id=later.report.pk, reason="Another client", by=dana, now=now + 2 * HOUR)
    assert again(checklist).is_open
    answers = dict.fromkeys((one.key for one in QUESTIONS), "no")
    actions.complete_checklist(client_id=alex.pk, answers=answers, by=dana, now=now + 3 * HOUR)
    assert not again(checklist).is_open


def test_with_no_earlier_report_left_the_checklist_ends_as_well(alex, dana, now):
    first = report(alex, dana, now, stage="mental")
    later = report(alex, dana, now + HOUR, stage="physical")
    for told in (first, later):
        actions.retract_report(report_id=told.report.pk, reason="Another client", by=dana, now=now + 2 * HOUR)
    assert open_todos(alex) == []


# --- merged ---------------------------------------------------------------------------------------------------------
def test_clients_merged(alex, dana, lee, sam, team, plan, now):
    twin = factories.client_of(lee, team=team, given_name="Alexander", time_zone="America/Phoenix")
    other = report(twin, sam, now, stage="mental").plan
    before = set(open_todos(alex))
    merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + HOUR)
    assert set(Message.objects.unsettled().values_list("plan", flat=True)) == {plan.pk}
    assert reasons(other) == {("cancelled", "merged")}
    assert (open_todos(twin), before - set(open_todos(alex))) == ([], set())
    assert [again(one).state for one in (plan, other)] == [PlanState.ACTIVE, PlanState.SUPERSEDED]


# --- transferred ----------------------------------------------------------------------------------------------------
def transfer(client, to, by, at, note="Likes to be called in the morning"):
    return transfer_client(client_id=client.pk, counselor=to, note=note, by=by, now=at)


def test_transferred_to_another_counselor(alex, dana, lee, sam, plan, now):
    dates = list(plan.messages.order_by("pk").values_list("status", "due_at"))
    theirs = alex.todos.open().filter(owner=dana).count()
    supervisors = set(alex.todos.open().filter(owner=sam).values_list("pk", flat=True))
    transfer(alex, lee, sam, now + HOUR)
    assert list(plan.messages.order_by("pk").values_list("status", "due_at")) == dates
    assert alex.todos.open().filter(owner=lee).count() == theirs > 0
    assert set(alex.todos.open().filter(owner=sam).values_list("pk", flat=True)) == supervisors
    assert again(plan).state == PlanState.ACTIVE


def test_what_waited_carries_the_new_counselors_name(alex, dana, lee, sam, plan, now):
    message = plan.messages.get(step_key="PHY-D02-MSG")
    policy.may_send(message, message.due_at)
    assert "Dana" in render(message, channel="sms").body
    transfer(alex, lee, sam, now + HOUR)
    message = Message.objects.select_related("client").get(pk=message.pk)
    policy.may_send(message, message.due_at)
    body = render(message, channel="sms").body
    assert "Lee" in body
    assert "Dana" not in body


def test_a_handover_says_what_the_next_counselor_should_know(alex, dana, lee, sam, now):
    with pytest.raises(InvalidInput) as refused:
        transfer(alex, lee, sam, now, note=" ")
    assert refused.value.field == "note"
    assert alex.primary_counselor == dana
    transfer(alex, lee, sam, now)
    kept = Handover.objects.get()
    assert (kept.from_user, kept.to_user, kept.by, kept.note) == (
        dana,
        lee,
        sam,
        "Likes to be called in the morning",
    )
    assert "morning" not in str(AuditEvent.objects.get(verb="client.handed_over").detail)
    assert list(Client.objects.visible_to(dana, at=now + HOUR)) == []


def test_a_first_counselor_needs_no_handover_and_gets_what_nobody_had(alex, dana, lee, sam, now):
    alex.care_team.all().delete()
    report(alex, sam, now)
    ToDo.objects.filter(kind=ToDoKind.FIRST_CONTACT).update(owner=None)
    transfer(alex, lee, sam, now, note="")
    assert alex.todos.get(kind=ToDoKind.FIRST_CONTACT).owner == lee
    assert not Handover.objects.exists()


def test_handing_to_the_same_counselor_changes_nothing(alex, dana, sam, now):
    before = AuditEvent.objects.count()
    transfer(alex, dana, sam, now)
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("person", ["dana", "ada", "audrey"])
def test_only_a_supervisor_hands_over(request, person, alex, lee, now):
    with pytest.raises(NotAllowed):
        transfer(alex, lee, request.getfixturevalue(person), now)


# --- number changed -------------------------------------------------------------------------------------------------
def test_the_number_has_changed(alex, dana, plan, now):
    point = alex.contact_points.get()
    message = held_by_a_sender(first_message(alex), now)
    actions.retire_contact_point(contact_id=point.pk, by=dana, now=now)
    assert again(message).recalled == Message.Recall.CANCEL
    assert reasons(plan) == {("cancelled", "opted_out"), ("claimed", "")}
    asked = alex.todos.open().get(step_key=f"NUMBER-{point.pk}")
    assert (asked.kind, asked.due_at) == (ToDoKind.CALL, now + DAY)
    assert again(plan).state == PlanState.ACTIVE


def test_the_new_number_is_used_only_after_a_new_permission(alex, dana, plan, now):
    actions.retire_contact_point(contact_id=alex.contact_points.get().pk, by=dana, now=now)
    add_contact_point(client_id=alex.pk, kind="mobile", value="602-555-0177", by=dana, now=now)
    plan_changes.follow_changes(now + timedelta(minutes=1))
    assert statuses(alex) == {"cancelled"}
    grant_permission(client_id=alex.pk, channel="text", by=dana, now=now + HOUR)
    plan_changes.follow_changes(now + HOUR + timedelta(minutes=1))
    message = plan.messages.get(step_key="PHY-D05-MSG")
    assert policy.may_send(message, message.due_at).address == "+16025550177"
    assert not calls(plan).filter(message=message).exists()


def test_a_number_that_is_somebody_elses(alex, plan, now):
    texts(alex, "wrong number", now)
    assert not Message.objects.unsettled().filter(client=alex).exists()
    assert alex.contact_points.get().state == "bad"
    assert "find a new one" in " ".join(alex.todos.open().values_list("title", flat=True))
    assert again(plan).state == PlanState.ACTIVE


def test_a_second_number_that_nothing_goes_to_is_taken_off_quietly(alex, dana, plan, now):
    spare = add_contact_point(client_id=alex.pk, kind="mobile", value="602-555-0178", by=dana, now=now)
    before = open_todos(alex)
    actions.retire_contact_point(contact_id=spare.pk, by=dana, now=now)
    assert statuses(alex) == {"planned"}
    assert open_todos(alex) == before


def test_of_who_wants_no_calls_the_new_number_is_asked_another_way(alex, dana, now):
    factories.PermissionFactory(client=alex, channel="call")
    withdraw(alex, "call", dana, now)
    point = alex.contact_points.get()
    actions.retire_contact_point(contact_id=point.pk, by=dana, now=now)
    assert alex.todos.get(step_key=f"NUMBER-{point.pk}").kind == ToDoKind.OTHER


# --- guardian -------------------------------------------------------------------------------------------------------
def guardian_of(client, by, at, **more):
    return add_guardian(
        client_id=client.pk,
        name="Maria Moreno",
        relationship="parent",
        from_on=local_day(client, at),
        by=by,
        now=at,
        **more,
    )


def test_the_guardian_changes(alex, dana, plan, now):
    guardian_of(alex, dana, now)
    assert policy.may_send(first_message(alex), first_message(alex).due_at).decision is Decision.HOLD
    todo = alex.todos.open().get(step_key__startswith="CONSENT-")
    assert todo.title == "Go through the consent of Alex again: who decides has changed"
    assert (todo.owner, todo.due_at) == (dana, now + DAY)
    assert (again(plan).state, again(alex).state, alex.state_reason) == (
        PlanState.PAUSED,
        "paused",
        "consent",
    )


def test_only_the_consent_gone_through_ends_that_pause(alex, dana, plan, now):
    guardian = guardian_of(alex, dana, now)
    with pytest.raises(Conflict):
        resume(alex, dana, now + HOUR)
    at = now + 3 * DAY
    recheck_consent(client_id=alex.pk, by=dana, now=at)
    assert (again(plan).state, again(alex).state) == (PlanState.ACTIVE, "active")
    assert (again(guardian).consent_rechecked_at, guardian.consent_rechecked_by) == (at, dana)
    assert not alex.todos.open().filter(step_key__startswith="CONSENT-").exists()
    assert not alex.todos.filter(step_key__startswith="BACK-").exists()
    assert set(plan.messages.filter(due_at__lt=at - 2 * DAY).values_list("status", flat=True)) == {"skipped"}
    with pytest.raises(Conflict):
        recheck_consent(client_id=alex.pk, by=dana, now=at)


def test_a_client_who_comes_of_age_is_asked_for_their_own_consent(alex, dana, plan, now):
    guardian = guardian_of(alex, dana, now, consent_rechecked=True)
    assert again(plan).state == PlanState.ACTIVE
    end_guardian(guardian_id=guardian.pk, on=local_day(alex, now), by=dana, now=now + HOUR)
    assert again(plan).state == PlanState.PAUSED
    recheck_consent(client_id=alex.pk, by=dana, now=now + 2 * HOUR)
    assert again(plan).state == PlanState.ACTIVE


def test_two_changes_ask_once(alex, dana, now):
    guardian_of(alex, dana, now)
    guardian_of(alex, dana, now + HOUR)
    assert open_todos(alex) == [ToDoKind.OTHER]
    recheck_consent(client_id=alex.pk, by=dana, now=now + 2 * HOUR)
    assert not Guardian.objects.to_recheck().exists()


def test_a_change_during_another_pause_holds_when_that_one_ends(alex, dana, plan, now):
    pause(alex, dana, now, "away")
    guardian_of(alex, dana, now + HOUR)
    assert again(alex).state_reason == "away"
    resume(alex, dana, now + DAY)
    assert (again(alex).state, alex.state_reason, again(plan).state) == (
        "paused",
        "consent",
        PlanState.PAUSED,
    )
    assert alex.todos.open().filter(step_key__startswith="CONSENT-").count() == 1
    recheck_consent(client_id=alex.pk, by=dana, now=now + 2 * DAY)
    assert again(plan).state == PlanState.ACTIVE


def test_a_consent_gone_through_during_another_pause_ends_no_pause(alex, dana, plan, now):
    pause(alex, dana, now, "away")
    guardian_of(alex, dana, now)
    recheck_consent(client_id=alex.pk, by=dana, now=now + HOUR)
    assert (again(alex).state, again(plan).state) == ("paused", PlanState.PAUSED)
    resume(alex, dana, now + DAY)
    assert again(plan).state == PlanState.ACTIVE


def test_who_left_is_not_paused_by_a_guardian(alex, dana, plan, now):
    discharge(alex, dana, now)
    guardian_of(alex, dana, now)
    assert again(alex).state == "discharged"
    assert open_todos(alex) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"relationship": "neighbour"}, "relationship"),
        ({"from_on": 1}, "from_on"),
    ],
)
def test_a_guardian_without_the_facts_is_declined(alex, dana, now, fields, field):
    facts = {"name": "Maria", "relationship": "parent", "from_on": 0} | fields
    facts["from_on"] = local_day(alex, now) + facts["from_on"] * DAY
    with pytest.raises(InvalidInput) as refused:
        add_guardian(client_id=alex.pk, by=dana, now=now, **facts)
    assert refused.value.field == field
    assert again(alex).state == "active"


@pytest.mark.parametrize(("days", "error"), [(-1, InvalidInput), (1, InvalidInput)])
def test_a_guardian_ends_between_the_beginning_and_today(alex, dana, now, days, error):
    guardian = guardian_of(alex, dana, now, consent_rechecked=True)
    with pytest.raises(error):
        end_guardian(guardian_id=guardian.pk, on=local_day(alex, now) + days * DAY, by=dana, now=now)
    end_guardian(guardian_id=guardian.pk, on=local_day(alex, now), by=dana, now=now)
    with pytest.raises(Conflict):
        end_guardian(guardian_id=guardian.pk, on=local_day(alex, now), by=dana, now=now)


# --- completed ------------------------------------------------------------------------------------------------------
def test_completed(alex, dana, plan, now):
    end = now + 91 * DAY
    for message in plan.messages.all():
        sent(message, message.due_at)
    plan.todos.update(state="done", done_at=end)
    plan.rungs.all().delete()
    assert plan_upkeep.complete_finished(end) == 1
    assert again(plan).state == PlanState.COMPLETED
    assert statuses(alex) == {"delivered"}
    assert open_todos(alex) == []
    assert plan_upkeep.complete_finished(end) == 0


def test_not_completed_while_something_is_overdue(alex, dana, plan, now):
    end = now + 91 * DAY
    for message in plan.messages.all():
        sent(message, message.due_at)
    assert plan_upkeep.complete_finished(end) == 0
    assert again(plan).state == PlanState.ACTIVE


# --- pause: never a burst -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("days", [1, 3, 6, 12, 20, 40, 70, 100])
def test_on_return_at_most_one_message_is_due_at_once(alex, dana, plan, now, days):
    dates = dict(plan.messages.values_list("step_key", "local_date"))
    pause(alex, dana, now, "away")
    back = now + days * DAY
    resume(alex, dana, back)
    due = [
        message
        for message in plan.messages.waiting().filter(due_at__lte=back).order_by("due_at")
        if policy.may_send(message, back).decision is Decision.SEND
    ]
    assert len(due) <= 1
    assert dict(plan.messages.values_list("step_key", "local_date")) == dates
    for message in plan.messages.filter(status="skipped"):
        assert back - policy.intended(message) > 2 * DAY


# --- the invariants at the foot -------------------------------------------------------------------------------------
def test_the_database_refuses_a_second_running_plan(alex, plan, now):
    for state in RUNNING:
        with pytest.raises(IntegrityError), transaction.atomic():
            FollowUpPlan.objects.create(
                client=alex,
                report=plan.report,
                stage="mental",
                risk_tier="green",
                state=state,
                reported_at=now,
                starts_at=now,
                started_on=now.date(),
                tz="UTC",
                template_version=1,
            )


@pytest.mark.parametrize("state", [state for state in PlanState if state != PlanState.ACTIVE])
def test_nothing_is_sent_of_a_plan_that_is_not_active_even_if_it_is_queued(alex, plan, now, state):
    closed = None if state in RUNNING else now
    FollowUpPlan.objects.filter(pk=plan.pk).update(state=state, closed_at=closed)
    message = first_message(alex)
    assert policy.may_send(message, message.due_at).decision is not Decision.SEND


@pytest.mark.parametrize("state", ["paused", "discharged", "deceased"])
def test_nothing_is_sent_to_a_client_who_is_not_active_even_if_it_is_queued(alex, plan, now, state):
    Client.objects.filter(pk=alex.pk).update(state=state)
    message = Message.objects.select_related("client").get(pk=first_message(alex).pk)
    assert policy.may_send(message, message.due_at).decision is not Decision.SEND


def test_the_database_refuses_a_second_message_of_a_step(alex, plan):
    message = first_message(alex)
    message.pk, message.uid, message.dedupe_key = None, None, "other"
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.bulk_create([message])


def test_running_the_schedulers_twice_changes_nothing(alex, dana, plan, now):
    at = now + 3 * DAY

    def picture():
        return [
            list(
                model.objects.order_by("pk").values_list("pk", "state" if model is not Message else "status")
            )
            for model in (FollowUpPlan, Message, ToDo)
        ]

    plan_changes.follow_changes(at)
    plan_upkeep.complete_finished(at)
    once = picture()
    plan_changes.follow_changes(at)
    plan_upkeep.complete_finished(at)
    assert picture() == once

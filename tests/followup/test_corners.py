"""The rarer turns: nothing in force, nobody there, the same thing told again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.followup import actions, people, plan_upkeep, previewing, todos
from casework.followup.checklist import BY_KEY
from casework.followup.messages.policy import Decision, may_send
from casework.followup.messages.reasons import moment, words
from casework.followup.models import FollowUpPlan, Message, PlanReport, SafetyChecklist, ToDo
from casework.followup.plan_start import Told
from casework.followup.plan_templates import ToDoKind
from casework.relapse.models import RelapseReport
from clients.errors import InvalidInput
from clients.models import Client, EpisodeOfCare, Practice, Supervision, TeamMembership
from clients.stage import Stage
from tests import factories
from tests.followup.making import first_message, open_todos, report, sent, texts

pytestmark = pytest.mark.django_db


def test_what_an_unknown_number_wrote_is_read_and_handled_once(alex, sam, now):
    inbound = texts(alex, "hello", now, address="+15550002222")
    actions.mark_answer_read(inbound_id=inbound.pk, by=sam, now=now)
    actions.mark_answer_read(inbound_id=inbound.pk, by=sam, now=now + timedelta(hours=1))
    actions.mark_handled(inbound_id=inbound.pk, by=sam, now=now)
    again = actions.mark_handled(inbound_id=inbound.pk, by=sam, now=now + timedelta(hours=1))
    assert (again.read_at, again.handled_at) == (now, now)


def test_nobody_is_contacted_after_their_death(alex, dana, now):
    Client.objects.filter(pk=alex.pk).update(state="deceased")
    with pytest.raises(InvalidInput, match="has died"):
        actions.log_contact(client_id=alex.pk, channel="phone", outcome="reached", by=dana, now=now)


def test_a_checklist_can_be_kept_without_a_plan(alex, dana, now):
    done = actions.complete_checklist(
        client_id=alex.pk, answers=dict.fromkeys(BY_KEY, "unknown"), by=dana, now=now
    )
    assert (done.plan, done.risk_tier) == (None, "green")
    assert SafetyChecklist.objects.count() == 1


def test_a_letter_withdrawn_stops_no_message(alex, dana, now):
    factories.PermissionFactory(client=alex, channel="letter")
    report(alex, dana, now)
    actions.withdraw_permission(client_id=alex.pk, channel="letter", by=dana, now=now)
    assert set(Message.objects.values_list("status", flat=True)) == {"planned"}


def test_a_report_that_joined_can_be_taken_back_without_harm_to_the_plan(alex, dana, now):
    plan = report(alex, dana, now).plan
    lower = report(alex, dana, now + timedelta(days=1), stage="mental").report
    actions.retract_report(report_id=lower.pk, reason="A mix-up", by=dana, now=now + timedelta(days=2))
    plan.refresh_from_db()
    assert plan.state == "active"
    assert not alex.todos.open().filter(report=lower).exists()


def test_a_report_taken_back_after_a_newer_one_leaves_the_newer_plan(alex, dana, now):
    first = report(alex, dana, now)
    second = report(alex, dana, now + timedelta(hours=1))
    actions.retract_report(
        report_id=first.report.pk, reason="A mix-up", by=dana, now=now + timedelta(hours=2)
    )
    assert {plan.pk: plan.state for plan in FollowUpPlan.objects.all()} == {
        first.plan.pk: "superseded",
        second.plan.pk: "active",
    }


def test_a_joined_report_outlives_the_one_that_began_the_plan(alex, dana, now):
    first = report(alex, dana, now)
    joined = report(alex, dana, now + timedelta(hours=1), stage="mental")
    actions.retract_report(
        report_id=first.report.pk, reason="A mix-up", by=dana, now=now + timedelta(hours=2)
    )
    assert PlanReport.objects.get().report == joined.report
    todo = alex.todos.open().get()
    assert (todo.kind, todo.report) == (ToDoKind.UPGRADE, joined.report)


def test_a_repeated_report_gives_back_the_first_and_its_plan(alex, dana, now):
    use = {"use_type": "illicit", "days": [now.date()]}
    first = report(alex, dana, now, use=use)
    told_again = report(
        alex,
        dana,
        now + timedelta(hours=1),
        use=use,
        occurred_on=first.report.occurred_on,
        idempotency_key="k2",
    )
    posted_twice = report(alex, dana, now + timedelta(hours=1), use=use, idempotency_key="k2")
    assert told_again.report == posted_twice.report == first.report
    assert told_again.plan == posted_twice.plan == first.plan
    assert RelapseReport.objects.count() == 1


def test_a_personal_supervisor_comes_before_the_teams(alex, dana, sam, team, now):
    assert people.supervisor_of(alex, dana, now) == sam
    lou = factories.UserFactory(full_name="Lou Vance", role="supervisor")
    Supervision.objects.create(supervisor=lou, supervisee=dana, from_on=now.date())
    assert people.supervisor_of(alex, dana, now) == lou


def test_where_nobody_supervises_the_counselor_gets_the_review(alex, dana, now):
    TeamMembership.objects.filter(is_supervisor=True).delete()
    assert people.supervisor_of(alex, None, now) is None
    plan = report(alex, dana, now).plan
    assert plan.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == dana


def test_a_client_without_a_counselor_still_gets_a_plan(alex, sam, now):
    alex.care_team.all().delete()
    plan = report(alex, None, now).plan
    assert plan.todos.get(kind=ToDoKind.FIRST_CONTACT).owner is None
    assert plan.todos.get(kind=ToDoKind.SUPERVISOR_REVIEW).owner == sam


def test_tolerance_counts_from_the_last_use_on_record_not_from_admission(alex, dana, now):
    EpisodeOfCare.objects.create(client=alex, admitted_on=now.date() - timedelta(days=60))
    report(
        alex,
        dana,
        now - timedelta(days=4),
        use={"use_type": "illicit", "days": [now.date() - timedelta(days=4)]},
    )
    plan = report(alex, dana, now, use={"use_type": "alcohol", "days": [now.date()]}).plan
    assert "lost_tolerance" not in plan.risk_reasons


def test_a_red_flag_of_todays_assessment_counts_for_the_report(alex, dana, now):
    from casework.relapse.actions import finalise, save_assessment
    from casework.relapse.actions.assessing import Sheet

    sheet = Sheet(counselor_stage="physical", override_reason="x", red_flags=["seizure"])
    draft = save_assessment(client_id=alex.pk, sheet=sheet, by=dana, now=now - timedelta(hours=2))
    finalise(assessment_id=draft.pk, by=dana, now=now - timedelta(hours=2))
    assert report(alex, dana, now).plan.risk_tier == "red"


def test_a_plan_that_is_paused_is_not_completed(alex, dana, now):
    plan = report(alex, dana, now).plan
    FollowUpPlan.objects.filter(pk=plan.pk).update(state="paused")
    plan.refresh_from_db()
    assert not plan_upkeep.complete_if_done(plan, now + timedelta(days=200))


def test_a_failed_message_asks_for_one_call(alex, dana, now):
    report(alex, dana, now)
    message = first_message(alex)
    first = todos.message_failed(message=message, reason="unreachable_number", now=now)
    assert todos.message_failed(message=message, reason="unreachable_number", now=now) == first
    assert (first.title, first.urgent) == ("Call Alex: a message did not get through", False)


def test_nobody_is_asked_to_call_about_an_answer_to_stop_or_after_a_death(alex, now):
    texts(alex, "STOP", now)
    reply = Message.objects.get(kind="stop_reply")
    assert todos.message_failed(message=reply, reason="provider_refused", now=now) is None
    reply.client.state, reply.kind = "deceased", "plan"
    assert todos.message_failed(message=reply, reason="provider_refused", now=now) is None
    assert open_todos(alex) == []


def test_a_crisis_answer_that_fails_makes_the_call_urgent(alex, now):
    texts(alex, "I want to die", now)
    reply = Message.objects.get(kind="crisis_reply")
    assert todos.message_failed(message=reply, reason="unreachable_number", now=now).urgent


def test_an_answer_without_its_question_goes_nowhere(alex, now):
    texts(alex, "HELP", now)
    Message.objects.update(in_reply_to=None)
    found = may_send(Message.objects.select_related("client").get(), now)
    assert (found.decision, found.reason) == (Decision.CANCEL, "no_contact")


def test_a_withdrawn_email_is_told_as_such(alex, now):
    assert (
        words("opted_out", {"channel": "email", "at": now.isoformat()})
        == "Not sent: the client withdrew e-mail on 11 Mar."
    )
    assert words("opted_out", {}) == "Not sent: the client has withdrawn permission."


def test_a_sent_message_without_a_reason_speaks_for_itself(alex, dana, now):
    report(alex, dana, now)
    message = sent(first_message(alex), now)
    message.reason_code = ""
    assert words(message) == "Delivered."


def test_a_moment_without_a_zone_is_said_in_utc():
    assert moment("2026-03-11T15:00:00+00:00", "") == "Wed 11 Mar, 15:00 in UTC"


def test_a_preview_with_a_telling_sender_shows_the_steps_without_words(alex, now):
    Practice.objects.update(sender_alias="Oak Recovery")
    shown = previewing.preview(alex, Told(stage=Stage.MENTAL, source="self_call", reported_at=now), now=now)
    assert {step.text for step in shown.steps} == {""}


def test_a_long_note_beside_a_tick_is_sent_back(as_dana, alex, dana):
    todo = report(alex, dana, timezone.now()).plan.todos.get(kind=ToDoKind.VISIT)
    answer = as_dana.post(reverse("followup:complete_todo", kwargs={"uid": todo.uid}), {"outcome": "a" * 301})
    assert answer.status_code == 422
    assert ToDo.objects.get(pk=todo.pk).is_open


def test_a_report_about_a_discharged_client_lands_on_the_client(as_dana, alex):
    Client.objects.filter(pk=alex.pk).update(state="discharged")
    form = {"stage": "mental", "source": "self_call", "route": "unknown"}
    assert (
        "First talk with Alex"
        in as_dana.post(
            reverse("followup:report", kwargs={"uid": alex.uid}), form, follow=True
        ).content.decode()
    )


def test_a_lower_report_is_said_to_have_joined(as_dana, alex, dana):
    report(alex, dana, timezone.now())
    form = {"stage": "mental", "source": "self_call", "route": "unknown"}
    page = as_dana.post(reverse("followup:report", kwargs={"uid": alex.uid}), form, follow=True)
    assert "It joined the plan that runs" in page.content.decode()


@pytest.mark.parametrize("name", ["followupplan", "planreport", "todo", "contactattempt", "safetychecklist"])
def test_a_row_names_itself_without_naming_the_person(alex, dana, now, name):
    from django.apps import apps

    report(alex, dana, now)
    report(alex, dana, now, stage="mental")
    actions.log_contact(client_id=alex.pk, channel="phone", outcome="voicemail", by=dana, now=now)
    actions.complete_checklist(client_id=alex.pk, answers=dict.fromkeys(BY_KEY, "no"), by=dana, now=now)
    row = apps.get_model("followup", name).objects.order_by("pk").first()
    assert "Alex" not in str(row)
    assert str(row)

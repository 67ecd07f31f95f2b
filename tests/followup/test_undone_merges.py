"""What a merge keeps of two plans, and a merge that turns out to be a mistake much later (clinical.md §4.6)."""

from datetime import timedelta

import pytest

from casework.followup import actions
from casework.followup.actions.steps import drop_step
from casework.followup.actions.transferring import transfer_client
from casework.followup.models import FollowUpPlan, Message, PlanState, Priority, ToDo
from casework.followup.plan_steps import is_movable
from casework.followup.plan_templates import ToDoKind
from tests import factories
from tests.followup.making import open_todos, report
from tests.followup.test_merging import again, lee, merge, twin, undo

__all__ = ["lee", "twin"]  # fixtures
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def decisions(client):
    return ToDo.objects.open().filter(client=client, kind=ToDoKind.UPGRADE)


def test_a_pause_of_the_survivor_does_not_hold_the_other_persons_plan(alex, twin, dana, sam, now):
    theirs = report(twin, sam, now).plan
    done = merge(alex, twin, sam, now)
    actions.pause_client(client_id=alex.pk, reason="away", on=now.date(), by=dana, now=now + DAY)
    undo(done, sam, now + 2 * DAY)
    assert (again(twin).state, again(theirs).client, again(theirs).state) == (
        "active",
        twin,
        PlanState.ACTIVE,
    )
    assert again(alex).state == "paused"


def test_a_plan_that_runs_again_stands_still_with_its_paused_client(alex, twin, dana, sam, now):
    own = report(alex, dana, now, stage="mental").plan
    report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    actions.pause_client(client_id=alex.pk, reason="away", on=now.date(), by=dana, now=now + DAY)
    undo(done, sam, now + 2 * DAY)
    assert again(own).state == PlanState.PAUSED


def test_a_return_of_the_survivor_does_not_start_the_plan_of_who_is_still_paused(alex, twin, dana, sam, now):
    theirs = report(twin, sam, now).plan
    for one in (alex, twin):
        actions.pause_client(client_id=one.pk, reason="away", on=now.date(), by=sam, now=now)
    done = merge(alex, twin, sam, now)
    actions.resume_client(client_id=alex.pk, on=now.date(), by=dana, now=now + DAY)
    undo(done, sam, now + 2 * DAY)
    assert (again(twin).state, again(theirs).state) == ("paused", PlanState.PAUSED)


@pytest.mark.parametrize("leaves", ["discharge", "record_death"])
def test_a_plan_that_gave_way_does_not_run_for_who_has_left(alex, twin, dana, sam, now, leaves):
    own = report(alex, dana, now, stage="mental").plan
    report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    said = {"reason": "completed"} if leaves == "discharge" else {}
    getattr(actions, leaves)(client_id=alex.pk, on=now.date(), by=sam, now=now + DAY, **said)
    undo(done, sam, now + 2 * DAY)
    assert (again(own).state, again(own).client) == (PlanState.SUPERSEDED, alex)
    assert not own.messages.waiting().exists()
    assert not ToDo.objects.open().filter(client=alex).exclude(kind=ToDoKind.DEATH_REVIEW).exists()
    assert not ToDo.objects.filter(client=alex, plan__client=twin).exists()
    assert not ToDo.objects.filter(client=twin, plan__client=alex).exists()


def test_somebody_decides_for_the_other_person_whose_plan_ended_with_the_survivors_care(alex, twin, sam, now):
    theirs = report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    actions.discharge(client_id=alex.pk, reason="completed", on=now.date(), by=sam, now=now + DAY)
    undo(done, sam, now + 2 * DAY)
    assert [todo.report for todo in decisions(twin)] == [theirs.report]
    assert not decisions(alex).exists()


def test_somebody_decides_for_the_other_person_whose_plan_gave_way_to_the_survivors_report(
    alex, twin, dana, sam, now
):
    theirs = report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    report(alex, dana, now + DAY)
    undo(done, sam, now + 2 * DAY)
    assert [todo.report for todo in decisions(twin)] == [theirs.report]
    assert not decisions(alex).exists()
    assert FollowUpPlan.objects.running().get().client == alex


def test_nobody_is_asked_where_each_has_a_plan_again(alex, twin, dana, sam, now):
    report(alex, dana, now, stage="mental")
    report(twin, sam, now)
    undo(merge(alex, twin, sam, now), sam, now + DAY)
    assert "upgrade" not in {*open_todos(alex), *open_todos(twin)}
    assert Message.objects.waiting().filter(client=alex).exists()


def test_a_handover_since_the_merge_holds_for_the_survivors_to_dos(alex, twin, dana, lee, sam, team, now):
    report(twin, sam, now)
    report(alex, dana, now)
    done = merge(alex, twin, sam, now)
    nia = factories.counselor("Nia Bell", team=team)
    transfer_client(client_id=alex.pk, counselor=nia, by=sam, now=now + DAY, note="Likes mornings")
    undo(done, sam, now + 2 * DAY)
    owners = {
        client: {todo.owner for todo in ToDo.objects.open().filter(client=client)} - {sam}
        for client in (alex, twin)
    }
    assert owners == {alex: {nia}, twin: {lee}}


@pytest.fixture
def risky(alex, twin, dana, sam, now):
    """Twin's plan gives way, and a checklist has found that they live alone."""
    kept = report(alex, dana, now).plan
    gives_way = report(twin, sam, now, stage="mental").plan
    FollowUpPlan.objects.filter(pk=kept.pk).update(risk_tier="green", risk_reasons=[])
    FollowUpPlan.objects.filter(pk=gives_way.pk).update(risk_tier="amber", risk_reasons=["lives_alone"])
    Message.objects.update(priority=Priority.USUAL)
    return kept


def of(plan):
    first = set(Message.objects.filter(plan=plan).values_list("priority", flat=True))
    plan.refresh_from_db()
    return plan.risk_tier, plan.risk_reasons, first


def test_what_either_plan_knew_of_risks_holds_for_the_one_that_goes_on(risky, alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    assert of(risky) == ("amber", ["lives_alone"], {Priority.HIGH})
    undo(done, sam, now + DAY)
    assert of(risky) == ("green", [], {Priority.USUAL})


def test_a_tier_confirmed_since_the_merge_stays(risky, alex, twin, sam, now):
    done = merge(alex, twin, sam, now)
    FollowUpPlan.objects.filter(pk=risky.pk).update(risk_tier="red", risk_reasons=["suicidal_thoughts"])
    undo(done, sam, now + DAY)
    assert of(risky) == ("red", ["suicidal_thoughts"], {Priority.HIGH})


def test_a_step_that_came_along_can_be_dropped_like_any_other(alex, twin, dana, sam, now):
    kept = report(alex, dana, now).plan
    report(twin, sam, now - DAY, stage="mental")
    merge(alex, twin, sam, now)
    came = kept.todos.get(step_key="MEN-D14-REASSESSMENT")
    assert is_movable(came)
    drop_step(plan_id=kept.pk, key=came.step_key, reason="Day 14 of the other one", by=dana, now=now)
    assert (again(came).state, again(came).client) == ("cancelled", alex)


def test_a_plan_that_began_again_after_the_hospital_is_its_reports_persons(alex, twin, dana, lee, sam, now):
    own = report(alex, dana, now, stage="mental").plan
    theirs = report(twin, sam, now)
    done = merge(alex, twin, sam, now)
    actions.pause_client(client_id=alex.pk, reason="hospital", on=now.date(), by=dana, now=now + DAY)
    back = now + 3 * DAY
    actions.resume_client(client_id=alex.pk, on=back.date(), by=dana, now=back)
    undo(done, sam, now + 4 * DAY)
    anew = FollowUpPlan.objects.running().get(client=twin)
    assert (anew.report, anew.state) == (theirs.report, PlanState.ACTIVE)
    assert set(anew.messages.values_list("client", flat=True)) == {twin.pk}
    assert set(anew.todos.open().values_list("client", flat=True)) == {twin.pk}
    assert {todo.owner for todo in anew.todos.open()} == {lee, sam}
    assert FollowUpPlan.objects.running().get(client=alex) == own
    assert not decisions(twin).exists()

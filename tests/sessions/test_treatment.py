"""Goals, what is done for them, and going through them again."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clients.errors import InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Client
from sessions import treatment
from sessions.actions import treatment as actions
from sessions.models import Goal, GoalStep, TreatmentChange, TreatmentPlan

TODAY = date(2026, 3, 11)  # in Phoenix, at conftest's NOW
MAY = date(2026, 5, 1)


@pytest.fixture
def acts(dana, now):
    return {"by": dana, "now": now}


@pytest.fixture
def goal(alex, acts):
    return actions.add_goal(client_id=alex.pk, words="Sleep through the night", review_on=MAY, **acts)


@pytest.fixture
def step(goal, acts):
    return actions.add_step(goal=goal, kind="objective", words="In bed by eleven, five days a week", **acts)


def plan_of(client):
    return TreatmentPlan.objects.active().get(client=client)


class TestAgreeing:
    def test_the_first_goal_begins_the_plan(self, goal, alex, dana, now):
        plan = plan_of(alex)
        assert (goal.plan, goal.words, goal.state, goal.added_by) == (
            plan,
            "Sleep through the night",
            "open",
            dana,
        )
        assert (plan.review_on, plan.next_review_on, plan.begun_at) == (MAY, MAY, now)

    def test_the_second_goal_joins_it(self, goal, alex, acts):
        second = actions.add_goal(client_id=alex.pk, words="Work again", **acts)
        assert second.plan == goal.plan
        assert second.review_on == TODAY + timedelta(days=90)

    def test_a_step_is_reviewed_with_its_goal_unless_said_otherwise(self, goal, step, acts):
        sooner = actions.add_step(
            goal=goal,
            kind="intervention",
            words="Sleep diary, weekly",
            review_on=TODAY + timedelta(days=7),
            **acts,
        )
        assert step.review_on == MAY
        goal.plan.refresh_from_db()
        assert goal.plan.next_review_on == sooner.review_on

    def test_a_step_under_a_goal_whose_review_is_overdue_is_due_tomorrow(self, goal, acts):
        Goal.objects.filter(pk=goal.pk).update(review_on=TODAY - timedelta(days=3))
        late = actions.add_step(goal=goal, kind="objective", words="Walk", **acts)
        assert late.review_on == TODAY + timedelta(days=1)

    @pytest.mark.parametrize("words", ["", "   ", "x" * 1001, "a\x00b"])
    def test_a_goal_is_said_in_words(self, alex, acts, words):
        with pytest.raises(InvalidInput) as told:
            actions.add_goal(client_id=alex.pk, words=words, **acts)
        assert told.value.field == "words"
        assert not TreatmentPlan.objects.exists()

    @pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=733)])
    def test_a_review_lies_ahead_and_not_too_far(self, alex, acts, day):
        with pytest.raises(InvalidInput) as told:
            actions.add_goal(client_id=alex.pk, words="Work again", review_on=day, **acts)
        assert told.value.field == "review_on"

    def test_a_step_is_an_objective_or_an_intervention(self, goal, acts):
        with pytest.raises(InvalidInput) as told:
            actions.add_step(goal=goal, kind="medicine", words="x", **acts)
        assert told.value.field == "kind"

    def test_nothing_is_put_under_a_goal_that_was_reached(self, goal, acts):
        actions.move(item=goal, state="reached", **acts)
        with pytest.raises(InvalidTransition):
            actions.add_step(goal=goal, kind="objective", words="x", **acts)

    def test_the_words_are_stored_unreadably(self, goal):
        with connection.cursor() as cursor:
            cursor.execute("SELECT words FROM counseling_goal")
            assert b"Sleep" not in bytes(cursor.fetchone()[0])


class TestChanging:
    @pytest.mark.parametrize("which", ["goal", "step"])
    def test_other_words_leave_the_old_ones_in_the_history(self, goal, step, acts, which, alex):
        item = {"goal": goal, "step": step}[which]
        changed = actions.reword(item=item, words=" Sleep six hours ", **acts)
        assert changed.words == "Sleep six hours"
        row = treatment.history(alex)[0]
        assert (row.what, row.words_before, row.words_after) == ("reworded", item.words, "Sleep six hours")
        assert (row.goal, row.step) == (goal, step if which == "step" else None)

    def test_the_same_words_leave_no_row(self, goal, acts):
        before = TreatmentChange.objects.count()
        actions.reword(item=goal, words=goal.words, **acts)
        assert TreatmentChange.objects.count() == before

    def test_a_review_says_how_it_stands_and_when_next(self, goal, step, acts, alex):
        june = date(2026, 6, 1)
        actions.review(item=goal, review_on=june, remark="Four nights of seven", **acts)
        goal.refresh_from_db()
        assert goal.review_on == june
        assert treatment.history(alex)[0].remark == "Four nights of seven"
        goal.plan.refresh_from_db()
        assert goal.plan.next_review_on == MAY  # of the step, and of the plan

    def test_going_through_a_goal_takes_along_what_is_due_under_it(self, goal, step, acts):
        later = actions.add_step(
            goal=goal, kind="intervention", words="Diary", review_on=TODAY + timedelta(days=3), **acts
        )
        GoalStep.objects.filter(pk=step.pk).update(review_on=TODAY)
        june = date(2026, 6, 1)
        actions.review(item=goal, review_on=june, **acts)
        step.refresh_from_db()
        assert step.review_on == june
        later.refresh_from_db()
        assert later.review_on == TODAY + timedelta(days=3)

    def test_a_review_day_that_passed_is_refused(self, goal, acts):
        with pytest.raises(InvalidInput):
            actions.review(item=goal, review_on=TODAY, **acts)

    def test_what_is_not_worked_on_is_not_reviewed(self, goal, acts):
        actions.move(item=goal, state="set_aside", **acts)
        with pytest.raises(InvalidTransition):
            actions.review(item=goal, review_on=MAY, **acts)

    @pytest.mark.parametrize("before", Goal.State.values)
    @pytest.mark.parametrize("after", Goal.State.values)
    def test_a_goal_moves_only_along_its_table(self, goal, acts, before, after):
        if before != "open":
            actions.move(item=goal, state=before, **acts)
        if after in Goal.TRANSITIONS[Goal.State(before)]:
            moved = actions.move(item=goal, state=after, remark="So it is", **acts)
            assert moved.state == after
            assert (moved.state_at is None) == (after == "open")
        else:
            with pytest.raises(InvalidTransition):
                actions.move(item=goal, state=after, **acts)

    def test_another_state_is_refused(self, goal, acts):
        with pytest.raises(InvalidInput):
            actions.move(item=goal, state="failed", **acts)

    def test_what_is_taken_up_again_is_not_overdue_at_once(self, goal, acts):
        actions.move(item=goal, state="reached", **acts)
        Goal.objects.filter(pk=goal.pk).update(review_on=TODAY - timedelta(days=30))
        again = actions.move(item=goal, state="open", **acts)
        assert again.review_on == TODAY + timedelta(days=1)

    def test_what_was_reached_asks_for_no_review(self, goal, acts, alex):
        sooner = actions.add_goal(
            client_id=alex.pk, words="Work", review_on=TODAY + timedelta(days=2), **acts
        )
        plan = plan_of(alex)
        assert plan.next_review_on == sooner.review_on
        actions.move(item=sooner, state="reached", **acts)
        plan.refresh_from_db()
        assert plan.next_review_on == MAY

    def test_the_trail_holds_no_words_of_the_plan(self, goal, step, acts):
        actions.reword(item=goal, words="Sleep six hours", **acts)
        rows = AuditEvent.objects.filter(verb__startswith="treatment.")
        assert [row.verb for row in rows.order_by("pk")] == [
            actions.BEGUN,
            actions.ADDED,
            actions.ADDED,
            actions.REWORDED,
        ]
        assert all("leep" not in str(row.detail) for row in rows)

    def test_without_its_row_in_the_trail_nothing_is_done(self, goal, step, acts, alex, monkeypatch):
        before = [list(model.objects.values()) for model in (TreatmentPlan, Goal, GoalStep, TreatmentChange)]

        def broken(*args, **kwargs):
            raise RuntimeError("the trail is full")

        monkeypatch.setattr(actions.audit, "record", broken)
        plan = plan_of(alex)
        for act in (
            lambda: actions.add_goal(client_id=alex.pk, words="x", **acts),
            lambda: actions.add_step(goal=goal, kind="objective", words="x", **acts),
            lambda: actions.reword(item=goal, words="x", **acts),
            lambda: actions.review(item=step, review_on=date(2026, 7, 1), **acts),
            lambda: actions.move(item=step, state="reached", **acts),
            lambda: actions.review_plan(plan=plan, review_on=date(2026, 7, 1), **acts),
            lambda: actions.end_plan(plan=plan, **acts),
        ):
            with pytest.raises(RuntimeError):
                act()
        after = [list(model.objects.values()) for model in (TreatmentPlan, Goal, GoalStep, TreatmentChange)]
        assert after == before


class TestTheWholePlan:
    def test_going_through_it_moves_along_what_was_due(self, goal, step, acts, alex):
        Goal.objects.filter(pk=goal.pk).update(review_on=TODAY)
        GoalStep.objects.filter(pk=step.pk).update(review_on=TODAY + timedelta(days=9))
        july = date(2026, 7, 1)
        plan = actions.review_plan(plan=plan_of(alex), review_on=july, remark="Going well", **acts)
        goal.refresh_from_db()
        step.refresh_from_db()
        assert (goal.review_on, step.review_on) == (july, TODAY + timedelta(days=9))
        assert (plan.review_on, plan.next_review_on) == (july, step.review_on)

    def test_ending_it_sets_aside_what_is_open_and_keeps_what_was_reached(self, goal, step, acts, alex, dana):
        done = actions.add_goal(client_id=alex.pk, words="Find a dentist", **acts)
        actions.move(item=done, state="reached", **acts)
        plan = actions.end_plan(plan=plan_of(alex), remark="Moves away", **acts)
        assert (plan.state, plan.ended_by) == ("ended", dana)
        states = {one.words: one.state for one in Goal.objects.all()}
        assert states == {"Sleep through the night": "set_aside", "Find a dentist": "reached"}
        assert GoalStep.objects.get().state == "set_aside"
        assert treatment.shown(alex) is None
        assert treatment.ended_plans(alex) == [plan]

    def test_an_ended_plan_stays_as_it_is_and_the_next_goal_begins_another(self, goal, acts, alex):
        plan = actions.end_plan(plan=plan_of(alex), **acts)
        for act in (
            lambda: actions.end_plan(plan=plan, **acts),
            lambda: actions.review_plan(plan=plan, review_on=MAY, **acts),
            lambda: actions.reword(item=goal, words="x", **acts),
            lambda: actions.move(item=goal, state="open", **acts),
            lambda: actions.add_step(goal=goal, kind="objective", words="x", **acts),
        ):
            with pytest.raises(InvalidTransition):
                act()
        assert actions.add_goal(client_id=alex.pk, words="Work again", **acts).plan != plan

    def test_a_client_who_is_not_in_care_has_a_plan_to_read_only(self, goal, acts, alex):
        plan = plan_of(alex)
        Client.objects.filter(pk=alex.pk).update(state=Client.State.DISCHARGED)
        for act in (
            lambda: actions.add_goal(client_id=alex.pk, words="x", **acts),
            lambda: actions.reword(item=goal, words="x", **acts),
            lambda: actions.review_plan(plan=plan, review_on=MAY, **acts),
        ):
            with pytest.raises(InvalidTransition, match="not in care"):
                act()
        alex.refresh_from_db()
        assert [one.goal for one in treatment.shown(alex).open] == [goal]

    def test_an_auditor_changes_nothing(self, goal, audrey, now, alex):
        with pytest.raises(NotAllowed):
            actions.add_goal(client_id=alex.pk, words="x", by=audrey, now=now)
        with pytest.raises(NotAllowed):
            actions.move(item=goal, state="reached", by=audrey, now=now)


class TestReading:
    def test_a_plan_shows_goals_with_what_is_under_them(self, goal, step, acts, alex):
        helper = actions.add_step(goal=goal, kind="intervention", words="Sleep diary", **acts)
        reached = actions.add_goal(client_id=alex.pk, words="Find a dentist", **acts)
        actions.move(item=reached, state="reached", **acts)
        found = treatment.shown(alex)
        assert [(one.goal, one.objectives, one.interventions) for one in found.open] == [
            (goal, (step,), (helper,))
        ]
        assert [one.goal for one in found.closed] == [reached]

    def test_it_takes_as_many_queries_for_one_goal_as_for_ten(
        self, goal, acts, alex, django_assert_num_queries
    ):
        for n in range(9):
            more = actions.add_goal(client_id=alex.pk, words=f"Goal {n}", **acts)
            actions.add_step(goal=more, kind="objective", words="Walk", **acts)
        with django_assert_num_queries(3):
            assert len(treatment.shown(alex).goals) == 10

    @pytest.mark.parametrize(("day", "due"), [(MAY - timedelta(days=1), False), (MAY, True)])
    def test_a_goal_is_due_with_anything_under_it(self, goal, step, alex, day, due):
        assert treatment.shown(alex).open[0].due(day) is due

    def test_what_was_reached_is_never_due(self, goal, acts, alex):
        actions.move(item=goal, state="reached", **acts)
        assert not treatment.shown(alex).closed[0].due(date(2027, 1, 1))

    def test_reviews_that_are_due_are_listed_for_those_who_see_the_client(
        self, goal, alex, dana, robin, sam, audrey, now
    ):
        day_of_review = now + (MAY - TODAY)
        assert list(treatment.reviews_due(dana, day_of_review - timedelta(days=1))) == []
        for person in (dana, sam, audrey):
            assert [one.client for one in treatment.reviews_due(person, day_of_review)] == [alex]
        assert list(treatment.reviews_due(robin, day_of_review)) == []

    def test_somebody_who_left_has_no_review_due(self, goal, alex, dana, now):
        Client.objects.filter(pk=alex.pk).update(state=Client.State.DISCHARGED)
        assert list(treatment.reviews_due(dana, now + timedelta(days=90))) == []

    def test_after_a_merge_goals_of_both_records_are_one_list(self, goal, alex, dana, sam, team, acts, now):
        from casework.followup.actions.merging import merge_clients
        from tests import factories

        twin = factories.client_of(dana, team=team)
        other = actions.add_goal(client_id=twin.pk, words="Work again", **acts)
        merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now)
        alex.refresh_from_db()
        found = treatment.shown(alex)
        assert found.plan == goal.plan
        assert {one.goal for one in found.goals} == {goal, other}
        assert actions.move(item=other, state="reached", **acts).state == "reached"
        assert actions.add_goal(client_id=twin.pk, words="Swim", **acts).plan == goal.plan


class TestTheDatabase:
    def test_the_history_is_only_added_to(self, goal):
        with pytest.raises(IntegrityError), transaction.atomic():
            TreatmentChange.objects.update(what="moved")
        with pytest.raises(IntegrityError), transaction.atomic():
            TreatmentChange.objects.all().delete()

    def test_one_plan_runs_at_a_time(self, goal, alex, now):
        with pytest.raises(IntegrityError, match="one_running_treatment_plan"), transaction.atomic():
            TreatmentPlan.objects.create(client=alex, review_on=MAY, next_review_on=MAY, begun_at=now)

    @pytest.mark.parametrize(
        ("model", "name"), [(Goal, "closed_goal_says_when"), (GoalStep, "closed_goal_step")]
    )
    def test_what_is_closed_says_when(self, goal, step, model, name):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            model.objects.update(state="reached")

    def test_a_plan_that_ended_says_when(self, goal):
        with pytest.raises(IntegrityError, match="ended_treatment_plan_says_when"), transaction.atomic():
            TreatmentPlan.objects.update(state="ended")

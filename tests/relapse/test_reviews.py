"""Looking back: kept as it is told, finished once, taken into the prevention plan (clinical.md §1.8)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from casework.relapse import actions
from casework.relapse.actions.reviews import (
    IncompleteReview,
    StaleReview,
    check_reviewable,
    finish_review,
    save_review,
)
from casework.relapse.learning import Link, Told, told_of
from casework.relapse.models import LearningReview, PreventionPlan, RelapseReport
from casework.relapse.prevention.actions import apply_changes
from casework.relapse.prevention.content import loaded
from clients import audit
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent
from tests.relapse.test_learning import WHOLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def told_report(report):
    return report().report


@pytest.fixture
def save(told_report, dana, now):
    """Dana keeps what was told: `save(WHOLE, version=0)`."""

    def make(told=WHOLE, version=0, *, by=dana, report=told_report, at=0):
        when = now + timedelta(minutes=at)
        return save_review(report_id=report.pk, version=version, told=told, by=by, now=when)

    return make


@pytest.fixture
def finish(told_report, dana, now):
    return lambda report=told_report: finish_review(report_id=report.pk, by=dana, now=now)


# --- the draft ----------------------------------------------------------------------------------------------------


def test_what_was_told_is_kept_as_it_was_told(save, told_report, dana, now):
    kept = save()
    again = LearningReview.objects.get()
    assert told_of(again, again.links.all()).words["event"] == "A row at work"
    assert [(one.position, one.kind, one.text) for one in again.links.all()] == [
        (1, "thought", "Just this once")
    ]
    assert (kept.report, kept.state, kept.version, kept.started_by) == (told_report, "draft", 1, dana)


def test_every_field_comes_back(save):
    full = replace(
        WHOLE,
        vulnerabilities=("sleep", "lonely"),
        words={
            **{name: f"about {name}" for name in WHOLE.words},
            "use_company": "alone",
            "first_sign_stage": "mental",
            "vulnerability_words": "Bad nights",
            "effects_long": "Trust",
        },
        links=tuple(Link(kind, kind) for kind in ("feeling", "body", "action", "thought") * 3),
    )
    kept = save(full)
    back = told_of(kept, kept.links.all())
    assert {name: back.words[name] for name in full.words} == full.words
    assert (back.links, back.ratings, back.answers) == (full.links, full.ratings, full.answers)
    assert back.vulnerabilities == ("sleep", "lonely")


def test_there_is_one_review_a_report(save):
    save()
    save(replace(WHOLE, links=()), version=1)
    assert LearningReview.objects.count() == 1
    assert not LearningReview.objects.get().links.exists()


def test_it_is_due_seven_days_after_the_report(save, now):
    assert save().due_at == now + timedelta(days=7)


def test_after_the_mental_stage_it_is_offered_and_never_due(save, report):
    assert save(report=report("mental").report).due_at is None


def test_the_second_to_save_sees_both_texts(save, sam):
    save()
    save(replace(WHOLE, links=()), version=1, by=sam)
    with pytest.raises(StaleReview) as stale:
        save(Told(words={"event": "Other words"}), version=1)
    assert stale.value.stored.version == 2
    assert LearningReview.objects.get().event == "A row at work"


def test_an_answer_that_was_lost_on_the_way_is_no_conflict(save):
    save()
    assert save(version=0).version == 1


def test_a_draft_that_is_not_there_cannot_have_moved_on(save):
    with pytest.raises(Conflict, match="Reload"):
        save(version=3)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (Told(vulnerabilities=("bored",)), "vulnerabilities"),
        (Told(words={"event": "x" * 4001}), "event"),
        (Told(words={"people": "a\x00b"}), "people"),
        (Told(words={"use_company": "a crowd"}), "use_company"),
        (Told(words={"first_sign_stage": "none"}), "first_sign_stage"),
        (Told(ratings={"shame": 11}), "shame"),
        (Told(ratings={"guilt": -1}), "guilt"),
        (Told(links=(Link("dream", "of it"),)), "links"),
        (Told(links=(Link("thought", "x"),) * 13), "links"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field_and_keeps_nothing(save, told, field):
    with pytest.raises(InvalidInput) as refused:
        save(told)
    assert refused.value.field == field
    assert not LearningReview.objects.exists()


def test_an_auditor_reads_and_does_not_write(save, audrey):
    with pytest.raises(NotAllowed):
        save(by=audrey)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stage": "emotional"}, "mental or the physical"),
        ({"source": "collateral"}, "Talk with the client first"),
        ({"state": "retracted"}, "taken back"),
        ({"state": "unsubstantiated"}, "taken back"),
    ],
)
def test_nobody_looks_back_at_what_is_not_there_to_look_at(fields, words):
    report = RelapseReport(**{"stage": "physical", "source": "self_call", "state": "reported"} | fields)
    with pytest.raises(InvalidTransition, match=words):
        check_reviewable(report)


def test_nobody_goes_on_looking_back_with_somebody_who_has_died(save, finish, alex):
    save()
    alex.state = "deceased"
    alex.save()
    with pytest.raises(InvalidTransition, match="has died"):
        save(replace(WHOLE, links=()), version=1)
    with pytest.raises(InvalidTransition, match="has died"):
        finish()


# --- finishing ----------------------------------------------------------------------------------------------------


def test_finishing_takes_what_was_found_into_the_prevention_plan(save, finish, alex, dana, now):
    save()
    done = finish()
    plan = PreventionPlan.objects.get(client=alex)
    assert plan.words.helps == ("Walk first", "Call before the shop")
    assert plan.words.emotional == ("Stopped answering calls",)
    assert [one.name for one in plan.words.people] == ["Ana"]
    review = LearningReview.objects.get()
    assert (review.state, review.finished_by, review.finished_at, review.plan) == (
        "finished",
        dana,
        now,
        plan,
    )
    assert done.change.plan == plan


def test_before_and_after_stand_beside_it_whatever_the_plan_says_later(save, finish, alex, dana, now):
    acts = {"client_id": alex.pk, "by": dana, "now": now}
    apply_changes(additions={"helps": ["Tea"]}, **acts)
    save()
    finish()
    apply_changes(additions={"helps": ["Later"]}, **acts)
    review = LearningReview.objects.get()
    assert loaded(review.plan_before).helps == ("Tea",)
    assert loaded(review.plan_after).helps == ("Tea", "Walk first", "Call before the shop")


def test_with_a_no_the_plan_stays_as_it_is(save, finish):
    save(replace(WHOLE, answers={"update_plan": False, "safety_check_done": True}))
    assert finish().change is None
    assert not PreventionPlan.objects.exists()
    assert LearningReview.objects.get().plan_after == ""


def test_what_is_still_open_is_named_field_by_field_and_nothing_is_finished(save, finish):
    save(Told(words={"event": "A row"}))
    with pytest.raises(IncompleteReview) as refused:
        finish()
    assert "event" not in refused.value.missing
    assert {"event_when", "links", "shame", "safety_check_done"} <= set(refused.value.missing)
    assert LearningReview.objects.get().state == "draft"


def test_nothing_written_is_everything_open(finish):
    with pytest.raises(IncompleteReview):
        finish()


def test_it_is_finished_once_and_written_no_more(save, finish):
    save()
    finish()
    with pytest.raises(InvalidTransition):
        finish()
    with pytest.raises(InvalidTransition, match="stays as it was told"):
        save(replace(WHOLE, links=()), version=1)


def test_a_report_taken_back_meanwhile_is_not_looked_back_at(save, finish, told_report, dana, now):
    save()
    actions.retract(report_id=told_report.pk, reason="Misheard", by=dana, now=now)
    with pytest.raises(InvalidTransition, match="taken back"):
        finish()


def test_a_line_too_long_for_the_plan_is_shown_at_its_own_field(save, finish):
    save(replace(WHOLE, words={**WHOLE.words, "coping_steps": "x" * 400}))
    with pytest.raises(InvalidInput) as refused:
        finish()
    assert refused.value.field == "coping_steps"
    assert LearningReview.objects.get().state == "draft"


def test_without_its_row_in_the_trail_nothing_is_finished(save, finish, monkeypatch):
    save()
    monkeypatch.setattr(audit, "record", lambda *a, **k: (_ for _ in ()).throw(RuntimeError))
    with pytest.raises(RuntimeError):
        finish()
    assert LearningReview.objects.get().state == "draft"
    assert not PreventionPlan.objects.exists()


# --- what must be true ----------------------------------------------------------------------------------------------


def test_the_database_refuses_to_change_what_is_finished(save, finish):
    save()
    review = finish().review
    for change in (
        lambda: LearningReview.objects.filter(pk=review.pk).update(guilt=1),
        lambda: review.links.all().delete(),
        lambda: review.links.create(position=9, kind="thought", text="more"),
        lambda: review.links.update(kind="body"),
    ):
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            change()


def test_the_database_refuses_a_finished_one_that_is_not_complete(save, now):
    save(Told(words={"event": "A row"}))
    with pytest.raises(IntegrityError, match="finished_review_is_complete"), transaction.atomic():
        LearningReview.objects.update(state="finished", finished_at=now)


def test_what_was_told_lies_encrypted(save):
    save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT event, people, coping_steps FROM relapse_learningreview")
        stored = b"".join(bytes(value) for value in cursor.fetchone())
    assert b"row at work" not in stored
    assert b"Ana" not in stored


def test_the_trail_holds_none_of_it(save, finish):
    save()
    finish()
    rows = AuditEvent.objects.filter(verb__startswith="review.").order_by("id")
    assert [(row.verb, row.detail) for row in rows] == [
        ("review.saved", {"version": 1}),
        ("review.finished", {"plan": True}),
    ]

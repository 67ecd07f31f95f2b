"""Agreeing on goals, and going through them again. Each act locks, decides, writes and is audited in one transaction.

Every change leaves a row with the words before and after, so that each earlier wording of the plan can be read.
"""

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput, InvalidTransition
from clients.models import Client
from sessions.integrity import tidy
from sessions.models import Goal, GoalStep, TreatmentChange, TreatmentPlan

BEGUN, ADDED, REWORDED = "treatment.begun", "treatment.added", "treatment.reworded"
REVIEWED, MOVED, ENDED = "treatment.reviewed", "treatment.moved", "treatment.ended"
USUAL_REVIEW = timedelta(days=90)
FURTHEST_REVIEW = timedelta(days=2 * 366)
LONGEST_WORDS = 1000
What = TreatmentChange.What
State = Goal.State
Item = TypeVar("Item", bound=Goal | GoalStep)


# --- what everybody needs ---
def _in_care(client_id: int) -> Client:
    """The client, held. Raises InvalidTransition when the record is only to be read."""
    client = locked(client_id)
    if not client.is_in_touch:
        raise InvalidTransition(
            _("%(name)s is not in care now: the plan can be read, not changed.") % {"name": client.first_name}
        )
    return client


def _words(text: str, field: str = "words") -> str:
    kept = tidy(text).strip()
    if not kept:
        raise InvalidInput(_("Say it in a sentence, in the client's words where you can."), field=field)
    return _checked(kept, field)


def _checked(text: str, field: str) -> str:
    if len(text) > LONGEST_WORDS or "\x00" in text:
        raise InvalidInput(
            _("This is too long: %(number)s characters at most.") % {"number": LONGEST_WORDS}, field=field
        )
    return text


def _check_day(day: date, client: Client, now: datetime) -> None:
    today = timezone.localdate(now, client.zone)
    if not today < day <= today + FURTHEST_REVIEW:
        raise InvalidInput(
            _("The next review lies ahead, and at most two years from now."), field="review_on"
        )


def _note(plan: TreatmentPlan, what: What, *, by: Any, now: datetime, **told: Any) -> None:
    """The row of the history."""
    TreatmentChange.objects.create(plan=plan, client_id=plan.client_id, what=what, by=by, at=now, **told)


def _pair(item: Goal | GoalStep) -> dict[str, Any]:
    """The item as the history names it."""
    return {"goal": item, "step": None} if isinstance(item, Goal) else {"goal": item.goal, "step": item}


def _held(item: Item) -> tuple[Item, TreatmentPlan, Client]:
    """The item, its running plan and its client, held in the order client, plan, item."""
    goal = item if isinstance(item, Goal) else item.goal
    client = _in_care(goal.client_id)
    plan = TreatmentPlan.objects.select_for_update(of=("self",)).get(pk=goal.plan_id)
    if plan.state != TreatmentPlan.State.ACTIVE:
        raise InvalidTransition(_("This plan has ended and stays as it is. A new goal begins the next one."))
    rows: Any = type(item)._base_manager.select_for_update(of=("self",))
    found: Item = rows.get(pk=item.pk)
    return found, plan, client


def _keep_next_review(plan: TreatmentPlan) -> None:
    """The earliest day of the plan and of everything in it that is worked on."""
    goals = Goal.objects.filter(plan=plan, state=State.OPEN)
    steps = GoalStep.objects.filter(goal__in=goals, state=State.OPEN)
    days = [plan.review_on]
    days += [
        day for rows in (goals, steps) if (day := rows.order_by().aggregate(first=Min("review_on"))["first"])
    ]
    plan.next_review_on = min(days)
    plan.save(update_fields=["review_on", "next_review_on"])


# --- agreeing ---
@transaction.atomic
def add_goal(*, client_id: int, words: str, by: Any, now: datetime, review_on: date | None = None) -> Goal:
    """Agree on a goal; the client's first one begins the plan. Reviewed in 90 days unless another day is named.

    Raises InvalidInput without words or for a day that is not ahead, InvalidTransition for a client not in care.
    """
    require(by, Verb.WRITE_PLANS)
    client = _in_care(client_id)
    day = review_on or timezone.localdate(now, client.zone) + USUAL_REVIEW
    _check_day(day, client, now)
    kept = _words(words)
    plan = _running_plan(client, day, by=by, now=now)
    goal = Goal.objects.create(
        plan=plan, client_id=plan.client_id, words=kept, review_on=day, added_at=now, added_by=by
    )
    _note(plan, What.ADDED, by=by, now=now, goal=goal, words_after=kept, review_on=day)
    _keep_next_review(plan)
    audit.record(ADDED, by=by, at=now, client_id=client.pk, target=goal)
    return goal


def _running_plan(client: Client, day: date, *, by: Any, now: datetime) -> TreatmentPlan:
    """The client's own plan that runs, held; a new one where there is none."""
    running = TreatmentPlan.objects.select_for_update(of=("self",)).active().filter(client=client).first()
    if running is not None:
        return running
    plan = TreatmentPlan.objects.create(
        client=client, review_on=day, next_review_on=day, begun_at=now, begun_by=by
    )
    _note(plan, What.BEGUN, by=by, now=now, review_on=day)
    audit.record(BEGUN, by=by, at=now, client_id=client.pk, target=plan)
    return plan


@transaction.atomic
def add_step(
    *, goal: Goal, kind: str, words: str, by: Any, now: datetime, review_on: date | None = None
) -> GoalStep:
    """Put an objective or an intervention under a goal that is worked on; reviewed with the goal unless said otherwise.

    Raises InvalidInput for another kind, without words, or for a day that is not ahead; InvalidTransition for a goal
    that was reached or set aside.
    """
    require(by, Verb.WRITE_PLANS)
    found, plan, client = _held(goal)
    if kind not in GoalStep.Kind.values:
        raise InvalidInput(_("Choose what it is: an objective or an intervention."), field="kind")
    if found.state != State.OPEN:
        raise InvalidTransition(_("This goal is not being worked on now. Take it up again first."))
    today = timezone.localdate(now, client.zone)
    day = review_on or max(found.review_on, today + timedelta(days=1))
    _check_day(day, client, now)
    kept = _words(words)
    step = GoalStep.objects.create(
        goal=found, kind=kind, words=kept, review_on=day, added_at=now, added_by=by
    )
    _note(plan, What.ADDED, by=by, now=now, goal=found, step=step, words_after=kept, review_on=day)
    _keep_next_review(plan)
    audit.record(ADDED, by=by, at=now, client_id=client.pk, target=step)
    return step


# --- changing ---
@transaction.atomic
def reword(*, item: Item, words: str, by: Any, now: datetime) -> Item:
    """Say a goal or a step differently; the words before stay in the history. The same words change nothing."""
    require(by, Verb.WRITE_PLANS)
    found, plan, client = _held(item)
    kept = _words(words)
    if kept == found.words:
        return found
    _note(plan, What.REWORDED, by=by, now=now, words_before=found.words, words_after=kept, **_pair(found))
    found.words = kept
    found.save(update_fields=["words"])
    audit.record(REWORDED, by=by, at=now, client_id=client.pk, target=found)
    return found


@transaction.atomic
def review(*, item: Item, review_on: date, by: Any, now: datetime, remark: str = "") -> Item:
    """Go through a goal or a step again: how it stands, and when next. Steps of the goal that were due move along.

    Raises InvalidInput for a day that is not ahead, InvalidTransition for what is not being worked on.
    """
    require(by, Verb.WRITE_PLANS)
    found, plan, client = _held(item)
    if found.state != State.OPEN:
        raise InvalidTransition(_("This is not being worked on now. Take it up again first."))
    _check_day(review_on, client, now)
    said = _checked(tidy(remark).strip(), "remark")
    found.review_on = review_on
    found.save(update_fields=["review_on"])
    if isinstance(found, Goal):
        due = GoalStep.objects.filter(goal=found, state=State.OPEN)
        due.filter(review_on__lte=timezone.localdate(now, client.zone)).update(review_on=review_on)
    _note(plan, What.REVIEWED, by=by, now=now, remark=said, review_on=review_on, **_pair(found))
    _keep_next_review(plan)
    audit.record(REVIEWED, by=by, at=now, client_id=client.pk, target=found)
    return found


@transaction.atomic
def move(*, item: Item, state: str, by: Any, now: datetime, remark: str = "") -> Item:
    """Call a goal or a step reached, set it aside, or take it up again. Raises InvalidTransition where there is no way.

    What is taken up again is reviewed tomorrow at the earliest.
    """
    require(by, Verb.WRITE_PLANS)
    found, plan, client = _held(item)
    if state not in State.values:
        raise InvalidInput(_("Choose how it stands."), field="state")
    said = _checked(tidy(remark).strip(), "remark")
    found.move_to(State(state))
    closed = state != State.OPEN
    found.state_at, found.state_by = (now, by) if closed else (None, None)
    if not closed:
        tomorrow = timezone.localdate(now, client.zone) + timedelta(days=1)
        found.review_on = max(found.review_on, tomorrow)
    found.save(update_fields=["state", "state_at", "state_by", "review_on"])
    _note(plan, What.MOVED, by=by, now=now, remark=said, state_after=state, **_pair(found))
    _keep_next_review(plan)
    audit.record(MOVED, by=by, at=now, client_id=client.pk, target=found, state=str(state))
    return found


# --- the whole plan ---
def _held_plan(plan: TreatmentPlan) -> tuple[TreatmentPlan, Client]:
    client = _in_care(plan.client_id)
    return TreatmentPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk), client


@transaction.atomic
def review_plan(
    *, plan: TreatmentPlan, review_on: date, by: Any, now: datetime, remark: str = ""
) -> TreatmentPlan:
    """Note that the whole plan was gone through with the client, and when it is next.

    What is worked on and was due for review by today moves along. Raises InvalidInput for a day that is not ahead.
    """
    require(by, Verb.WRITE_PLANS)
    found, client = _held_plan(plan)
    if found.state != TreatmentPlan.State.ACTIVE:
        raise InvalidTransition(_("This plan has ended and stays as it is."))
    _check_day(review_on, client, now)
    said = _checked(tidy(remark).strip(), "remark")
    today = timezone.localdate(now, client.zone)
    goals = Goal.objects.filter(plan=found, state=State.OPEN)
    GoalStep.objects.filter(goal__in=goals, state=State.OPEN, review_on__lte=today).update(
        review_on=review_on
    )
    goals.filter(review_on__lte=today).update(review_on=review_on)
    found.review_on = review_on
    _note(found, What.REVIEWED, by=by, now=now, remark=said, review_on=review_on)
    _keep_next_review(found)
    audit.record(REVIEWED, by=by, at=now, client_id=client.pk, target=found)
    return found


@transaction.atomic
def end_plan(*, plan: TreatmentPlan, by: Any, now: datetime, remark: str = "") -> TreatmentPlan:
    """End the plan: what is still worked on is set aside. The next goal begins a new plan."""
    require(by, Verb.WRITE_PLANS)
    found, client = _held_plan(plan)
    said = _checked(tidy(remark).strip(), "remark")
    found.move_to(TreatmentPlan.State.ENDED)
    found.ended_at, found.ended_by = now, by
    for item in (
        *Goal.objects.filter(plan=found, state=State.OPEN).order_by("pk"),
        *GoalStep.objects.filter(goal__plan=found, state=State.OPEN).select_related("goal").order_by("pk"),
    ):
        item.move_to(State.SET_ASIDE)
        item.state_at, item.state_by = now, by
        item.save(update_fields=["state", "state_at", "state_by"])
        _note(found, What.MOVED, by=by, now=now, state_after=State.SET_ASIDE, **_pair(item))
    found.save(update_fields=["state", "ended_at", "ended_by"])
    _note(found, What.ENDED, by=by, now=now, remark=said)
    audit.record(ENDED, by=by, at=now, client_id=client.pk, target=found)
    return found

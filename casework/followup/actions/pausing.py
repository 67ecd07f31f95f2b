"""A client cannot be reached for a while, and comes back (clinical.md §4.6).

A pause keeps the calendar: the steps stay on their dates, and nothing goes out. What a long pause has left behind is
left out when it ends, so that nobody comes home to a burst of messages. After a hospital stay a physical plan begins
again; after jail the body may no longer bear what it bore before.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import follow_report, schedule, summary, tasks, todos
from casework.followup.messages.policy import intended
from casework.followup.models import FollowUpPlan, Message, PlanState, Priority, ToDo, ToDoState
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import FOR_SUPERVISOR, SAFETY, ToDoKind
from casework.followup.plan_upkeep import declines_calls
from casework.followup.risk import RiskReason, RiskTier
from casework.followup.schedule import TOO_LATE
from clients import audit, lower
from clients.actions import locked
from clients.errors import Conflict
from clients.models import Client, Guardian, PauseReason
from clients.stage import Stage

CONTACT_WITHIN = timedelta(hours=24)
BACK = "BACK-"  # a step key begins so when its to-do asks for the first talk after a pause
TOLERANCE = "BACK-TOLERANCE-"  # the same after jail or prison
LIAISON = "LIAISON-"
CONSENT = "CONSENT-"
HELD_BY_PAUSE = ("client_paused", "plan_paused")
NOON = time(12)


@transaction.atomic
def pause_client(*, client_id: int, reason: str, on: date, by: Any, now: datetime) -> Client:
    """Hold every message until the client is back, those included that a sender holds. Sessions stay.

    To-dos go on by the ways that are left; in hospital one to-do asks to get in touch with the ward instead. Raises
    InvalidInput for an unknown reason or a day to come, InvalidTransition for a client who is not active.
    """
    client = lower.pause(client_id=client_id, reason=reason, on=on, by=by, now=now)
    plan = running_plan(client)
    if plan is not None and plan.state == PlanState.ACTIVE:  # one without messages has nothing to hold
        _move(plan, PlanState.PAUSED, verb="plan.paused", by=by, now=now)
    if reason == PauseReason.HOSPITAL:
        _liaise(client, plan, by=by, now=now)
    Message.objects.filter(client=client).recall()
    summary.refresh(client.pk)
    return client


def _liaise(client: Client, plan: FollowUpPlan | None, *, by: Any, now: datetime) -> None:
    """A physical plan begins again afterwards: what it asked for meanwhile is one talk with the ward."""
    if plan is not None and plan.stage == Stage.PHYSICAL:
        theirs = plan.todos.exclude(kind__in=SAFETY | FOR_SUPERVISOR)
        todos.close(theirs, state=ToDoState.SUPERSEDED, reason="in_hospital")
    todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER,
        title=_("%(first)s is in hospital: with consent, agree with the ward on the day of discharge")
        % {"first": client.first_name},
        due_at=now + CONTACT_WITHIN,
        now=now,
        by=by,
        step_key=f"{LIAISON}{_change(client)}",
    )


@transaction.atomic
def resume_client(*, client_id: int, on: date, by: Any, now: datetime) -> Client:
    """Go on where the calendar stands; leave out what it passed by more than two days; ask for a talk within a day.

    After a hospital stay a physical plan begins again on the day of discharge. Raises Conflict for a client who is not
    paused or whose consent must be gone through first, InvalidInput for a day to come or before the pause.
    """
    before = locked(client_id)
    away_for, state = before.state_reason, before.state
    unchecked = Guardian.objects.of(before).to_recheck().exists()
    if away_for == PauseReason.CONSENT and state == Client.State.PAUSED and unchecked:
        raise Conflict(_("Go through the consent with whoever decides now; that ends this pause."))
    client = lower.resume(client_id=client_id, on=on, by=by, now=now)
    _go_on(client, by=by, now=now)
    if away_for == PauseReason.HOSPITAL:
        _after_hospital(client, on, by=by, now=now)
    if away_for == PauseReason.INCARCERATED:
        _after_jail(client, by=by, now=now)
    _let_go(client, now)
    _ask_for_contact(client, away_for, by=by, now=now)
    if unchecked:
        hold_for_consent(client, by=by, now=now)
    summary.refresh(client.pk)
    transaction.on_commit(tasks.wake)
    return client


def _go_on(client: Client, *, by: Any, now: datetime) -> None:
    plan = running_plan(client)
    if plan is not None and plan.state == PlanState.PAUSED:
        _move(plan, PlanState.ACTIVE, verb="plan.resumed", by=by, now=now)


def _move(plan: FollowUpPlan, state: PlanState, *, verb: str, by: Any, now: datetime) -> None:
    plan.move_to(state)
    plan.save(update_fields=["state"])
    audit.record(verb, by=by, at=now, client_id=plan.client_id, target=plan)


def _after_hospital(client: Client, on: date, *, by: Any, now: datetime) -> None:
    """Day 0 is the day of discharge: the 7- and the 30-day contact count from it."""
    liaison = client.todos.filter(step_key__startswith=LIAISON)
    todos.close(liaison, state=ToDoState.SUPERSEDED, reason="client_back")
    plan = running_plan(client)
    if plan is not None and plan.stage == Stage.PHYSICAL:
        day_zero = min(now, schedule.resolve(on, NOON, client.zone))
        follow_report.begin_again(client, plan, day_zero=day_zero, by=by, now=now)


def _after_jail(client: Client, *, by: Any, now: datetime) -> None:
    """What was usual before can now be too much."""
    plan = running_plan(client)
    if plan is None or RiskReason.LOST_TOLERANCE in plan.risk_reasons:
        return
    plan.risk_reasons = [*plan.risk_reasons, RiskReason.LOST_TOLERANCE]
    if plan.risk_tier == RiskTier.GREEN:
        plan.risk_tier = RiskTier.AMBER
    plan.save(update_fields=["risk_reasons", "risk_tier"])
    plan.messages.waiting().filter(priority=Priority.USUAL).update(priority=Priority.HIGH)
    audit.record(
        "plan.tier_raised", by=by, at=now, client_id=client.pk, target=plan, tier=str(plan.risk_tier)
    )


def _let_go(client: Client, now: datetime) -> None:
    """Skip what is too late, and have the rest that was held looked at now; policy keeps hours and caps."""
    waiting = Message.objects.filter(client=client, in_reply_to=None).waiting()
    passed = [message.pk for message in waiting.defer("body") if now - intended(message) > TOO_LATE]
    Message.objects.filter(pk__in=passed).leave_out(reason="passed_in_pause", at=now)
    held = waiting.filter(status=Message.Status.HELD, reason_code__in=HELD_BY_PAUSE)
    held.update(due_at=now, reason_code="resumed", reason_params={})


def _change(client: Client) -> int:
    """The key of the last change of the client's status: what it asks for, it asks for once."""
    return client.status_changes.order_by("-pk").values_list("pk", flat=True)[0]


def _ask_for_contact(client: Client, away_for: str, *, by: Any, now: datetime) -> None:
    """A call; for somebody who wants no calls, whatever else the counselor finds."""
    jail = away_for == PauseReason.INCARCERATED
    title = (
        _("%(first)s is out of jail, tolerance may be lost: get in touch")
        if jail
        else _("%(first)s is back: get in touch")
    )
    todos.open_todo(
        client=client,
        kind=ToDoKind.OTHER if declines_calls(client, now) else ToDoKind.CALL,
        title=title % {"first": client.first_name},
        due_at=now + CONTACT_WITHIN,
        now=now,
        by=by,
        urgent=jail,
        step_key=f"{TOLERANCE if jail else BACK}{_change(client)}",
    )


# --- who decides for the client has changed ---------------------------------------------------------------------------
@transaction.atomic
def add_guardian(*, client_id: int, by: Any, now: datetime, **facts: Any) -> Guardian:
    """Somebody decides for the client from a day on: messages wait until the consent was gone through with them.

    `facts`: as clients.lower.add_guardian takes them; with `consent_rechecked` nothing has to wait.
    """
    guardian = lower.add_guardian(client_id=client_id, by=by, now=now, **facts)
    _follow_guardian(guardian, by=by, now=now)
    return guardian


@transaction.atomic
def end_guardian(*, guardian_id: int, on: date, by: Any, now: datetime) -> Guardian:
    """Nobody, or somebody else, decides from now on: messages wait until the consent was gone through again."""
    guardian = lower.end_guardian(guardian_id=guardian_id, on=on, by=by, now=now)
    _follow_guardian(guardian, by=by, now=now)
    return guardian


def _follow_guardian(guardian: Guardian, *, by: Any, now: datetime) -> None:
    client = locked(guardian.client_id)
    if Guardian.objects.of(client).to_recheck().exists():
        hold_for_consent(client, by=by, now=now)


def hold_for_consent(client: Client, *, by: Any, now: datetime) -> None:
    """Pause whoever is active, and ask to go through the consent. One who is paused already stays so."""
    if not client.is_in_touch:
        return
    if client.state == Client.State.ACTIVE:
        on = now.astimezone(client.zone).date()
        pause_client(client_id=client.pk, reason=PauseReason.CONSENT, on=on, by=by, now=now)
    if not _consent_todos(client).exists():
        todos.open_todo(
            client=client,
            kind=ToDoKind.OTHER,
            title=_("Go through the consent of %(first)s again: who decides has changed")
            % {"first": client.first_name},
            due_at=now + CONTACT_WITHIN,
            now=now,
            by=by,
            step_key=f"{CONSENT}{_change(client)}-{now:%Y%m%d%H%M%S}",
        )


def _consent_todos(client: Client) -> Any:
    return ToDo.objects.open().filter(client=client, step_key__startswith=CONSENT)


@transaction.atomic
def recheck_consent(*, client_id: int, by: Any, now: datetime) -> Client:
    """The consent was gone through with whoever decides now. A pause that waited for this alone ends.

    Raises Conflict when nothing waits for it.
    """
    changed = lower.recheck_consent(client_id=client_id, by=by, now=now)
    client = locked(client_id)
    if not changed:
        raise Conflict(_("No change of guardian waits for this."))
    todos.finish(_consent_todos(client).order_by("pk"), by=by, now=now)
    if client.state == Client.State.PAUSED and client.state_reason == PauseReason.CONSENT:
        on = now.astimezone(client.zone).date()
        client = lower.resume(client_id=client.pk, on=on, by=by, now=now)
        _go_on(client, by=by, now=now)
        _let_go(client, now)
        transaction.on_commit(tasks.wake)
    summary.refresh(client.pk)
    return client

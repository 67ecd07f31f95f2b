"""Trying to reach a client, reaching them, and what was asked when they were reached (clinical.md §4.4, §3.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from casework.followup import answering, summary, todos
from casework.followup.actions.pausing import BACK
from casework.followup.checklist import check_answers, confirmed_tier
from casework.followup.models import ContactAttempt, FollowUpPlan, SafetyChecklist, ToDo
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_if_done
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput
from clients.models import Client

ENDS_WITH_CONTACT = frozenset({ToDoKind.FIRST_CONTACT, ToDoKind.CALL, ToDoKind.ANSWER})


@transaction.atomic
def log_contact(
    *,
    client_id: int,
    channel: str,
    outcome: str,
    by: Any,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    todo_id: int | None = None,
    idempotency_key: str = "",
) -> ContactAttempt:
    """Note a try to reach the client. Only a two-way talk is a contact: it closes the first contact and due calls."""
    require(by, Verb.LOG_CONTACT)
    client = locked(client_id)
    at = at or now
    _check(client, channel, outcome, at, now)
    if idempotency_key:
        known = client.contact_attempts.filter(idempotency_key=idempotency_key).order_by("pk").first()
        if known is not None:
            return known
    todo = client.todos.filter(pk=todo_id).first() if todo_id else None
    attempt = ContactAttempt.objects.create(
        client=client,
        todo=todo,
        at=at,
        by=by,
        channel=channel,
        outcome=outcome,
        note=note.strip(),
        recorded_at=now,
        idempotency_key=idempotency_key,
    )
    audit.record(
        "contact.logged", by=by, at=now, client_id=client_id, target=attempt, outcome=outcome, channel=channel
    )
    if outcome == ContactAttempt.Outcome.REACHED:
        contact_made(client, at=at, by=by, now=now, todo=todo)
    return attempt


def _check(client: Client, channel: str, outcome: str, at: datetime, now: datetime) -> None:
    if channel not in ContactAttempt.Channel.values:
        raise InvalidInput(_("Say how you tried to reach the client."), field="channel")
    if outcome not in ContactAttempt.Outcome.values:
        raise InvalidInput(_("Say what came of it."), field="outcome")
    if at > now:
        raise InvalidInput(_("A contact cannot lie in the future."), field="at")
    if client.state == Client.State.DECEASED:
        raise InvalidInput(_("%(first)s has died.") % {"first": client.first_name})


def contact_made(client: Client, *, at: datetime, by: Any, now: datetime, todo: ToDo | None = None) -> None:
    """A two-way talk took place: close what waited for it. The caller holds the client's row and audits."""
    summary.contact_made(client.pk, at)
    done = list(
        client.todos.open().filter(_settled_by_talk(at, now, todo)).select_related("inbound").order_by("pk")
    )
    todos.finish(done, by=by, now=now, outcome=str(ContactAttempt.Outcome.REACHED.label))
    answering.settle_inbound(done, by=by, now=now)
    answering.mark_answered(client, at=at)
    summary.refresh(client.pk)


def _settled_by_talk(at: datetime, now: datetime, todo: ToDo | None) -> Q:
    """The first contact after a report or a pause, calls that were due or asked for, and what the talk was for."""
    first = Q(kind=ToDoKind.FIRST_CONTACT, plan__reported_at__lte=at)
    calls = Q(kind=ToDoKind.CALL, opened_at__lte=at) & (Q(due_at__lte=now) | Q(inbound__isnull=False))
    this = Q(pk=todo.pk, kind__in=ENDS_WITH_CONTACT) if todo is not None else Q(pk__in=[])
    back = Q(step_key__startswith=BACK, opened_at__lte=at)
    return first | calls | this | back


@transaction.atomic
def complete_checklist(
    *, client_id: int, answers: Mapping[str, Any], by: Any, now: datetime, note: str = ""
) -> SafetyChecklist:
    """Keep what the first talk asked about; it confirms or changes the risk tier and closes its to-do."""
    require(by, Verb.RUN_PLAN)
    client = locked(client_id)
    check_answers(answers)
    plan = running_plan(client)
    tier = confirmed_tier(answers, plan)
    checklist = SafetyChecklist.objects.create(
        client=client,
        plan=plan,
        answers=dict(answers),
        note=note.strip(),
        risk_tier=tier,
        completed_at=now,
        completed_by=by,
    )
    audit.record("safety.checked", by=by, at=now, client_id=client_id, target=checklist, tier=str(tier))
    if plan is not None:
        _confirm_tier(plan, tier)
        _close_checklist_todos(plan, by=by, now=now)
    summary.refresh(client_id)
    return checklist


def _confirm_tier(plan: FollowUpPlan, tier: str) -> None:
    plan.risk_tier = tier
    plan.save(update_fields=["risk_tier"])


def _close_checklist_todos(plan: FollowUpPlan, *, by: Any, now: datetime) -> None:
    """With the checklist done, a report told in a live talk has had its first contact (clinical.md §7.3, I-10)."""
    kinds = [ToDoKind.SAFETY_CHECKLIST, *([ToDoKind.FIRST_CONTACT] if plan.report.handled_in_contact else [])]
    todos.finish(plan.todos.open().filter(kind__in=kinds).order_by("pk"), by=by, now=now)
    complete_if_done(plan, now)

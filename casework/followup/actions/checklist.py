"""The safety checklist of the first talk: what it finds moves the clocks at once (clinical.md §3.2–§3.4, §4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.followup import schedule, summary, todos
from casework.followup.checklist import EDUCATION, YES, Judged, check_answers, judge
from casework.followup.follow_report import OF_THE_TALK
from casework.followup.hours import timing_of
from casework.followup.models import (
    ACKNOWLEDGE_WITHIN,
    EmergencyRecord,
    FollowUpPlan,
    Priority,
    SafetyChecklist,
)
from casework.followup.plan_start import running_plan
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import complete_if_done
from casework.followup.plan_versions import template_for
from casework.followup.risk import RiskTier
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import InvalidInput
from clients.models import Client, ClientSubstance, Practice, Substance
from clients.stage import Stage

REVIEW_WITHIN = timedelta(hours=72)
EDUCATE_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Education:
    """Who was told about overdose and naloxone, when, and what came of it (S-6)."""

    whom: str = ""
    at: datetime | None = None
    outcome: str = ""


@transaction.atomic
def complete_checklist(
    *,
    client_id: int,
    answers: Mapping[str, Any],
    by: Any,
    now: datetime,
    note: str = "",
    education: Education | None = None,
) -> SafetyChecklist:
    """Keep what the first talk asked about; it confirms or changes the risk tier and closes its to-do.

    A red flag that it brings up opens the emergency at once, and never a second one. Raises InvalidInput for a
    question without an answer, or for a talk about overdose that does not say with whom and what came of it.
    """
    require(by, Verb.RUN_PLAN)
    client = locked(client_id)
    check_answers(answers)
    education = education or Education()
    _check_education(answers, education, now)
    plan = running_plan(client)
    judged = judged_for(client, plan, answers)
    told = answers[EDUCATION.key] == YES
    checklist = SafetyChecklist.objects.create(
        client=client,
        plan=plan,
        answers=dict(answers),
        note=note.strip(),
        risk_tier=judged.tier,
        risk_reasons=list(judged.reasons),
        told_whom=education.whom.strip() if told else "",
        told_at=(education.at or now) if told else None,
        told_outcome=education.outcome.strip() if told else "",
        completed_at=now,
        completed_by=by,
    )
    audit.record(
        "safety.checked", by=by, at=now, client_id=client_id, target=checklist, tier=str(judged.tier)
    )
    _close_checklists(client, by=by, now=now)
    _ask_for_what_is_left(client, plan, checklist, judged, by=by, now=now)
    if plan is not None:
        _move_clocks(plan, judged)
        _close_first_contact(plan, by=by, now=now)
    summary.refresh(client_id)
    return checklist


def judged_for(client: Client, plan: FollowUpPlan | None, answers: Mapping[str, Any]) -> Judged:
    """The tier by these answers and by what is on record. Writes nothing."""
    opioid = ClientSubstance.objects.of(client).filter(substance__klass=Substance.Klass.OPIOID).exists()
    return judge(answers, known=plan.risk_reasons if plan is not None else (), opioid=opioid)


def _check_education(answers: Mapping[str, Any], education: Education, now: datetime) -> None:
    if answers[EDUCATION.key] != YES:
        return
    if not education.whom.strip():
        raise InvalidInput(_("Say who was told about overdose and naloxone."), field="told_whom")
    if not education.outcome.strip():
        raise InvalidInput(_("Say what came of telling about overdose and naloxone."), field="told_outcome")
    if education.at is not None and education.at > now:
        raise InvalidInput(_("This time lies in the future."), field="told_at")


def _ask_for_what_is_left(
    client: Client,
    plan: FollowUpPlan | None,
    checklist: SafetyChecklist,
    judged: Judged,
    *,
    by: Any,
    now: datetime,
) -> None:
    common: dict[str, Any] = {"client": client, "now": now, "by": by, "plan": plan}
    open_kinds = set(client.todos.open().order_by("pk").values_list("kind", flat=True))
    if set(judged.red_flags) - _seen_to(client, plan, now) and ToDoKind.EMERGENCY not in open_kinds:
        todos.open_todo(
            **common,
            kind=ToDoKind.EMERGENCY,
            due_at=now + ACKNOWLEDGE_WITHIN,
            urgent=True,
            step_key=f"{OF_THE_TALK}{checklist.pk}-EMERGENCY",
        )
        if ToDoKind.SUPERVISOR_REVIEW not in open_kinds:
            todos.open_todo(
                **common,
                kind=ToDoKind.SUPERVISOR_REVIEW,
                due_at=now + REVIEW_WITHIN,
                step_key=f"{OF_THE_TALK}{checklist.pk}-SUPERVISOR-REVIEW",
            )
    if checklist.answers["stopped"] == YES and ToDoKind.MEDICAL not in open_kinds:
        todos.open_todo(
            **common,
            kind=ToDoKind.MEDICAL,
            due_at=schedule.same_day(now, client.zone, timing_of(Practice.current())),
            urgent=True,
            step_key=f"{OF_THE_TALK}{checklist.pk}-MEDICAL",
        )
    if judged.asks_for_education and checklist.told_at is None:
        todos.open_todo(
            **common,
            kind=ToDoKind.OTHER,
            title=_("Talk through overdose and naloxone with %(first)s") % {"first": client.first_name},
            due_at=now + EDUCATE_WITHIN,
            step_key=f"{OF_THE_TALK}{checklist.pk}-EDUCATION",
        )


def _seen_to(client: Client, plan: FollowUpPlan | None, now: datetime) -> set[str]:
    """The flags of emergencies recorded since the report: confirming them in the talk alarms nobody again."""
    since = plan.reported_at if plan is not None else now - timedelta(days=1)
    records = EmergencyRecord.objects.of(client).filter(recorded_at__gte=since).order_by("pk")
    return {flag for flags in records.values_list("red_flags", flat=True) for flag in flags}


def _move_clocks(plan: FollowUpPlan, judged: Judged) -> None:
    """The tier is confirmed. Red and amber bring an open first contact forward, and the messages to the front."""
    plan.risk_tier, plan.risk_reasons = judged.tier, list(judged.reasons)
    plan.save(update_fields=["risk_tier", "risk_reasons"])
    if judged.tier == RiskTier.GREEN:
        return
    plan.messages.waiting().filter(priority=Priority.USUAL).update(priority=Priority.HIGH)
    hasty = template_for(Stage(plan.stage), plan.template_version).hasty_contact
    if hasty is not None:
        soon = plan.reported_at + hasty
        first = plan.todos.open().filter(kind=ToDoKind.FIRST_CONTACT, due_at__gt=soon)
        first.update(due_at=soon, urgent=True)


def _close_checklists(client: Client, *, by: Any, now: datetime) -> None:
    """Also one that outlived its plan, because the later report that had taken it over was taken back."""
    open_ones: Any = client.todos.open().filter(kind=ToDoKind.SAFETY_CHECKLIST)
    todos.finish(open_ones.order_by("pk"), by=by, now=now)


def _close_first_contact(plan: FollowUpPlan, *, by: Any, now: datetime) -> None:
    """With the checklist done, a report told in a live talk has had its first contact (clinical.md §7.3, I-10)."""
    if plan.report.handled_in_contact:
        first: Any = plan.todos.open().filter(kind=ToDoKind.FIRST_CONTACT)
        todos.finish(first.order_by("pk"), by=by, now=now)
    complete_if_done(plan, now)

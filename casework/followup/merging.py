"""What the merge of two records does to plans, messages, to-dos and answers, and how that is undone (clinical.md §4.6).

Only what still waits changes hands; what was sent, done or said stays where it is. Every row that is touched is noted
with what it was, so that undoing puts back exactly these. The caller holds both clients' rows.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from casework.followup import plan_start
from casework.followup.models import (
    RUNNING,
    FollowUpPlan,
    InboundMessage,
    LadderRung,
    Message,
    PlanState,
    Priority,
    ToDo,
    ToDoState,
)
from casework.followup.plan_templates import BY_CALL, SAFETY, ToDoKind
from casework.followup.risk import RiskTier, still_at_risk
from casework.followup.todos import owner_for
from clients.models import Client
from clients.stage import Stage

MERGED = "merged"
# Of two of these on one plan, whenever they are due, one is enough; of the others, two of the same local day.
ONCE = frozenset(
    {
        ToDoKind.FIRST_CONTACT,
        ToDoKind.SAFETY_CHECKLIST,
        ToDoKind.VISIT_OFFER,
        ToDoKind.VISIT,
        ToDoKind.LEARNING_REVIEW,
        ToDoKind.SUPERVISOR_REVIEW,
    }
)
ENDED_FOR_BOTH = (PlanState.SUPERSEDED, PlanState.CLOSED_DISCHARGED, PlanState.CLOSED_DECEASED)
NEVER_DROPPED = SAFETY - {ToDoKind.SAFETY_CHECKLIST}  # each tells of an alarm of its own
KEY_LENGTH = 48


def bring_together(survivor: Client, merged: Client, *, now: datetime) -> dict[str, Any]:
    """Leave one plan, and give the survivor what waits for the merged record. Returns what was moved."""
    kept, closed = _choose(survivor, merged)
    moved: dict[str, Any] = {"plan": None, "closed": None}
    if closed is not None:
        moved["closed"] = _close(closed, now)
    if kept is not None:
        moved["plan"] = {"id": kept.pk, "client": kept.client_id, "state": kept.state}
        if closed is not None:
            moved["plan"]["risk"] = _keep_risks(kept, closed)
        _keep(
            kept, survivor, silent=closed is not None and moved["closed"]["state"] == PlanState.MESSAGES_OFF
        )
        if kept.state == PlanState.MESSAGES_OFF:
            Message.objects.filter(plan=kept).withdraw(reason=MERGED, at=now)
    moved["messages"] = _take_messages(survivor, merged, now)
    moved["todos"] = _take_todos(survivor, merged, kept=kept, closed=closed, now=now)
    moved["answers"] = _take_answers(survivor, merged)
    moved["rungs"] = _take_rungs(survivor, merged)
    Message.objects.filter(client=survivor).recall()
    return moved


def choose(one: FollowUpPlan | None, other: FollowUpPlan | None) -> FollowUpPlan | None:
    """The plan that goes on: of the higher stage, of two alike the newer."""
    plans = [plan for plan in (one, other) if plan is not None]
    return max(plans, key=lambda plan: (Stage(plan.stage).rank or 0, plan.starts_at, plan.pk), default=None)


def _choose(survivor: Client, merged: Client) -> tuple[FollowUpPlan | None, FollowUpPlan | None]:
    own, theirs = plan_start.running_plan(survivor), plan_start.running_plan(merged)
    kept = choose(own, theirs)
    return kept, (theirs if kept == own else own)


def _close(plan: FollowUpPlan, now: datetime) -> dict[str, Any]:
    """The other plan gives way: its messages are withdrawn, and with them each that the kept one has as well."""
    waiting = list(plan.messages.waiting().order_by("pk").values_list("pk", flat=True))
    told = {"id": plan.pk, "client": plan.client_id, "state": str(plan.state), "messages": waiting}
    Message.objects.filter(plan=plan).withdraw(reason=MERGED, at=now)
    plan_start.close_plan(plan, PlanState.SUPERSEDED, reason=MERGED, now=now)
    return told


def _keep(plan: FollowUpPlan, survivor: Client, *, silent: bool) -> None:
    """The plan is the survivor's. If the client wanted no messages on the other record, none come from this one."""
    plan.client = survivor
    if silent and plan.can_move_to(PlanState.MESSAGES_OFF):
        plan.move_to(PlanState.MESSAGES_OFF)
    plan.save(update_fields=["client", "state"])


def _keep_risks(kept: FollowUpPlan, closed: FollowUpPlan) -> dict[str, Any]:
    """What either plan knew of risks holds for the one that goes on. Returns what it was and what it became."""
    before = [str(kept.risk_tier), list(kept.risk_reasons)]
    tier, reasons = still_at_risk(
        RiskTier(kept.risk_tier), kept.risk_reasons, closed.risk_tier, closed.risk_reasons
    )
    kept.risk_tier, kept.risk_reasons = tier, reasons
    kept.save(update_fields=["risk_tier", "risk_reasons"])
    behind = kept.messages.waiting().filter(priority=Priority.USUAL) if tier != RiskTier.GREEN else None
    first = [] if behind is None else list(behind.order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk__in=first).update(priority=Priority.HIGH)
    return {"before": before, "given": [str(tier), [str(one) for one in reasons]], "first": first}


def _risks_back(plan: FollowUpPlan, was: Mapping[str, Any]) -> None:
    """The other person's risks are theirs again; a tier that somebody confirmed since the merge stays."""
    if [plan.risk_tier, plan.risk_reasons] == was["given"] != was["before"]:
        plan.risk_tier, plan.risk_reasons = was["before"]
        plan.save(update_fields=["risk_tier", "risk_reasons"])
        Message.objects.filter(pk__in=was["first"]).update(priority=Priority.USUAL)


def _take_messages(survivor: Client, merged: Client, now: datetime) -> dict[str, list[int]]:
    """What waits for the merged record waits for the survivor; what both have for the same local day goes once."""
    theirs = Message.objects.filter(client=merged)
    own = Message.objects.filter(client=survivor).waiting().exclude(kind=Message.Kind.MANUAL)
    have = set(own.values_list("kind", "template_key", "local_date"))
    twice = [
        message.pk
        for message in theirs.waiting().exclude(kind=Message.Kind.MANUAL).defer("body").order_by("pk")
        if (message.kind, message.template_key, message.local_date) in have
    ]
    Message.objects.filter(pk__in=twice).withdraw(reason=MERGED, at=now)
    taken = list(theirs.unsettled().order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk__in=taken).update(client=survivor)
    return {"taken": taken, "twice": twice}


def _take_todos(
    survivor: Client,
    merged: Client,
    *,
    kept: FollowUpPlan | None,
    closed: FollowUpPlan | None,
    now: datetime,
) -> list[dict[str, Any]]:
    """Open to-dos of both come to the survivor and the kept plan, each once. Returns them as they were."""
    both = ToDo.objects.select_for_update(of=("self",)).open().filter(client__in=[survivor, merged])
    rows = list(both.order_by("due_at", "pk"))
    waiting = [todo for todo in rows if todo.client_id == merged.pk or (closed and todo.plan_id == closed.pk)]
    own = [todo for todo in rows if todo not in waiting or (kept and todo.plan_id == kept.pk)]
    noted = []
    for todo in waiting:
        noted.append(_as_it_was(todo))
        twin = None if todo in own else next((one for one in own if _alike(one, todo, survivor)), None)
        if twin is not None:
            noted.append(_as_it_was(twin))
            _drop(todo, twin)
        else:
            if closed is not None and todo.plan_id == closed.pk:
                todo.plan = kept
            _repoint(todo, survivor, now)
            own = [*own, todo]
    given = dict(ToDo.objects.filter(pk__in=[was["id"] for was in noted]).values_list("pk", "due_at"))
    return [{**was, "given": given[was["id"]].isoformat()} for was in noted]


def _alike(one: ToDo, other: ToDo, client: Client) -> bool:
    """Whether two to-dos ask for the same thing."""
    if (
        one.kind != other.kind
        or one.kind in NEVER_DROPPED
        or (one.plan_id is None) != (other.plan_id is None)
    ):
        return False
    if one.plan_id is not None and one.kind in ONCE:
        return True
    days = {todo.due_at.astimezone(client.zone).date() for todo in (one, other)}
    return len(days) == 1 and (one.plan_id is not None or one.title == other.title)


def _drop(todo: ToDo, twin: ToDo) -> None:
    """One of two is enough; it is due when the earlier of them was."""
    todo.move_to(ToDoState.SUPERSEDED)
    todo.cancelled_reason = MERGED
    todo.save(update_fields=["state", "cancelled_reason"])
    if todo.due_at < twin.due_at:
        twin.due_at = todo.due_at
        twin.save(update_fields=["due_at"])


def _repoint(todo: ToDo, survivor: Client, now: datetime) -> None:
    todo.client = survivor
    todo.step_key = _free_key(todo)
    seen = (
        todo.owner is not None
        and Client.objects.visible_to(todo.owner, at=now).filter(pk=survivor.pk).exists()
    )
    if not seen:
        todo.owner = owner_for(ToDoKind(todo.kind), survivor, now)
    todo.save(update_fields=["client", "plan", "step_key", "owner"])


def _free_key(todo: ToDo) -> str:
    """Its step key, or, where the plan or the client has one of that name, another one that is free."""
    if not todo.step_key:
        return ""
    place = {"plan": todo.plan} if todo.plan_id is not None else {"plan": None, "client": todo.client}
    taken = ToDo.objects.filter(step_key=todo.step_key, **place).exclude(pk=todo.pk).exists()
    return f"{todo.step_key[: KEY_LENGTH - 12]}-M{todo.pk}"[:KEY_LENGTH] if taken else todo.step_key


def _as_it_was(todo: ToDo) -> dict[str, Any]:
    return {
        "id": todo.pk,
        "client": todo.client_id,
        "plan": todo.plan_id,
        "step_key": todo.step_key,
        "owner": todo.owner_id,
        "due_at": todo.due_at.isoformat(),
    }


def _take_answers(survivor: Client, merged: Client) -> list[int]:
    """What the client wrote and nobody has read or handled is the survivor's to answer."""
    unanswered = InboundMessage.objects.filter(client=merged).filter(Q(read_at=None) | Q(handled_at=None))
    taken = list(unanswered.order_by("pk").values_list("pk", flat=True))
    InboundMessage.objects.filter(pk__in=taken).update(client=survivor)
    return taken


def _take_rungs(survivor: Client, merged: Client) -> list[int]:
    """A silence that lasts is the survivor's."""
    open_ones = LadderRung.objects.open().filter(client=merged)
    taken = list(open_ones.order_by("pk").values_list("pk", flat=True))
    LadderRung.objects.filter(pk__in=taken).update(client=survivor)
    return taken


def calls_waiting(client: Client) -> QuerySet[ToDo]:
    """Open to-dos that ask for a call."""
    return ToDo.objects.open().filter(client=client, kind__in=BY_CALL).order_by("pk")


def calls_declined() -> QuerySet[ToDo]:
    """Those that ended because the client wants no calls."""
    return ToDo.objects.filter(state=ToDoState.CANCELLED, cancelled_reason="calls_declined").order_by("pk")


# --- undoing ---------------------------------------------------------------------------------------------------------
def part(survivor: Client, merged: Client, moved: Mapping[str, Any], *, now: datetime) -> None:
    """Put back what `bring_together` moved. What came since stays with the survivor."""
    Message.objects.filter(pk__in=moved["messages"]["taken"]).update(client=merged)
    InboundMessage.objects.filter(pk__in=moved["answers"]).update(client=merged)
    LadderRung.objects.filter(pk__in=moved["rungs"]).update(client=merged)
    _plan_back(moved["plan"])
    _begun_anew_back(survivor, merged, now)
    stays_closed = None if _reopen(moved["closed"]) else moved["closed"]["id"]
    _todos_back(moved["todos"], of=merged, stays_closed=stays_closed)
    twice = Message.objects.filter(pk__in=moved["messages"]["twice"], reason_code=MERGED)
    twice.exclude(kind=Message.Kind.REMINDER).write_again()  # reminders are written from what is planned
    for client in (survivor, merged):
        _keep_step(client)
        Message.objects.filter(client=client).recall()


def _begun_anew_back(survivor: Client, merged: Client, now: datetime) -> None:
    """A plan that began again while the merge held, for a report of the other person's, is that person's."""
    plan = plan_start.running_plan(survivor)
    if plan is None or plan.report.client_id not in merged.record_ids or not merged.is_in_touch:
        return
    if FollowUpPlan.objects.running().filter(client=merged).exists():
        return
    FollowUpPlan.objects.filter(pk=plan.pk).update(client=merged)
    plan.messages.update(client=merged)
    for todo in plan.todos.select_for_update(of=("self",)).order_by("pk"):
        todo.client, todo.owner = merged, owner_for(ToDoKind(todo.kind), merged, now)
        todo.save(update_fields=["client", "owner"])


def _keep_step(client: Client) -> None:
    """A plan stands still exactly while its client is paused: the other one's pause or return is not theirs."""
    plan = plan_start.running_plan(client)
    wanted = PlanState.PAUSED if client.state == Client.State.PAUSED else PlanState.ACTIVE
    if plan is not None and plan.state in {PlanState.ACTIVE, PlanState.PAUSED} - {wanted}:
        plan.move_to(wanted)
        plan.save(update_fields=["state"])


def ended_for_the_other(moved: Mapping[str, Any]) -> list[FollowUpPlan]:
    """Plans that ran before the merge and ended while it held, whose client is left without any after it is undone.

    Whatever ended them (a new report, a discharge, a death) was said of the record that stood for both.
    """
    ids = [was["id"] for was in (moved["plan"], moved["closed"]) if was is not None]
    ended = FollowUpPlan.objects.filter(pk__in=ids, state__in=ENDED_FOR_BOTH).select_related(
        "client", "report"
    )
    running = FollowUpPlan.objects.running().filter(client=OuterRef("client"))
    return [plan for plan in ended.exclude(Exists(running)).order_by("pk") if plan.client.is_in_touch]


def _plan_back(was: Mapping[str, Any] | None) -> None:
    if was is None:
        return
    plan = FollowUpPlan.objects.select_for_update(of=("self",)).get(pk=was["id"])
    silenced = plan.state == PlanState.MESSAGES_OFF and was["state"] != PlanState.MESSAGES_OFF
    FollowUpPlan.objects.filter(pk=plan.pk).update(client=was["client"])
    if "risk" in was:
        _risks_back(plan, was["risk"])
    if silenced and _only_by_the_merge(plan):
        FollowUpPlan.objects.filter(pk=plan.pk).update(state=was["state"])
        plan.messages.filter(reason_code=MERGED).write_again()


def _only_by_the_merge(plan: FollowUpPlan) -> bool:
    """Whether the merge silenced the plan, and nobody has since."""
    return plan.messages.filter(reason_code=MERGED).exists()


def _reopen(was: Mapping[str, Any] | None) -> bool:
    """Let the plan that gave way run again, unless its client has another by now or is no longer in care.

    False when it stays closed.
    """
    if was is None:
        return True
    plan = FollowUpPlan.objects.select_for_update(of=("self",)).get(pk=was["id"])
    running = FollowUpPlan.objects.running().filter(client=was["client"])
    if plan.closed_reason != MERGED or running.exists() or not plan.client.is_in_touch:
        return False
    FollowUpPlan.objects.filter(pk=plan.pk).update(state=was["state"], closed_at=None, closed_reason="")
    Message.objects.filter(pk__in=was["messages"], reason_code=MERGED).write_again()
    return True


def _todos_back(rows: Iterable[Mapping[str, Any]], *, of: Client, stays_closed: int | None) -> None:
    """Each to-do where it was, and open again where it was dropped; but none opens in a plan that stays closed.

    Whose the survivor's are was not changed by the merge; a transfer since holds, and so does another day.
    """
    first = {was["id"]: was for was in reversed(list(rows))}
    for pk, was in sorted(first.items()):
        back = ToDo.objects.select_for_update(of=("self",)).filter(pk=pk)
        if stays_closed is not None and was["plan"] == stays_closed:
            back = back.exclude(state=ToDoState.OPEN)
        else:
            back.filter(state=ToDoState.SUPERSEDED, cancelled_reason=MERGED).update(
                state=ToDoState.OPEN, cancelled_reason=""
            )
        owner = {"owner": was["owner"]} if was["client"] == of.pk else {}
        back.filter(due_at=was.get("given", was["due_at"])).update(due_at=was["due_at"])
        back.update(client=was["client"], plan=was["plan"], step_key=was["step_key"], **owner)


def call_again(ids: Iterable[int]) -> None:
    """Calls that ended only because the other record declined them are asked for again, while their plan runs."""
    running = Q(plan=None) | Q(plan__state__in=RUNNING)
    calls_declined().filter(running, pk__in=list(ids)).update(state=ToDoState.OPEN, cancelled_reason="")

"""Nobody answers: the rungs that a silence has reached, what each asks for, and how they end (clinical.md §4.5).

Looked at once a minute, client by client; looking twice changes nothing, because a silence is known by the instant it
counts from and a rung of it is one row.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casework.followup import silence, summary, todos
from casework.followup.messages.policy import zone_of
from casework.followup.models import (
    ContactAttempt,
    FollowUpPlan,
    InboundMessage,
    LadderRung,
    Message,
    PlanState,
    Rung,
    ToDo,
    ToDoState,
)
from casework.followup.plan_templates import ToDoKind
from casework.followup.plan_upkeep import declines_calls
from casework.followup.plan_versions import template_for
from casework.followup.silence import Silence, Timer
from clients import audit
from clients.actions import locked
from clients.models import Client, ClientSummary, Practice
from clients.stage import Stage

CLIMBING = (PlanState.ACTIVE, PlanState.MESSAGES_OFF)
WITHIN = timedelta(hours=24)
HEARD = Q(opt_out=False) | Q(crisis=True)  # a bare STOP is no answer; a cry for help with a STOP in it is one
ASKS = ("checkin.", "offer", "today")  # how the keys of texts that ask for an answer begin
GONE = (Message.Status.SENT, Message.Status.DELIVERED)
KEYS = r"^U[1-4]-"  # how the step keys of what a silence asked for begin
LAST_OF_DISCHARGED = Q(rung=Rung.GO_ON_OR_CLOSE, plan__state=PlanState.CLOSED_DISCHARGED)
LETTER_OF_DISCHARGED = Q(kind=ToDoKind.LETTER, plan__state=PlanState.CLOSED_DISCHARGED)
A_LOOK = 500  # plans a query
End = LadderRung.End

# What a rung asks for: of whom, in which words. The words are a to-do's; see told.py.
ASKED: Mapping[Rung, tuple[ToDoKind, str]] = {
    Rung.CALL: (ToDoKind.CALL, gettext_noop("Call %(first)s: no answer for a while")),
    Rung.OTHER_WAYS: (ToDoKind.SILENT, gettext_noop("No answer from %(first)s: look for another way")),
    Rung.DECIDE: (ToDoKind.DECISION, gettext_noop("No contact with %(first)s: decide what to try")),
    Rung.GO_ON_OR_CLOSE: (ToDoKind.DECISION, gettext_noop("No contact with %(first)s: go on or close")),
}
NO_CALLS = gettext_noop("Reach %(first)s, who wants no calls: no answer for a while")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One plan's silence at one moment, and the rungs that it has reached."""

    plan: FollowUpPlan
    client: Client
    silence: Silence
    rungs: Sequence[LadderRung]  # of this silence
    older: Sequence[LadderRung]  # open ones of a silence that has ended since

    def due(self, now: datetime) -> list[Timer]:
        """The rungs to climb now, lowest first."""
        reached = {rung.rung for rung in self.rungs}
        return [one for one in silence.timers(self.silence) if one.at <= now and one.rung not in reached]

    def ahead(self, now: datetime) -> list[Timer]:
        """The timers that run, soonest first."""
        reached = {rung.rung for rung in self.rungs}
        running = [one for one in silence.timers(self.silence) if one.at > now and one.rung not in reached]
        return sorted(running, key=lambda timer: timer.at)


def climb_all(now: datetime) -> int:
    """Let every silence reach its rungs, and end those whose plan no longer climbs. Returns how many changed."""
    changed = sum(_end_of_plan(plan_id, now) for plan_id in _no_longer_climbing())
    plan_ids = list(_climbing().order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(plan_ids), A_LOOK):
        for standing in standings(_climbing().filter(pk__in=plan_ids[first : first + A_LOOK])):
            if standing.due(now) or standing.older:
                changed += climb(standing.plan.pk, now)
    return changed


@transaction.atomic
def climb(plan_id: int, now: datetime) -> int:
    """Look at one plan again with its client held, and write what is due. Returns how many rungs moved."""
    client = locked(FollowUpPlan.objects.values_list("client_id", flat=True).get(pk=plan_id))
    held = _climbing().select_for_update(of=("self",)).filter(pk=plan_id)
    for standing in standings(held):
        ended = _end(standing.older, why=End.ANSWERED, at=standing.silence.since)
        reached = [rung for rung in standing.rungs if rung.is_open]
        for timer in standing.due(now):
            reached.append(_reach(standing, timer, reached, now))
            ended += 1
        if ended:
            summary.refresh(client.pk)
        return ended
    return 0


def standings(plans: QuerySet[FollowUpPlan]) -> Iterator[Standing]:
    """Where the silence of each plan stands. Eight queries, whatever their number."""
    rows = list(plans.select_related("client__merged_into").order_by("pk"))
    person = {plan.pk: plan.client.survivor for plan in rows}
    known = _Known.of(rows, [record for one in person.values() for record in one.record_ids])
    for plan in rows:
        yield known.standing(plan, person[plan.pk])


def of_plan(plan: FollowUpPlan) -> Standing | None:
    """Where one plan's silence stands; None for a plan that does not climb."""
    return next(standings(_climbing().filter(pk=plan.pk)), None)


def _climbing() -> QuerySet[FollowUpPlan]:
    """Plans that run, of clients who are there."""
    there = Q(client__merged_into=None, client__state=Client.State.ACTIVE)
    merged = Q(client__merged_into__state=Client.State.ACTIVE)
    return FollowUpPlan.objects.filter(there | merged, state__in=CLIMBING)


def _no_longer_climbing() -> list[int]:
    """Paused or ended plans with a rung left open, by whichever door they were paused or ended.

    The last rung of somebody discharged stays: whether an open-door letter goes is still to be decided (§4.6).
    """
    left = LadderRung.objects.open().exclude(plan__in=_climbing()).exclude(LAST_OF_DISCHARGED)
    return list(left.order_by("plan").values_list("plan", flat=True).distinct())


@dataclass(frozen=True)
class _Known:
    """What is on record about some plans: everything by the plan's, or the client's, number."""

    heard: Mapping[int, datetime]
    summaries: Mapping[int, ClientSummary]
    asked: Mapping[int, Sequence[datetime]]
    attempts: Mapping[int, Sequence[datetime]]
    calls: Mapping[int, datetime]
    rungs: Mapping[int, Sequence[LadderRung]]
    practice: Practice

    @classmethod
    def of(cls, plans: Sequence[FollowUpPlan], records: Sequence[int]) -> "_Known":
        heard = InboundMessage.objects.filter(HEARD, client__in=records).order_by().values_list("client")
        asks = Q()
        for key in ASKS:
            asks |= Q(template_key__startswith=key)
        asked = Message.objects.filter(asks, plan__in=plans, status__in=GONE).order_by("sent_at")
        attempts = ContactAttempt.objects.filter(client__in=records).order_by("at")
        failed = attempts.exclude(outcome=ContactAttempt.Outcome.REACHED)
        calls = ToDo.objects.open().filter(rungs__plan__in=plans, rungs__rung=Rung.CALL)
        rungs = LadderRung.objects.filter(plan__in=plans).select_related("todo", "decided_by")
        return cls(
            heard=dict(heard.annotate(last=Max("received_at"))),
            summaries={row.client_id: row for row in ClientSummary.objects.filter(client__in=records)},
            asked=_listed(asked.values_list("plan", "sent_at")),
            attempts=_listed(failed.values_list("client", "at")),
            calls=dict(calls.order_by("pk").values_list("rungs__plan", F("due_at") + F("grace"))),
            rungs=_listed((rung.plan_id, rung) for rung in rungs.order_by("reached_at", "rung")),
            practice=Practice.current(),
        )

    def standing(self, plan: FollowUpPlan, client: Client) -> Standing:
        since = self._since(plan, client)
        rungs = self.rungs.get(plan.pk, ())
        now_open = [rung for rung in rungs if rung.silent_since == since]
        tried = sorted(at for record in client.record_ids for at in self.attempts.get(record, ()))
        found = Silence(
            since=since,
            zone=zone_of(client, self.practice),
            template=template_for(Stage(plan.stage), plan.template_version),
            unanswered=[at for at in self.asked.get(plan.pk, ()) if at > since],
            attempts=[at for at in tried if at > since],
            call_until=self.calls.get(plan.pk) if now_open else None,
        )
        older = [rung for rung in rungs if rung.is_open and rung.silent_since != since]
        return Standing(plan=plan, client=client, silence=found, rungs=now_open, older=older)

    def _since(self, plan: FollowUpPlan, client: Client) -> datetime:
        """The plan's beginning, or the last sign that somebody was there: an answer, a talk, a session, a return."""
        seen = [self.summaries[record] for record in client.record_ids if record in self.summaries]
        signs = [self.heard.get(record) for record in client.record_ids]
        signs += [one.last_contact_at for one in seen] + [one.last_session_at for one in seen]
        return max(at for at in (plan.starts_at, plan.ladder_from, *signs) if at is not None)


def _listed(pairs: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


# --- reaching a rung ---
def _reach(standing: Standing, timer: Timer, reached: Sequence[LadderRung], now: datetime) -> LadderRung:
    """Write the rung and ask for what it asks for, of the counselor or the supervisor.

    A supervisor is asked once about a client: by the highest rung.
    """
    plan, client = standing.plan, standing.client
    rung = LadderRung.objects.create(
        client=client,
        plan=plan,
        rung=timer.rung,
        silent_since=standing.silence.since,
        reached_at=now,
        why=timer.why,
    )
    audit.record(
        "ladder.reached",
        by=None,
        at=now,
        client_id=client.pk,
        target=rung,
        rung=int(timer.rung),
        why=str(timer.why),
    )
    others = [one for one in reached if one.rung >= Rung.OTHER_WAYS]
    if timer.rung >= Rung.OTHER_WAYS and any(one.rung > timer.rung for one in others):
        return rung
    if timer.rung >= Rung.OTHER_WAYS:
        lower = ToDo.objects.filter(pk__in=[one.todo_id for one in others])
        todos.close(lower, state=ToDoState.SUPERSEDED, reason="climbed")
    kind, title = ASKED[timer.rung]
    if kind == ToDoKind.CALL and declines_calls(client, now):
        kind, title = ToDoKind.OTHER, NO_CALLS
    rung.todo = ask(rung, kind=kind, title=title, now=now)
    rung.save(update_fields=["todo"])
    return rung


def ask(rung: LadderRung, *, kind: ToDoKind, title: str, now: datetime, by: Any = None, **more: Any) -> ToDo:
    """Open a to-do that a rung, or what was decided about it, asks for. It ends with the silence."""
    return todos.open_todo(
        client=rung.client,
        kind=kind,
        title=_(title) % {"first": rung.client.first_name},
        due_at=now + more.pop("within", WITHIN),
        now=now,
        by=by,
        plan=rung.plan,
        step_key="-".join(part for part in (rung_key(rung), more.pop("part", "")) if part),
        **more,
    )


def rung_key(rung: LadderRung) -> str:
    """How the step keys of its to-dos begin."""
    return f"{rung.code}-{rung.pk}"


# --- the end of a silence ---
def heard_from(client: Client, *, at: datetime) -> int:
    """An answer or a contact at `at` ends what was climbed in a silence before it. The caller holds the client."""
    before = LadderRung.objects.of(client).open().filter(silent_since__lt=at)
    return _end(list(before.select_related("client").order_by("pk")), why=End.ANSWERED, at=at)


def start_over(plan: FollowUpPlan, *, at: datetime, why: str = End.STARTED_OVER) -> None:
    """Let the silence count from `at`: after a pause, or because a supervisor decided to go on."""
    plan.ladder_from = at
    plan.save(update_fields=["ladder_from"])
    end_open(plan, why=why, at=at)


def end_open(plan: FollowUpPlan, *, why: str, at: datetime) -> int:
    """End every rung of a plan. The caller holds the client and refreshes the summary."""
    return _end(list(plan.rungs.open().select_related("client").order_by("pk")), why=why, at=at)


@transaction.atomic
def _end_of_plan(plan_id: int, now: datetime) -> int:
    client = locked(FollowUpPlan.objects.values_list("client_id", flat=True).get(pk=plan_id))
    plan = FollowUpPlan.objects.select_for_update(of=("self",)).get(pk=plan_id)
    left = plan.rungs.open().exclude(LAST_OF_DISCHARGED).select_related("client")
    ended = _end(list(left.order_by("pk")), why=End.PAUSED if plan.is_running else End.PLAN_ENDED, at=now)
    summary.refresh(client.pk)
    return ended


def _end(rungs: Sequence[LadderRung], *, why: str, at: datetime) -> int:
    """Close the rungs and what they asked for; what a supervisor decided stays on record."""
    for rung in rungs:
        rung.ended_at, rung.ended_why = at, why
        rung.save(update_fields=["ended_at", "ended_why"])
        keyed = Q(step_key=rung_key(rung)) | Q(step_key__startswith=f"{rung_key(rung)}-")
        asked = ToDo.objects.filter(keyed, plan=rung.plan_id).exclude(LETTER_OF_DISCHARGED)
        todos.close(asked, state=ToDoState.CANCELLED, reason=REASON[why])
        audit.record(
            "ladder.ended",
            by=None,
            at=at,
            client_id=rung.client_id,
            target=rung,
            why=str(why),
            rung=rung.rung,
        )
    return len(rungs)


REASON: Mapping[str, str] = {
    End.ANSWERED: "in_touch_again",
    End.PAUSED: "plan_paused",
    End.PLAN_ENDED: "plan_ended",
    End.STARTED_OVER: "started_over",
}

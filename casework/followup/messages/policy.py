"""May this message go now, and by which way? Asked at the claim and again right before it leaves (clinical.md §4.2).

The rules are one pure function over facts that are gathered for a whole batch at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from casework.followup import schedule
from casework.followup.hours import timing_of
from casework.followup.messages.letterhead import Letterhead, letterheads
from casework.followup.models import FollowUpPlan, InboundMessage, Message, PlanState, ToDo
from casework.followup.plan_templates import ToDoKind
from casework.followup.schedule import TOO_LATE, WEEK, Timing
from clients.models import Client, ContactPoint, Permission, Practice

LOOK_AGAIN = timedelta(minutes=15)  # after a hold whose end nobody can foretell

KIND = Message.Kind
REPLIES = frozenset(
    {KIND.CRISIS_REPLY, KIND.STOP_REPLY, KIND.START_REPLY, KIND.HELP_REPLY, KIND.AWAY_REPLY}
)
AUTOMATED = frozenset({KIND.PLAN, KIND.REMINDER, KIND.WELCOME})  # the caps count these
PERMISSION_FOR = {"sms": Permission.Channel.TEXT, "email": Permission.Channel.EMAIL}
KINDS_FOR = {"sms": ContactPoint.Kind.MOBILE, "email": ContactPoint.Kind.EMAIL}


class Decision(StrEnum):
    """What to do with a message that is due."""

    SEND = "send"
    HOLD = "hold"
    CANCEL = "cancel"
    SKIP = "skip"
    GIVE_UP = "give_up"  # every way was tried in vain


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The decision, its reason in a word of messages.reasons, and the way to take. A hold says until when."""

    decision: Decision
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    channel: str = ""
    address: str = ""
    contact_point_id: int | None = None
    arrive_by: datetime | None = None  # when sent: later than this it must not reach the phone any more


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that bears on one message."""

    client: Client
    plan: FollowUpPlan | None
    permissions: Sequence[Permission]
    contact_points: Sequence[ContactPoint]
    sent: Sequence[datetime]
    crisis_open: bool
    zone: ZoneInfo
    timing: Timing
    closed: Mapping[str, str] = field(default_factory=dict)  # ways that delivery found closed, and why


def _hold(reason: str, until: datetime, **params: Any) -> Verdict:
    return Verdict(
        decision=Decision.HOLD, reason=reason, until=until, params={**params, "until": until.isoformat()}
    )


def _cancel(reason: str, **params: Any) -> Verdict:
    return Verdict(decision=Decision.CANCEL, reason=reason, params=params)


def decide(message: Message, facts: Facts, at: datetime) -> Verdict:
    """The rules, strictest first. An answer to the client's own message goes at once, whatever the hour."""
    if facts.client.state == Client.State.DECEASED:
        return _cancel("client_deceased")
    if message.kind in REPLIES:
        return _answer(message, facts)
    stopped = _stopped(message, facts, at)
    if stopped is not None:
        return stopped
    way = _way(message, facts, at)
    if way.decision is not Decision.SEND or message.kind == KIND.MANUAL:
        return way
    held = _held_by_crisis(facts, at) or _held_by_clock(message, facts, at)
    return held or replace(way, arrive_by=schedule.closing(at, facts.zone, facts.timing))


def _answer(message: Message, facts: Facts) -> Verdict:
    inbound: InboundMessage | None = message.in_reply_to
    if inbound is None:
        return _cancel("no_contact")
    point = next(
        (point for point in facts.contact_points if point.normalized == inbound.from_normalized), None
    )
    return Verdict(
        decision=Decision.SEND,
        reason="answers_client",
        channel=inbound.channel,
        address=inbound.from_normalized,
        contact_point_id=point.pk if point else None,
    )


def _stopped(message: Message, facts: Facts, at: datetime) -> Verdict | None:
    """Whether the plan, the client's status or the lateness forbids it. None when nothing does."""
    after_discharge = _permission(facts, Permission.Channel.POST_DISCHARGE, at) is not None
    if facts.client.state == Client.State.DISCHARGED and not after_discharge:
        return _cancel("client_discharged")
    by_plan = _stopped_by_plan(facts.plan, after_discharge, at)
    if by_plan is not None:
        return by_plan
    if at - intended(message) > TOO_LATE:
        return Verdict(decision=Decision.SKIP, reason="late", params={"meant": intended(message).isoformat()})
    return _hold("client_paused", at + LOOK_AGAIN) if facts.client.state == Client.State.PAUSED else None


def _stopped_by_plan(plan: FollowUpPlan | None, after_discharge: bool, at: datetime) -> Verdict | None:
    if (
        plan is None
        or plan.state == PlanState.ACTIVE
        or (plan.state == PlanState.CLOSED_DISCHARGED and after_discharge)
    ):
        return None
    if plan.state == PlanState.PAUSED:
        return _hold("plan_paused", at + LOOK_AGAIN)
    return _cancel("messages_off" if plan.state == PlanState.MESSAGES_OFF else f"plan_{plan.state}")


def intended(message: Message) -> datetime:
    """The instant that the local intent comes to; holds and retries move `due_at` but not this."""
    return schedule.resolve(message.local_date, message.local_time, ZoneInfo(message.tz))


def _permission(facts: Facts, channel: str, at: datetime) -> Permission | None:
    return next((one for one in facts.permissions if one.channel == channel and one.holds(at)), None)


def _way(message: Message, facts: Facts, at: datetime) -> Verdict:
    """The step's only way, or the client's preferred one, else the next they agreed to. Or why there is none."""
    order = [message.channel_rule] if message.channel_rule else _ways_in_order(facts.client)
    reasons: list[tuple[str, dict[str, Any]]] = []
    waits: Verdict | None = None
    for channel in order:
        if _permission(facts, PERMISSION_FOR[channel], at) is None:
            reasons.append(_why_no_permission(facts, channel))
            continue
        usable, why = _usable(facts, channel)
        if usable is None:
            reasons.append((why, {}))
            continue
        way = Verdict(
            decision=Decision.SEND, channel=channel, address=usable.normalized, contact_point_id=usable.pk
        )
        closed = facts.closed.get(channel)
        if closed is None:
            return way
        if closed == DID_NOT_ARRIVE:
            reasons.append((closed, {}))
        else:
            waits = waits or way  # without another way it waits for this one
    return waits or _no_way(reasons)


def _ways_in_order(client: Client) -> list[str]:
    return sorted(PERMISSION_FOR, key=lambda channel: (channel != client.preferred_channel, channel != "sms"))


def _no_way(reasons: Iterable[tuple[str, dict[str, Any]]]) -> Verdict:
    reason, params = min(reasons, key=lambda pair: WORST_FIRST.index(pair[0]))
    if reason == DID_NOT_ARRIVE:
        return Verdict(decision=Decision.GIVE_UP, reason=reason)
    return _cancel(reason, **params)


# When several ways are closed for different reasons, the one that a counselor can do most about is told.
DID_NOT_ARRIVE = "did_not_arrive"
WORST_FIRST = (
    DID_NOT_ARRIVE,
    "number_bad",
    "shared_not_reviewed",
    "opted_out",
    "no_contact",
    "no_permission",
)


def _why_no_permission(facts: Facts, channel: str) -> tuple[str, dict[str, Any]]:
    withdrawn = [
        one for one in facts.permissions if one.channel == PERMISSION_FOR[channel] and one.withdrawn_at
    ]
    if not withdrawn:
        return "no_permission", {}
    last = max(withdrawn, key=lambda one: one.withdrawn_at or one.granted_at)
    return "opted_out", {"channel": channel, "at": last.withdrawn_at.isoformat() if last.withdrawn_at else ""}


def _usable(facts: Facts, channel: str) -> tuple[ContactPoint | None, str]:
    points = [point for point in facts.contact_points if point.kind == KINDS_FOR[channel]]
    usable = next((point for point in points if point.is_usable), None)
    if usable is not None or not points:
        return usable, "no_contact"
    all_bad = all(point.state == ContactPoint.State.BAD for point in points)
    return None, "number_bad" if all_bad else "shared_not_reviewed"


def _held_by_crisis(facts: Facts, at: datetime) -> Verdict | None:
    return _hold("crisis_open", at + LOOK_AGAIN) if facts.crisis_open else None


def _held_by_clock(message: Message, facts: Facts, at: datetime) -> Verdict | None:
    """Quiet hours and caps. What the caps would move by more than 48 hours is left out instead."""
    opening = schedule.next_open(at, facts.zone, facts.timing)
    if opening > at:
        return _hold("quiet_hours", opening, tz=facts.zone.key)
    allowed = schedule.first_allowed(at, facts.sent, facts.zone, facts.timing)
    if allowed == at:
        return None
    cap = schedule.cap_reached(at, facts.sent, facts.zone)
    if allowed - intended(message) > TOO_LATE:
        return Verdict(decision=Decision.SKIP, reason="cap", params={"cap": cap})
    return _hold(f"cap_{cap}", allowed, tz=facts.zone.key)


# --- gathering ------------------------------------------------------------------------------------------------------
def may_send(
    message: Message, at: datetime, *, closed: Mapping[int, Mapping[str, str]] | None = None
) -> Verdict:
    """The verdict on one message."""
    return may_send_many([message], at, closed=closed)[message.pk]


def may_send_many(
    messages: Sequence[Message], at: datetime, *, closed: Mapping[int, Mapping[str, str]] | None = None
) -> dict[int, Verdict]:
    """A verdict for each, by primary key, in a fixed number of queries. Each message also gets its `letterhead`.

    What is allowed to one message counts for the caps of the next of the same client. `closed`: for some messages, by
    primary key, the ways that delivery found closed and why.
    """
    world = _World(messages, at, closed or {})
    verdicts: dict[int, Verdict] = {}
    for message in messages:
        message.letterhead = world.letterheads[message.client_id]  # type: ignore[attr-defined]
        verdict = decide(message, world.facts(message), at)
        if verdict.decision is Decision.SEND and message.kind in AUTOMATED:
            world.allowed[message.client_id].append(at)
        verdicts[message.pk] = verdict
    return verdicts


class _World:
    """What is known of the clients of a batch, one query a kind of fact."""

    def __init__(
        self, messages: Sequence[Message], at: datetime, closed: Mapping[int, Mapping[str, str]]
    ) -> None:
        self.at, self.closed = at, closed
        clients = {message.client_id: message.client for message in messages}
        self.letterheads: dict[int, Letterhead] = letterheads(clients.values(), at=at)
        self.practice = Practice.current()
        self.timing = timing_of(self.practice)
        self.plans = FollowUpPlan.objects.in_bulk(
            {message.plan_id for message in messages if message.plan_id}
        )
        # By each of a person's records, the one that stands for them.
        self.person = {pk: client.pk for client in clients.values() for pk in client.record_ids}
        self.permissions = self._by_person(Permission.objects.filter(client__in=self.person).order_by("pk"))
        points = ContactPoint.objects.current().filter(client__in=self.person)
        self.contact_points = self._by_person(points.order_by("position", "pk"))
        self.sent = self._sends()
        self.allowed: dict[int, list[datetime]] = defaultdict(list)
        self.in_crisis = set(
            ToDo.objects.open()
            .filter(client__in=clients, kind=ToDoKind.CRISIS)
            .order_by("pk")
            .values_list("client_id", flat=True)
        )
        self.inbound = InboundMessage.objects.in_bulk(
            {message.in_reply_to_id for message in messages if message.in_reply_to_id}
        )

    def _by_person(self, rows: Iterable[Any]) -> dict[int, list[Any]]:
        grouped: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            grouped[self.person[row.client_id]].append(row)
        return grouped

    def _sends(self) -> dict[int, list[tuple[int, datetime]]]:
        """When automated messages left in the last week. One that a worker holds, or of unknown fate, counts as now."""
        gone = [Message.Status.SENT, Message.Status.DELIVERED, Message.Status.CLAIMED, Message.Status.UNKNOWN]
        rows = Message.objects.filter(client__in=list(self.person), kind__in=AUTOMATED, status__in=gone)
        recent = (
            rows.exclude(sent_at__lt=self.at - WEEK)
            .order_by("pk")
            .values_list("client_id", "pk", "status", "sent_at")
        )
        sends: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
        for client_id, pk, status, sent_at in recent:
            if sent_at is not None or status in {Message.Status.CLAIMED, Message.Status.UNKNOWN}:
                sends[self.person[client_id]].append((pk, sent_at or self.at))
        return sends

    def facts(self, message: Message) -> Facts:
        client = message.client
        if message.in_reply_to_id:
            message.in_reply_to = self.inbound[message.in_reply_to_id]
        # Of two that workers hold at this moment, the older row goes first: neither waits for the other.
        earlier = [
            when
            for pk, when in self.sent[client.pk]
            if pk != message.pk and (when < self.at or pk < message.pk)
        ]
        return Facts(
            client=client,
            plan=self.plans.get(message.plan_id) if message.plan_id else None,
            permissions=self.permissions[client.pk],
            contact_points=self.contact_points[client.pk],
            sent=[*earlier, *self.allowed[client.pk]],
            crisis_open=client.pk in self.in_crisis,
            zone=zone_of(client, self.practice),
            timing=self.timing,
            closed=self.closed.get(message.pk, {}),
        )


def zone_of(client: Client, practice: Practice) -> ZoneInfo:
    """The client's zone, else the practice's."""
    try:
        return ZoneInfo(client.time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        return practice.zone

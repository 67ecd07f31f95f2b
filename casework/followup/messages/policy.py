"""May this message go now, and by which way? Asked at the claim and again right before it leaves (clinical.md §4.2).

The rules are one pure function over facts, which `facts` gathers for a whole batch at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from casework.followup import schedule
from casework.followup.messages import visits
from casework.followup.messages.facts import AUTOMATED, KIND, REPLIES, Agreed, Facts, Point, World, zone_of
from casework.followup.messages.letterhead import letterheads
from casework.followup.models import PlanState
from casework.followup.schedule import TOO_LATE
from clients.models import Client, ContactPoint, Permission

__all__ = [
    "AUTOMATED",
    "KINDS_FOR",
    "LOOK_AGAIN",
    "PERMISSION_FOR",
    "REPLIES",
    "Decision",
    "Facts",
    "Verdict",
    "decide",
    "intended",
    "may_send",
    "may_send_many",
    "zone_of",
]

GAVE_WAY = "gave_way"  # the reason of a check-in whose day a reminder took
LOOK_AGAIN = timedelta(minutes=15)  # after a hold whose end nobody can foretell

PERMISSION_FOR = {"sms": Permission.Channel.TEXT, "email": Permission.Channel.EMAIL}
KINDS_FOR = {"sms": ContactPoint.Kind.MOBILE, "email": ContactPoint.Kind.EMAIL}


class Decision(StrEnum):
    """What to do with a message that is due."""

    SEND = "send"
    HOLD = "hold"
    CANCEL = "cancel"
    SKIP = "skip"
    GIVE_UP = "give_up"  # every way was tried in vain


@dataclass(slots=True, kw_only=True)  # not frozen: that takes three times as long, for every message
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


def _hold(reason: str, until: datetime, **params: Any) -> Verdict:
    return Verdict(
        decision=Decision.HOLD, reason=reason, until=until, params={**params, "until": until.isoformat()}
    )


def _cancel(reason: str, **params: Any) -> Verdict:
    return Verdict(decision=Decision.CANCEL, reason=reason, params=params)


def decide(message: Any, facts: Facts, at: datetime) -> Verdict:
    """The rules, strictest first. An answer to the client's own message goes at once, whatever the hour."""
    if facts.client.state == Client.State.DECEASED:
        return _cancel("client_deceased")
    if message.kind in REPLIES:
        return _answer(facts)
    if facts.visits and (off := _visit_off(facts, at)) is not None:
        return off
    stopped = _stopped(message, facts, at)
    if stopped is not None:
        return stopped
    way = _way(message, facts)
    if way.decision is not Decision.SEND or message.kind == KIND.MANUAL:
        return way
    held = _held_by_crisis(facts, at) or _held_by_others(facts) or _held_by_clock(message, facts, at)
    if held is not None:
        return held
    way.arrive_by = facts.hours.closes
    return way


def _visit_off(facts: Facts, at: datetime) -> Verdict | None:
    """Nobody is reminded of what was called off or moved, or has begun."""
    standing = [visit for visit in facts.visits if visit.stands]
    if not standing:
        return _cancel("visit_off")
    if all(visit.starts_at <= at for visit in standing):
        return Verdict(decision=Decision.SKIP, reason="visit_begun")
    return None


def _answer(facts: Facts) -> Verdict:
    asked = facts.asked
    if asked is None:
        return _cancel("no_contact")
    point = next((point for point in facts.contact_points if point.normalized == asked.address), None)
    return Verdict(
        decision=Decision.SEND,
        reason="answers_client",
        channel=asked.channel,
        address=asked.address,
        contact_point_id=point.pk if point else None,
    )


def _stopped(message: Any, facts: Facts, at: datetime) -> Verdict | None:
    """Whether the plan, the client's status or the lateness forbids it. None when nothing does."""
    if facts.client.state == Client.State.DISCHARGED and not _stays_in_touch(facts):
        return _cancel("client_discharged")
    by_plan = _stopped_by_plan(facts, at)
    if by_plan is not None:
        return by_plan
    meant = intended(message)
    if at - meant > TOO_LATE:
        if message.reason_code == GAVE_WAY:
            return Verdict(decision=Decision.SKIP, reason="visit_took_it")
        return Verdict(decision=Decision.SKIP, reason="late", params={"meant": meant.isoformat()})
    return _hold("client_paused", at + LOOK_AGAIN) if facts.client.state == Client.State.PAUSED else None


def _stays_in_touch(facts: Facts) -> bool:
    """Whether the client agreed to be written to after discharge."""
    return _permission(facts, Permission.Channel.POST_DISCHARGE) is not None


def _stopped_by_plan(facts: Facts, at: datetime) -> Verdict | None:
    state = facts.plan_state  # empty for a message without a plan
    if state in ("", PlanState.ACTIVE) or (state == PlanState.CLOSED_DISCHARGED and _stays_in_touch(facts)):
        return None
    if state == PlanState.PAUSED:
        return _hold("plan_paused", at + LOOK_AGAIN)
    return _cancel("messages_off" if state == PlanState.MESSAGES_OFF else f"plan_{state}")


def intended(message: Any) -> datetime:
    """The instant that the local intent comes to; holds and retries move `due_at` but not this."""
    return schedule.resolve(message.local_date, message.local_time, ZoneInfo(message.tz))


def _permission(facts: Facts, channel: str) -> Agreed | None:
    for one in facts.permissions:
        if one.channel == channel and one.holds:
            return one
    return None


def _way(message: Any, facts: Facts) -> Verdict:
    """The step's only way, or the client's preferred one, else the next they agreed to. Or why there is none."""
    order = [message.channel_rule] if message.channel_rule else _ways_in_order(facts.client.preferred_channel)
    reasons: list[tuple[str, dict[str, Any]]] = []
    waits: Verdict | None = None
    for channel in order:
        if _permission(facts, PERMISSION_FOR[channel]) is None:
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


@cache
def _ways_in_order(preferred: str) -> list[str]:
    return sorted(PERMISSION_FOR, key=lambda channel: (channel != preferred, channel != "sms"))


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
    last = max(one.withdrawn_at for one in withdrawn if one.withdrawn_at)
    return "opted_out", {"channel": channel, "at": last.isoformat()}


def _usable(facts: Facts, channel: str) -> tuple[Point | None, str]:
    points = [point for point in facts.contact_points if point.kind == KINDS_FOR[channel]]
    for point in points:
        if point.is_usable:
            return point, ""
    if not points:
        return None, "no_contact"
    all_bad = all(point.state == ContactPoint.State.BAD for point in points)
    return None, "number_bad" if all_bad else "shared_not_reviewed"


def _held_by_crisis(facts: Facts, at: datetime) -> Verdict | None:
    return _hold("crisis_open", at + LOOK_AGAIN) if facts.crisis_open else None


def _held_by_others(facts: Facts) -> Verdict | None:
    """A welcome never takes the day of a text that has more to say."""
    today, zone = facts.hours.today, facts.hours.zone
    if today not in facts.spoken_for:
        return None
    opening = schedule.resolve(today + timedelta(days=1), facts.timing.opens, zone)
    return _hold("welcome_waits", opening, tz=zone.key)


def _held_by_clock(message: Any, facts: Facts, at: datetime) -> Verdict | None:
    """Quiet hours and caps. What the caps would move by more than 48 hours is left out instead."""
    zone, opening = facts.hours.zone, facts.hours.opens
    if opening > at:
        return _hold("quiet_hours", opening, tz=zone.key)
    if not facts.sent:
        return None
    allowed = schedule.first_allowed(at, facts.sent, zone, facts.timing)
    if allowed == at:
        return None
    cap = schedule.cap_reached(at, facts.sent, zone)
    if allowed - intended(message) > TOO_LATE:
        return Verdict(decision=Decision.SKIP, reason="cap", params={"cap": cap})
    return _hold(f"cap_{cap}", allowed, tz=zone.key)


# --- asking ---------------------------------------------------------------------------------------------------------
def may_send(message: Any, at: datetime, *, closed: Mapping[int, Mapping[str, str]] | None = None) -> Verdict:
    """The verdict on one message."""
    return may_send_many([message], at, closed=closed)[message.pk]


def may_send_many(
    messages: Sequence[Any], at: datetime, *, closed: Mapping[int, Mapping[str, str]] | None = None
) -> dict[int, Verdict]:
    """A verdict for each, by primary key, in a fixed number of queries. Each message also gets its `letterhead`.

    `messages`: rows of Message, or the light ones of a claim. What is allowed to one message counts for the caps of the
    next of the same client. `closed`: for some messages, by primary key, the ways that delivery found closed and why.
    """
    world = World(messages, at, closed or {})
    letters = letterheads((message.client for message in messages), at=at, practice=world.practice)
    verdicts: dict[int, Verdict] = {}
    for message in messages:
        client = message.client
        letter = message.letterhead = letters[client.pk]
        facts = world.facts(message)
        verdict = decide(message, facts, at)
        if facts.visits:
            standing = [visit.starts_at for visit in facts.visits if visit.stands and visit.starts_at > at]
            message.named = visits.words(standing, facts.hours.zone, letter.language) if standing else None
        if verdict.decision is Decision.SEND and message.kind in AUTOMATED:
            world.allowed[client.pk].append(at)
        verdicts[message.pk] = verdict
    return verdicts

"""The place that a reminder of a visit has among a client's texts: a check-in that would be one too many moves.

The check-in keeps the day that it was meant for, so that it goes back there when the visit is called off, and is left
out when no other day is near (clinical.md §4.2).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from casework.followup import schedule
from casework.followup.hours import timing_of
from casework.followup.messages.policy import AUTOMATED, GAVE_WAY, intended
from casework.followup.models import Message
from casework.followup.schedule import TOO_LATE, WEEK
from clients.models import Client, Practice

TOOK_IT = "visit_took_it"
STATUS = Message.Status
YIELDS = (STATUS.PLANNED, STATUS.HELD)  # not tried yet: it may go another day


def taken(client: Client, now: datetime) -> dict[int, datetime]:
    """When automated texts left in the last week, and when those go that yield to no reminder; by primary key."""
    rows = Message.objects.filter(client__in=client.record_ids, kind__in=AUTOMATED)
    gone = rows.filter(sent_at__gt=now - WEEK).order_by("pk").values_list("pk", "sent_at")
    ahead = rows.unsettled().filter(sent_at=None).exclude(kind=Message.Kind.WELCOME)
    stays = ahead.exclude(kind=Message.Kind.PLAN, status__in=YIELDS).order_by("pk").annotate(at=F("due_at"))
    return {**dict(gone), **dict(stays.values_list("pk", "at"))}


def make_room(client: Client, *, now: datetime) -> bool:
    """Move the plan's texts that stand where a reminder goes, and back where none goes any more.

    The caller holds the client. Returns whether any moved.
    """
    kept = taken(client, now)
    reminders = Message.objects.filter(pk__in=kept, kind=Message.Kind.REMINDER).order_by("pk")
    ours = set(reminders.values_list("pk", flat=True))
    messages = _that_yield(client)
    if not ours and not any(_gave_way(message) for message in messages):
        return False
    zone, timing = client.zone, timing_of(Practice.current())
    others = list(kept.values())
    without = [at for pk, at in kept.items() if pk not in ours]
    moved = False
    for message in messages:
        at = message.due_at
        if message.status != STATUS.SKIPPED and at <= now:  # a sender's already
            continue
        if _gave_way(message):
            at = schedule.first_free(max(intended(message), now), others, zone, timing)
        elif not schedule.fits(at, others, zone) and schedule.fits(at, without, zone):
            at = schedule.first_free(at, others, zone, timing)
        moved |= _put(message, at, now)
        if message.due_at == at or at - intended(message) <= TOO_LATE:
            others.append(at)
            without.append(at)
    return moved


def _gave_way(message: Message) -> bool:
    return message.reason_code in {GAVE_WAY, TOOK_IT}


def _that_yield(client: Client) -> list[Message]:
    """The texts of the running plan that may move, and those that were left out for a reminder; held by the caller."""
    rows = Message.objects.filter(client__in=client.record_ids, kind=Message.Kind.PLAN, plan__state="active")
    left_out = rows.filter(status=STATUS.SKIPPED, reason_code=TOOK_IT)
    found = (rows.filter(status__in=YIELDS) | left_out).order_by("pk").defer("body")
    return sorted(found.select_for_update(of=("self",)), key=lambda one: (intended(one), one.pk))


def _put(message: Message, at: datetime, now: datetime) -> bool:
    """Let it go then, or leave it out. Returns whether that is new."""
    left_out = message.status == STATUS.SKIPPED
    if at == message.due_at and not left_out:
        return False
    row = Message.objects.filter(pk=message.pk)
    if at - intended(message) > TOO_LATE:
        out = {"status": STATUS.SKIPPED, "reason_code": TOOK_IT, "reason_params": {}, "closed_at": now}
        return not left_out and bool(row.update(**out))
    back = at == intended(message)
    changes: Mapping[str, Any] = {
        "status": STATUS.PLANNED,
        "due_at": at,
        "ready_at": None,
        "closed_at": None,
        "reason_code": "" if back else GAVE_WAY,
        "reason_params": {} if back else {"until": at.isoformat()},
    }
    return bool(row.update(**changes))

"""Writing to a client in one's own words (clinical.md §5.2 M-8): once, by day, and nothing that tells a stranger."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.followup import schedule, summary, tasks, todos
from casework.followup.actions.answers import CLOSED_BY_HANDLING
from casework.followup.actions.contacts import reply_answered
from casework.followup.hours import timing_of
from casework.followup.messages import manual, policy
from casework.followup.messages.manual import MOST_SEGMENTS, Draft
from casework.followup.messages.policy import Decision, Verdict
from casework.followup.messages.reasons import moment, words
from casework.followup.models import InboundMessage, Message, Priority, ToDoState
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client, Practice
from clients.telling import catalogue_words

# Somebody who wrote to us this lately is awake and waits for an answer, whatever the hour.
AWAKE = timedelta(hours=2)
LEAVES_WITHIN = timedelta(hours=1)  # at night, and at the end of the day: later it is too late to be of use
KEY_LENGTH = 64


class SecondLook(Conflict):
    """Nothing was sent yet: the writer is asked to look at these words, or to let the text wait for the morning."""

    code = "second_look"

    def __init__(self, *, doubtful: Sequence[str], opens_at: datetime | None, tz: str) -> None:
        self.doubtful, self.opens_at, self.tz = list(doubtful), opens_at, tz
        said = []
        if doubtful:
            said.append(
                ngettext(
                    "A stranger could take this word amiss: %(words)s. Change it, or confirm it.",
                    "A stranger could take these words amiss: %(words)s. Change them, or confirm them.",
                    len(doubtful),
                )
                % {"words": ", ".join(f"“{word}”" for word in doubtful)}
            )
        if opens_at is not None:
            said.append(_("It is night there. The text can go at %(until)s.") % {"until": self.opens})
        super().__init__(" ".join(said), field="body")

    @property
    def opens(self) -> str:
        """When the text can go, in words; empty when it can go now."""
        return moment(self.opens_at.isoformat(), self.tz) if self.opens_at else ""


class SentAlready(Conflict):
    """The same form came twice, with other words the second time."""

    code = "sent_already"


@transaction.atomic
def send_text(
    *,
    client_id: int,
    body: str,
    by: Any,
    now: datetime,
    idempotency_key: str = "",
    confirmed: Collection[str] = (),
    at_opening: bool = False,
    answers: InboundMessage | None = None,
) -> Message:
    """Write a text in one's own words; it leaves at once, or with `at_opening` when the client's day begins.

    `confirmed` are the doubtful words that the writer has looked at. `answers` is the newest message that they had
    before them: it and every earlier one is then read, answered and handled, and counts as a contact. The same key
    twice is one text. Raises InvalidInput for what may not go, SecondLook for what asks for one, SentAlready for other
    words under a used key.
    """
    require(by, Verb.SEND_MESSAGE)
    client = locked(client_id)
    key = f"manual:{client.uid}:{idempotency_key[:KEY_LENGTH] or uuid.uuid4().hex}"
    draft = draft_of(client, body, by=by, now=now)
    known = Message.objects.filter(dedupe_key=key).first()
    if known is not None:
        return _same(known, draft, by=by)
    check_way(client, now)
    check_words(draft)
    opens_at = night_until(client, now)
    unseen = [word for word in draft.doubtful if word not in confirmed]
    if unseen or (opens_at is not None and not at_opening):
        raise SecondLook(doubtful=unseen, opens_at=None if at_opening else opens_at, tz=zone_of(client).key)
    message = _write(client, draft, key, by=by, now=now, opens_at=opens_at, answers=answers)
    audit.record(
        "text.written",
        by=by,
        at=now,
        client_id=client.pk,
        target=message,
        segments=draft.size.segments,
        confirmed=len(draft.doubtful),
        waits=opens_at is not None,
    )
    if answers is not None:
        _answered(client, answers, by=by, now=now)
    transaction.on_commit(tasks.wake)
    return message


def _same(known: Message, draft: Draft, *, by: Any) -> Message:
    if known.body in {draft.body, _signature(by) + draft.body}:
        return known
    raise SentAlready(
        _("This form has sent a text already. Look at the messages above, then send this one too."),
        field="body",
    )


# --- asking beforehand ----------------------------------------------------------------------------------------------
def draft_of(client: Client, body: str, *, by: Any, now: datetime) -> Draft:
    """The text as it would arrive. Only the first one of the client's day says who writes and for whom."""
    signs = "" if _heard_today(client, now) else _signature(by)
    return Draft(body=manual.tidy(body), signature=signs, denied=catalogue_words())


def _signature(by: Any) -> str:
    return manual.signature(by.short_name, Practice.current().sender_alias)


def _heard_today(client: Client, now: datetime) -> bool:
    """Whether a text of ours left, or is on its way, on the client's own day."""
    zone = zone_of(client)
    day = schedule.resolve(now.astimezone(zone).date(), time.min, zone)
    gone = Message.objects.of(client).filter(sent_at__gte=day, sent_at__lte=now)
    written = Message.objects.of(client).filter(kind=Message.Kind.MANUAL)
    return gone.exists() or written.unsettled().filter(due_at__gte=day, due_at__lte=now).exists()


def zone_of(client: Client) -> ZoneInfo:
    """The client's zone, else the practice's."""
    return policy.zone_of(client, Practice.current())


def way_for(client: Client, now: datetime) -> Verdict:
    """What policy says of a text written now: the number it would go to, or why none can go."""
    local = schedule.moment(now, zone_of(client))
    return policy.may_send(
        Message(
            pk=0,  # no row yet, and so none of those that others hold
            client=client,
            kind=Message.Kind.MANUAL,
            channel_rule="sms",
            local_date=local.on,
            local_time=local.at,
            tz=zone_of(client).key,
        ),
        now,
    )


def why_not(client: Client, now: datetime) -> str:
    """Why no text can be written now, in words; empty when one can."""
    verdict = way_for(client, now)
    if verdict.decision is Decision.SEND:
        return ""
    if verdict.decision is Decision.HOLD:
        return _("%(first)s is paused: no message goes out until you resume. Call, or resume first.") % {
            "first": client.first_name
        }
    return words(verdict.reason, verdict.params, tz=zone_of(client).key, now=now)


def check_way(client: Client, now: datetime) -> None:
    """Raises InvalidInput, with the reason, when nothing may be sent to the client."""
    why = why_not(client, now)
    if why:
        raise InvalidInput(why)


def check_words(draft: Draft) -> None:
    """Raises InvalidInput for no words, telling words or too many."""
    if not draft.body:
        raise InvalidInput(_("Write what the client is to read."), field="body")
    if draft.refused:
        raise InvalidInput(
            _("This does not go out: %(words)s. Say it without, or call.")
            % {"words": ", ".join(f"“{word}”" for word in draft.refused)},
            field="body",
        )
    if draft.is_too_long:
        raise InvalidInput(
            _("This would be %(n)s texts; %(most)s is the most. Make it shorter, or call.")
            % {"n": draft.size.segments, "most": MOST_SEGMENTS},
            field="body",
        )


def night_until(client: Client, now: datetime) -> datetime | None:
    """When the client's day begins, if it is night there and they have not just written; else None."""
    opening = schedule.next_open(now, zone_of(client), timing_of(Practice.current()))
    if opening <= now:
        return None
    lately = InboundMessage.objects.of(client).filter(opt_out=False, received_at__gt=now - AWAKE)
    return None if lately.filter(received_at__lte=now).exists() else opening


# --- writing --------------------------------------------------------------------------------------------------------
def _write(
    client: Client,
    draft: Draft,
    key: str,
    *,
    by: Any,
    now: datetime,
    opens_at: datetime | None,
    answers: InboundMessage | None,
) -> Message:
    due_at = opens_at or now
    zone = zone_of(client)
    local = schedule.moment(due_at, zone)
    return Message.objects.create(
        client=client,
        kind=Message.Kind.MANUAL,
        channel_rule="sms",
        body=draft.text,
        written_by=by,
        in_reply_to=answers,
        local_date=local.on,
        local_time=local.at,
        tz=zone.key,
        due_at=due_at,
        useful_until=useful_until(client, due_at),
        priority=Priority.ANSWER if answers is not None else Priority.HIGH,
        dedupe_key=key,
    )


def useful_until(client: Client, due_at: datetime) -> datetime:
    """The end of the client's day: what a carrier's failure keeps longer becomes a call instead of a text at night."""
    zone = zone_of(client)
    closes = schedule.resolve(due_at.astimezone(zone).date(), timing_of(Practice.current()).closes, zone)
    return max(closes, due_at + LEAVES_WITHIN)


def _answered(client: Client, newest: InboundMessage, *, by: Any, now: datetime) -> None:
    """Somebody read and answered: up to the newest message they saw, and a contact by clinical.md §4.4."""
    theirs = InboundMessage.objects.of(client).select_for_update(of=("self",)).filter(answered_at=None)
    rows = list(theirs.filter(received_at__lte=newest.received_at, pk__lte=newest.pk).order_by("pk"))
    ids = [row.pk for row in rows]
    seen = InboundMessage.objects.filter(pk__in=ids)
    seen.update(answered_at=now, answered_by=by)
    seen.filter(read_at=None).update(read_at=now, read_by=by)
    # Words of crisis stay open until somebody has said in their to-do what was done.
    seen.filter(handled_at=None).exclude(alarm__state=ToDoState.OPEN).update(handled_at=now, handled_by=by)
    asked = client.todos.open().filter(kind__in=CLOSED_BY_HANDLING, inbound__in=ids)
    todos.finish(asked.order_by("pk"), by=by, now=now)
    for row in rows:
        audit.record("answer.answered", by=by, at=now, client_id=client.pk, target=row)
    heard = [row for row in rows if not row.opt_out]
    if heard:
        reply_answered(heard[-1], by=by, now=now)
    summary.refresh(client.pk)

"""The whole life of a message: planned, held, tried, accepted, delivered, answered, ended, each with its time.

Derived from the message, its holds and attempts, what the provider told, the answers and the to-dos: nothing is written
for it on the way out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup.carriers import carrier_word, way_word
from casework.followup.messages.reasons import words
from casework.followup.models import Attempt, InboundMessage, Message, ProviderEvent
from casework.followup.told import told

TOLD: Mapping[str, Any] = {
    "accepted": gettext_lazy("The carrier has it"),
    "scheduled": gettext_lazy("The carrier has it"),
    "queued": gettext_lazy("The carrier has it in its queue"),
    "sending": gettext_lazy("The carrier is sending it"),
    "sent": gettext_lazy("The carrier handed it to the phone company"),
    "delivered": gettext_lazy("Delivered to the phone"),
    "read": gettext_lazy("Read"),
    "undelivered": gettext_lazy("The phone company could not deliver it"),
    "failed": gettext_lazy("The carrier could not send it"),
    "canceled": gettext_lazy("The carrier cancelled it"),
}
GOOD, BAD = {"delivered", "read"}, {"undelivered", "failed", "canceled"}
OUTCOME_TONES: Mapping[str, str] = {
    Attempt.Outcome.STARTED: "accent",
    Attempt.Outcome.ACCEPTED: "done",
    Attempt.Outcome.REJECTED: "attention",
    Attempt.Outcome.UNKNOWN: "attention",
    Attempt.Outcome.ABSENT: "attention",
    Attempt.Outcome.WITHHELD: "plain",
}
# What channels call their own troubles; numbers are the carrier's and are shown as they are.
CODES: Mapping[str, Any] = {
    "unreachable": gettext_lazy("the carrier could not be reached"),
    "timeout": gettext_lazy("no answer in time"),
    "broken_answer": gettext_lazy("the answer broke off"),
    "no_id": gettext_lazy("the answer named no message"),
    "interrupted": gettext_lazy("our sender stopped in the middle"),
    "restored": gettext_lazy("the database was restored; the carrier was asked first"),
    "internal": gettext_lazy("an error of our own; see the log"),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened to a message. `ahead`: it has not happened yet."""

    at: datetime
    what: str
    detail: str = ""
    pill: str = ""
    tone: str = "plain"
    body: str = ""
    url: str = ""
    who: str = ""
    ahead: bool = False
    kind: str = ""


def life(message: Message, now: datetime) -> list[Entry]:
    """In the order of time; five queries whatever happened."""
    entries = [*_holds(message, now), *_attempts(message), *_answers(message), *_asked(message)]
    told_of = {entry.kind for entry in entries}
    entries += [entry for entry in _milestones(message) if entry.kind not in told_of]
    behind = sorted(entries, key=lambda entry: entry.at)
    return [_begun(message), *behind, *_last(message, now)]


def _begun(message: Message) -> Entry:
    meant = _("for %(day)s, %(time)s on the client's clock") % {
        "day": formats.date_format(message.local_date, _("D j M")),
        "time": message.local_time.strftime("%H:%M"),
    }
    who = message.written_by.full_name if message.written_by else ""
    return Entry(at=message.created_at, what=_("Written") if who else _("Planned"), detail=meant, who=who)


def _milestones(message: Message) -> Iterator[Entry]:
    """What the message itself remembers, for where nothing else tells of it."""
    if message.sent_at:
        yield Entry(at=message.sent_at, what=_("Accepted by the carrier"), kind="accepted")
    if message.delivered_at:
        yield Entry(at=message.delivered_at, what=str(TOLD["delivered"]), tone="done", kind="delivered")
    if message.answered_at:
        yield Entry(at=message.answered_at, what=_("Answered"), tone="done", kind="answered")


def _holds(message: Message, now: datetime) -> Iterator[Entry]:
    for hold in message.holds.order_by("at", "pk"):
        why = words(hold.reason_code, hold.reason_params, tz=message.tz, now=now)
        yield Entry(at=hold.at, what=_("Held"), detail=why, tone="attention")


def _attempts(message: Message) -> Iterator[Entry]:
    for attempt in message.attempts.order_by("started_at", "n").prefetch_related("events"):
        said = {"n": attempt.n, "way": way_word(attempt.channel), "carrier": carrier_word(attempt.provider)}
        yield Entry(
            at=attempt.started_at,
            what=_("Attempt %(n)s: %(way)s through %(carrier)s") % said,
            pill=str(attempt.get_outcome_display()).capitalize(),
            tone=OUTCOME_TONES[attempt.outcome],
            detail=_answer_of(attempt),
        )
        if attempt.outcome == Attempt.Outcome.ACCEPTED and attempt.settled_at:
            yield Entry(
                at=attempt.settled_at,
                what=_("Accepted by the carrier"),
                detail=attempt.provider_id,
                kind="accepted",
            )
        for event in sorted(attempt.events.all(), key=lambda event: (event.at, event.pk)):
            yield _event(event)


def _answer_of(attempt: Attempt) -> str:
    if not attempt.error_code:
        return ""
    code = str(CODES.get(attempt.error_code, ""))
    return code or _("the carrier's answer: code %(code)s") % {"code": attempt.error_code}


def _event(event: ProviderEvent) -> Entry:
    tone = "done" if event.status in GOOD else "attention" if event.status in BAD else "plain"
    detail = _("the carrier's answer: code %(code)s") % {"code": event.error_code} if event.error_code else ""
    what = str(TOLD.get(event.status, event.status))
    return Entry(at=event.at, what=what, detail=detail, tone=tone, kind=event.status)


def _answers(message: Message) -> Iterator[Entry]:
    answers: Any = InboundMessage.objects.filter(answers=message).order_by("received_at", "pk")
    for answer in answers:
        yield Entry(
            at=answer.received_at,
            what=_("%(first)s answered") % {"first": message.client.first_name},
            pill=str(answer.get_kind_display()).capitalize(),
            body=answer.body,
            tone="accent",
            kind="answered",
        )


def _asked(message: Message) -> Iterator[Entry]:
    for todo in message.todos.select_related("owner").order_by("opened_at", "pk"):
        yield Entry(
            at=todo.opened_at,
            what=_("To-do: %(title)s") % {"title": told(todo.title)},
            url=reverse("followup:todo", args=[todo.uid]),
            who=todo.owner.full_name if todo.owner else "",
            pill=str(todo.get_state_display()).capitalize(),
        )


def _last(message: Message, now: datetime) -> Iterator[Entry]:
    """Where it ended, or what comes next."""
    why = words(message, tz=message.tz, now=now)
    if message.closed_at:
        yield Entry(
            at=message.closed_at,
            what=str(message.get_status_display()).capitalize(),
            detail=why,
            tone="attention" if message.status == Message.Status.DEAD else "plain",
        )
    elif message.status in {*Message.WAITING, Message.Status.UNKNOWN}:
        asks = message.status == Message.Status.UNKNOWN
        what = _("The carrier is asked") if asks else _("Next look")
        yield Entry(at=message.due_at, what=what, detail=why, ahead=True)

"""What a supervisor decides when nobody answers (clinical.md §4.5 U2 to U4), and a letter that was sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casework.followup import ladder, summary, todos
from casework.followup.models import LadderRung, Message, PlanState, Rung, ToDo, ToDoState
from casework.followup.plan_start import close_plan
from casework.followup.plan_templates import SAFETY, ToDoKind
from casework.followup.plan_upkeep import complete_if_done, declines_calls
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client, EmergencyContact, Permission

Decision = LadderRung.Decision
LETTER_WITHIN, TRY_AGAIN_WITHIN = timedelta(hours=48), timedelta(days=7)
OPEN_DOOR = "open_door"
OPTIONS: Mapping[int, Sequence[LadderRung.Decision]] = {
    Rung.OTHER_WAYS: (Decision.OTHER_CHANNEL, Decision.LOOKED_UP, Decision.KEEP_TRYING),
    Rung.DECIDE: (
        Decision.LETTER,
        Decision.EMERGENCY_CONTACT,
        Decision.WELFARE_CHECK,
        Decision.KEEP_TRYING,
    ),
    Rung.GO_ON_OR_CLOSE: (Decision.GO_ON, Decision.CLOSE),
}
ONE_ONLY = frozenset({Rung.GO_ON_OR_CLOSE})
# What each decision asks of the counselor, and how its step key ends.
ASKED: Mapping[str, tuple[ToDoKind, str, str]] = {
    Decision.LETTER: (ToDoKind.LETTER, gettext_noop("Send %(first)s a letter"), "LETTER"),
    Decision.EMERGENCY_CONTACT: (
        ToDoKind.OTHER,
        gettext_noop("Call the emergency contact that %(first)s named"),
        "EMERGENCY-CONTACT",
    ),
    Decision.WELFARE_CHECK: (
        ToDoKind.OTHER,
        gettext_noop("Ask for a welfare check on %(first)s, as the site's policy says"),
        "WELFARE-CHECK",
    ),
    Decision.KEEP_TRYING: (ToDoKind.CALL, gettext_noop("Keep trying to reach %(first)s"), "TRY"),
    Decision.GO_ON: (ToDoKind.CALL, gettext_noop("Try again to reach %(first)s"), "TRY"),
    Decision.CLOSE: (ToDoKind.LETTER, gettext_noop("Send %(first)s an open-door letter"), "LETTER"),
}
WITHIN: Mapping[str, timedelta] = {
    Decision.LETTER: LETTER_WITHIN,
    Decision.CLOSE: LETTER_WITHIN,
    Decision.GO_ON: TRY_AGAIN_WITHIN,
}


def may_write(client: Client, at: datetime) -> bool:
    """Whether a letter may go: the client agreed to letters, and lives."""
    agreed = Permission.objects.of(client).in_force(at).filter(channel=Permission.Channel.LETTER)
    return client.state != Client.State.DECEASED and agreed.exists()


@transaction.atomic
def decide_rung(
    *,
    rung_id: int,
    decision: Sequence[str],
    by: Any,
    now: datetime,
    note: str = "",
    emergency_contact: EmergencyContact | None = None,
) -> LadderRung:
    """Write down what is done about a silence, and ask the counselor for it.

    Raises Conflict when the client is in touch again or somebody decided before, InvalidInput for what the rung does
    not offer, a letter or a call that the client has not agreed to.
    """
    require(by, Verb.DECIDE_SILENCE)
    client = locked(LadderRung.objects.values_list("client_id", flat=True).get(pk=rung_id))
    rung = LadderRung.objects.select_for_update(of=("self",)).select_related("plan", "client").get(pk=rung_id)
    chosen = [one for one in OPTIONS.get(rung.rung, ()) if one in set(decision)]
    _check(rung, client, decision, emergency_contact, now)
    rung.decided_at, rung.decided_by, rung.decision = now, by, chosen
    rung.note = note.strip()
    rung.emergency_contact = emergency_contact if Decision.EMERGENCY_CONTACT in chosen else None
    rung.save(update_fields=["decided_at", "decided_by", "decision", "note", "emergency_contact"])
    audit.record(
        "ladder.decided",
        by=by,
        at=now,
        client_id=client.pk,
        target=rung,
        rung=rung.rung,
        decision=[str(one) for one in chosen],
    )
    todos.finish(
        ToDo.objects.open().filter(pk=rung.todo_id), by=by, now=now, outcome=", ".join(rung.decisions)
    )
    _follow(rung, client, by=by, now=now)
    summary.refresh(client.pk)
    return rung


def _check(
    rung: LadderRung, client: Client, decision: Sequence[str], contact: EmergencyContact | None, now: datetime
) -> None:
    if not rung.is_open:
        raise Conflict(
            _("Nothing is left to decide: %(why)s.") % {"why": LadderRung.End(rung.ended_why).label}
        )
    if rung.decided_at is not None:
        raise Conflict(_("This has been decided meanwhile. Reload the page to see what."))
    _check_choice(rung, decision)
    if Decision.LETTER in decision and not may_write(client, now):
        raise InvalidInput(
            _("%(first)s has not agreed to letters. Choose something else, or ask for that permission first.")
            % {"first": client.first_name},
            field="decision",
        )
    if Decision.EMERGENCY_CONTACT in decision and not _named(client, contact, now):
        raise InvalidInput(
            _("Choose whom to call: only somebody whom %(first)s named and agreed to.")
            % {"first": client.first_name},
            field="emergency_contact",
        )


def _check_choice(rung: LadderRung, decision: Sequence[str]) -> None:
    offered = OPTIONS.get(rung.rung, ())
    if not decision or not set(decision) <= set(offered):
        raise InvalidInput(_("Choose what is to be done."), field="decision")
    if Decision.GO_ON in decision and not rung.plan.is_running:
        raise InvalidInput(_("The plan has ended; only the letter is left to decide."), field="decision")
    if rung.rung in ONE_ONLY and len(set(decision)) > 1:
        raise InvalidInput(_("Choose one: go on, or close."), field="decision")


def _named(client: Client, contact: EmergencyContact | None, now: datetime) -> bool:
    """Whether the client's own consent, in force now, names this person."""
    if contact is None:
        return False
    return EmergencyContact.objects.of(client).consented(now).filter(pk=contact.pk).exists()


def _follow(rung: LadderRung, client: Client, *, by: Any, now: datetime) -> None:
    if Decision.CLOSE in rung.decision:
        _close(rung, client, by=by, now=now)
        return
    if Decision.GO_ON in rung.decision:
        ladder.start_over(rung.plan, at=now)
    for one in rung.decision:
        _ask(rung, client, one, by=by, now=now)


def _ask(rung: LadderRung, client: Client, decision: str, *, by: Any, now: datetime) -> None:
    if decision not in ASKED:
        return
    kind, title, part = ASKED[decision]
    if kind == ToDoKind.CALL and declines_calls(client, now):
        kind, title = ToDoKind.OTHER, ladder.NO_CALLS
    within = WITHIN.get(decision, ladder.WITHIN)
    ladder.ask(rung, kind=kind, title=title, now=now, by=by, part=part, within=within)


def _close(rung: LadderRung, client: Client, *, by: Any, now: datetime) -> None:
    """End the plan and leave the door open: no more messages or calls, a letter if the client agreed to letters.

    What is about safety stays to be done. Nothing about the client changes but that nobody writes any more.
    """
    plan = rung.plan
    if plan.is_running:
        close_plan(plan, PlanState.CLOSED_OPEN_DOOR, reason=OPEN_DOOR, now=now)
        Message.objects.filter(plan=plan).withdraw(reason=OPEN_DOOR, at=now)
        todos.close(plan.todos.exclude(kind__in=SAFETY), state=ToDoState.CANCELLED, reason=OPEN_DOOR)
        audit.record("plan.closed", by=by, at=now, client_id=client.pk, target=plan, reason=OPEN_DOOR)
    ladder.end_open(plan, why=LadderRung.End.PLAN_ENDED, at=now)
    if may_write(client, now):
        _ask(rung, client, Decision.CLOSE, by=by, now=now)


@transaction.atomic
def mark_letter_sent(*, todo_id: int, by: Any, now: datetime) -> ToDo:
    """A person has put the letter into the post. Telling it twice changes nothing."""
    require(by, Verb.COMPLETE_TODO)
    client = locked(ToDo.objects.values_list("client_id", flat=True).get(pk=todo_id))
    todo = ToDo.objects.select_for_update(of=("self",)).select_related("plan").get(pk=todo_id)
    if todo.kind != ToDoKind.LETTER:
        raise InvalidInput(_("This is not about a letter."))
    if todo.state == ToDoState.DONE:
        return todo
    if not may_write(client, now):
        raise InvalidInput(
            _("%(first)s has not agreed to letters, so this one does not go out.")
            % {"first": client.first_name}
        )
    todos.finish([todo], by=by, now=now, outcome=str(LETTER_SENT))
    audit.record("letter.sent", by=by, at=now, client_id=client.pk, target=todo)
    if todo.plan is not None:
        complete_if_done(todo.plan, now)
    summary.refresh(client.pk)
    return todo


LETTER_SENT = gettext_noop("Letter sent")

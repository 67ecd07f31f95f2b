"""Reminders of the visits of these days, as the acts would have left them: those ahead wait, the last ones went."""

from collections.abc import Collection
from datetime import timedelta

from casework.followup import reminders
from casework.followup.messages.policy import Decision, may_send
from casework.followup.models import Message
from casework.intake.demo.aftermath import Aftermath, deliver, gone
from casework.intake.demo.registration import Case

LOOKED_BACK = timedelta(days=3)
ANSWERS = ("C", "", "C", "R", "C", "")  # in turn; some say nothing


def remind(cases: Collection[Case], aftermath: Aftermath, *, but_for: Collection[int]) -> None:
    """Write what a reminder is due for, let those go whose time has passed, and some of them be answered.

    `but_for`: clients whose check-ins are about to leave while somebody watches.
    """
    number = 0
    for case in cases:
        if case.client.pk in but_for:
            continue
        agreed = case.client.permissions.in_force(aftermath.now).filter(channel="text").exists()
        texted = agreed and case.client.contact_points.filter(kind="mobile").exists()
        reminders.keep(case.client.pk, now=aftermath.now - (LOOKED_BACK if texted else timedelta(0)))
        for message in gone(case.client.messages.filter(kind=Message.Kind.REMINDER), aftermath.now):
            if may_send(message, message.due_at).decision is not Decision.SEND:
                Message.objects.filter(pk=message.pk).leave_out(reason="visit_begun", at=message.due_at)
                continue
            deliver(message, aftermath.rng)
            _answer(case, message, aftermath, ANSWERS[number % len(ANSWERS)])
            number += 1


def _answer(case: Case, message: Message, aftermath: Aftermath, body: str) -> None:
    sent_at = message.sent_at
    assert sent_at is not None
    at = sent_at + timedelta(minutes=aftermath.rng.choice((2, 11, 48)))
    if body and at < aftermath.now:
        aftermath.writes(case, body, at)

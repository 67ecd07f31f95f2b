"""What reaches a client on paper or on a voicemail: neutral, whoever opens or hears it (clinical.md §4.4, §4.5).

No programme, no diagnosis, no word about why; the practice's sender alias, the person's first name, and a number.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from casework.followup.messages.texts import language_for
from casework.followup.models import Rung, ToDo
from casework.followup.people import answers_for
from clients.models import Client, Practice

OPEN_DOOR_KEY = f"U{Rung.GO_ON_OR_CLOSE.value}-"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter as it is printed, in the client's language."""

    language: str
    day: str
    greeting: str
    paragraphs: tuple[str, ...]
    farewell: str
    counselor: str
    sender: str
    phone: str


def letter_for(todo: ToDo, *, now: datetime) -> Letter:
    """The letter that a to-do asks for: one that offers a talk, or the open-door letter of a plan that was closed."""
    client, practice = todo.client, Practice.current()
    with override(language_for(client.language)):
        who = _who(client, now)
        values = {"first": client.first_name, "phone": practice.phone, "counselor": who}
        body = _open_door(values) if todo.step_key.startswith(OPEN_DOOR_KEY) else _offer(values)
        return Letter(
            language=language_for(client.language),
            day=_day(now.astimezone(practice.zone).date()),
            greeting=_("Dear %(first)s,") % values,
            paragraphs=body,
            farewell=_("With warm regards,"),
            counselor=who,
            sender=practice.sender_alias,
            phone=practice.phone,
        )


def _who(client: Client, now: datetime) -> str:
    answers: Any = answers_for(client, now)
    return answers.short_name if answers is not None else _("your team")


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def _offer(values: dict[str, str]) -> tuple[str, ...]:
    return (
        _("I have tried to reach you and would be glad to hear how you are."),
        _(
            "You do not need to prepare anything, and nothing has to be decided. Call me at %(phone)s when it suits"
            " you. If I am not there, leave your name and a time, and I will call back."
        )
        % values,
        _("If you would rather not hear from us for now, tell us, and we will leave it to you."),
    )


def _open_door(values: dict[str, str]) -> tuple[str, ...]:
    return (
        _("We have not been able to reach you, so we will not call or write for now. That is all it means."),
        _(
            "Our door stays open. Whenever you want to talk, today or in a year, call %(phone)s. You need no reason"
            " and no explanation, and we begin where you are."
        )
        % values,
        _("I wish you well."),
    )


def voicemail(client: Client, *, by: Any) -> str:
    """What to say after the tone, in the client's language. It names nobody's care and nobody's reason."""
    practice = Practice.current()
    with override(language_for(client.language)):
        return _(
            "Hello, this is %(counselor)s from %(sender)s with a message for %(first)s. Please call me back at"
            " %(phone)s when it suits you. Thank you, and goodbye."
        ) % {
            "counselor": by.short_name,
            "sender": practice.sender_alias,
            "first": client.first_name,
            "phone": practice.phone,
        }

"""From a template's key to the words that leave (clinical.md §5.2). The renderer sees a letterhead, never a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from casework.followup.messages.letterhead import Letterhead, letterheads
from clients.segments import is_one, measure
from clients.telling import tells

ONE_TEXT = 160  # characters; also the limit within which health messages are exempt (clinical.md §5.1)

# The first name is looked at by itself.
NOT_WORDS = frozenset({"first", "phone", "emergency", "crisis_line", "helpline", "link"})


class RenderRefused(Exception):
    """A text may not leave as it would read. `code` is a reason of messages.reasons; trying again cannot help."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is handed to a channel. A text message has no subject."""

    subject: str
    body: str


def render(message: Any, channel: str = "sms") -> Rendered:
    """The words of a message. A body that is set already stays as it is. Raises RenderRefused."""
    if message.body:
        return Rendered(_subject(message) if channel == "email" else "", message.body)
    letter = _letterhead(message)
    return fill(message.template_key, letter, channel=channel, extra=getattr(message, "named", None))


def _letterhead(message: Any) -> Letterhead:
    gathered = getattr(message, "letterhead", None)
    return gathered or letterheads([message.client], at=timezone.now())[message.client_id]


def _subject(message: Any) -> str:
    letter = _letterhead(message)
    return letter.texts.subject(letter.language).format_map(letter.values())


def fill(
    key: str, letter: Letterhead, *, channel: str = "sms", extra: Mapping[str, str] | None = None
) -> Rendered:
    """Put the allowed values into a template. Raises RenderRefused.

    A first name that says too much is left out; so is one that would make two texts of one, by its length or by a
    letter that texts have no room for (clinical.md §5.4). No letter of it is ever replaced by another.
    """
    values = {**letter.values(), **(extra or {})}
    _check_values(values, letter.denied)
    try:
        if channel == "email":
            subject, body = letter.texts.email(key, letter.language)
            return Rendered(subject.format_map(values), _named(body, values, letter.denied))
        text = letter.texts.sms(key, letter.language)
    except KeyError as missing:
        raise RenderRefused("no_text", key=key) from missing
    return Rendered("", _shortest(text, values, letter.denied))


def _shortest(text: str, values: Mapping[str, str], denied: tuple[str, ...]) -> str:
    """With the name if that is one text, else without; two texts only for the letters of our own names."""
    named = _named(text, values, denied)
    if is_one(named):
        return named
    nameless = _nameless(text, values)
    if is_one(nameless):
        return nameless
    if len(nameless) > ONE_TEXT:
        raise RenderRefused("too_long", units=str(measure(nameless).units))
    return named if len(named) <= ONE_TEXT else nameless


def _check_values(values: Mapping[str, str], denied: tuple[str, ...]) -> None:
    """Nothing that we call ourselves may tell a stranger what we do. A phone number is not read as words."""
    for name, value in values.items():
        if name not in NOT_WORDS and tells(value, denied):
            raise RenderRefused("telling_word", variable=name)


def _named(text: str, values: Mapping[str, str], denied: tuple[str, ...]) -> str:
    if tells(values["first"], denied):
        return _nameless(text, values)
    return text.format_map(values)


def _nameless(text: str, values: Mapping[str, str]) -> str:
    return text.replace(" {first},", ",").format_map({**values, "first": ""})

"""Every text a client can receive, as it reads now, per language (clinical.md §5.5). Nothing else is sent.

The rows are `MessageText`; here they are read once a release and shared. A key is a purpose and, where a series would
repeat itself, a number. Spanish is written with *usted* and, in text messages, without the letters that would turn a
text to UCS-2; a native speaker reviews it before a practice goes live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from casework.followup.models import MessageText

FALLBACK = "en"
LANGUAGES = ("en", "es")
SMS, EMAIL = MessageText.Channel.SMS, MessageText.Channel.EMAIL
SUBJECT, FOOT = "subject", "foot"  # of every e-mail


@lru_cache(maxsize=64)  # asked several times for each message
def language_for(language: str) -> str:
    """The client's language where we have texts in it, else English."""
    short = (language or FALLBACK).split("-")[0].lower()
    return short if short in LANGUAGES else FALLBACK


@dataclass(frozen=True)
class Texts:
    """All of them at one moment. Bodies by channel, language and key."""

    bodies: Mapping[tuple[str, str, str], str]

    def sms(self, key: str, language: str) -> str:
        """The template of a text message. Raises KeyError for a key that does not exist."""
        return self.bodies[SMS, language_for(language), key]

    def subject(self, language: str) -> str:
        """The neutral subject of every e-mail."""
        return self.bodies[EMAIL, language_for(language), SUBJECT]

    def email(self, key: str, language: str) -> tuple[str, str]:
        """Subject and body templates of an e-mail; the foot says that replies are not read and whom to call."""
        spoken = language_for(language)
        foot = self.bodies[EMAIL, spoken, FOOT]
        return self.subject(spoken), f"{self.bodies[EMAIL, spoken, key]}\n\n{foot}"

    def wordings(self, channel: str = SMS) -> dict[str, dict[str, str]]:
        """Key, then language, then the words."""
        found: dict[str, dict[str, str]] = {}
        for (of, language, key), body in self.bodies.items():
            if of == channel:
                found.setdefault(key, {})[language] = body
        return found


_kept: dict[int, Texts] = {}  # each process: the texts by the newest release, of which there is one at a time


def current() -> Texts:
    """The texts that go out now: one small query, and the rows themselves only after a release."""
    newest = MessageText.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    kept = _kept.get(newest)
    if kept is None:
        rows = MessageText.objects.current().order_by("channel", "pk")
        kept = Texts({(row.channel, row.language, row.key): row.body for row in rows})
        _kept.clear()
        _kept[newest] = kept
    return kept

"""The words that Turnaround gives a to-do, in the reader's language.

A to-do keeps the words it was opened with, in the language of whoever opened it; a worker speaks English. Here they are
found again and said in the language of the page. What a person wrote stays as it is.
"""

import re
from functools import cache

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, override

from casework.followup.plan_templates import ToDoKind

TITLES = (
    gettext_noop("Missed session: reach out to %(first)s"),
    gettext_noop("%(first)s is back: get in touch"),
    gettext_noop("Talk with %(first)s about an unconfirmed report"),
    gettext_noop("An earlier report still stands without a plan: decide what follows"),
    gettext_noop("Call %(first)s: a message did not get through"),
    gettext_noop("Call %(first)s instead of a message"),
    gettext_noop("%(first)s may be in crisis: read the message and reach them now"),
    gettext_noop("%(first)s's number seems to be somebody else's: find a new one"),
    gettext_noop("%(first)s answered 2: please call"),
    gettext_noop("%(first)s wants another time for the visit"),
    gettext_noop("%(first)s asks for help: answer soon"),
    gettext_noop("%(first)s wrote: read and answer"),
    gettext_noop("A message from the phone of %(first)s, who has died"),
)
OUTCOMES = (gettext_noop("A session"), gettext_noop("Assessed"), gettext_noop("We talked"))


def told(text: str) -> str:
    """The same words in the language that is spoken now."""
    for pattern, said in _known():
        if found := pattern.fullmatch(text):
            return gettext(said) % found.groupdict() if found.groupdict() else gettext(said)
    return text


@cache
def _known() -> list[tuple[re.Pattern[str], str]]:
    """How each of our sentences reads in every language, and the sentence that it is."""
    with override("en"):
        ours = [*(str(kind.label) for kind in ToDoKind), *OUTCOMES, *TITLES]
    found = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            found += [(_pattern(gettext(said)), said) for said in ours]
    return found


def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(re.escape(said).replace(re.escape("%(first)s"), "(?P<first>.+)"))

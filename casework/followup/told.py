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
    gettext_noop("%(first)s is out of jail, tolerance may be lost: get in touch"),
    gettext_noop("%(first)s is in hospital: with consent, agree with the ward on the day of discharge"),
    gettext_noop("Go through the consent of %(first)s again: who decides has changed"),
    gettext_noop("%(first)s's number has changed: agree on the new one and on messages to it"),
    gettext_noop("Talk with %(first)s about an unconfirmed report"),
    gettext_noop("An earlier report still stands without a plan: decide what follows"),
    gettext_noop("Call %(first)s: a message did not get through"),
    gettext_noop("Call %(first)s instead of a message"),
    gettext_noop("Write %(first)s a letter instead of a message"),
    gettext_noop("%(first)s may be in crisis: read the message and reach them now"),
    gettext_noop("%(first)s's number seems to be somebody else's: find a new one"),
    gettext_noop("%(first)s answered 2: please call"),
    gettext_noop("Talk through overdose and naloxone with %(first)s"),
    gettext_noop("%(first)s wants another time for the visit"),
    gettext_noop("%(first)s answers a reminder of a visit that is off or has moved: tell them"),
    gettext_noop("Tell %(first)s: the visit of our reminder is off or has moved"),
    gettext_noop("Thoughts of suicide in a questionnaire: talk with %(first)s now"),
    gettext_noop("%(measure)s is missing: give it at the next visit or send it"),
    gettext_noop("%(first)s has come of age: go through the consent again"),
    gettext_noop("%(first)s asked for a plan and has none: write it together"),
    gettext_noop("%(first)s asks for help: answer soon"),
    gettext_noop("%(first)s wrote: read and answer"),
    gettext_noop("A message from the phone of %(first)s, who has died"),
    gettext_noop("Call %(first)s: no answer for a while"),
    gettext_noop("Reach %(first)s, who wants no calls: no answer for a while"),
    gettext_noop("No answer from %(first)s: look for another way"),
    gettext_noop("No contact with %(first)s: decide what to try"),
    gettext_noop("No contact with %(first)s: go on or close"),
    gettext_noop("Send %(first)s a letter"),
    gettext_noop("Send %(first)s an open-door letter"),
    gettext_noop("Call the emergency contact that %(first)s named"),
    gettext_noop("Ask for a welfare check on %(first)s, as the site's policy says"),
    gettext_noop("Keep trying to reach %(first)s"),
    gettext_noop("Try again to reach %(first)s"),
    gettext_noop("Use was marked in the calendar: record a report?"),
)
OUTCOMES = (
    gettext_noop("A session"),
    gettext_noop("Assessed"),
    gettext_noop("Looked back together"),
    gettext_noop("We talked"),
    gettext_noop("Letter sent"),
    gettext_noop("Message read and answered"),
    gettext_noop("The client will come after all"),
    gettext_noop("Given"),
    gettext_noop("Done"),
    gettext_noop("Another time was found"),
)


VARIABLE = re.compile(r"%\\\((\w+)\\\)s")  # as re.escape leaves it


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
    return re.compile(VARIABLE.sub(r"(?P<\1>.+)", re.escape(said)))

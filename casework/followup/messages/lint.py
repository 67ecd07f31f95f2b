"""Whether a text may be released as a template (clinical.md §5.2 M-1 to M-6). Pure."""

import re
import string
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy

from clients.segments import measure, outside_gsm
from clients.telling import Problem, problems, unkind

VARIABLES = frozenset({"first", "counselor", "sender", "phone", "emergency", "crisis_line", "helpline"})
HELPLINES = frozenset({"emergency", "crisis_line", "helpline"})
OF_A_VISIT = frozenset({"day", "time"})
OF_A_LINK = frozenset({"link"})
HAS_A_LINK = frozenset({"form", "plan"})
MAY_NAME_HELPLINES = frozenset({"welcome", "help", "crisis", "away"})
# An answer to STOP says so in its own way; a text in a crisis must not talk of anything else.
SAYS_STOP_ITSELF = frozenset({"stop", "crisis"})
SPEAKS_FOR_ITSELF = frozenset({"crisis"})
NAMED = " {first},"  # the one place of the name, so that a text reads well without it too
LONGEST = {
    "first": "Maximilianna",
    "counselor": "Christopher",
    "sender": "Oak Street",
    "phone": "555-010-0199",
    "day": "Wed 30 Sep",
    "time": "9:30 and 12:30",
    "link": "https://app.oakstreet.org/l/AbCdEfGhIjKlMnOpQrStUv",
    "emergency": "911",
    "crisis_line": "988",
    "helpline": "1-800-662-4357",
}
SAID: Mapping[str, object] = {
    "denied": gettext_lazy("A stranger would learn too much from “%(found)s”."),
    "everyday": gettext_lazy("In a text from us a stranger would take “%(found)s” amiss."),
    "catalogue": gettext_lazy("“%(found)s” is the name of a substance."),
    "crisis": gettext_lazy("“%(found)s” stands only in the answers to HELP and to a crisis."),
    "code": gettext_lazy("“%(found)s” reads like the code of a diagnosis."),
    "dose": gettext_lazy("“%(found)s” reads like a dose."),
    "link": gettext_lazy("“%(found)s” would be a link; texts of ours have none."),
    "unkind": gettext_lazy("“%(found)s” blames or presses."),
    "variable": gettext_lazy("There is no {%(found)s} in this text."),
    "brace": gettext_lazy("A brace has no fellow. Variables stand like {first}."),
    "first": gettext_lazy(
        "The name stands once, as in “Hi {first}, …”, so that the text reads well without it."
    ),
    "length": gettext_lazy("With the longest names this is %(found)s, which is more than one text."),
    "letter": gettext_lazy("A text message has no room for %(found)s: with it one text becomes two."),
    "stop": gettext_lazy("It does not say STOP."),
    "sender": gettext_lazy("It does not say {sender}, whom it comes from."),
    "phone": gettext_lazy("It does not say {phone}, whom to call."),
    "line": gettext_lazy("It does not say %(found)s, whom to call in an emergency or a crisis."),
    "address": gettext_lazy("It does not say {link}, which it is sent for."),
    "empty": gettext_lazy("There are no words in it."),
}


def said(problem: Problem) -> str:
    """A problem as a sentence, with the word or the variable at fault."""
    return str(SAID[problem.rule]) % {"found": problem.found}


def variables_in(text: str) -> set[str]:
    """The names between braces, with whatever else stands there. Raises ValueError for a brace without its fellow."""
    return {
        f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
        for _literal, name, form, conversion in string.Formatter().parse(text)
        if name is not None
    }


def variables_for(key: str) -> frozenset[str]:
    """What a text may hold. The helplines stand only where clinical.md §5.2 M-2 lets them be named."""
    purpose = key.split(".", maxsplit=1)[0]
    known = VARIABLES if purpose in MAY_NAME_HELPLINES else VARIABLES - HELPLINES
    if purpose in HAS_A_LINK:
        return known | OF_A_LINK
    return known | OF_A_VISIT if purpose == "appt" else known


def template_problems(
    key: str,
    text: str,
    *,
    extra_words: Iterable[str] = (),
    longest: Mapping[str, str] = LONGEST,
    one_segment: bool = True,
) -> list[Problem]:
    """Why a template may not be released. `key` is without its language ("checkin.1").

    `longest` are the longest values that the variables can take here; `one_segment` is for text messages.
    """
    broken = shape(key, text)
    if broken:
        return broken
    purpose = key.split(".", maxsplit=1)[0]
    bare = text.format_map(dict.fromkeys(VARIABLES | OF_A_VISIT | OF_A_LINK, " "))
    found = problems(bare, extra_words=extra_words, helplines=purpose in MAY_NAME_HELPLINES) + unkind(bare)
    found += _missing_lines(purpose, text, longest)
    if purpose in HAS_A_LINK and "{link}" not in text:
        found.append(Problem("address", "{link}"))
    return found + (_of_a_text_message(purpose, text, longest) if one_segment else [])


def _missing_lines(purpose: str, text: str, longest: Mapping[str, str]) -> list[Problem]:
    """Whom to call in danger and in a crisis (M-6), by the variable or by the number itself."""
    if purpose not in MAY_NAME_HELPLINES:
        return []
    needed = (("{emergency}",), ("{crisis_line}", "{helpline}"))
    return [
        Problem("line", names[0])
        for names in needed
        if not any(name in text or longest[name.strip("{}")] in text for name in names)
    ]


def shape(key: str, text: str) -> list[Problem]:
    """What would keep it from being rendered at all."""
    if not text.strip():
        return [Problem("empty", "")]
    if "{{" in text or "}}" in text:  # a client would read the braces
        return [Problem("brace", "")]
    try:
        used = variables_in(text)
    except ValueError:
        return [Problem("brace", "")]
    strange = [Problem("variable", name) for name in sorted(used - variables_for(key))]
    if not strange and "first" in used and (NAMED not in text or text.count("{first}") > 1):
        return [Problem("first", "")]
    return strange


def _of_a_text_message(purpose: str, text: str, longest: Mapping[str, str]) -> list[Problem]:
    full = text.format_map(dict(longest))
    size, costly = measure(full), outside_gsm(full)
    found = [Problem("letter", costly)] if costly else []
    if size.segments > 1:
        found.append(Problem("length", f"{size.units} {size.encoding}"))
    if purpose not in SAYS_STOP_ITSELF and not re.search(r"\bSTOP\b", text):
        found.append(Problem("stop", "STOP"))
    if purpose not in SPEAKS_FOR_ITSELF and "{sender}" not in text:
        found.append(Problem("sender", "{sender}"))
    return found

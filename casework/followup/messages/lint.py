"""Whether a text may be released as a template (clinical.md §5.2 M-1 to M-6)."""

import re
import string
from collections.abc import Iterable, Mapping

from clients.segments import measure
from clients.telling import Problem, problems

VARIABLES = frozenset({"first", "counselor", "sender", "phone", "day", "time", "emergency", "crisis_line"})
MAY_NAME_HELPLINES = frozenset({"welcome", "help", "crisis", "away"})
SAYS_STOP_ITSELF = frozenset(
    {"stop", "crisis"}
)  # an answer to STOP, and a text that must not talk of anything else
LONGEST = {
    "first": "Maximilianna",
    "counselor": "Christopher",
    "sender": "Oak Street",
    "phone": "555-010-0199",
    "day": "Wed 30 Sep",
    "time": "12:30 pm",
    "emergency": "911",
    "crisis_line": "988",
}


def variables_in(text: str) -> set[str]:
    """The names between braces. Raises ValueError for a brace without its fellow."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def template_problems(
    key: str,
    text: str,
    *,
    extra_words: Iterable[str] = (),
    longest: Mapping[str, str] = LONGEST,
    one_segment: bool = True,
) -> list[Problem]:
    """Why a template may not be saved. `key` is without its language ("checkin.1")."""
    purpose = key.split(".", maxsplit=1)[0]
    strange = variables_in(text) - VARIABLES
    if strange:
        return [Problem("variable", name) for name in sorted(strange)]
    found = problems(
        text.format_map(dict.fromkeys(VARIABLES, " ")),
        extra_words=extra_words,
        helplines=purpose in MAY_NAME_HELPLINES,
    )
    size = measure(text.format_map(dict(longest)))
    if one_segment and size.segments > 1:
        found.append(Problem("length", f"{size.units} {size.encoding}"))
    if one_segment and purpose not in SAYS_STOP_ITSELF and not re.search(r"\bSTOP\b", text):
        found.append(Problem("stop", "STOP"))
    return found

"""A gentle eye on words in staff notes: person-first wording is suggested, never enforced (clinical.md §5.2 M-4).

What stands between quotation marks is the client's own voice and is left alone.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Suggestion:
    """A phrase as it stands in the text, and kinder words for it."""

    phrase: str
    instead: str
    start: int


_RULES_EN = (
    (r"(?:drug |substance )?abusers?|addicts?|junkies?|drug users?", "person with a substance use disorder"),
    (r"alcoholics?|drunks?", "person with an alcohol use disorder"),
    (r"(?:substance|drug|alcohol) abuse|drug habit", "substance use"),
    (
        r"(?:tested|urine|ua|screen(?:ed)?|sample|swab|test)(?: was| is| came back)? (?:dirty|clean)",
        "tested positive / negative",
    ),
    (r"(?:dirty|clean) (?:urine|ua|test|screen|sample|swab)s?", "tested positive / negative"),
    (r"(?:is|was|been|got|get|getting|stay|stays|stayed|staying|keep|kept) clean", "not using; in recovery"),
    (r"clean (?:for|since)", "no use for / since"),
    (r"clean time", "time without use"),
    (r"reformed", "in recovery"),
    (r"non-?complian(?:t|ce)", "what happened (for example: missed two doses)"),
    (r"refus(?:ed|es|ing|al)", "declined"),
    (
        r"(?:failed|fails|failing) (?:treatment|rehab|detox|the program(?:me)?|again)",
        "what happened (for example: returned to use)",
    ),
    (
        r"fail(?:ed|s) (?:the |a |his |her |their )?(?:urine|ua|test|drug test|screen|drug screen)",
        "tested positive",
    ),
    (r"relapse is a failure|fell off the wagon", "return to use"),
    (r"drug[- ]seeking", "what was asked for, in plain words"),
    (r"manipulative|frequent flyers?", "what was done, in plain words"),
)
_RULES_ES = (
    (r"(?:drog)?adict[oa]s?|toxic[oó]man[oa]s?", "persona con trastorno por uso de sustancias"),
    (r"alcoh[oó]lic[oa]s?|borrach[oa]s?", "persona con trastorno por uso de alcohol"),
    (r"abuso de (?:sustancias|drogas|alcohol)", "uso de sustancias"),
    (r"(?:orina|prueba|muestra)(?: sali[oó])? (?:suci|limpi)[oa]", "resultado positivo / negativo"),
    (r"(?:est[aá]|estuvo|sigue|mantiene|mantuvo) limpi[oa]", "sin uso; en recuperación"),
    (r"limpi[oa] (?:desde|por|hace)", "sin uso desde / por"),
    (r"se neg[oó]|rehus[oó]", "declinó"),
    (r"incumplidor[ae]?s?", "lo que ocurrió (por ejemplo: faltó a dos citas)"),
    (r"fracas(?:ó|o) (?:en )?(?:el tratamiento|la rehabilitaci[oó]n)", "volvió al uso"),
)
_PATTERNS = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), instead)
    for pattern, instead in (*_RULES_EN, *_RULES_ES)
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"\n]*\"|«[^»]*»")


def suggestions(text: str) -> list[Suggestion]:
    """Phrases worth another look, in reading order; overlapping finds are told once, the longest first."""
    own = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    finds = [
        (match.start(), match.end(), instead)
        for pattern, instead in _PATTERNS
        for match in pattern.finditer(own)
    ]
    told: list[Suggestion] = []
    reached = 0
    for start, end, instead in sorted(finds, key=lambda find: (find[0], -find[1])):
        if start >= reached:
            told.append(Suggestion(text[start:end], instead, start))
            reached = end
    return told

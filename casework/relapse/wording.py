"""The rule that fired, in plain words, with the signs that made it fire (clinical.md §1.4)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casework.relapse.signs import SIGNS, Halt, Sign
from casework.relapse.stage import ASKED_OF, Answers, Flag, Rule, Suggestion
from clients.stage import Stage

NEEDED = 12  # of the 20: three fifths

FLAGS: Mapping[Flag, str | Promise] = {
    Flag.EARLY_MENTAL_SIGNS: gettext_lazy(
        "One or two mild mental signs: worth talking about, and normal in recovery. They suggest no stage."
    ),
    Flag.USE_ON_RECORD: gettext_lazy("Use within these days is on record."),
    Flag.TOXICOLOGY_ALONE: gettext_lazy(
        "A physical sign rests on toxicology alone. A screen can be wrong and suggests no stage by itself: "
        "talk with the client."
    ),
}
CONFIDENCE: Mapping[str, str | Promise] = {
    "high": gettext_lazy("Rests on much: nearly all asked, several kinds of source"),
    "medium": gettext_lazy("Rests on a fair amount"),
    "low": gettext_lazy("Rests on little: few signs asked"),
}


def why(suggestion: Suggestion, answers: Answers, halt: Mapping[str, bool | None]) -> list[str]:
    """One sentence for each reason that the rule had."""
    tellers = {
        Rule.USE: lambda: _use(suggestion, answers),
        Rule.MENTAL_SIGNS: lambda: _mental(answers),
        Rule.EMOTIONAL_SIGNS: lambda: _emotional(answers, halt),
        Rule.TOO_LITTLE_ASKED: lambda: [_too_little(suggestion)],
        Rule.NOTHING_NOTABLE: lambda: [_nothing(suggestion)],
    }
    return tellers[suggestion.rule]()


def flags(suggestion: Suggestion) -> list[str]:
    """What deserves a word beside the suggestion."""
    return [str(FLAGS[flag]) for flag in suggestion.flags]


def confidence(suggestion: Suggestion) -> str:
    return str(CONFIDENCE[suggestion.confidence.value])


def asked(suggestion: Suggestion) -> int:
    """How many of the 20 emotional and mental signs were asked."""
    return int(suggestion.completeness * ASKED_OF)


def _present(answers: Answers, stage: Stage, *, at_least: int = 1) -> list[Sign]:
    return [
        sign
        for sign in SIGNS
        if sign.stage == stage and sign.code in answers and (answers[sign.code].severity or 0) >= at_least
    ]


def _names(signs: Iterable[Sign]) -> str:
    return ", ".join(f"“{sign.label}”" if "“" not in sign.label else sign.label for sign in signs)


def _use(suggestion: Suggestion, answers: Answers) -> list[str]:
    ticked = _present(answers, Stage.PHYSICAL)
    said = [_("Any use is the physical stage, even one time.")]
    if ticked:
        said.append(_("Present: %(signs)s.") % {"signs": _names(ticked)})
    return said


def _mental(answers: Answers) -> list[str]:
    present = _present(answers, Stage.MENTAL)
    hard = [sign for sign in present if sign.hard]
    strong = [sign for sign in _present(answers, Stage.MENTAL, at_least=2) if not sign.hard]
    said = [_("Enough by itself: %(signs)s.") % {"signs": _names(hard)}] if hard else []
    said += _strong(strong)
    if len(present) >= 3:
        said.append(_("%(count)s mental signs are present; three are enough.") % {"count": len(present)})
    return said


def _emotional(answers: Answers, halt: Mapping[str, bool | None]) -> list[str]:
    present = _present(answers, Stage.EMOTIONAL)
    said = _strong(_present(answers, Stage.EMOTIONAL, at_least=2))
    if len(present) >= 3:
        said.append(_("%(count)s emotional signs are present; three are enough.") % {"count": len(present)})
    true = [one.label for one in Halt if halt.get(one.value)]
    if len(true) >= 3:
        said.append(_("Three or more of hungry, angry, lonely, tired: %(which)s.") % {"which": _listed(true)})
    return said


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(str(word).lower() for word in words)


def _strong(signs: list[Sign]) -> list[str]:
    if not signs:
        return []
    said = ngettext(
        "Moderate or marked: %(signs)s; one is enough.",
        "Moderate or marked: %(signs)s; one would be enough.",
        len(signs),
    )
    return [said % {"signs": _names(signs)}]


def _too_little(suggestion: Suggestion) -> str:
    said = _(
        "%(count)s of the 20 emotional and mental signs were asked: too few to say that nothing is there. "
        "Ask at least %(needed)s."
    )
    return said % {"count": asked(suggestion), "needed": NEEDED}


def _nothing(suggestion: Suggestion) -> str:
    said = _("%(count)s of the 20 emotional and mental signs were asked, and no rule for a stage is met.")
    return said % {"count": asked(suggestion)}

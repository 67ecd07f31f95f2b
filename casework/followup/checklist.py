"""The safety checklist of the first contact: prompts for the counselor, never a text to the client (S-4).

It asks; it does not advise. No dose, no taper, no word on stopping a medicine has a place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup.models import FollowUpPlan
from casework.followup.risk import RiskReason, RiskTier
from clients.errors import InvalidInput

YES, NO, UNKNOWN = "yes", "no", "unknown"
ANSWERS = {YES: gettext_lazy("Yes"), NO: gettext_lazy("No"), UNKNOWN: gettext_lazy("Not known")}


@dataclass(frozen=True)
class Question:
    """A prompt with a yes, no or not known. `raises`: the answer that raises the tier, and to which."""

    key: str
    label: Any
    raises: tuple[str, RiskTier] | None = None


QUESTIONS = (
    Question("with_others", gettext_lazy("Was anything else taken with it?")),
    Question("alone", gettext_lazy("Was the client alone when using?"), (YES, RiskTier.AMBER)),
    Question("naloxone", gettext_lazy("Is naloxone at hand?"), (NO, RiskTier.AMBER)),
    Question(
        "withdrawal",
        gettext_lazy("Signs of withdrawal: tremor, sweating, vomiting, a seizure?"),
        (YES, RiskTier.RED),
    ),
    Question("suicidal", gettext_lazy("Thoughts of suicide?"), (YES, RiskTier.RED)),
    Question("pregnant", gettext_lazy("Pregnant?"), (YES, RiskTier.AMBER)),
    Question("driving", gettext_lazy("Driving, or working with machines, today?"), (YES, RiskTier.AMBER)),
    Question("children", gettext_lazy("Children in the client's care?")),
    Question("lives_alone", gettext_lazy("Lives alone?"), (YES, RiskTier.AMBER)),
)
BY_KEY = {question.key: question for question in QUESTIONS}
FREE = ("last_use", "what")  # asked in words: when last, and what and with what
_ORDER = [RiskTier.GREEN, RiskTier.AMBER, RiskTier.RED]


def check_answers(answers: Mapping[str, Any]) -> None:
    """Every question has one of the three answers. Raises InvalidInput naming the first that has not."""
    for question in QUESTIONS:
        if answers.get(question.key) not in ANSWERS:
            raise InvalidInput(_("Answer every question; “not known” is an answer."), field=question.key)
    unknown = set(answers) - set(BY_KEY) - set(FREE)
    if unknown:
        raise InvalidInput(_("“%(key)s” is no question of the checklist.") % {"key": sorted(unknown)[0]})


def confirmed_tier(answers: Mapping[str, Any], plan: FollowUpPlan | None) -> RiskTier:
    """The tier after the talk. What the record showed stays; only a missing naloxone can be put right by the answer."""
    reasons = set(plan.risk_reasons) if plan is not None else set()
    if answers.get("naloxone") == YES:
        reasons.discard(RiskReason.NO_NALOXONE)
    if RiskReason.RED_FLAG in reasons:
        return RiskTier.RED
    raised = [
        tier
        for question in QUESTIONS
        if question.raises
        for value, tier in [question.raises]
        if answers.get(question.key) == value
    ]
    return max([RiskTier.AMBER if reasons else RiskTier.GREEN, *raised], key=_ORDER.index)

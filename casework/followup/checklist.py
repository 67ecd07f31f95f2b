"""The safety checklist of the first contact: prompts for the counselor, never a text to the client (S-4, §3.3, §3.4).

It asks; it does not advise. No dose, no taper, no word on stopping a medicine has a place here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.followup.risk import RiskReason, RiskTier
from casework.relapse.signs import RedFlag
from clients.errors import InvalidInput

YES, NO, UNKNOWN = "yes", "no", "unknown"
ANSWERS = {YES: gettext_lazy("Yes"), NO: gettext_lazy("No"), UNKNOWN: gettext_lazy("Not known")}
FLAG = "flag_"  # before a red flag's code: the question whether it holds


@dataclass(frozen=True)
class Question:
    """A prompt with a yes, no or not known. `amber`: the reason for the tier that a yes gives."""

    key: str
    label: Any
    amber: RiskReason | None = None


RED_FLAGS = tuple(Question(f"{FLAG}{flag}", flag.label) for flag in RedFlag)
PROMPTS = (
    Question("with_others", gettext_lazy("Was anything else taken with it?")),
    Question("opioid", gettext_lazy("Was an opioid among it, or a pill from the street?")),
    Question(
        "mixed",
        gettext_lazy("A sedative together with an opioid or alcohol?"),
        RiskReason.HIGH_OVERDOSE_RISK,
    ),
    Question(
        "week_without",
        gettext_lazy("A week or more without use before it?"),
        RiskReason.LOST_TOLERANCE,
    ),
    Question("alone", gettext_lazy("Was the client alone when using?"), RiskReason.USED_ALONE),
    Question("naloxone", gettext_lazy("Is naloxone at hand?")),
    Question("withdrawal", gettext_lazy("Signs of withdrawal: tremor, sweating, vomiting?")),
    Question(
        "stopped", gettext_lazy("Stopped, or ran out of, a sedative or alcohol within the last 14 days?")
    ),
    Question("suicidal", gettext_lazy("Thoughts of suicide?")),
    Question("pregnant", gettext_lazy("Pregnant?"), RiskReason.PREGNANT),
    Question("driving", gettext_lazy("Driving, or working with machines, today?"), RiskReason.DRIVING),
    Question("children", gettext_lazy("Children in the client's care?")),
    Question("lives_alone", gettext_lazy("Lives alone?"), RiskReason.LIVES_ALONE),
)
EDUCATION = Question("education", gettext_lazy("Were overdose and naloxone talked through?"))
QUESTIONS = (*RED_FLAGS, *PROMPTS, EDUCATION)
BY_KEY = {question.key: question for question in QUESTIONS}
FREE = ("last_use", "what")  # asked in words: when last, and what and with what
# Whoever one of these holds for is told about overdose and naloxone (S-3, S-4); who was told is kept (S-6).
ASK_FOR_EDUCATION = frozenset(
    {RiskReason.HIGH_OVERDOSE_RISK, RiskReason.LOST_TOLERANCE, RiskReason.NO_NALOXONE}
)
_OF_WITHDRAWAL = (RedFlag.SEIZURE, RedFlag.SUDDEN_STOP, RedFlag.PREGNANT_WITHDRAWAL)


@dataclass(frozen=True)
class Judged:
    """The tier after the talk, every reason for it, and the red flags that the talk itself brought up."""

    tier: RiskTier
    reasons: tuple[RiskReason, ...]
    red_flags: tuple[RedFlag, ...]

    @property
    def asks_for_education(self) -> bool:
        return not ASK_FOR_EDUCATION.isdisjoint(self.reasons)

    @property
    def reasons_said(self) -> list[str]:
        return [str(reason.label) for reason in self.reasons]


def check_answers(answers: Mapping[str, Any]) -> None:
    """Every question has one of the three answers. Raises InvalidInput naming the first that has not."""
    for question in QUESTIONS:
        if answers.get(question.key) not in ANSWERS:
            raise InvalidInput(_("Answer every question; “not known” is an answer."), field=question.key)
    strange = set(answers) - set(BY_KEY) - set(FREE)
    if strange:
        raise InvalidInput(_("“%(key)s” is no question of the checklist.") % {"key": sorted(strange)[0]})


def judge(answers: Mapping[str, Any], *, known: Collection[str] = (), opioid: bool = False) -> Judged:
    """The tier by clinical.md §3.3, from the answers so far and what the record showed.

    `known`: the reasons of the plan. They stay; only a missing naloxone can be put right by the answer. `opioid`:
    whether one is on record. What has not been asked yet raises nothing.
    """
    flags = red_flags(answers)
    reasons = {RiskReason(reason) for reason in known}
    reasons |= {question.amber for question in PROMPTS if question.amber and _yes(answers, question.key)}
    if flags:
        reasons.add(RiskReason.RED_FLAG)
    if _yes(answers, "suicidal"):
        reasons.add(RiskReason.SUICIDAL_THOUGHTS)
    if _yes(answers, "withdrawal"):
        reasons.add(RiskReason.WITHDRAWAL)
    if _yes(answers, "naloxone"):
        reasons.discard(RiskReason.NO_NALOXONE)
    elif "naloxone" in answers and (opioid or _yes(answers, "opioid")):
        reasons.add(RiskReason.NO_NALOXONE)
    red = RiskReason.RED_FLAG in reasons
    tier = RiskTier.RED if red else RiskTier.AMBER if reasons else RiskTier.GREEN
    return Judged(tier, tuple(reason for reason in RiskReason if reason in reasons), flags)


def red_flags(answers: Mapping[str, Any]) -> tuple[RedFlag, ...]:
    """The flags that the answers raise: those said yes to, and those that a prompt leaves open.

    Thoughts of suicide are a plan until somebody has asked and heard no; signs of withdrawal are dangerous until the
    three flags that could stand behind them have been asked and denied.
    """
    found = {flag for flag in RedFlag if _yes(answers, f"{FLAG}{flag}")}
    if _yes(answers, "suicidal") and answers.get(f"{FLAG}{RedFlag.SUICIDAL}") != NO:
        found.add(RedFlag.SUICIDAL)
    if _yes(answers, "withdrawal"):
        if _yes(answers, "pregnant"):
            found.add(RedFlag.PREGNANT_WITHDRAWAL)
        if not all(answers.get(f"{FLAG}{flag}") == NO for flag in _OF_WITHDRAWAL):
            found.add(RedFlag.SUDDEN_STOP)
    return tuple(flag for flag in RedFlag if flag in found)


def _yes(answers: Mapping[str, Any], key: str) -> bool:
    return answers.get(key) == YES

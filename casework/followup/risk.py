"""How soon somebody should speak with the client, provisional, from the facts on record (clinical.md §3.3).

The first-contact checklist confirms or changes it. It is no forecast and names no dose.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.stage import Stage

ABSTINENT_DAYS = 7


class RiskTier(TextChoices):
    """Red leads to the emergency workflow; red and amber to a live contact within two hours of a physical report."""

    GREEN = "green", _("Green")
    AMBER = "amber", _("Amber")
    RED = "red", _("Red")


class RiskReason(TextChoices):
    """Why a tier was given."""

    RED_FLAG = "red_flag", _("A red flag was reported")
    HIGH_OVERDOSE_RISK = "high_overdose_risk", _("A sedative together with an opioid or alcohol")
    LOST_TOLERANCE = "lost_tolerance", _("A week or more without use before it: tolerance may be lost")
    NO_NALOXONE = "no_naloxone", _("An opioid, and no naloxone known to be at hand")
    LIVES_ALONE = "lives_alone", _("Lives alone")
    SUICIDAL_THOUGHTS = "suicidal_thoughts", _("Thoughts of suicide")
    WITHDRAWAL = "withdrawal", _("Signs of withdrawal")
    USED_ALONE = "used_alone", _("Was alone when using")
    PREGNANT = "pregnant", _("Pregnant")
    DRIVING = "driving", _("Driving, or working with machines")


@dataclass(frozen=True, kw_only=True)
class RiskFacts:
    """What is on record. None means that nobody has recorded it."""

    stage: Stage
    red_flags: Collection[str] = ()
    substance_classes: Collection[str] = ()
    days_without_use: int | None = None
    naloxone_at_hand: bool | None = None
    lives_alone: bool | None = None


def provisional(facts: RiskFacts) -> tuple[RiskTier, list[RiskReason]]:
    """The tier and every reason for it. Naloxone that nobody has recorded counts as not at hand."""
    classes = set(facts.substance_classes)
    lost = facts.stage == Stage.PHYSICAL and (facts.days_without_use or 0) >= ABSTINENT_DAYS
    reasons = {
        RiskReason.RED_FLAG: bool(facts.red_flags),
        RiskReason.HIGH_OVERDOSE_RISK: "sedative" in classes and bool(classes & {"opioid", "alcohol"}),
        RiskReason.LOST_TOLERANCE: lost,
        RiskReason.NO_NALOXONE: "opioid" in classes and not facts.naloxone_at_hand,
        RiskReason.LIVES_ALONE: bool(facts.lives_alone),
    }
    given = [reason for reason, holds in reasons.items() if holds]
    if RiskReason.RED_FLAG in given:
        return RiskTier.RED, given
    return (RiskTier.AMBER if given else RiskTier.GREEN), given


def still_at_risk(
    tier: RiskTier, reasons: Collection[str], tier_before: str, reasons_before: Collection[str]
) -> tuple[RiskTier, list[RiskReason]]:
    """The tier of a plan that takes another one's place: nothing that was known before is forgotten.

    A red tier comes back as amber: its emergency was dealt with then, or its to-do is open still.
    """
    if tier_before == RiskTier.GREEN:
        return tier, [RiskReason(one) for one in reasons]
    known = {*reasons, *reasons_before}
    return (RiskTier.AMBER if tier is RiskTier.GREEN else tier), [one for one in RiskReason if one in known]

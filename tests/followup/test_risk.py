"""The provisional tier (clinical.md §3.3), S-3 and S-4."""

import pytest

from casework.followup.risk import RiskFacts, RiskReason, RiskTier, provisional, still_at_risk
from clients.stage import Stage


@pytest.mark.parametrize(
    ("facts", "tier", "reasons"),
    [
        ({}, RiskTier.GREEN, []),
        ({"substance_classes": ["sedative"]}, RiskTier.GREEN, []),
        ({"substance_classes": ["sedative", "alcohol"]}, RiskTier.AMBER, [RiskReason.HIGH_OVERDOSE_RISK]),
        (
            {"substance_classes": ["sedative", "opioid"], "naloxone_at_hand": True},
            RiskTier.AMBER,
            [RiskReason.HIGH_OVERDOSE_RISK],
        ),
        ({"substance_classes": ["opioid"]}, RiskTier.AMBER, [RiskReason.NO_NALOXONE]),
        (
            {"substance_classes": ["opioid"], "naloxone_at_hand": False},
            RiskTier.AMBER,
            [RiskReason.NO_NALOXONE],
        ),
        ({"substance_classes": ["opioid"], "naloxone_at_hand": True}, RiskTier.GREEN, []),
        ({"lives_alone": True}, RiskTier.AMBER, [RiskReason.LIVES_ALONE]),
        ({"days_without_use": 6}, RiskTier.GREEN, []),
        ({"days_without_use": 7}, RiskTier.AMBER, [RiskReason.LOST_TOLERANCE]),
        ({"days_without_use": 90, "stage": Stage.MENTAL}, RiskTier.GREEN, []),
        ({"red_flags": ["seizure"]}, RiskTier.RED, [RiskReason.RED_FLAG]),
        (
            {"red_flags": ["seizure"], "lives_alone": True},
            RiskTier.RED,
            [RiskReason.RED_FLAG, RiskReason.LIVES_ALONE],
        ),
    ],
)
def test_the_tier_follows_from_what_is_on_record(facts, tier, reasons):
    assert provisional(RiskFacts(**{"stage": Stage.PHYSICAL, **facts})) == (tier, reasons)


ALONE, TOLERANCE, FLAG = RiskReason.LIVES_ALONE, RiskReason.LOST_TOLERANCE, RiskReason.RED_FLAG


@pytest.mark.parametrize(
    ("now_is", "before", "becomes"),
    [
        ((RiskTier.GREEN, []), (RiskTier.AMBER, [ALONE]), (RiskTier.AMBER, [ALONE])),
        ((RiskTier.GREEN, []), (RiskTier.RED, [FLAG]), (RiskTier.AMBER, [FLAG])),
        ((RiskTier.AMBER, [TOLERANCE]), (RiskTier.AMBER, [ALONE]), (RiskTier.AMBER, [TOLERANCE, ALONE])),
        ((RiskTier.RED, [FLAG]), (RiskTier.AMBER, [ALONE]), (RiskTier.RED, [FLAG, ALONE])),
        ((RiskTier.AMBER, [ALONE]), (RiskTier.AMBER, [ALONE]), (RiskTier.AMBER, [ALONE])),
        ((RiskTier.GREEN, []), (RiskTier.GREEN, []), (RiskTier.GREEN, [])),
        ((RiskTier.AMBER, [TOLERANCE]), (RiskTier.GREEN, []), (RiskTier.AMBER, [TOLERANCE])),
    ],
)
def test_a_plan_that_begins_anew_forgets_no_risk(now_is, before, becomes):
    assert still_at_risk(*now_is, *before) == becomes

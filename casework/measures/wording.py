"""What scores, bands and flags are called on the pages; a pack brings its own words along."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from casework.measures.definitions import Instrument

Word = str | Promise

SCORES: Mapping[str, Word] = {
    "total": _("Total"),
    "use": _("Use"),
    "risk": _("Risk factors"),
    "protective": _("Protective factors"),
    "cluster_b": _("Intrusion (B)"),
    "cluster_c": _("Avoidance (C)"),
    "cluster_d": _("Thoughts and mood (D)"),
    "cluster_e": _("Arousal (E)"),
    "tobacco": _("Tobacco"),
    "alcohol": _("Alcohol"),
    "cannabis": _("Cannabis"),
    "cocaine_meth": _("Cocaine or methamphetamine"),
    "heroin": _("Heroin"),
    "opioids": _("Prescription opioids"),
    "sedatives": _("Sedatives"),
    "stimulants": _("Prescription stimulants"),
}
BANDS: Mapping[str, Word] = {
    "none": _("None"),
    "minimal": _("Minimal"),
    "low": _("Low"),
    "mild": _("Mild"),
    "moderate": _("Moderate"),
    "moderately_severe": _("Moderately severe"),
    "substantial": _("Substantial"),
    "severe": _("Severe"),
    "very_severe": _("Very severe"),
    "no_use": _("No use"),
    "problem_use": _("Problem use"),
    "higher_risk": _("Higher risk"),
}
FLAGS: Mapping[tuple[str, str], Word] = {
    ("phq9", "self_harm"): _("Item 9: thoughts of death or self-harm"),
    ("phq9", "screen"): _("Screen positive (10 or more)"),
    ("phq9", "algorithm_major"): _("Symptom pattern of a major depressive episode"),
    ("phq9", "algorithm_other"): _("Symptom pattern of another depressive syndrome"),
    ("gad7", "screen"): _("Screen positive (10 or more)"),
    ("pcl5", "symptom_pattern"): _("Symptom pattern of PTSD (one B, one C, two D, two E)"),
    ("pcl5", "cut_off"): _("At or above the cut-off"),
    ("audit_c", "positive"): _("Screen positive"),
    ("audit_c", "brief_counselling"): _("5 or more: document brief counselling"),
    ("bam", "use"): _("Use of 1 or more"),
    ("bam", "risk"): _("Risk factors of 12 or more"),
    ("bam", "protective"): _("Protective factors of 12 or fewer"),
}
LIMITS: Mapping[str, Word] = {
    "bam": _(
        "There is no total: none was ever validated. Changes are shown for talking about, not as findings."
    ),
    "bam_r": _(
        "No limits and no total are known for this version. Its answers foretold neither who stayed in care for 90 "
        "days nor who died within 12 months (32,002 veterans); weekly answers by phone did foretell use in the next "
        "week."
    ),
    "taps": _(
        "A 0 or 1 for sedatives clears nobody, and 2 or more finds a disorder well for some substances only."
    ),
    "ciwa_b": _(
        "For monitoring only: not a tool for dosing. A seizure, hallucinations or confusion are an emergency, whatever "
        "the score."
    ),
}
SEX_UNKNOWN = _("The lower limit, 3, is used: no sex was recorded.")


def score_word(instrument: Instrument, key: str) -> str:
    return _own(instrument, key) or str(SCORES.get(key, key))


def band_word(instrument: Instrument, key: str) -> str:
    return _own(instrument, key) or str(BANDS.get(key, key))


def flag_word(instrument: Instrument, key: str) -> str:
    return _own(instrument, key) or str(FLAGS.get((instrument.key, key), key))


def limits_of(instrument: Instrument) -> str:
    """What the score must not be taken for."""
    return _own(instrument, instrument.limits) or str(LIMITS.get(instrument.limits, ""))


def name_of(instrument: Instrument) -> str:
    """The full name, in the reader's language where it has one."""
    return _spoken(instrument.name)


def _own(instrument: Instrument, key: str) -> str:
    return _spoken(instrument.words.get(key, {}))


def _spoken(words: Mapping[str, str]) -> str:
    return words.get((get_language() or "en").split("-")[0], words.get("en", ""))

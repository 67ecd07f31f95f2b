"""Who may record which measure."""

import re
from typing import Any

from casework.measures.definitions import Instrument

# Credentials of those who may enter what only a nurse or a prescriber may (clinical.md §2.18).
NURSES = ("RN", "LPN", "LVN", "BSN", "MSN", "NP", "APRN", "ARNP", "CNP", "FNP", "PMHNP", "DNP", "CNS")
PRESCRIBERS = ("PA", "PA-C", "MD", "DO", "MBBS", "PHARMD")
MEDICAL = frozenset(NURSES + PRESCRIBERS)


def may_enter(user: Any, instrument: Instrument) -> bool:
    """Whether the person may record this measure: some are for nurses and prescribers alone."""
    if instrument.entered_by != "medical":
        return True
    said = re.split(r"[\s,;/]+", str(getattr(user, "credential", "")).upper().replace(".", ""))
    return not MEDICAL.isdisjoint(said)

"""The starter catalogue of substances (clinical.md §3.7): catalogue.csv, loaded by a migration.

A practice edits its own copy. Street names are for search only and never leave the staff's screens.
"""

import csv
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.csv")
DEPRESSANTS = frozenset({"sedative", "alcohol"})
CONTROLLED = frozenset({"sedative", "opioid", "stimulant", "cannabis", "hallucinogen"})
MOUD = frozenset({"methadone", "buprenorphine"})


def starter_catalogue() -> list[dict[str, Any]]:
    """Field values of each entry, ready for `Substance(**row)`."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [_entry(row) for row in csv.DictReader(lines)]


def _entry(row: dict[str, str]) -> dict[str, Any]:
    return {
        **row,
        "brands": _words(row["brands"]),
        "street_names": _words(row["street_names"]),
        "is_controlled": row["klass"] in CONTROLLED,
        "counts_as_moud": row["key"] in MOUD,
        "sudden_stop_danger": row["klass"] in DEPRESSANTS,
        "tolerance_loss_danger": row["klass"] in DEPRESSANTS | {"opioid"},
        "lint_block": row["key"] != "other",
    }


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]

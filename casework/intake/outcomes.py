"""What importing one file came to."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class FileOutcome:
    """The counts of one file; or `problem`, and then nothing of the file is in the record."""

    path: Path
    created: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass
class Totals:
    """All files together."""

    files: int = 0
    broken: list[FileOutcome] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: FileOutcome) -> None:
        self.files += 1
        if outcome.problem:
            self.broken.append(outcome)
        for name in ("created", "matched", "ignored", "set_aside"):
            getattr(self, name).update(getattr(outcome, name))

"""The numbers as a page of the documentation, with what they were asked to be."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
HEAD = """# How fast the follow-up engine is

`make bench-followup` measures and writes this page. Each comparison runs its variants in turn, round by round, in one
run, and shows medians: on a machine that others use too, the ratios mean something and the rates little.

*The product* is the whole pipeline by the functions that the sweep calls: claim, the rules about permission, quiet
hours and caps, the words, the attempt committed before the call, a channel that sends nothing, the outcome
written down.
*By hand* is the same four writes (lease, attempt, message, outcome) in SQL for this table, 500 rows at a time, with
nothing between them. *Row by row* does them through the ORM. *Celery ETA* and *procrastinate* only look a message up
and mark it: one task, or one job, a message.
"""


@dataclass(frozen=True)
class Row:
    """One measured thing. `good` is None where it is only told."""

    what: str
    measured: str
    wanted: str = ""
    good: bool | None = None

    @property
    def line(self) -> str:
        verdict = "" if self.good is None else ("yes" if self.good else "**no**")
        return f"| {self.what} | {self.measured} | {self.wanted} | {verdict} |"


def write(rows: Sequence[Row], *, rounds: int, page: Path = PAGE) -> None:
    """Write the page anew."""
    load = os.getloadavg()[2]
    told = (
        f"Measured on {datetime.now(UTC):%d %B %Y at %H:%M} UTC: {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, {rounds} rounds; the machine's load over the last quarter of an hour "
        f"was {load:.1f}."
    )
    if load > (os.cpu_count() or 1) * 1.5:
        told += (
            " That is more than it has cores for, so read the ratios only, and measure again at a quiet time."
        )
    lines = ["| | measured | wanted | reached |", "|---|---|---|---|", *(row.line for row in rows)]
    page.write_text(f"{HEAD}\n{told}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")

"""What came of it: a line for each run, the table, and the score of the suite."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PAIRS = 26 * 3
OTHERS = {"eta": "one Celery ETA task a reminder", "mark": "mark, then send"}


class Kept:
    """Results in a file, one a line; the newest of a run counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.found = {self.key(row): row for row in map(json.loads, lines)}

    @staticmethod
    def key(row: dict[str, Any]) -> tuple[int, int, str, int]:
        return (row["fault"], row["seed"], row["product"], row["messages"])

    def has(self, *key: Any) -> bool:
        return key in self.found

    def add(self, row: dict[str, Any]) -> None:
        self.found[self.key(row)] = row
        with self.path.open("a") as file:
            file.write(json.dumps(row, default=str) + "\n")

    def rows(self, asked: Any) -> list[dict[str, Any]]:
        """Those asked for, in order."""
        keys = [(fault.number, seed, way, asked.messages) for fault, seed, way in asked.runs()]
        return [self.found[key] for key in keys if key in self.found]


def line(row: dict[str, Any]) -> str:
    counted = row["counted"] or {}
    numbers = ", ".join(
        f"{name} {counted.get(name, '?')}" for name in ("wanted", "sent", "lost", "doubled", "wrong")
    )
    why = "; ".join(reasons(row))
    return (
        f"fault {row['fault']} seed {row['seed']} {row['product']}: {verdict(row)} ({numbers}; {row['seconds']:.0f} s)"
        f"{' – ' + why if why else ''}"
    )


def verdict(row: dict[str, Any]) -> str:
    if row["cannot"]:
        return "could not run here"
    return "passed" if row["passed"] else "FAILED"


def reasons(row: dict[str, Any]) -> list[str]:
    """Why it did not pass."""
    broken = [what for what, ok in row["checks"] if not ok]
    counted = row["counted"] or {}
    bad = [f"{name} {counted[name]}" for name in ("untrue", "leaks") if counted.get(name)]
    says = row["notes"] if not row["passed"] else []
    return [text for text in (row["cannot"], row["error"], *broken, *bad, *says) if text]


def all_passed(rows: Iterable[dict[str, Any]]) -> bool:
    return all(row["passed"] for row in rows if row["product"] == "turnaround")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One line a fault, ours and beside it what the naive ways lose and double."""
    ours = defaultdict(list)
    others = {(row["fault"], row["product"]): row for row in rows if row["product"] != "turnaround"}
    for row in rows:
        if row["product"] == "turnaround":
            ours[row["fault"]].append(row)
    titles = ["#", "fault", "seeds", "sent", "lost", "doubled", "wrong", "verdict"]
    titles += ["ETA tasks: lost / doubled", "mark-then-send: lost / doubled"]
    head = [f"| {' | '.join(titles)} |"]
    head.append("|---|---|---|---|---|---|---|---|---|---|")
    body = [_row(number, runs, others) for number, runs in sorted(ours.items())]
    return "\n".join(["", *head, *body, "", *score(rows)])


def _row(number: int, runs: list[dict[str, Any]], others: dict[tuple[int, str], dict[str, Any]]) -> str:
    total = {
        name: sum((run["counted"] or {}).get(name, 0) for run in runs)
        for name in ("sent", "lost", "doubled", "flagged", "wrong")
    }
    doubled = f"{total['doubled']} ({total['flagged']} flagged)" if total["doubled"] else "0"
    passed = sum(run["passed"] for run in runs)
    word = "passed" if passed == len(runs) else f"{passed} of {len(runs)} passed"
    if any(run["cannot"] for run in runs):
        word = "could not run here"
    beside = [_other(others.get((number, way))) for way in OTHERS]
    cells = [
        number,
        runs[0]["name"],
        len(runs),
        total["sent"],
        total["lost"],
        doubled,
        total["wrong"],
        word,
        *beside,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _other(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    counted = row["counted"]
    return f"{counted['lost']} / {counted['doubled']}" if counted else f"– ({row['error'][:30]})"


def score(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Hard: passed pairs of 78. Soft, 0 to 100: doubles, drain time, doubts resolved, alarms in time."""
    ours = [row for row in rows if row["product"] == "turnaround"]
    counted = [row["counted"] for row in ours if row["counted"]]
    sent, doubled = (sum(one[name] for one in counted) for name in ("sent", "doubled"))
    per_10k = doubled * 10_000 / sent if sent else 0.0
    ambiguous, unresolved = (sum(one[name] for one in counted) for name in ("ambiguous", "unresolved"))
    resolved = 1 - unresolved / ambiguous if ambiguous else 1.0
    drained = [row["drained"] for row in ours if row["drained"]]
    ideal = min(drained, default=0.0)
    speed = sum(min(1.0, ideal / one) for one in drained) / len(drained) if drained else 0.0
    loud = [row for row in ours if row["must_alert"]]
    heard = (
        sum(row["alerted"] is not None and row["alerted"] <= 12 for row in loud) / len(loud) if loud else 1.0
    )
    soft = 40 * (1 - min(1, per_10k / 5)) + 30 * speed + 20 * resolved + 10 * heard
    hard = sum(row["passed"] for row in ours)
    return [
        f"Hard: H = {hard} of {len(ours)} played ({PAIRS} in a full run: 26 faults, 3 seeds).",
        f"Soft: {soft:.0f} of 100. Doubled {per_10k:.1f} in 10,000; drain {speed:.2f} of the quickest.",
        f"{resolved:.0%} of {ambiguous} doubts resolved by themselves; {heard:.0%} of {len(loud)} alarms in time.",
    ]

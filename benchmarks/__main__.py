"""Measures the follow-up engine beside other ways: `python -m benchmarks [--sizes 10k 1M 5M] [--rounds 7]`."""

import argparse
import statistics
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.table import Row, write

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "5M": 5_000_000}
SLOW = 1_000  # rows a round for what takes a row at a time
PARTS = ("drain", "others", "report", "snapshot", "idle", "redis", "burst")


def main() -> int:
    """Measure what is asked for and write the page; 1 where a part could not be measured."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--sizes", nargs="+", default=["10k", "1M", "5M"], choices=list(SIZES))
    reader.add_argument("--rounds", type=int, default=7)
    reader.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    reader.add_argument("--page", type=Path)
    asked = reader.parse_args()
    found = Found()
    with servers.running() as both:
        from benchmarks import world

        practice = world.begin(servers.admin(both))
        for size in sorted(asked.sizes, key=SIZES.__getitem__):
            say(f"Loading {size} messages …")
            world.grow(practice, SIZES[size])
            for name, part in _at_size(practice, size, asked.rounds).items():
                if name in asked.parts:
                    found.measure(f"{name}, {size} messages", part)
        for name, part in _once(practice, both).items():
            if name in asked.parts:
                found.measure(name, part)
    for row in found.rows:
        say(row.line)
    write(found.rows, rounds=asked.rounds, **({"page": asked.page} if asked.page else {}))
    return 1 if found.failed else 0


Part = Callable[[], list[Row]]


@dataclass
class Found:
    """What was measured, and what could not be."""

    rows: list[Row] = field(default_factory=list)
    failed: bool = False

    def measure(self, name: str, part: Part) -> None:
        """A part that fails is named in its place, and the others are measured all the same."""
        try:
            self.rows += part()
        except Exception as error:  # noqa: BLE001 whatever it was, it is told
            traceback.print_exc()
            self.failed = True
            told = " ".join(str(error).split())[:120]
            self.rows.append(Row(name, f"could not be measured: {type(error).__name__} {told}", good=False))


def say(words: str) -> None:
    print(words, flush=True)


def _at_size(practice: Any, size: str, rounds: int) -> dict[str, Part]:
    """What is measured anew at each size of the table; beside other queues only at the smallest."""
    parts: dict[str, Part] = {"drain": lambda: _drain(practice, size, rounds)}
    if size == "10k":
        parts["others"] = lambda: _beside_others(practice, rounds)
    return parts


def _drain(practice: Any, size: str, rounds: int) -> list[Row]:
    from benchmarks import variants

    rates = in_turn(practice, rounds, {"product": variants.ours, "by hand": variants.by_hand})
    ratio = rates["product"] / rates["by hand"]
    told = f"{rates['product']:,.0f} to {rates['by hand']:,.0f} rows/s: **{ratio:.2f}**"
    return [Row(f"The product to the four writes by hand, {size} messages", told, "≥ 0.7", ratio >= 0.7)]


def in_turn(practice: Any, rounds: int, ways: dict[str, Callable[[Any], None]]) -> dict[str, float]:
    """Medians of rows a second; the order changes from round to round."""
    from benchmarks import variants, world

    rates: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            due = world.make_due(practice)
            variants.fresh_connection()
            rates[name].append(variants.timed(ways[name], practice, due))
            say(f"  round {number + 1}: {name}, {rates[name][-1]:,.0f} rows/s")
    return {name: statistics.median(of) for name, of in rates.items()}


def _beside_others(practice: Any, rounds: int) -> list[Row]:
    """In every round the product first, then each of the others."""
    from benchmarks import celery_eta, procrastinate_way, variants, world

    def row_by_row(number: int) -> float:
        return variants.timed(variants.one_by_one, practice, number)

    ways: dict[str, Callable[[int], float | None]] = {
        "row by row (ORM)": row_by_row,
        "Celery ETA": celery_eta.drain,
        "procrastinate": procrastinate_way.drain,
    }
    ratios: dict[str, list[float]] = defaultdict(list)
    rates: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        due = world.make_due(practice)
        variants.fresh_connection()
        product = variants.timed(variants.ours, practice, due)
        for name, way in ways.items():
            rate = way(world.make_due(practice, number=SLOW))
            if rate:
                rates[name].append(rate)
                ratios[name].append(product / rate)
                say(f"  round {number + 1}: {name}, {rate:,.0f} rows/s, the product {product:,.0f}")
    rows = []
    for name, wanted in (("row by row (ORM)", None), ("Celery ETA", 12), ("procrastinate", 20)):
        if not ratios[name]:
            rows.append(Row(f"The product to {name}", "not installed", f"≥ {wanted}", good=False))
            continue
        ratio = statistics.median(ratios[name])
        told = f"{statistics.median(rates[name]):,.0f} rows/s there: **{ratio:.0f} ×**"
        rows.append(
            Row(f"The product to {name}", told, f"≥ {wanted} ×" if wanted else "", wanted and ratio >= wanted)
        )
    return rows


def _once(practice: Any, both: Any) -> dict[str, Part]:
    """What does not depend on the size of the table.

    Reports end plans whose messages the burst drains. Redis comes last: nothing comes after it has gone.
    """
    return {
        "snapshot": lambda: _snapshot(practice),
        "idle": lambda: _lateness(practice, both, "Lateness at rest", number=200, most=2),
        "burst": lambda: _burst(practice, both),
        "report": lambda: _report(practice),
        "redis": lambda: _lateness(
            practice, both, "Lateness with Redis off", number=100, most=12, redis_off=True
        ),
    }


def _snapshot(practice: Any) -> list[Row]:
    from benchmarks import snapshot

    usual, held = snapshot.rates(practice)
    told = f"{held:,.0f} to {usual:,.0f} rows/s: **{held / usual:.2f}**"
    what = "With a transaction open while every row churns, to without"
    return [Row(what, told, "≥ 0.7", held / usual >= 0.7)]


def _report(practice: Any) -> list[Row]:
    from benchmarks import reporting

    found = reporting.compare(practice, number=min(60, practice.clients // 4))
    ratio, statements = found["ours ms"] / found["hand ms"], found["statements"]
    told = f"{found['ours ms']:.1f} to {found['hand ms']:.1f} ms: **{ratio:.1f} ×**"
    return [
        Row("Reporting a relapse, statements", f"{statements:.0f}", "≤ 15", statements <= 15),
        Row("Reporting a relapse, to one transaction by hand", told, "≤ 2 ×", ratio <= 2),
    ]


def _lateness(
    practice: Any, both: Any, what: str, *, number: int, most: float, redis_off: bool = False
) -> list[Row]:
    from benchmarks import lateness

    found = lateness.one_at_a_time(practice, both.base, number=number, redis=both if redis_off else None)
    told = f"p50 {found['p50']:.2f} s, p99 **{found['p99']:.2f} s**"
    return [Row(what, told, f"p99 ≤ {most:.0f} s", found["p99"] <= most)]


def _burst(practice: Any, both: Any) -> list[Row]:
    """Its lateness is held against the rate at which one process drains, measured right before it."""
    from benchmarks import lateness, variants, world

    rate = in_turn(practice, 3, {"product": variants.ours})["product"]
    found = lateness.burst(practice, both.base, number=min(practice.rows, world.BURST))
    whole = found["number"] / rate
    web = found["web p95 burst"] / found["web p95 idle"]
    number = f"{found['number']:,.0f} due in one second"
    return [
        Row(
            f"{number}: lateness",
            f"p50 {found['p50']:.0f} s, p99 **{found['p99']:.0f} s**, {found['rate']:,.0f} rows/s "
            f"({rate:,.0f} by one process alone)",
            f"p99 ≤ 1.1 × backlog ÷ rate of one process = {1.1 * whole:.0f} s",
            found["p99"] <= 1.1 * whole,
        ),
        Row(
            f"{number}: high risk first",
            f"99 of 100 urgent after {found['p99 high risk']:.0f} s, the first usual ones after "
            f"{found['p01 usual']:.0f} s",
            "urgent before usual",
            found["p99 high risk"] <= found["p01 usual"] + 5,
        ),
        Row(
            f"{number}: the counselor's page, p95",
            f"{found['web p95 burst'] * 1000:.0f} to {found['web p95 idle'] * 1000:.0f} ms at rest: **{web:.1f} ×**",
            "≤ 3 ×",
            web <= 3,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())

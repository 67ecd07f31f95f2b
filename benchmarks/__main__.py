"""Measures the follow-up engine beside other ways: `python -m benchmarks [--sizes 10k 1M 5M] [--rounds 7]`."""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.table import Row, write

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "5M": 5_000_000}
SLOW = 1_000  # rows a round for what takes a row at a time
PARTS = ("drain", "others", "report", "snapshot", "idle", "redis", "burst")


def main() -> None:
    """Measure what is asked for and write the page."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--sizes", nargs="+", default=["10k", "1M", "5M"], choices=list(SIZES))
    reader.add_argument("--rounds", type=int, default=7)
    reader.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    reader.add_argument("--page", type=Path)
    asked = reader.parse_args()
    rows: list[Row] = []
    with servers.running() as both:
        from benchmarks import world

        practice = world.begin(servers.admin(both))
        for size in sorted(asked.sizes, key=SIZES.__getitem__):
            say(f"Loading {size} messages …")
            world.grow(practice, SIZES[size])
            rows += _at_size(practice, size, asked.rounds, asked.parts)
        rows += _once(practice, both, asked)
    for row in rows:
        say(row.line)
    write(rows, rounds=asked.rounds, **({"page": asked.page} if asked.page else {}))


def say(words: str) -> None:
    print(words, flush=True)


def _at_size(practice: Any, size: str, rounds: int, parts: list[str]) -> list[Row]:
    from benchmarks import variants

    rows = []
    if "drain" in parts:
        rates = in_turn(practice, rounds, {"product": variants.ours, "by hand": variants.by_hand})
        ratio = rates["product"] / rates["by hand"]
        told = f"{rates['product']:,.0f} to {rates['by hand']:,.0f} rows/s: **{ratio:.2f}**"
        rows.append(
            Row(f"The product to the four writes by hand, {size} messages", told, "≥ 0.7", ratio >= 0.7)
        )
    if "others" in parts and size == "10k":
        rows += _beside_others(practice, rounds)
    return rows


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


def _once(practice: Any, both: Any, asked: Any) -> list[Row]:
    """What does not depend on the size of the table."""
    from benchmarks import lateness, reporting, snapshot, world

    folder, rows, parts = both.base, [], asked.parts
    if "snapshot" in parts:
        usual, held = snapshot.rates(practice)
        told = f"{held:,.0f} to {usual:,.0f} rows/s: **{held / usual:.2f}**"
        rows.append(
            Row(
                "With a transaction open while every row churns, to without",
                told,
                "≥ 0.7",
                held / usual >= 0.7,
            )
        )
    if "report" in parts:
        found = reporting.compare(practice, number=min(60, practice.clients // 4))
        ratio = found["ours ms"] / found["hand ms"]
        told = f"{found['ours ms']:.1f} to {found['hand ms']:.1f} ms: **{ratio:.1f} ×**"
        rows.append(
            Row(
                "Reporting a relapse, statements",
                f"{found['statements']:.0f}",
                "≤ 15",
                found["statements"] <= 15,
            )
        )
        rows.append(Row("Reporting a relapse, to one transaction by hand", told, "≤ 2 ×", ratio <= 2))
    if "idle" in parts:
        found = lateness.one_at_a_time(practice, folder, number=200)
        told = f"p50 {found['p50']:.2f} s, p99 **{found['p99']:.2f} s**"
        rows.append(Row("Lateness at rest", told, "p99 ≤ 2 s", found["p99"] <= 2))
    if "burst" in parts:
        rows += _burst(lateness.burst(practice, folder, number=min(practice.rows, world.BURST)))
    if "redis" in parts:  # the last: nothing comes after Redis has gone
        found = lateness.one_at_a_time(practice, folder, number=100, redis=both)
        told = f"p50 {found['p50']:.2f} s, p99 **{found['p99']:.2f} s**"
        rows.append(Row("Lateness with Redis off", told, "p99 ≤ 12 s", found["p99"] <= 12))
    return rows


def _burst(found: dict[str, float]) -> list[Row]:
    whole = found["number"] / found["rate"]
    web = found["web p95 burst"] / found["web p95 idle"]
    number = f"{found['number']:,.0f} due in one second"
    return [
        Row(
            f"{number}: lateness",
            f"p50 {found['p50']:.0f} s, p99 **{found['p99']:.0f} s** at {found['rate']:,.0f} rows/s",
            f"p99 ≤ 1.1 × backlog ÷ rate = {1.1 * whole:.0f} s",
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
    main()

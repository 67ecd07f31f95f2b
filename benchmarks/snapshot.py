"""What a transaction that stays open for half an hour does to the drain: rows churn under its snapshot instead."""

import statistics

import psycopg

from benchmarks import variants
from benchmarks.world import World, make_due

CHURNS = 4


def rates(world: World) -> tuple[float, float]:
    """Rows a second as usual, and with a snapshot open under which every row has been drained several times."""
    usual = [variants.timed(variants.ours, world, make_due(world)) for _round in range(3)]
    with psycopg.connect(world.admin) as sleeper:
        sleeper.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        sleeper.execute("SELECT count(*) FROM followup_heartbeat")
        for _round in range(CHURNS):
            variants.timed(variants.ours, world, make_due(world))  # vacuum may take nothing away
        held = [variants.timed(variants.ours, world, make_due(world)) for _round in range(3)]
    make_due(world)
    return statistics.median(usual), statistics.median(held)

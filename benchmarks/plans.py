"""The plans of every hot query at a million messages: none may read a big table as a whole.

`make bench-plans`. The statements are those that the product's own functions send; each is explained as it was sent.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks import servers

BIG = 50_000  # rows, from which on a table is not to be read as a whole


def used(run: Callable[[], Any]) -> list[str]:
    """The statements that a function sends."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        run()
    return [one["sql"] for one in captured if one["sql"].lstrip().startswith(("SELECT", "WITH", "UPDATE"))]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def read_as_a_whole(sql: str, big: set[str]) -> list[str]:
    """The big tables that PostgreSQL would read from end to end for this statement."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.cursor.execute(b"EXPLAIN (FORMAT JSON) " + sql.encode())
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return [one["Relation Name"] for one in nodes(plan) if "Seq Scan" in one["Node Type"] and
            one.get("Relation Name") in big]  # fmt: skip


def big_tables() -> set[str]:
    """By what ANALYZE counted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [BIG])
        return {row[0] for row in cursor.fetchall()}


def hot() -> dict[str, Callable[[], Any]]:
    """What runs all day, by name. The drain has something of each priority to take."""
    from casework.followup import dead_man, delivery, outlook, queries
    from casework.staff.models import User

    now = datetime.now(UTC)
    counselor = User.objects.filter(role="counselor").order_by("pk")[0]

    def page(show: str) -> None:
        rows = outlook.narrowed(counselor, outlook.Wanted(), now)
        list(outlook.listed(rows, outlook.Wanted(show=show), now)[:50])
        outlook.numbers(rows, now)

    return {
        "the drain": delivery.deliver_due,
        "the dead-man switch": dead_man.vitals,
        "the inbox": lambda: list(queries.answers(counselor, at=now)[:50]),
        "unread answers": lambda: queries.unread(counselor, at=now),
        **{f"the list: {key}": lambda key=key: page(key) for key in outlook.BY_KEY},
    }


def check() -> list[tuple[str, str, list[str]]]:
    """What was explained: of whom, the statement, and the big tables that it reads as a whole."""
    big = big_tables()
    return [
        (name, sql, read_as_a_whole(sql, big))
        for name, run in hot().items()
        for sql in dict.fromkeys(used(run))
    ]


def main(rows: int = 1_000_000) -> int:
    """Print one line a statement; 1 where one of them reads a big table as a whole."""
    with servers.running() as both:
        from benchmarks import world

        practice = world.begin(servers.admin(both))
        print(f"Loading {rows:,} messages …", flush=True)
        world.grow(practice, rows)
        world.make_due(practice, number=1000)
        explained = check()
    bad = [one for one in explained if one[2]]
    for name, sql, whole in explained:
        print(
            f"{'WHOLE ' + ', '.join(whole) if whole else 'ok':<30} {name:<20} {' '.join(sql.split())[:110]}"
        )
    print(f"{len(explained)} statements, {len(bad)} of them read a table of {BIG:,} rows or more as a whole")
    return 1 if bad or not explained else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))

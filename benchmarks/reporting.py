"""Reporting a relapse beside one transaction that does the same by hand.

By hand: the client's row is locked, what the plan depends on is read in one statement, and the same rows are written
by the same inserts and updates, their values bound as the product binds them, on a connection that is warm. What is
left out is everything that decides what these values are.
"""

import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks.world import World
from casework.followup import actions
from casework.followup.models import FollowUpPlan
from casework.staff.models import User

COUNTED = ("relapse_relapsereport", "followup_followupplan", "followup_message", "followup_todo")
WRITES = ("INSERT", "UPDATE")
FACTS = "SELECT ARRAY(SELECT unnest(red_flags)"  # how the plan's one read begins
LOCK = "SELECT id FROM clients_client WHERE id = %s FOR UPDATE"


@dataclass
class Written:
    """One report as statements with their values, and from where the sequences counted when it was written."""

    statements: list[tuple[str, Any]]
    counted_from: dict[str, int]


def compare(world: World, *, number: int) -> dict[str, float]:
    """Medians in milliseconds, and the statements of a report. Every report is of another client."""
    by = User.objects.filter(role="counselor").order_by("pk")[0]
    connection.set_autocommit(True)
    first = world.clients - 2 * number
    _end_running_plans(world, first)
    hand: list[float] = []
    ours: list[float] = []
    counts = []
    with psycopg.connect(world.admin, autocommit=True, cursor_factory=psycopg.ClientCursor) as line:
        for place in range(number):
            written, count = _as_statements(first + place, by)
            counts.append(count)
            hand.append(_by_hand(line, written))
            ours.append(_by_product(first + number + place, by))
    skip = number // 5  # the first ones warm caches
    return {
        "statements": max(counts),
        "hand ms": statistics.median(hand[skip:]) * 1000,
        "ours ms": statistics.median(ours[skip:]) * 1000,
    }


def _end_running_plans(world: World, first: int) -> None:
    """Of the last clients only: the messages of all the others are still to be drained."""
    with psycopg.connect(world.admin, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE followup_followupplan SET state = 'completed', closed_at = now() WHERE client_id >= %s",
            [first],
        )


def _report(client: int, by: Any) -> None:
    actions.report_relapse(
        client_id=client, stage="physical", source="self_session", by=by, now=datetime.now(UTC)
    )


def _as_statements(client: int, by: Any) -> tuple[Written, int]:
    """What a report would write; it is taken back at once."""
    with connection.cursor() as cursor:
        counted = {}
        for table in COUNTED:
            cursor.execute("SELECT last_value FROM " + table + "_id_seq")
            counted[table] = cursor.fetchone()[0]
    said: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        said.append((sql.strip(), values))
        return execute(sql, values, many, context)

    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured, connection.execute_wrapper(note):
            _report(client, by)
        transaction.set_rollback(True)
    counts = [one for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    done = [one for one in said if one[0].startswith((*WRITES, FACTS))]
    return Written([(LOCK, [client]), *done], counted), len(counts)


def _by_hand(line: psycopg.Connection[Any], written: Written) -> float:
    for table, last in written.counted_from.items():
        line.execute("SELECT setval(%s, %s)", [f"{table}_id_seq", last])
    began = time.perf_counter()
    with line.transaction(), line.cursor() as cursor:
        for sql, values in written.statements:
            cursor.execute(sql.encode(), values)
    return time.perf_counter() - began


def _by_product(client: int, by: Any) -> float:
    began = time.perf_counter()
    _report(client, by)
    seconds = time.perf_counter() - began
    assert FollowUpPlan.objects.running().filter(client=client).exists()
    return seconds

"""Filling a database with a practice of any size: team by team, each one a chunk that is loaded whole or not at all.

A chunk's rows and the mark that it is done are written in one transaction, so a run that is stopped goes on where it
stopped, and one that is repeated adds nothing. Every row is a function of the seed and its own number.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import psycopg
from django.db.models import Model

from benchmarks.copying import lines, load

SEED = 20260311
MARKS = """
CREATE TABLE IF NOT EXISTS benchmark_made (seed bigint NOT NULL, at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS benchmark_done (team integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
"""


@dataclass(frozen=True)
class Table:
    """Rows alike but for what `vary` says of a column by the row's number. `only`: which numbers there are at all."""

    template: Model
    each: int  # rows of a team
    vary: Mapping[str, Callable[[int], str]]
    only: Callable[[int], bool] | None = None

    def numbers(self, team: int) -> Iterable[int]:
        """The numbers of a team's rows; teams and rows count from 1."""
        found = range((team - 1) * self.each + 1, team * self.each + 1)
        return filter(self.only, found) if self.only else found

    @property
    def name(self) -> str:
        return self.template._meta.db_table


def drawn(what: str, number: int, seed: int = SEED) -> int:
    """A number of 64 bits, the same in every run, that tells nothing about its neighbours."""
    return int.from_bytes(blake2b(f"{seed} {what} {number}".encode(), digest_size=8).digest(), "big")


def named(what: str) -> Callable[[int], str]:
    """The address of a row by its number, the same in every run."""

    def uid(number: int) -> str:
        return blake2b(f"{SEED} {what} {number}".encode(), digest_size=16).hexdigest()

    return uid


def made_at(admin: psycopg.Connection[Any], now: datetime | None = None) -> datetime:
    """The moment that all rows count from: of the first run, whenever the later ones take place.

    Raises ValueError where the database was filled from another seed.
    """
    with admin.transaction():
        for statement in MARKS.strip().splitlines():
            admin.execute(statement.encode())
        found = admin.execute("SELECT seed, at FROM benchmark_made").fetchone()
        if found is None:
            at = now or _late_on_a_thursday(datetime.now(UTC))
            admin.execute("INSERT INTO benchmark_made VALUES (%s, %s)", [SEED, at])
            return at
    if found[0] != SEED:
        raise ValueError(f"This database was filled from the seed {found[0]}, not {SEED}: remove it first.")
    made: datetime = found[1]
    return made.astimezone(UTC)


def _late_on_a_thursday(now: datetime) -> datetime:
    """The last one: most of that week's sessions are held, some are still to come."""
    day = (now - timedelta(days=(now.weekday() - 3) % 7)).replace(hour=21, minute=30, second=0, microsecond=0)
    return day if day <= now else day - timedelta(weeks=1)


def fill(
    admin: psycopg.Connection[Any],
    tables: list[Table],
    teams: int,
    *,
    say: Callable[[str], None] = print,
    tidy: bool = True,
) -> int:
    """Load the teams that are not there yet. Returns how many that were; `tidy`: gather statistics in the end."""
    (fast,) = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() or [
        False
    ]
    done = {row[0] for row in admin.execute("SELECT team FROM benchmark_done")}
    left = [team for team in range(1, teams + 1) if team not in done]
    for team in _told(left, teams, say):
        with admin.transaction():
            if fast:  # the rows agree with each other by construction; constraints hold all the same
                admin.execute("SET LOCAL session_replication_role = replica")
            for table in tables:
                load(admin, table.template, lines(table.template, dict(table.vary), table.numbers(team)))
            admin.execute("INSERT INTO benchmark_done (team) VALUES (%s)", [team])
    if left:
        _count_on(admin, tables)
    if left and tidy:
        say("Gathering statistics …")
        admin.execute("VACUUM ANALYZE")
    return len(left)


def _told(left: list[int], teams: int, say: Callable[[str], None]) -> Iterator[int]:
    """Tell now and then how far it is."""
    began = said = time.monotonic()
    for place, team in enumerate(left):
        yield team
        now = time.monotonic()
        if now - said >= 10 or place + 1 == len(left):
            said, rest = now, (now - began) / (place + 1) * (len(left) - place - 1)
            say(f"  team {teams - len(left) + place + 1:,} of {teams:,}, about {rest:.0f} s left")


def _count_on(admin: psycopg.Connection[Any], tables: list[Table]) -> None:
    """Let the sequences go on behind what was loaded."""
    for table in {one.name: one for one in tables}.values():
        key = table.template._meta.pk
        if key is not None and key.get_internal_type() == "BigAutoField":
            last = f"(SELECT max(id) FROM {table.name})"
            admin.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), {last} + 1)".encode(), [table.name]
            )

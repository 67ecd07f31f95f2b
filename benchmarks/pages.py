"""How quick the counselor's pages are with ten thousand notes and with a million: `make bench-pages`.

Two practices stand side by side on one server and are filled by `benchmarks.caseload`; filling goes on where it was
stopped. Rounds alternate between the two, each with many counselors, clients and weeks. The run writes
docs/speed-pages.md.
"""

import argparse
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import servers
from benchmarks.table import Row
from casework.local import postgres

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "bench-pages"
PAGE = ROOT / "docs" / "speed-pages.md"
FEW, MANY = 1_000, 100_000  # clients; each has ten sessions with a signed note, and more to come
MOST_QUERIES, MOST_GROWTH = 12, 1.5
BEFORE = datetime(2000, 1, 1, tzinfo=UTC)  # it is filled
PEOPLE = 20  # counselors who take turns
HEAD = """# How fast the pages are

`make bench-pages` measures and writes this page. Two practices stand side by side on one PostgreSQL (fsync on), filled
from the same seed: every counselor has fifty clients and ten sessions a day in both. A request goes through the whole
of the program (middleware, permission, audit row, template) by twenty counselors in turn, each time another client,
week or word. Rounds alternate between the two practices; p95 is the median of the rounds' own. On a machine that
others use too, read the ratios.
"""


def main() -> int:
    """Fill, measure, write the page; 1 where a page is slower or asks more than it may."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--folder", type=Path, default=FOLDER)
    reader.add_argument("--clients", type=int, nargs=2, default=[FEW, MANY], metavar=("FEW", "MANY"))
    reader.add_argument("--rounds", type=int, default=7)
    reader.add_argument("--requests", type=int, default=60, help="of each page in a round")
    reader.add_argument("--page", type=Path, default=PAGE)
    reader.add_argument("--fill-only", action="store_true")
    asked = reader.parse_args()
    with servers.kept(asked.folder) as both:
        few, many = (Practice(both, clients) for clients in asked.clients)
        for one in (few, many):
            one.fill()
        if asked.fill_only:
            return 0
        rows = compare(few, many, rounds=asked.rounds, requests=asked.requests)
        write(asked.page, rows, few=few, many=many, rounds=asked.rounds)
    return 0 if all(row.good for row in rows) else 1


@dataclass
class Practice:
    """A database with a practice of so many clients."""

    both: Any
    clients: int
    at: datetime = BEFORE
    line: Any = None
    browsers: list[tuple[Any, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"pages_{self.clients}"

    def fill(self) -> None:
        """Make the database, migrate it, and load what is not there yet."""
        from django.core.management import call_command

        from benchmarks import caseload, filling

        with psycopg.connect(self.both.postgres.url(postgres.ADMIN, "postgres"), autocommit=True) as admin:
            if not admin.execute("SELECT FROM pg_database WHERE datname = %s", [self.name]).rowcount:
                admin.execute(f"CREATE DATABASE {self.name} OWNER {postgres.OWNER}".encode())
        with self.chosen():
            call_command("migrate", verbosity=0)
            caseload.begin()
        with psycopg.connect(self.both.postgres.url(postgres.ADMIN, self.name), autocommit=True) as admin:
            self.at = filling.made_at(admin)
            print(f"A practice of {self.clients:,} clients …", flush=True)
            shape = caseload.Shape()
            with self.chosen():
                filling.fill(admin, caseload.tables(self.at, shape), shape.teams_for(self.clients))

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Have the program use this database."""
        from django.db import DEFAULT_DB_ALIAS, connections

        if self.line is None:
            self.line = connections.create_connection(DEFAULT_DB_ALIAS)
            self.line.settings_dict = {**self.line.settings_dict, "NAME": self.name}
        before = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = self.line
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = before

    def sign_in(self) -> None:
        """Some counselors from all over the practice, each with a browser."""
        from django.test import Client as Browser

        from casework.staff.models import User

        people = list(User.objects.filter(role="counselor").order_by("pk"))
        for user in people[:: max(1, len(people) // PEOPLE)][:PEOPLE]:
            browser = Browser(SERVER_NAME="localhost")
            browser.force_login(user)
            self.browsers.append((user, browser))


def a_week(practice: Practice, user: Any) -> str:
    day = practice.at + random.choice((-2, -1, 0, 1)) * timedelta(weeks=1)
    return f"/calendar/?view=week&day={day:%Y-%m-%d}"


def a_client(practice: Practice, user: Any) -> str:
    from clients.models import Client

    return f"/clients/{random.choice(Client.objects.visible_to(user, at=practice.at)).uid}/"


def a_note(practice: Practice, user: Any) -> str:
    """One that is to be written: the session was held this week."""
    from sessions.models import Session

    held = Session.objects.filter(counselor=user, state="attended", note=None)
    return f"/sessions/{random.choice(held).uid}/"


def a_search(practice: Practice, user: Any) -> str:
    from benchmarks import caseload

    return f"/search/?q={random.choice(caseload.GIVEN + caseload.FAMILY)}"


ADDRESSES: dict[str, Callable[[Practice, Any], str]] = {
    "Calendar week": a_week,
    "Client page": a_client,
    "Note editor": a_note,
    "Search": a_search,
}


@dataclass
class Measured:
    """What a page took in one practice: p95 and median of each round in milliseconds, and its queries."""

    p95: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)


def compare(few: Practice, many: Practice, *, rounds: int, requests: int) -> list[Row]:
    """Every page in both practices, in turn."""
    import time_machine

    random.seed(20260311)
    found = {(name, one.clients): Measured() for name in ADDRESSES for one in (few, many)}
    with time_machine.travel(many.at, tick=True):
        for one in (few, many):
            with one.chosen():
                one.sign_in()
                for name in ADDRESSES:
                    found[name, one.clients].queries |= _queries(one, name)
        for number in range(rounds):
            for name in ADDRESSES:
                for one in (few, many)[:: 1 if number % 2 else -1]:
                    with one.chosen():
                        _round(one, name, requests, found[name, one.clients])
            print(f"  round {number + 1} of {rounds}", flush=True)
    rows = []
    for name in ADDRESSES:
        rows += _judged(name, found[name, few.clients], found[name, many.clients])
    return rows


def _queries(practice: Practice, name: str, pages: int = 10) -> set[int]:
    """How many queries pages of this sort ask; the first pages warm what a process keeps."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = []
    for user, browser in practice.browsers[:pages] * 2:
        address = ADDRESSES[name](practice, user)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200, address
        counted.append(len(captured))
    return set(counted[pages:])


def _round(practice: Practice, name: str, requests: int, found: Measured) -> None:
    times = []
    for place in range(requests + 5):
        user, browser = practice.browsers[place % len(practice.browsers)]
        address = ADDRESSES[name](practice, user)
        began = time.perf_counter()
        answer = browser.get(address)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, address
    times = times[5:]  # the first after a change of database are cold
    found.p95.append(statistics.quantiles(times, n=20)[-1])
    found.p50.append(statistics.median(times))


def _judged(name: str, few: Measured, many: Measured) -> list[Row]:
    slow, quick = statistics.median(many.p95), statistics.median(few.p95)
    usual = f"p50 {statistics.median(few.p50):.0f} and {statistics.median(many.p50):.0f} ms"
    told = f"p95 {quick:.0f} to {slow:.0f} ms: **{slow / quick:.2f} ×** ({usual})"
    most, least = max(many.queries), max(few.queries)
    asked = f"{least} and {most}" if least != most else f"{most}"
    return [
        Row(f"{name}, p95 to that with few", told, f"≤ {MOST_GROWTH} ×", slow / quick <= MOST_GROWTH),
        Row(
            f"{name}, queries",
            asked,
            f"≤ {MOST_QUERIES}, no more with many",
            most <= MOST_QUERIES and most <= least,
        ),
    ]


def write(page: Path, rows: list[Row], *, few: Practice, many: Practice, rounds: int) -> None:
    """The page, with what it was measured on."""
    from benchmarks import caseload

    load = os.getloadavg()[2]
    sizes = " · ".join(
        f"{number:,} {what} beside {least:,}"
        for (what, number), (_what, least) in zip(
            caseload.counts(caseload.Shape(), many.clients),
            caseload.counts(caseload.Shape(), few.clients),
            strict=True,
        )
    )
    told = (
        f"Measured on {datetime.now(UTC):%d %B %Y at %H:%M} UTC: {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, {rounds} rounds; load over the last quarter of an hour {load:.1f}.\n\n{sizes}."
    )
    lines = ["| | measured | wanted | reached |", "|---|---|---|---|", *(row.line for row in rows)]
    page.write_text(f"{HEAD}\n{told}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for row in rows:
        print(row.line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

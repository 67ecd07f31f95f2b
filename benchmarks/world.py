"""A practice with as many messages as one asks for: clients, their plans, what was sent, and what is due now."""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db.models import Max

from benchmarks.copying import lines, load, text
from casework.followup.models import Attempt, FollowUpPlan, Message
from casework.relapse.models import RelapseReport
from casework.staff.models import User
from clients.models import (
    CareTeamMember,
    Client,
    ClientSummary,
    ContactPoint,
    Permission,
    Practice,
    Site,
    Team,
    TeamMembership,
)

SEED = 20260311
COUNSELORS = 200
MOST_CLIENTS = 100_000
MOST_DUE = 20_000  # what a variant drains in a round
BURST = 100_000  # due in one second, of as many clients
DAY = timedelta(days=1)


@dataclass
class World:
    """What was loaded, and how to load more of it."""

    admin: str
    now: datetime
    zone: str
    clients: int = 0
    rows: int = 0

    @property
    def due(self) -> int:
        return min(self.rows, MOST_DUE)


def begin(admin: str) -> World:
    """The practice and its people. It is noon where the clients live, whenever this runs."""
    now = datetime.now(UTC)
    hours = 12 - now.hour  # Etc/GMT-3 lies three hours east
    zone = f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
    practice = Practice.objects.create(
        name="Oak Street Practice", sender_alias="Oak Street", phone="555-010-0199", time_zone=zone
    )
    site = Site.objects.create(practice=practice, name="Main")
    teams = [Team.objects.create(site=site, name=f"Team {number}") for number in range(20)]
    for number in range(COUNSELORS):
        user = User.objects.create(
            email=f"c{number}@example.org",
            full_name=f"Dana{number} Reyes",
            role="counselor",
            credential="LADC",
        )
        TeamMembership.objects.create(team=teams[number % 20], user=user, from_on=now.date() - 400 * DAY)
    return World(admin, now, zone)


def any_uuid(_number: int) -> str:
    """The next of the seeded ones."""
    return uuid.UUID(int=random.getrandbits(128)).hex


@contextmanager
def _loading(world: World) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(world.admin) as admin:
        admin.execute(
            "SET session_replication_role = replica"
        )  # the rows agree with each other by construction
        yield admin


def add_clients(world: World, wanted: int) -> None:
    """More clients, each with a phone, the permission to text, a counselor, and a plan that runs."""
    first = world.clients + 1
    numbers = range(first, wanted + 1)
    if not numbers:
        return
    before = world.now - 300 * DAY
    teams = list(Team.objects.order_by("pk").values_list("pk", flat=True))
    people = list(User.objects.filter(role="counselor").order_by("pk").values_list("pk", flat=True))
    own = {"id": str, "uid": any_uuid}
    one = Client(
        given_name="Alex", family_name="Moreno", time_zone=world.zone, team_id=teams[0], registered_at=before
    )
    report = RelapseReport(
        client_id=1, stage="physical", reported_at=before, recorded_at=before, source="self_call"
    )
    plan = FollowUpPlan(
        client_id=1,
        report_id=1,
        stage="physical",
        risk_tier="green",
        reported_at=before,
        starts_at=before,
        started_on=before.date(),
        tz=world.zone,
        template_version=1,
    )
    phone = ContactPoint(client_id=1, kind="mobile", state="verified")
    for template, vary in (
        (one, own | {"record_number": lambda n: f"T-{n}", "team_id": lambda n: str(teams[n % len(teams)])}),
        (ClientSummary(client_id=1), {"client_id": str}),
        (
            phone,
            own
            | {
                "client_id": str,
                "value": lambda n: f"602-555-{n:07d}",
                "normalized": lambda n: f"+1602{n:07d}",
            },
        ),
        (Permission(client_id=1, channel="text", granted_at=before), own | {"client_id": str}),
        (
            CareTeamMember(client_id=1, user_id=people[0], role="primary", starts_at=before),
            own | {"client_id": str, "user_id": lambda n: str(people[n % len(people)])},
        ),
        (report, own | {"client_id": str}),
        (plan, own | {"client_id": str, "report_id": str}),
    ):
        with _loading(world) as admin:
            load(admin, template, lines(template, vary, numbers))
    world.clients = wanted
    _count_on(world)


def grow(world: World, rows: int) -> None:
    """Bring the table of messages to so many rows: first those that will be due, then the years behind and ahead."""
    random.seed(SEED + rows)
    add_clients(world, min(rows, MOST_CLIENTS))
    _add_due(world, min(rows, BURST) - world.rows)
    with _without_indexes(world):
        _add_history(world, rows - world.rows)
    world.rows = rows
    _count_on(world)
    with psycopg.connect(world.admin, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE")
        admin.execute("CHECKPOINT")


def _message(world: World, **fields: Any) -> Message:
    return Message(
        client_id=1,
        plan_id=1,
        kind="plan",
        template_key="checkin.1",
        local_date=world.now.date(),
        local_time=world.now.time(),
        tz=world.zone,
        due_at=world.now,
        **fields,
    )


def _add_due(world: World, number: int) -> None:
    """One message a client, left out until `make_due` says when."""
    if number <= 0:
        return
    row = _message(world, status="skipped")
    first = world.rows + 1
    vary = {
        "id": str,
        "uid": any_uuid,
        "client_id": str,
        "plan_id": str,
        "step_key": lambda _n: "PHY-D02-MSG",
        "dedupe_key": lambda n: f"plan:{n}:PHY-D02-MSG",
        "priority": lambda n: "20" if n % 10 == 0 else "50",
    }
    with _loading(world) as admin:
        load(admin, row, lines(row, vary, range(first, first + number)))
    world.rows += number


def _add_history(world: World, number: int) -> None:
    """Nine in ten were delivered, every third day back in time; the rest is planned for days to come."""
    if number <= 0:
        return
    first, clients, now = world.rows + 1, world.clients, world.now

    def nth(n: int) -> int:
        return n // clients + 1

    def stamp(n: int) -> str:
        at = now + nth(n) * DAY if n % 10 == 9 else now - 3 * nth(n) * DAY
        return at.isoformat()

    common = {
        "id": str,
        "uid": any_uuid,
        "client_id": lambda n: str(n % clients + 1),
        "plan_id": lambda n: str(n % clients + 1),
        "step_key": lambda n: f"H{n}",
        "dedupe_key": lambda n: f"history:{n}",
        "due_at": stamp,
    }
    body = text(Message._meta.get_field("body"), "Hi Alex, Dana at Oak Street checking in. Reply 1 if OK.")
    sent = _message(world, status="delivered", sent_at=now, delivered_at=now, reason_code="delivered")
    planned = _message(world, status="planned")
    numbers = range(first, first + number)
    with _loading(world) as admin:
        gone = common | {"sent_at": stamp, "delivered_at": stamp, "body": lambda _n: body}
        load(admin, sent, lines(sent, gone, (n for n in numbers if n % 10 != 9)))
        load(admin, planned, lines(planned, common, (n for n in numbers if n % 10 == 9)))
        attempt = Attempt(
            message_id=1, n=1, fence=1, channel="sms", provider="nowhere", recipient="+16020000001",
            started_at=now, settled_at=now, outcome="accepted", provider_status="delivered",
        )  # fmt: skip
        vary = {
            "id": any_uuid,
            "message_id": str,
            "provider_id": lambda n: f"H{n}",
        }
        load(admin, attempt, lines(attempt, vary, (n for n in numbers if n % 10 != 9)))
    world.rows += number


@contextmanager
def _without_indexes(world: World) -> Iterator[None]:
    """Take the plain indexes of the two big tables away while much is loaded, and make them again."""
    found = """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index AS i
         WHERE i.indrelid IN ('followup_message'::regclass, 'followup_attempt'::regclass)
           AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
    """
    with psycopg.connect(world.admin, autocommit=True) as admin:
        indexes = admin.execute(found).fetchall()
        for name, _definition in indexes:
            admin.execute(f"DROP INDEX {name}")
        try:
            yield
        finally:
            for _name, definition in indexes:
                admin.execute(definition)


def _count_on(world: World) -> None:
    """Let the sequences go on behind what was loaded."""
    with psycopg.connect(world.admin) as admin:
        for model in (Client, ContactPoint, Permission, CareTeamMember, RelapseReport, FollowUpPlan, Message):
            last = model.objects.aggregate(last=Max("pk"))["last"] or 0
            table = model._meta.db_table
            admin.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last + 1])


def make_due(world: World, *, age: float = 60.0, number: int | None = None, vacuum: bool = True) -> int:
    """Have the first `number` wait again, due `age` seconds ago, and clean up behind the round before."""
    number = number or world.due
    with psycopg.connect(world.admin, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM followup_attempt WHERE message_id <= %s", [BURST])
        admin.execute(RESET, {"due": number, "all": min(world.rows, BURST), "age": age, "zone": world.zone})
        if vacuum:
            admin.execute("VACUUM followup_message, followup_attempt")
            admin.execute("CHECKPOINT")
    return number


RESET = """
UPDATE followup_message
   SET status = CASE WHEN id <= %(due)s THEN 'planned' ELSE 'skipped' END,
       due_at = now() - make_interval(secs => %(age)s), attempts_made = 0, fence = 0, attempt_id = NULL,
       local_date = ((now() - make_interval(secs => %(age)s)) AT TIME ZONE %(zone)s)::date,
       local_time = ((now() - make_interval(secs => %(age)s)) AT TIME ZONE %(zone)s)::time,
       lease_owner = '', lease_until = NULL, reason_code = '', reason_params = '{}', sent_at = NULL,
       delivered_at = NULL, closed_at = NULL, recalled = '', recall_reason = '', possible_duplicate = false
 WHERE id <= %(all)s AND (id <= %(due)s OR status <> 'skipped')
"""

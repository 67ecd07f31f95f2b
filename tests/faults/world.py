"""The people and messages of one fault: who must get what, and who must get nothing. Seeded."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from casework.followup.models import Message, Priority
from clients.models import (
    CareTeamMember,
    Client,
    ClientSummary,
    ContactPoint,
    Permission,
    Practice,
    Site,
)
from tests import factories
from tests.factories import LONG_AGO

Kind = Message.Kind
CONSONANTS, VOWELS = "bdfgklmnprtvz", "aeiou"
NO_ONE = ("opted out", "at night", "cancelled", "not due", "bad number")


def database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at


def zone_at(hour: int, at: datetime) -> str:
    """A zone where it is about that hour now."""
    offset = (hour - at.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-offset:+d}" if offset else "UTC"


@dataclass(frozen=True)
class Wanted:
    """One message that must reach one phone; an empty body is any text of ours."""

    message_id: int
    phone: str
    body: str
    due_at: datetime
    priority: int = Priority.USUAL


@dataclass
class World:
    """Everybody whom one fault concerns."""

    number: int
    seed: int
    rng: random.Random
    team: Any = None
    dana: Any = None
    wanted: list[Wanted] = field(default_factory=list)
    forbidden: dict[str, str] = field(default_factory=dict)  # phone → why nothing may reach it
    clients: list[Client] = field(default_factory=list)
    made: int = 0
    sink: Callable[[list[Wanted]], None] | None = None  # a naive way keeps its messages elsewhere

    @property
    def token(self) -> str:
        """What every first name begins with: found anywhere it should not be, it is a leak."""
        letters = [(CONSONANTS, VOWELS)[place % 2] for place in range(4)]
        chosen = random.Random(f"{self.number}-{self.seed}")
        return "Xw" + "".join(chosen.choice(each) for each in letters)

    @property
    def phones(self) -> str:
        """What every phone number begins with."""
        return f"+1{200 + self.number}{500 + self.seed % 400}"

    def found(self) -> None:
        """The practice, a team, and Dana."""
        practice = Practice.objects.first() or factories.PracticeFactory()
        site = Site.objects.first() or factories.SiteFactory(practice=practice)
        which = f"{self.number}-{self.seed}"
        self.team = factories.TeamFactory(site=site, name=f"Team {which}")
        self.dana = factories.counselor("Dana Reyes", team=self.team, email=f"dana-{which}@example.org")

    def name(self, number: int) -> str:
        return self.token + "".join(
            (CONSONANTS, VOWELS)[place % 2][number // 5**place % 5] for place in range(5)
        )

    def people(self, number: int, *, hour: int = 14, channels: Sequence[str] = ("text",)) -> list[Client]:
        """Clients of Dana, each with a phone and permission, where it is about `hour` now."""
        zone = zone_at(hour, database_clock())
        first = self.made
        self.made += number
        clients = [
            Client(
                record_number=f"F{self.number}-{self.seed % 100}-{place}",
                given_name=self.name(place),
                family_name="Moreno",
                team=self.team,
                registered_at=LONG_AGO,
                time_zone=zone,
            )
            for place in range(first, first + number)
        ]
        clients = Client.objects.bulk_create(clients)
        ClientSummary.objects.bulk_create([ClientSummary(client=client) for client in clients])
        CareTeamMember.objects.bulk_create(
            [
                CareTeamMember(client=client, user=self.dana, role="primary", starts_at=LONG_AGO)
                for client in clients
            ]
        )
        ContactPoint.objects.bulk_create(
            [self._point(client, place) for place, client in enumerate(clients, first)]
        )
        Permission.objects.bulk_create(
            [
                Permission(client=client, channel=channel, granted_at=LONG_AGO)
                for client in clients
                for channel in channels
            ]
        )
        self.clients += clients
        return clients

    def _point(self, client: Client, place: int) -> ContactPoint:
        number = f"{self.phones}{place:04d}"
        client.phone = number  # type: ignore[attr-defined]
        return ContactPoint(client=client, kind="mobile", value=number, normalized=number, state="verified")

    # --- messages ---------------------------------------------------------------------------------------------------

    def message(self, client: Client, *, due_at: datetime, body: str = "", **fields: Any) -> Message:
        """A message not yet saved. Without words it is an automated check-in, bound to hours and caps."""
        kind = (
            {"kind": Kind.MANUAL, "body": body}
            if body
            else {"kind": Kind.REMINDER, "template_key": "checkin.1"}
        )
        return Message(
            **{
                "client": client,
                **kind,
                "local_date": due_at.date(),
                "local_time": due_at.time(),
                "tz": "UTC",
                "due_at": due_at,
                "dedupe_key": f"fault:{self.number}:{self.seed}:{self.rng.getrandbits(64)}",
                **fields,
            }
        )

    def write(
        self, number: int, *, spread: float = 0.0, delay: float = 0.0, strangers: bool = True
    ) -> list[Wanted]:
        """`number` messages that must arrive, due within `spread` seconds from `delay` seconds on; some that must not.

        A fifth are automated, a tenth urgent, a twentieth come in pairs with the same words to the same phone.
        """
        begin = database_clock() + timedelta(seconds=delay)
        pairs = max(1, number // 40)
        clients = self.people(number - pairs)
        drafts = [self._draft(client, place, begin, spread) for place, client in enumerate(clients)]
        twins = [draft for draft in drafts if draft.kind == Kind.MANUAL][:pairs]
        drafts += [
            self.message(twin.client, due_at=twin.due_at, body=twin.body, priority=twin.priority)
            for twin in twins
        ]
        written = self.save(drafts)
        if strangers and not self.sink:
            self.write_forbidden(max(5, number // 20), at=begin)
        return written

    def _draft(self, client: Client, place: int, begin: datetime, spread: float) -> Message:
        due_at = begin + timedelta(seconds=self.rng.uniform(0, spread))
        priority = Priority.HIGH if self.rng.random() < 0.1 else Priority.USUAL
        body = "" if place % 5 == 0 else f"Hi {client.given_name}, see you soon. Dana ({place})"
        return self.message(client, due_at=due_at, body=body, priority=priority)

    def write_mail(self, number: int, *, spread: float = 0.0) -> list[Wanted]:
        """Messages to clients who prefer e-mail and agreed to nothing else."""
        begin = database_clock()
        clients = self.people(number, channels=("email",))
        Client.objects.filter(pk__in=[client.pk for client in clients]).update(preferred_channel="email")
        for client in clients:
            client.phone = f"{client.given_name.lower()}@example.org"  # type: ignore[attr-defined]
        ContactPoint.objects.bulk_create(
            [
                ContactPoint(
                    client=client, kind="email", value=client.phone, normalized=client.phone, position=2
                )  # type: ignore[attr-defined]
                for client in clients
            ]
        )
        return self.save(
            [
                self.message(
                    client,
                    due_at=begin + timedelta(seconds=self.rng.uniform(0, spread)),
                    body=f"Hi {client.given_name}, see you soon. Dana",
                )
                for client in clients
            ]
        )

    def save(self, drafts: list[Message]) -> list[Wanted]:
        """Write them, and want them to arrive."""
        saved = drafts if self.sink else Message.objects.bulk_create(drafts, batch_size=2000)
        written = [
            Wanted(one.pk or 0, one.client.phone, one.body, one.due_at, one.priority)  # type: ignore[attr-defined]
            for one in saved
        ]
        self.wanted += written
        if self.sink:
            self.sink(written)
        return written

    def write_forbidden(self, number: int, *, at: datetime) -> None:
        """Messages that are due and must not leave, a few for every reason."""
        awake = [client for client in self.people(number) if client]
        asleep = self.people(max(1, number // 5), hour=2)
        why = {client.pk: NO_ONE[place % len(NO_ONE)] for place, client in enumerate(awake)}
        why |= {client.pk: "at night" for client in asleep}
        drafts = []
        for client in [*awake, *asleep]:
            reason = why[client.pk]
            if reason == "at night" and client in awake:
                reason = "opted out"
            self.forbidden[client.phone] = reason  # type: ignore[attr-defined]
            fields: dict[str, Any] = {"due_at": at, "body": f"Hi {client.given_name}, not for you."}
            if reason == "at night":
                fields["body"] = ""
            if reason == "not due":
                fields["due_at"] = at + timedelta(hours=3)
            if reason == "cancelled":
                fields |= {"status": Message.Status.CANCELLED, "closed_at": at}
            drafts.append(self.message(client, **fields))
            if reason == "opted out":
                Permission.objects.filter(client=client).update(withdrawn_at=at, withdrawn_how="staff")
            if reason == "bad number":
                ContactPoint.objects.filter(client=client).update(state="bad")
        Message.objects.bulk_create(drafts)

    def expected(self) -> Counter[tuple[str, str]]:
        """How many of which words each phone must get."""
        return Counter((one.phone, one.body) for one in self.wanted)

    def zone_of(self, client: Client) -> ZoneInfo:
        return ZoneInfo(client.time_zone)

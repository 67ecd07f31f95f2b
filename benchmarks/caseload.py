"""What a practice of many teams holds: a team is ten counselors, their supervisor, and fifty clients for each.

Every counselor has ten sessions on each working day, so a week looks the same in a practice of any size. `Shape` says
how much there is of everything for a client; it is of a kind with what real practices have, or what a test asks for.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from benchmarks.copying import text
from benchmarks.filling import Table, drawn, named
from casework.followup.models import ContactAttempt, InboundMessage, Message, ToDo
from casework.measures.models import MeasureResult, Scoring
from casework.relapse.models import StageAssessment
from casework.staff.models import User
from clients.models import (
    CareTeamMember,
    Client,
    ClientSummary,
    ContactPoint,
    EpisodeOfCare,
    Permission,
    Practice,
    Site,
    Team,
    TeamMembership,
)
from sessions.integrity import content_hash
from sessions.models import Note, Session, Signature

ZONE = "America/New_York"
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LASTS = timedelta(minutes=50)


def _listed(words: str) -> list[str]:
    return words.split()


GIVEN = _listed(
    "Alex Amir Ana Aisha Ben Bella Carlos Chloe Daniel Diana Elena Ethan Fatima Felix Gabriel Grace Hana Hugo Ines "
    "Isaac Jada Jonas Kai Kira Lena Luis Maria Mateo Mei Milo Nadia Noah Olga Omar Paula Pedro Quinn Rosa Ravi Sara "
    "Simon Tara Tomas Uma Victor Vera Wes Ximena Yusuf Zoe"
)
FAMILY = [
    head + tail
    for head in _listed(
        "Al Bar Cor Dal Es Fer Gar Har Is Jor Kel Lor Mor Nor Or Pal Quin Ros San Tor Ur Val Yor Zam"
    )
    for tail in _listed("ano berg ada enko field gado hill ira land mann nez ova quist rell son ton")
]
SAID = (
    "Spoke about the week and about sleep.",
    "Went through the plan for Saturday evening together.",
    "Names two people to call before the urge grows.",
    "Work is steady; the commute passes the old bar.",
    "Practised refusing a drink, and laughed about it.",
    "Feels tired in the afternoons and skips lunch.",
    "The sister visits on Sunday, which helps.",
    "Craving comes after payday; moved the payment to the rent.",
    "Attended two meetings and stayed for the coffee.",
    "Progress towards the goal of thirty days is on track.",
    "Warning signs: late nights, not answering the phone.",
    "Next time: look at the list of reasons again.",
)


@dataclass(frozen=True)
class Shape:
    """How large a team is, and how many of each a client has."""

    counselors: int = 10
    caseload: int = 50  # at most: the hours of a week
    past: int = 10  # weeks with a session held and its note signed
    ahead: int = 2  # this week's session and those planned after it
    messages: int = 8
    answers: int = 2
    contacts: int = 2
    todos: int = 4
    assessments: int = 4
    measures: int = 4

    @property
    def sessions(self) -> int:
        return self.past + self.ahead

    @property
    def team(self) -> int:
        """The clients of a team."""
        return self.counselors * self.caseload

    @property
    def people(self) -> int:
        """With the supervisor, who comes first."""
        return self.counselors + 1

    def teams_for(self, clients: int) -> int:
        """The teams that so many clients need."""
        return -(-clients // self.team)


def begin() -> None:
    """The practice itself."""
    if not Practice.objects.exists():
        practice = Practice.objects.create(
            name="Oak Street Practice", sender_alias="Oak Street", phone="555-010-0199", time_zone=ZONE
        )
        Site.objects.create(practice=practice, name="Main")


@dataclass(frozen=True)
class Caseload:
    """Who is whose, and when they meet, by numbers alone: clients, teams, people and rows count from 1."""

    at: datetime
    shape: Shape

    def monday(self) -> datetime:
        """Midnight at the beginning of this week, as the practice's clock has it."""
        here = self.at.astimezone(ZoneInfo(ZONE)).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        return here - here.weekday() * DAY

    def counselor(self, client: int) -> int:
        place, shape = (client - 1) // self.shape.caseload, self.shape
        return place // shape.counselors * shape.people + place % shape.counselors + 2

    def of(self, row: int, each: int) -> int:
        """The client of a row where each has so many."""
        return (row - 1) // each + 1

    def starts(self, row: int) -> datetime:
        """When a session begins: a client has one hour of the week, and no two of a counselor's the same."""
        client, week = self.of(row, self.shape.sessions), (row - 1) % self.shape.sessions
        slot = (client - 1) % self.shape.caseload
        on = self.monday() + (week - self.shape.past) * WEEK + (slot % 5) * DAY
        return (on + timedelta(hours=8 + slot // 5)).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def was_held(self, row: int) -> bool:
        return self.starts(row) + LASTS <= self.at

    def signed(self, row: int) -> bool:
        """Whether the session has a signed note. This week's are still to be written."""
        return (row - 1) % self.shape.sessions < self.shape.past


def tables(at: datetime, shape: Shape) -> list[Table]:
    """Everything, in an order in which nothing refers to what comes later."""
    cases = Caseload(at, shape)
    return [
        *_people(cases),
        *_clients(cases),
        *_sessions(cases),
        *_notes(cases),
        *_followed(cases),
        *_assessed(cases),
    ]


def _name(client: int) -> tuple[str, str]:
    luck = drawn("name", client)
    return GIVEN[luck % len(GIVEN)], FAMILY[luck // 1000 % len(FAMILY)]


def _keyed(what: str, **vary: Callable[[int], str]) -> dict[str, Callable[[int], str]]:
    return {"id": str, "uid": named(what), **vary}


def _people(cases: Caseload) -> list[Table]:
    since, people = cases.at - 500 * DAY, cases.shape.people

    def team(row: int) -> str:
        return str((row - 1) // people + 1)

    def first(row: int) -> bool:
        return (row - 1) % people == 0

    user = User(email="", full_name="", role="counselor", credential="LADC", joined_at=since, password="!")
    place = TeamMembership(team_id=1, user_id=1, from_on=since.date())
    return [
        Table(
            Team(site=Site.objects.order_by("pk")[0], name=""), 1, _keyed("team", name=lambda n: f"Team {n}")
        ),
        Table(
            user,
            people,
            _keyed(
                "user",
                email=lambda n: f"p{n}@example.org",
                full_name=lambda n: " ".join(_name(-n)),
                role=lambda n: "supervisor" if first(n) else "counselor",
            ),
        ),
        Table(
            place,
            people,
            {
                "id": str,
                "team_id": team,
                "user_id": str,
                "is_supervisor": lambda n: "t" if first(n) else "f",
            },
        ),
    ]


def _clients(cases: Caseload) -> list[Table]:
    since = cases.at - 300 * DAY

    def team(client: int) -> str:
        return str((client - 1) // cases.shape.team + 1)

    def counselor(client: int) -> str:
        return str(cases.counselor(client))

    one = Client(given_name="", family_name="", time_zone=ZONE, team_id=1, registered_at=since)
    held = _instant(
        ClientSummary,
        "last_session_at",
        lambda n: cases.starts((n - 1) * cases.shape.sessions + cases.shape.past),
    )
    summary = ClientSummary(
        client_id=1,
        stage="emotional",
        stage_since=since,
        last_assessed_at=cases.at - WEEK,
        sessions_attended=cases.shape.past,
        last_contact_at=cases.at - WEEK,
        open_todos=1,
        assigned_at=since,
        first_admitted_on=since.date(),
    )
    return [
        Table(
            one,
            cases.shape.team,
            _keyed(
                "client",
                record_number=lambda n: f"T-{n}",
                team_id=team,
                given_name=lambda n: _name(n)[0],
                family_name=lambda n: _name(n)[1],
            ),
        ),
        Table(summary, cases.shape.team, {"client_id": str, "last_session_at": held}),
        Table(
            ContactPoint(client_id=1, kind="mobile", state="verified"),
            cases.shape.team,
            _keyed(
                "phone",
                client_id=str,
                value=lambda n: f"602-55{n // 10000 % 100:02d}-{n % 10000:04d}",
                normalized=lambda n: f"+1602{n:07d}",
            ),
        ),
        Table(
            Permission(client_id=1, channel="text", granted_at=since),
            cases.shape.team,
            _keyed("permission", client_id=str),
        ),
        Table(
            CareTeamMember(client_id=1, user_id=1, role="primary", starts_at=since),
            cases.shape.team,
            _keyed("place", client_id=str, user_id=counselor),
        ),
        Table(
            EpisodeOfCare(client_id=1, admitted_on=since.date()),
            cases.shape.team,
            _keyed("episode", client_id=str),
        ),
    ]


def _instant(model: Any, field: str, when: Callable[[int], datetime]) -> Callable[[int], str]:
    column = model._meta.get_field(field)
    return lambda row: text(column, when(row))


def _sessions(cases: Caseload) -> list[Table]:
    each = cases.shape.sessions
    held = Session(
        client_id=1, counselor_id=1, state="attended", starts_at=cases.at, ends_at=cases.at, started_at=cases.at,
        ended_at=cases.at, closed_at=cases.at, scheduled_at=cases.at - 200 * DAY,
    )  # fmt: skip
    planned = Session(
        client_id=1, counselor_id=1, starts_at=cases.at, ends_at=cases.at, scheduled_at=cases.at - DAY
    )

    def begins(row: int) -> str:
        return cases.starts(row).isoformat()

    def ends(row: int) -> str:
        return (cases.starts(row) + LASTS).isoformat()

    who = _keyed(
        "session",
        client_id=lambda n: str(cases.of(n, each)),
        counselor_id=lambda n: str(cases.counselor(cases.of(n, each))),
        starts_at=begins,
        ends_at=ends,
    )
    over = {"started_at": begins, "ended_at": ends, "closed_at": ends}
    return [
        Table(held, cases.shape.team * each, who | over, cases.was_held),
        Table(planned, cases.shape.team * each, who, lambda row: not cases.was_held(row)),
    ]


def words(what: str, number: int, sentences: int) -> str:
    """Some of the sentences, the same ones in every run."""
    luck = drawn(what, number)
    return " ".join(SAID[(luck >> (4 * place)) % len(SAID)] for place in range(sentences))


def _notes(cases: Caseload) -> list[Table]:
    """Signed notes whose hash is that of their content, and which open with the keys in use."""
    each = cases.shape.sessions
    varied = _listed(
        "client session stands_for author begun_at saved_at began_at ended_at signed_at signed_by signer_name content"
        " content_hash"
    )
    columns = {field.attname: field for field in map(Note._meta.get_field, varied)}
    writer = Writer(cases)

    @lru_cache(maxsize=cases.shape.team * each)
    def texts(row: int) -> dict[str, str]:
        note = writer.note(row)
        return {name: text(field, getattr(note, name)) for name, field in columns.items()}

    def column(name: str) -> Callable[[int], str]:
        return lambda row: texts(row)[name]

    vary = {name: column(name) for name in columns}
    signature = Signature(
        note_id=1,
        meaning="author",
        version=1,
        signer_id=1,
        signer_name="",
        credential="LADC",
        signed_at=cases.at,
    )
    signed = {"note_id": str, "signer_id": vary["signed_by_id"]} | {
        name: vary[name] for name in ("signer_name", "content_hash", "signed_at")
    }
    return [
        Table(writer.note(1), cases.shape.team * each, _keyed("note", **vary), cases.signed),
        Table(signature, cases.shape.team * each, _keyed("signature", **signed), cases.signed),
    ]


class Writer:
    """Writes one note after the other on the same sheet: making the objects anew took most of the time."""

    def __init__(self, cases: Caseload) -> None:
        self.cases = cases
        self.author, self.client = User(credential="LADC"), Client()
        self.session = Session(client=self.client, counselor=self.author)
        self.sheet = Note(
            session=self.session, stands_for=self.session, client=self.client, author=self.author, format="dap",
            signed_by=self.author, credential="LADC", service_type="individual", state="final",
        )  # fmt: skip

    def note(self, row: int) -> Note:
        """The sheet with the note of a session, signed an hour after it."""
        note, session = self.sheet, self.session
        client, begins = self.cases.of(row, self.cases.shape.sessions), self.cases.starts(row)
        counselor = self.cases.counselor(client)
        self.author.pk, self.client.pk, session.pk = counselor, client, row
        self.client.uid, session.uid = UUID(named("client")(client)), UUID(named("session")(row))
        note.author = note.signed_by = self.author
        note.client, note.session, note.stands_for = self.client, session, session
        session.started_at = note.began_at = begins
        session.ended_at = note.ended_at = note.begun_at = begins + LASTS
        note.uid, note.signer_name = UUID(named("note")(row)), " ".join(_name(-counselor))
        note.saved_at = note.signed_at = note.ended_at + timedelta(hours=1)
        note.sections = {
            "data": words("data", row, 5),
            "assessment": words("assessment", row, 4),
            "plan": words("plan", row, 3),
            "risk": "none",
        }
        note.content_hash = content_hash(note.signed_content())
        return note


def _rows(cases: Caseload, what: str, each: int, template: Any, **vary: Callable[[int], str]) -> list[Table]:
    """So many rows a client, or none."""
    if not each:
        return []
    keys = {"id": str} | ({"uid": named(what)} if hasattr(template, "uid") else {})
    return [
        Table(
            template, cases.shape.team * each, keys | {"client_id": lambda n: str(cases.of(n, each))} | vary
        )
    ]


def _earlier(cases: Caseload, each: int, apart: timedelta) -> Callable[[int], str]:
    """The newest a little before now, the others behind it."""
    return lambda row: (cases.at - timedelta(hours=3) - (row - 1) % max(each, 1) * apart).isoformat()


def _followed(cases: Caseload) -> list[Table]:
    shape, at = cases.shape, cases.at
    sent_at, heard_at = _earlier(cases, shape.messages, 5 * DAY), _earlier(cases, shape.answers, 9 * DAY)
    reached_at, done_at = _earlier(cases, shape.contacts, 8 * DAY), _earlier(cases, shape.todos, 6 * DAY)
    message = Message(
        client_id=1, kind="manual", template_key="", local_date=at.date(), local_time=at.time(), tz=ZONE,
        due_at=at, sent_at=at, delivered_at=at, status="delivered",
    )  # fmt: skip
    body = text(Message._meta.get_field("body"), "Hi Alex, Dana at Oak Street checking in. Reply 1 if OK.")
    heard = InboundMessage(
        client_id=1, provider="nowhere", channel="sms", from_normalized="+16020000001", received_at=at, body="1",
        kind="checkin", read_at=at,
    )  # fmt: skip
    todo = ToDo(client_id=1, kind="call", title="Call", due_at=at, opened_at=at - 90 * DAY)

    def owner(each: int) -> Callable[[int], str]:
        return lambda row: str(cases.counselor(cases.of(row, each)))

    def is_open(row: int) -> bool:
        return (row - 1) % shape.todos == 0

    return [
        *_rows(
            cases, "message", shape.messages, message, due_at=sent_at, sent_at=sent_at, delivered_at=sent_at,
            body=lambda _row: body, dedupe_key=lambda row: f"benchmark:{row}",
        ),
        *_rows(cases, "heard", shape.answers, heard, received_at=heard_at, read_at=heard_at,
               read_by_id=owner(shape.answers), provider_id=lambda row: f"B{row}"),
        *_rows(cases, "contact", shape.contacts,
               ContactAttempt(client_id=1, at=at, recorded_at=at, channel="phone", outcome="reached"), at=reached_at,
               by_id=owner(shape.contacts)),
        *_rows(cases, "todo", shape.todos, todo, owner_id=owner(shape.todos),
               state=lambda row: "open" if is_open(row) else "done",
               due_at=lambda row: (at + 5 * DAY).isoformat() if is_open(row) else done_at(row),
               done_at=lambda row: "\\N" if is_open(row) else done_at(row),
               done_by_id=lambda row: "\\N" if is_open(row) else owner(shape.todos)(row)),
    ]  # fmt: skip


def _assessed(cases: Caseload) -> list[Table]:
    shape, at = cases.shape, cases.at
    assessed_at, taken_at = (
        _earlier(cases, shape.assessments, 20 * DAY),
        _earlier(cases, shape.measures, 28 * DAY),
    )
    assessment = StageAssessment(
        client_id=1, assessed_at=at, suggested_stage="emotional", counselor_stage="emotional", completeness=1,
        rule_fired="E", state="final", saved_at=at, finalised_at=at, catalogue_version=1,
    )  # fmt: skip
    answers = [_answers(score) for score in range(28)]
    result = MeasureResult(
        client_id=1, measure="phq9", version="1999", language="en", respondent="counselor", mode="interview",
        taken_at=at, recorded_at=at, answers="",
    )  # fmt: skip
    scoring = Scoring(result_id=1, rules=1, scored_at=at, scores={}, bands={})

    def score(row: int) -> int:
        return drawn("score", row) % 25

    def assessor(row: int) -> str:
        return str(cases.counselor(cases.of(row, shape.assessments)))

    scorings = [
        Table(
            scoring,
            cases.shape.team * shape.measures,
            {
                "id": str,
                "result_id": str,
                "scored_at": taken_at,
                "scores": lambda row: json.dumps({"total": score(row)}),
                "bands": lambda _row: json.dumps({"total": "moderate"}),
            },
        )
    ]
    return [
        *_rows(cases, "assessment", shape.assessments, assessment, assessed_at=assessed_at, saved_at=assessed_at,
               finalised_at=assessed_at, assessor_id=assessor),
        *_rows(cases, "measure", shape.measures, result, taken_at=taken_at, recorded_at=taken_at,
               answers=lambda row: answers[score(row)]),
        *(scorings if shape.measures else []),
    ]  # fmt: skip


def _answers(total: int) -> str:
    """Nine answers of the PHQ-9 that come to a total, sealed; whoever scores alike shares them."""
    items = {str(item): min(3, max(0, total - 3 * (item - 1))) for item in range(1, 10)}
    return text(MeasureResult._meta.get_field("answers"), json.dumps({"items": items}))


def counts(shape: Shape, clients: int) -> Sequence[tuple[str, int]]:
    """What a practice of so many clients has, in words."""
    number = shape.teams_for(clients) * shape.team
    return [
        ("clients", number),
        ("sessions", number * shape.sessions),
        ("signed notes", number * shape.past),
        ("messages", number * shape.messages),
        ("measures", number * shape.measures),
    ]

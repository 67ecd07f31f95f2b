"""Months of sessions and their notes, written in bulk: the same rows and audit entries that the acts would leave."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from casework.intake.demo import roster
from casework.intake.demo.diary import LENGTH, today_starts
from casework.intake.demo.registration import Case
from casework.intake.demo.timeline import Meeting
from casework.intake.demo.trail import Trail
from casework.intake.demo.words import NoteWriter
from clients.stage import Stage
from sessions import headers
from sessions.actions.notes import NOTE_SAVED
from sessions.actions.signing import NOTE_SIGNED
from sessions.integrity import content_hash
from sessions.models import Note, Room, Series, Session, Signature
from sessions.models.session import State
from sessions.recurrence import Rule, span

SESSION_SCHEDULED, SESSION_CLOSED = "session.scheduled", "session.closed"
SERIES_PLANNED = "series.planned"
SERIES_LASTS = timedelta(weeks=7)
MODALITIES = ("in_person", "video", "phone")
GONE = (roster.NEVER_SEEN, roster.DECEASED, roster.DISCHARGED, roster.SILENT)


@dataclass
class Encounters:
    """Collects the sessions and notes of everybody, and saves them at once."""

    now: datetime
    home: ZoneInfo
    rng: random.Random
    rooms: Mapping[int, Room] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    written: list[tuple[Session, dict[str, str], datetime | None]] = field(default_factory=list)
    writers: dict[int, NoteWriter] = field(default_factory=dict)

    def past(self, case: Case, meetings: list[Meeting]) -> dict[Meeting, Session]:
        """The sessions before today: most were attended and have a note. Gives those that were."""
        held: dict[Meeting, Session] = {}
        for meeting in meetings:
            session = self._plan(case, case.place.on(meeting.on, self.home))
            self._close(session, self._outcome(meeting))
            if session.state == State.ATTENDED:
                held[meeting] = session
                self._write(case, session, meeting.stage, signed_at=self._signed_at(session))
        if case.course.story.kind == roster.SILENT:
            self._missed(case)
        return held

    def _outcome(self, meeting: Meeting) -> State:
        """Whoever is assessed was there."""
        if meeting.assessed:
            return State.ATTENDED
        return self.rng.choices((State.ATTENDED, State.NO_SHOW, State.LATE_CANCEL), (80, 13, 7))[0]

    def _missed(self, case: Case) -> None:
        """Nobody came, twice."""
        today = self.now.astimezone(self.home).date()
        for back in range(3, 14):
            day = today - timedelta(days=back)
            if day.weekday() == case.place.weekday:
                self._close(self._plan(case, case.place.on(day, self.home)), State.NO_SHOW)

    def _plan(self, case: Case, starts_at: datetime) -> Session:
        session = Session(
            client=case.client,
            counselor=case.counselor,
            modality=self.rng.choices(MODALITIES, (7, 2, 1))[0],
            starts_at=starts_at,
            ends_at=starts_at + LENGTH,
            scheduled_at=max(case.began_at, min(starts_at, self.now) - timedelta(days=7, hours=1)),
            scheduled_by=case.counselor,
        )
        if session.modality == Session.Modality.IN_PERSON:
            session.room = self.rooms.get(case.counselor.pk)
        self.sessions.append(session)
        return session

    def _close(self, session: Session, outcome: State) -> None:
        session.state, session.closed_by = outcome, session.counselor
        session.closed_at = session.ends_at + timedelta(minutes=8)
        if outcome == State.ATTENDED:
            session.started_at = session.starts_at + timedelta(minutes=self.rng.randint(0, 5))
            session.ended_at = session.started_at + LENGTH
        elif outcome == State.LATE_CANCEL:
            session.closed_at = session.starts_at - timedelta(hours=self.rng.randint(2, 20))
            session.cancelled_for = Session.CancelledBy.CLIENT

    def _signed_at(self, session: Session) -> datetime | None:
        """Within a day of the session as a rule; some of the latest still wait for their signature."""
        age = self.now - session.ends_at
        waiting = age < timedelta(days=2) and self.rng.random() < 0.5
        overdue = age < timedelta(days=12) and self.rng.random() < 0.06
        signed = session.ends_at + timedelta(minutes=self.rng.choice((25, 40, 90, 200, 1000)))
        return None if waiting or overdue or signed >= self.now else signed

    def _write(self, case: Case, session: Session, stage: Stage, *, signed_at: datetime | None) -> None:
        client = case.client
        writer = self.writers.setdefault(client.pk, NoteWriter(client.first_name, client.language, self.rng))
        self.written.append((session, writer.note(stage), signed_at))

    def today(self, cases: list[Case], stages: dict[int, Stage]) -> None:
        """Each counselor's day: two sessions over, of one the note still to be signed; others ahead."""
        local = self.now.astimezone(self.home)
        for counselor in {case.counselor.pk: case.counselor for case in cases}.values():
            theirs = [one for one in cases if one.counselor == counselor and self._comes(one)]
            for starts_at, case in zip(today_starts(local), self.rng.sample(theirs, 5), strict=False):
                session = self._plan(case, starts_at)
                if session.ends_at + timedelta(minutes=10) < self.now:
                    self._close(session, State.ATTENDED)
                    signed = None if session.ends_at > self.now - timedelta(hours=2) else session.ends_at
                    later = signed + timedelta(minutes=12) if signed else None
                    self._write(case, session, stages[case.client.pk], signed_at=later)

    def _comes(self, case: Case) -> bool:
        return (
            case.course.story.kind not in GONE
            and case.place.weekday != self.now.astimezone(self.home).weekday()
        )

    def ahead(self, case: Case) -> None:
        """The next session in the client's hour of the week, for all who still come."""
        if case.course.story.kind in GONE:
            return
        today = self.now.astimezone(self.home).date()
        first = today + timedelta(days=(case.place.weekday - today.weekday()) % 7 or 7)
        if case.course.number % 3:
            self._plan(case, case.place.on(first, self.home))
        else:
            self._come_back(case, first)

    def _come_back(self, case: Case, first: date) -> None:
        """A series in the client's hour; every fourth of them with the family."""
        family = case.course.number % 4 == 0
        rule = Rule(
            every=Series.Every.OTHER_WEEK if case.course.meets_every == 2 else Series.Every.WEEK,
            starts_on=first,
            until_on=first + SERIES_LASTS,
            at=case.place.on(first, self.home).astimezone(self.home).time(),
            minutes=int(LENGTH.total_seconds() // 60),
        )
        common = {
            "client": case.client,
            "counselor": case.counselor,
            "kind": Session.Kind.FAMILY if family else Session.Kind.INDIVIDUAL,
            "companions": "their mother" if family else "",
            "room": self.rooms.get(case.counselor.pk),
        }
        made = {"made_at": self.now - timedelta(days=2), "made_by": case.counselor}
        series = Series(zone=self.home.key, **common, **made, **vars(rule))
        self.series.append(series)
        for day in rule.days():
            starts_at, ends_at = span(day, rule.at, rule.minutes, self.home)
            planned = Session(series=series, series_on=day, starts_at=starts_at, ends_at=ends_at, **common)
            planned.scheduled_at, planned.scheduled_by = series.made_at, case.counselor
            self.sessions.append(planned)

    def save(self, trail: Trail) -> None:
        """Write the rows and what the audit trail would hold of them."""
        Series.objects.bulk_create(self.series)
        for series in self.series:
            trail.add(SERIES_PLANNED, series, by=series.counselor, at=series.made_at)
        Session.objects.bulk_create(self.sessions)
        for session in self.sessions:
            trail.add(SESSION_SCHEDULED, session, by=session.counselor, at=session.scheduled_at)
            if session.closed_at:
                trail.add(
                    SESSION_CLOSED, session, by=session.counselor, at=session.closed_at, outcome=session.state
                )
        notes = Note.objects.bulk_create(_note(*one) for one in self.written)
        signed = [(note, note.signed_at) for note in notes]
        Signature.objects.bulk_create(_signature(note, at=at) for note, at in signed if at)
        for note in notes:
            trail.add(NOTE_SAVED, note, by=note.author, at=note.saved_at, version=1)
            if note.signed_at:
                trail.add(
                    NOTE_SIGNED,
                    note,
                    by=note.author,
                    at=note.signed_at,
                    version=1,
                    hash=note.content_hash,
                    late=False,
                )


def _note(session: Session, sections: dict[str, str], signed_at: datetime | None) -> Note:
    note = Note(
        session=session,
        stands_for=session,
        client=session.client,
        author=session.counselor,
        begun_at=session.over_at,
        saved_at=session.ends_at + timedelta(minutes=10),
    )
    note.sections = sections
    if signed_at:
        header = headers.from_session(session)
        for field, value in headers.rows_of(header).items():
            setattr(note, field, value)
        note.say_present(header.roles, header.who)
        note.move_to(Note.State.FINAL)
        note.signed_at, note.signed_by = signed_at, session.counselor
        note.signer_name, note.credential = session.counselor.full_name, session.counselor.credential
        note.content_hash = content_hash(note.signed_content())
    return note


def _signature(note: Note, *, at: datetime) -> Signature:
    return Signature(
        note=note,
        meaning=Signature.Meaning.AUTHOR,
        version=note.version,
        signer=note.author,
        signer_name=note.signer_name,
        credential=note.credential,
        content_hash=note.content_hash,
        signed_at=at,
    )

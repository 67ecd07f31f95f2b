"""What the pages of notes ask: mine to write and sign, what awaits a second signature, and who left drafts behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from clients.models import Client
from clients.together import read_together
from sessions import formats
from sessions.models import Addendum, Goal, Note, NoteReturn, Session, Snippet
from sessions.models.session import SessionQuerySet
from sessions.queries import earlier_notes

AT_ONCE = 20


@dataclass(frozen=True)
class MyNotes:
    """Everything of one's own that still needs something."""

    returned: list[Note]
    drafts: list[Note]
    unwritten: list[Session]
    waiting: list[Note]
    voided: list[Note]

    @property
    def ids(self) -> list[int]:
        return [note.pk for note in (*self.returned, *self.drafts, *self.waiting, *self.voided)]


def my_notes(user: Any, at: datetime) -> MyNotes:
    """The person's notes that are not final, oldest session first; five queries whatever there is."""
    mine = _with_session(Note.objects.visible_to(user, at=at).filter(author=user).without_words())
    begun = list(mine.begun().order_by("over", "pk"))
    return MyNotes(
        returned=[note for note in begun if note.state == Note.State.RETURNED],
        drafts=[note for note in begun if note.state == Note.State.DRAFT],
        unwritten=list(unwritten(user, at)),
        waiting=list(mine.filter(state=Note.State.NEEDS_COSIGN).order_by("cosign_due_at", "pk")),
        voided=list(
            mine.filter(state=Note.State.VOIDED, replaced_by=None).order_by("-voided_at", "-pk")[:AT_ONCE]
        ),
    )


def unwritten(user: Any, at: datetime) -> SessionQuerySet:
    """The person's held sessions for which no note was begun, oldest first."""
    return (
        Session.objects.visible_to(user, at=at)
        .filter(counselor=user, state=Session.State.ATTENDED, note=None)
        .annotate(over=Coalesce("ended_at", F("ends_at")))
        .for_rows()
        .order_by("over", "pk")
    )


def to_sign(user: Any, at: datetime) -> list[Note]:
    """Drafts of the person's whose session is over, with their words, oldest first, at most 20 at a time."""
    mine = _with_session(Note.objects.visible_to(user, at=at).filter(author=user, state=Note.State.DRAFT))
    over = mine.filter(over__lte=at).exclude(
        session__state__in=[Session.State.SCHEDULED, Session.State.IN_PROGRESS]
    )
    return list(over.prefetch_related("goals").order_by("over", "pk")[:AT_ONCE])


def cosign_queue(user: Any, at: datetime) -> list[Note]:
    """Notes that await this person's co-signature, the first due on top."""
    waiting = _with_session(Note.objects.cosignable_by(user, at=at).without_words())
    return list(waiting.order_by("cosign_due_at", "pk"))


def cosign_addenda(user: Any, at: datetime) -> list[Addendum]:
    """Addenda that await this person's co-signature, the first due on top."""
    waiting = Addendum.objects.cosignable_by(user, at=at).select_related(
        "note__client", "note__session", "author"
    )
    return list(waiting.order_by("cosign_due_at", "pk"))


def orphans(user: Any, at: datetime) -> list[Note]:
    """Drafts of people who work here no more, about clients that this person sees: that they exist, not their words."""
    left = _with_session(Note.objects.visible_to(user, at=at).orphaned().without_words())
    return list(left.order_by("over", "pk"))


def _with_session(rows: Any) -> Any:
    over = Coalesce("session__ended_at", "session__ends_at")
    return rows.annotate(over=over).select_related("session__counselor", "session__room", "client", "author")


def next_at(client: Client) -> datetime | None:
    """When the client's next session is, as far as planned."""
    summary = getattr(client, "summary", None)
    return summary.next_session_at if summary is not None else None


@dataclass(frozen=True)
class Desk:
    """What lies ready when a note is written."""

    usual: str
    goals: list[Goal]
    named: list[Goal]
    snippets: list[Snippet]
    returned: NoteReturn | None
    deleted: Note | None
    last: Note | None


def desk(user: Any, session: Session, note: Note | None) -> Desk:
    """The format to begin in, goals to name and those named, one's own words, why it came back: in one query."""
    goals = goals_offered(session.client, note)
    named = Goal.objects.filter(notes=note) if note is not None else Goal.objects.none()
    snippets = Snippet.objects.filter(owner=user).order_by("word")
    returns = NoteReturn.objects.filter(note=note).order_by("-at", "-pk")[:1]
    written = Note.objects.filter(author=user).exclude(format="group").order_by("-pk")
    last = written.values_list("format", flat=True)[:1]
    gone = Note.objects.filter(session=session, state=Note.State.DELETED).without_words().order_by("-pk")[:1]
    earlier = earlier_notes(session)[:1]
    read_together(goals, named, snippets, returns, last, gone, earlier)
    usual = note.format if note is not None else next(iter(last), formats.DAP.key)
    returned = next(iter(returns), None) if note is not None else None
    deleted = next(iter(gone), None) if note is None else None
    last_note = next(iter(earlier), None)
    return Desk(usual, list(goals), list(named), list(snippets), returned, deleted, last_note)


def goals_offered(client: Client, note: Note | None) -> Any:
    """What a note may name: the goals being worked on, and those that it names already."""
    offered = Q(state=Goal.State.OPEN)
    if note is not None:
        offered |= Q(pk__in=note.goals.order_by().values("pk"))
    return Goal.objects.of(client).filter(offered).order_by("added_at", "pk")


def last_return(note: Note) -> NoteReturn | None:
    """What the co-signer last said when sending it back."""
    found: NoteReturn | None = note.returns.order_by("-at", "-pk").first()
    return found

"""The working page of a session, and the pages from which it is planned, moved, started and closed."""

from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.access import Verb, can
from clients.doors import client_or_404, record_or_404
from clients.forms import telling
from clients.models import Client
from clients.together import gather, reading
from clients.views.guard import View, needs
from sessions import actions, formats, headers, note_queries, queries
from sessions.actions.start import EARLY
from sessions.booking_forms import CancelForm, CloseForm, MoveForm, SessionForm
from sessions.history import away_then, history_asked
from sessions.models import Goal, Note, Session, Snippet
from sessions.note_forms import HeaderForm, NoteForm

State = Session.State


def found_session(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> Session:
    """The session with its people, if its client is the person's to see."""
    rows = Session.objects.select_related(
        "client__summary", "client__team", "counselor", "scheduled_by", "note__author", "room", "series"
    )
    return record_or_404(request, rows, uid, viewing=viewing)


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that plans a session; it is sent to casework.followup."""
    client = client_or_404(request, uid, viewing=True)
    now = timezone.now()
    initial = {"starts_at": moment_in(request.GET.get("at", ""))}
    return new_page(request, client, SessionForm(client=client, by=request.user, now=now, initial=initial))


def moment_in(text: str) -> datetime | None:
    """The moment that an address names by the practice's clock; nothing when it names none."""
    try:
        found = parse_datetime(text)
        return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else None
    except (ValueError, OverflowError):
        return None


def new_page(request: HttpRequest, client: Client, form: forms.Form) -> HttpResponse:
    """The planning page with a form, filled or not."""
    return render(request, "sessions/new.html", {"client": client, "form": form})


@require_GET
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Left the note, right what one wants to know while writing it."""
    return working_page(request, found_session(request, uid, viewing=True))


def working_page(
    request: HttpRequest,
    session: Session,
    *,
    form: NoteForm | None = None,
    typed: Any = None,
    theirs: Note | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; with `form` as typed and `theirs` as stored when somebody saved in the meantime."""
    now = timezone.now()
    note, client = session.written, session.client
    writes = may_write(session, request.user)
    earlier = queries.earlier_notes(session) if can(request.user, Verb.READ_NOTE) else Note.objects.none()
    last, goals = earlier[:1], note_queries.goals_offered(client, note)
    mine = Snippet.objects.filter(owner=request.user.pk).order_by("word")
    told, *_rest = gather(history_asked(session), reading(last, *((goals, mine) if writes else ())))
    context = {
        "session": session,
        "client": client,
        "summary": getattr(client, "summary", None),
        "note": note,
        "now": now,
        "own": session.counselor_id == request.user.pk,
        "writes": writes,
        "form": None,
        "theirs": theirs,
        "last_note": next(iter(last), None),
        "zone_differs": client.zone.utcoffset(session.starts_at)
        != timezone.localtime(session.starts_at).utcoffset(),
        "opens_at": session.starts_at - EARLY
        if session.state == State.SCHEDULED and now < session.starts_at - EARLY
        else None,
        "can": possible(session, request.user, now),
        "away": away_then(session),
        "history": told,
    }
    if writes:
        own = Own(goals=list(goals), words=list(mine))
        context |= _editor(request, session, note, own, form=form, typed=typed)
    elif note is None and session.counselor_id == request.user.pk:
        context["deleted"] = session.notes_ever.filter(state=Note.State.DELETED).order_by("-pk").first()
    return render(request, "sessions/session.html", context, status=status)


@dataclass(frozen=True)
class Own:
    """What the note may name, and the writer's own phrases and templates."""

    goals: list[Goal]
    words: list[Snippet]


def _editor(
    request: HttpRequest,
    session: Session,
    note: Note | None,
    own: Own,
    *,
    form: NoteForm | None,
    typed: Any,
) -> dict[str, Any]:
    """What the editor needs: the form of its format, the header, one's own words, and what was said when returned."""
    if note is not None:
        note.session = session
    ready = note_queries.desk(request.user, session, note)
    form = form or NoteForm.of(note, usual=formats.GROUP.key if session.meeting_id else ready.usual)
    if not session.is_open:
        form.begin_at_the_first_empty_part()
    header = headers.from_session(session, next_at=note_queries.next_at(session.client))
    said = headers.of_note(note, ready.named) if note is not None else header
    return {
        "form": form,
        "layout": form.layout,
        "layouts": [
            one for one in formats.FORMATS.values() if one.key != "group" or one.key == form.layout.key
        ],
        "header": HeaderForm(typed, goals=ready.goals) if typed else HeaderForm.of(said, goals=ready.goals),
        "said": said,
        "present": ", ".join(str(headers.ROLES[role]) for role in said.roles),
        "service": str(headers.SERVICES.get(said.service_type, "")),
        "returned": ready.returned,
        "phrases": [one for one in ready.snippets if one.kind == Snippet.Kind.PHRASE],
        "templates": [one for one in ready.snippets if one.kind == Snippet.Kind.TEMPLATE],
        "deleted": ready.deleted,
    }


def may_write(session: Session, user: Any) -> bool:
    """Whether the person can write the session's note now."""
    note = session.written
    author_id = note.author_id if note is not None else session.counselor_id
    closed = note is not None and not note.is_begun
    return author_id == user.pk and session.takes_note and not closed and can(user, Verb.WRITE_NOTE)


def possible(session: Session, user: Any, now: datetime) -> dict[str, bool]:
    """Which buttons the page shows: what the table, the clock and the role allow."""
    signed = session.written is not None and session.written.is_signed
    holds, plans = can(user, Verb.HOLD_SESSION), can(user, Verb.SCHEDULE_SESSION)
    begun = now >= session.starts_at or session.state == State.IN_PROGRESS
    allowed = {
        "start": holds
        and session.can_move_to(State.IN_PROGRESS)
        and session.counselor_id == user.pk
        and not signed
        and session.starts_at - EARLY <= now < session.ends_at,
        "attend": holds and session.can_move_to(State.ATTENDED) and begun and not signed,
        "miss": holds and session.can_move_to(State.NO_SHOW) and begun,
        "move": plans and session.state == State.SCHEDULED,
        "cancel": plans and session.can_move_to(State.CANCELLED) and session.written is None,
    }
    if session.meeting_id is not None:  # these are done once, for the whole group
        allowed |= dict.fromkeys(("start", "attend", "miss", "move"), False)
    return {**allowed, "any": any(allowed.values())}


def posted(view: View) -> View:
    """For a button: whoever comes by link, after signing in again, lands on the session's page and nothing is done."""

    @wraps(view)
    def answer(request: HttpRequest, uid: UUID) -> HttpResponse:
        if request.method != "POST":
            return redirect("counseling:session", uid=found_session(request, uid).uid)
        return view(request, uid)

    return answer


@needs(Verb.HOLD_SESSION)
@posted
def start(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Begin the session in one click."""
    session = found_session(request, uid)
    with telling(request):
        actions.start(session_id=session.pk, by=request.user, now=timezone.now())
    return redirect("counseling:session", uid=session.uid)


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def move(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that moves a session; it is sent to casework.followup."""
    session = found_session(request, uid)
    if session.state != State.SCHEDULED:
        messages.warning(request, _("Only a session that is still to come can be moved."))
        return redirect("counseling:session", uid=session.uid)
    if session.meeting_id is not None:
        messages.warning(request, _("This session is part of a group: move the group's meeting."))
        return redirect("counseling:session", uid=session.uid)
    initial = MoveForm.of(session, to=moment_in(request.GET.get("to", "")))
    form = MoveForm(
        kind=session.kind, client=session.client, by=request.user, now=timezone.now(), initial=initial
    )
    return change_page(request, session, form, "move")


@require_GET
@needs(Verb.SCHEDULE_SESSION)
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that calls a session off; it is sent to casework.followup."""
    return change_page(request, found_session(request, uid), CancelForm(), "cancel")


@require_GET
@needs(Verb.HOLD_SESSION)
def outcome(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The form that closes a session with its actual times; it is sent to casework.followup."""
    session = found_session(request, uid)
    initial = {
        "outcome": State.ATTENDED,
        "began_at": session.begins_at,
        "ended_at": min(session.over_at, timezone.now()),
    }
    return change_page(request, session, CloseForm(initial=initial), "close")


def change_page(request: HttpRequest, session: Session, form: forms.Form, act: str) -> HttpResponse:
    """A page with one form about one session: move, cancel or close."""
    words = {
        "move": (_("Move the session"), _("Move"), "followup:reschedule_session"),
        "cancel": (_("Call the session off"), _("Call off"), "followup:cancel_session"),
        "close": (_("How the session went"), _("Save"), "followup:close_session"),
    }[act]
    context = {
        "session": session,
        "client": session.client,
        "form": form,
        "title": words[0],
        "save": words[1],
        "address": words[2],
        "now": timezone.now(),
    }
    return render(request, "sessions/change.html", context)

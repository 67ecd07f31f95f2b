"""A meeting of a group: who came, and what is written about it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients import audit
from clients.access import Verb, can
from clients.doors import found_or_404
from clients.errors import DomainError, InvalidTransition
from clients.forms import answering
from clients.models import Client
from clients.views.guard import needs
from sessions import formats
from sessions.actions import StaleDraft
from sessions.actions import groups as actions
from sessions.actions.group_names import Named, in_words, roster_of
from sessions.actions.group_notes import StaleShared, came, file_notes, save_part, save_shared
from sessions.actions.groups import EARLY, LATE_CANCEL_WITHIN
from sessions.group_forms import ChosenTopicForm, HeldForm, PartForm, SharedForm
from sessions.models import GroupMark, GroupMeeting, Session
from sessions.roster import Row, attendance
from sessions.views.groups import form_page
from sessions.views.session import found_session

PART_KEYS = (*formats.GROUP.keys[1:], formats.RISK, formats.RISK_ACTION)


def found_meeting(request: HttpRequest, uid: UUID) -> GroupMeeting:
    """The meeting, if the person may see it; a stranger learns nothing."""
    rows = GroupMeeting.objects.visible_to(request.user, at=timezone.now())
    about = rows.select_related("group__facilitator", "group__co_facilitator", "counselor", "co_counselor")
    return found_or_404(request, about.select_related("topic", "room"), uid)


@require_GET
@needs(Verb.VIEW_CLIENT)
def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who came, one tap each."""
    meeting = found_meeting(request, uid)
    context = meeting_context(request, meeting, timezone.now())
    _note_list(request, meeting, context["attendance"].rows, context["now"])
    return render(request, "sessions/meeting.html", context)


def _note_list(request: HttpRequest, meeting: GroupMeeting, rows: Iterable[Row], now: datetime) -> None:
    audit.record_list(
        "meeting attendance",
        by=request.user,
        at=now,
        filters={"meeting": meeting.pk},
        ids=[row.client.pk for row in rows],
    )


def meeting_context(request: HttpRequest, meeting: GroupMeeting, now: datetime) -> dict[str, Any]:
    """What the page and its rows show."""
    is_open = meeting.state == GroupMeeting.State.SCHEDULED
    holds, plans = can(request.user, Verb.HOLD_SESSION), can(request.user, Verb.SCHEDULE_SESSION)
    return {
        "meeting": meeting,
        "group": meeting.group,
        "attendance": attendance(meeting, request.user, now),
        "kinds": _taps(meeting, now),
        "marks": is_open and holds and bool(_taps(meeting, now)),
        "all_taps": len(_taps(meeting, now)) > 1,
        "closes": is_open and holds and now > meeting.starts_at,
        "plans": is_open and plans,
        "writes": may_write(meeting, request.user),
        "held_form": HeldForm(initial={"began_at": meeting.starts_at, "ended_at": min(now, meeting.ends_at)}),
        "now": now,
    }


def _taps(meeting: GroupMeeting, now: datetime) -> list[tuple[str, Any]]:
    """What can be said of a member by now: a day before only that they called off late."""
    if now < meeting.starts_at - LATE_CANCEL_WITHIN:
        return []
    kinds: list[tuple[str, Any]] = list(GroupMark.Kind.choices)
    if now < meeting.starts_at - EARLY:
        return [one for one in kinds if one[0] == GroupMark.Kind.LATE_CANCEL]
    return kinds


def may_write(meeting: GroupMeeting, user: Any) -> bool:
    """Whether the person writes the note that all share."""
    return meeting.counselor_id == user.pk and can(user, Verb.WRITE_NOTE)


@needs(Verb.SCHEDULE_SESSION)
def topic(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let this meeting be about something else."""
    meeting = found_meeting(request, uid)
    initial = {
        "topic": meeting.topic.uid if meeting.topic and meeting.topic_chosen else None,
        "subject": meeting.subject,
    }
    form = ChosenTopicForm(request.POST or None, group=meeting.group, initial=initial)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            actions.choose_topic(
                meeting_id=meeting.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            return redirect("counseling:meeting", uid=meeting.uid)
    return meeting_form_page(request, meeting, form, title=_("What this meeting is about"), save=_("Save"))


def meeting_form_page(
    request: HttpRequest, meeting: GroupMeeting, form: forms.Form, **parts: Any
) -> HttpResponse:
    """A page with one form about a meeting."""
    back = {"back": f"/meetings/{meeting.uid}/", "back_label": _("The meeting"), "sub": meeting.group.name}
    return form_page(request, form, **back, **parts)


# --- the note ---
@require_GET
@needs(Verb.WRITE_NOTE)
def note(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What all did, then a few words about each."""
    meeting = found_meeting(request, uid)
    return note_page(request, meeting)


def note_page(
    request: HttpRequest,
    meeting: GroupMeeting,
    *,
    shared: SharedForm | None = None,
    theirs: str | None = None,
    part: tuple[int, PartForm, dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The writing page. `shared` as typed and `theirs` as stored meanwhile; `part`: the same of one member."""
    now = timezone.now()
    if not may_write(meeting, request.user):
        messages.warning(
            request, _("%(name)s, who leads this meeting, writes its note.") % {"name": meeting.counselor}
        )
        return redirect("counseling:meeting", uid=meeting.uid)
    sessions = list(came(meeting).order_by("client__family_name", "client__given_name", "pk"))
    seen = set(
        Session.objects.visible_to(request.user, at=now).filter(meeting=meeting).values_list("pk", flat=True)
    )
    rows = [_part_row(one, part) for one in sessions if one.pk in seen]
    _note_list(request, meeting, [Row(one.client, one, "") for one in sessions if one.pk in seen], now)
    context = {
        "meeting": meeting,
        "group": meeting.group,
        "shared": shared or SharedForm.of(meeting),
        "theirs": theirs,
        "rows": rows,
        "named": _named(meeting, sessions),
        "unsigned": sum(1 for row in rows if not row["signed"]),
        "changed_since": bool(meeting.filed_version) and meeting.filed_version != meeting.shared_version,
        "now": now,
    }
    return render(request, "sessions/meeting_note.html", context, status=status)


def _part_row(session: Session, part: tuple[int, PartForm, dict[str, str]] | None) -> dict[str, Any]:
    typed = part if part is not None and part[0] == session.pk else None
    written = session.written
    return {
        "session": session,
        "client": session.client.survivor,
        "note": written,
        "signed": written is not None and written.is_signed,
        "form": typed[1] if typed else PartForm.of(session, written),
        "theirs": typed[2] if typed else None,
        "missing": [formats.label_of(key) for key in formats.missing("group", written.sections)]
        if written is not None
        else None,
    }


def _named(meeting: GroupMeeting, sessions: list[Session]) -> list[dict[str, Any]]:
    """Every name that stands where it must not, with what is to be done about it."""
    roster = roster_of(meeting)
    texts: list[tuple[str, str, Client | None]] = [(formats.SHARED, meeting.shared_text, None)]
    for session in sessions:
        if session.written is not None and not session.written.is_signed:
            own = session.written.sections.items()
            texts += [(key, text, session.client) for key, text in own if key != formats.SHARED]
    return [
        {"named": one, "words": in_words(one, field, about)}
        for field, text, about in texts
        for one in roster.named_in(text, about=about)
        if not one.allowed
    ]


def _version(request: HttpRequest) -> int:
    version = request.POST.get("version") or "0"
    return int(version) if version.isdecimal() and len(version) < 9 else 0


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _warning(named: list[Named], field: str, about: Client | None) -> str:
    return " ".join(in_words(one, field, about) for one in named if not one.allowed)


def _declined(request: HttpRequest, meeting: GroupMeeting, refusal: DomainError) -> HttpResponse:
    status = 409 if isinstance(refusal, InvalidTransition) else 422
    if _wants_json(request):
        return JsonResponse({"message": str(refusal), "code": refusal.code}, status=status)
    messages.warning(request, str(refusal))
    return redirect("counseling:meeting_note", uid=meeting.uid)


@needs(Verb.WRITE_NOTE)
def save(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep the shared draft, for autosave as JSON; with the button, file it to everybody who came."""
    meeting, now = found_meeting(request, uid), timezone.now()
    if request.method != "POST":
        return redirect("counseling:meeting_note", uid=meeting.uid)
    text, confirmed = request.POST.get("group", ""), request.POST.getlist("confirmed")
    told: dict[str, Any] = {"meeting_id": meeting.pk, "by": request.user, "now": now}
    try:
        saved = save_shared(version=_version(request), text=text, **told)
        if request.POST.get("then") == "file":
            filed = file_notes(version=saved.shared_version, confirmed=confirmed, **told)
            messages.success(request, _filed_words(len(filed)))
    except StaleShared as stale:
        return _both_shared(request, meeting, stale.stored)
    except DomainError as refusal:
        return _declined(request, meeting, refusal)
    if _wants_json(request):
        warning = _warning(roster_of(saved).named_in(saved.shared_text), formats.SHARED, None)
        at = saved.shared_saved_at or now
        return JsonResponse({"version": saved.shared_version, "saved_at": at.isoformat(), "warning": warning})
    return redirect("counseling:meeting_note", uid=meeting.uid)


def _filed_words(number: int) -> str:
    return _("Filed to %(number)d notes. Read and sign each of them.") % {"number": number}


def _both_shared(request: HttpRequest, meeting: GroupMeeting, stored: GroupMeeting) -> HttpResponse:
    if _wants_json(request):
        at = stored.shared_saved_at
        answer = {
            "version": stored.shared_version,
            "saved_at": at.isoformat() if at else "",
            "fields": {"group": stored.shared_text},
        }
        return JsonResponse(answer, status=409)
    typed = request.POST.copy()
    typed["version"] = str(stored.shared_version)
    return note_page(request, meeting, shared=SharedForm(typed), theirs=stored.shared_text, status=409)


@needs(Verb.WRITE_NOTE)
def part(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep a member's own part, as the draft of their ordinary note."""
    session = found_session(request, uid)
    if request.method != "POST" or session.meeting is None:
        return redirect("counseling:session", uid=session.uid)
    sections = {key: request.POST[key] for key in PART_KEYS if key in request.POST}
    try:
        saved = save_part(
            session_id=session.pk,
            version=_version(request),
            sections=sections,
            by=request.user,
            now=timezone.now(),
        )
    except StaleDraft as stale:
        return _both_parts(request, session, stale)
    except DomainError as refusal:
        return _declined(request, session.meeting, refusal)
    if _wants_json(request):
        roster = roster_of(session.meeting)
        about = session.client
        warnings = [
            _warning(roster.named_in(text, about=about), key, about) for key, text in sections.items()
        ]
        answer = {
            "version": saved.version,
            "saved_at": saved.saved_at.isoformat(),
            "warning": " ".join(filter(None, warnings)),
        }
        return JsonResponse(answer)
    messages.success(request, _("Saved."))
    return redirect(f"/meetings/{session.meeting.uid}/note/#part-{str(session.uid)[:8]}")


def _both_parts(request: HttpRequest, session: Session, stale: StaleDraft) -> HttpResponse:
    stored = {key: stale.stored.sections.get(key, "") for key in PART_KEYS}
    if _wants_json(request):
        answer = {
            "version": stale.stored.version,
            "saved_at": stale.stored.saved_at.isoformat(),
            "fields": stored,
        }
        return JsonResponse(answer, status=409)
    typed = request.POST.copy()
    typed["version"] = str(stale.stored.version)
    form = PartForm(typed, auto_id=f"{str(session.uid)[:8]}_%s")
    meeting: Any = session.meeting
    return note_page(request, meeting, part=(session.pk, form, stored), status=409)

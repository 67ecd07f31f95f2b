"""Saving a draft, reading a note, adding to a signed one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.access import Verb, can
from clients.doors import found_or_404
from clients.errors import DomainError, InvalidTransition
from clients.forms import answering
from clients.views.guard import needs
from sessions import actions, formats, headers, note_queries, queries, treatment
from sessions.models import Addendum, Note, Session, Snippet
from sessions.note_forms import AddendumForm, CosignForm, HeaderForm, NoteForm, ReturnForm, posted_sections
from sessions.proof import prove
from sessions.views.session import found_session, posted, working_page


@needs(Verb.WRITE_NOTE)
@posted
def save(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep the draft: for autosave as JSON, for a button as a page. A newer text is never overwritten."""
    session = found_session(request, uid)
    try:
        note = _saved(request, session)
    except actions.StaleDraft as stale:
        return _both_texts(request, session, stale)
    except DomainError as refusal:
        return _refused(request, session, refusal)
    if wants_json(request):
        return JsonResponse({"version": note.version, "saved_at": note.saved_at.isoformat()})
    if request.POST.get("then") == "sign":
        return redirect("counseling:sign", uid=session.uid)
    if request.POST.get("carry"):
        return _carried(request, session, note)
    messages.success(request, _("Saved."))
    return redirect("counseling:session", uid=session.uid)


def _saved(request: HttpRequest, session: Session) -> Note:
    sections, chosen = posted_sections(request.POST), request.POST.get("format") or ""
    header = None
    if request.POST.get("header"):
        goals = list(note_queries.goals_offered(session.client, session.written))
        header = HeaderForm(request.POST, goals=goals).said()
    if not wants_json(request):
        # Only a button means these; what saves itself keeps the fields that the page has.
        chosen = request.POST.get("to") or chosen
        if request.POST.get("then") == "template":
            sections, chosen = _filled(request, sections, chosen)
    return actions.save_draft(
        session_id=session.pk,
        version=posted_version(request),
        sections=sections,
        format=chosen,
        header=header,
        by=request.user,
        now=timezone.now(),
    )


def posted_version(request: HttpRequest) -> int:
    """The version that the page was made from; 0 for none, or for nonsense."""
    version = request.POST.get("version") or "0"
    return int(version) if version.isdecimal() and len(version) < 9 else 0


def _filled(request: HttpRequest, sections: dict[str, str], format: str) -> tuple[dict[str, str], str]:
    """The typed text, and in what is still empty the text of the chosen template, under its format."""
    chosen = request.POST.get("template", "")
    mine = {str(one.uid): one for one in Snippet.objects.templates().filter(owner_id=request.user.pk)}
    if chosen not in mine:
        return sections, format
    template = mine[chosen]
    typed = formats.converted(sections, to=template.format)
    beginning = template.sections
    return {**beginning, **{key: text for key, text in typed.items() if text.strip()}}, template.format


def _carried(request: HttpRequest, session: Session, note: Note) -> HttpResponse:
    """The part of the last note for which the button stands, beneath what is written here."""
    earlier, key = queries.last_note(session), request.POST["carry"]
    try:
        actions.carry_forward(
            session_id=session.pk,
            version=note.version,
            from_id=earlier.pk if earlier else 0,
            fields=[key],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(
            request, _("Taken over. Edit it to what is so today; it cannot be signed as it stands.")
        )
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    response = redirect("counseling:session", uid=session.uid)
    response["Location"] += f"#id_{key}_field"
    return response


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, not a person's button."""
    return "application/json" in request.headers.get("Accept", "")


def _both_texts(request: HttpRequest, session: Session, stale: actions.StaleDraft) -> HttpResponse:
    """The stored text under the fields of the page that asked, beside what was typed there."""
    layout = formats.FORMATS.get(request.POST.get("format", ""), formats.DAP)
    stored = formats.converted(stale.stored.sections, to=layout.key)
    keys = (*layout.keys, formats.RISK, formats.RISK_ACTION)
    if wants_json(request):
        answer = {
            "version": stale.stored.version,
            "saved_at": stale.stored.saved_at.isoformat(),
            "fields": {key: stored.get(key, "") for key in keys} | _header_fields(request, stale.stored),
            "message": str(stale),
        }
        return JsonResponse(answer, status=409)
    typed = request.POST.copy()
    typed["version"] = str(stale.stored.version)
    form = NoteForm(typed, layout=layout)
    return working_page(request, session, form=form, typed=typed, theirs=stale.stored, status=409)


def _header_fields(request: HttpRequest, note: Note) -> dict[str, Any]:
    """The stored header as the fields of the page spell it, where the page has them."""
    if not request.POST.get("header"):
        return {}
    shown = headers.of_note(note)
    moment = "%Y-%m-%dT%H:%M"
    times = ("began_at", "ended_at", "next_appointment_at")
    told: dict[str, Any] = {
        name: timezone.localtime(at).strftime(moment) if (at := getattr(shown, name)) else ""
        for name in times
    }
    told |= {name: getattr(shown, name) for name in ("service_type", "place", "who", "stage_at_end")}
    return told | {"roles": list(shown.roles), "goals": [str(uid) for uid in shown.goals]}


def _refused(request: HttpRequest, session: Session, refusal: DomainError) -> HttpResponse:
    status = 409 if isinstance(refusal, InvalidTransition) else 422
    if wants_json(request):
        return JsonResponse({"message": str(refusal), "code": refusal.code}, status=status)
    messages.warning(request, str(refusal))
    layout = formats.FORMATS.get(request.POST.get("format", ""), formats.DAP)
    form = NoteForm(request.POST, layout=layout)
    return working_page(request, session, form=form, typed=request.POST, status=status)


@require_GET
@needs(Verb.READ_NOTE)
def read(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A signed note with its addenda. A draft opens for its author alone, where it is written."""
    note = found_note(request, uid, viewing=True)
    if note.is_begun:
        return redirect("counseling:session", uid=note.session.uid)
    return read_page(request, note)


@needs(Verb.WRITE_NOTE)
def add(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Sign an addendum."""
    note = found_note(request, uid)
    if request.method != "POST":
        return redirect("counseling:note", uid=note.uid)
    form = AddendumForm(request.POST)
    if form.is_valid():
        with answering(form):
            now, told = timezone.now(), dict(form.cleaned_data)
            proven_at = prove(request.user, told.pop("password"), now=now)
            added = actions.add_addendum(
                note_id=note.pk, by=request.user, now=now, proven_at=proven_at, **told
            )
            messages.success(
                request,
                _("The addendum is signed and awaits its co-signature.")
                if added.needs_cosign
                else _("The addendum is signed."),
            )
            return redirect("counseling:note", uid=note.uid)
    return read_page(request, note, addendum=form)


def found_note(request: HttpRequest, uid: UUID, *, viewing: bool = False) -> Note:
    """The note, if the person may read it now."""
    rows = Note.objects.readable_by(request.user, at=timezone.now())
    related = rows.select_related("session__counselor", "session__room", "client", "author", "voided_by")
    return found_or_404(request, related, uid, viewing=viewing)


def read_page(request: HttpRequest, note: Note, **filled: Any) -> HttpResponse:
    """The note with everything that stands under it; `filled` are forms that came back with errors."""
    now, user = timezone.now(), request.user
    cosigns = (
        note.state == Note.State.NEEDS_COSIGN
        and Note.objects.cosignable_by(user, at=now).filter(pk=note.pk).exists()
    )
    adds = note.state == Note.State.FINAL and can(user, Verb.WRITE_NOTE)
    version = {"version": note.version}
    context = {
        "note": note,
        "session": note.session,
        "client": note.client,
        "parts": parts_of(note),
        "header": header_of(note),
        "addenda": _addenda(note, user, now),
        "signatures": note.signatures.filter(addendum=None),
        "returns": note.returns.all(),
        "addendum_form": filled.get("addendum", AddendumForm()) if adds else None,
        "cosign_form": filled.get("cosign", CosignForm(initial=version)) if cosigns else None,
        "return_form": filled.get("return_form", ReturnForm(initial=version)) if cosigns else None,
        "may_void": note.is_signed and can(user, Verb.VOID_NOTE),
        "mine": note.author_id == user.pk,
        "next_unsigned": queries.unsigned_notes(user, now).first() if can(user, Verb.WRITE_NOTE) else None,
        "now": now,
    }
    return render(request, "sessions/note.html", context)


def _addenda(note: Note, user: Any, now: datetime) -> list[dict[str, Any]]:
    """Each with its co-signature, and whether the person may give it."""
    rows = list(note.addenda.prefetch_related("signatures"))
    open_ones = [one.pk for one in rows if one.needs_cosign]
    asked = set(
        Addendum.objects.cosignable_by(user, at=now).filter(pk__in=open_ones).values_list("pk", flat=True)
    )
    return [
        {
            "addendum": one,
            "cosigner": next((by for by in one.signatures.all() if by.meaning == "cosigner"), None),
            "may_cosign": one.pk in asked,
        }
        for one in rows
    ]


def parts_of(note: Note) -> list[tuple[str, str]]:
    """Labels and texts in reading order, the risk statement in words."""
    words = note.sections
    parts = [(str(section.label), words.get(section.key, "")) for section in note.layout.sections]
    risk = words.get(formats.RISK, "")
    parts.append((str(formats.RISK_LABEL), str(formats.RISK_LEVELS[risk]) if risk else ""))
    if words.get(formats.RISK_ACTION):
        parts.append((str(formats.RISK_ACTION_LABEL), words[formats.RISK_ACTION]))
    return parts


def header_of(note: Note) -> dict[str, Any]:
    """The header in words, as it stands over the note; goals as they were worded when it was signed."""
    shown, goals = headers.of_note(note), list(note.goals.all())
    worded = treatment.words_at(goals, note.signed_at) if goals and note.signed_at else None
    return {
        "service": str(headers.SERVICES[shown.service_type]) if shown.service_type else "",
        "place": shown.place,
        "began_at": shown.began_at,
        "ended_at": shown.ended_at,
        "minutes": shown.minutes,
        "present": ", ".join(str(headers.ROLES[role]) for role in shown.roles),
        "who": shown.who,
        "stage": shown.stage_at_end,
        "next_appointment_at": shown.next_appointment_at,
        "goals": worded or [goal.words for goal in goals],
    }

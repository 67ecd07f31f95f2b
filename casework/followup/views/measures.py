"""Giving a measure at the desk, asking a phone for some, taking either back; and the page on the client's phone."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework.followup.actions import measures as acts
from casework.measures import engine, packs
from casework.measures.definitions import Instrument
from casework.measures.entering import may_enter
from casework.measures.forms import MeasureForm, Question, SendForm, VoidForm, declined
from casework.measures.models import MeasureRequest, MeasureResult, Mode, Respondent
from casework.measures.wording import limits_of, name_of
from clients import links
from clients.access import Verb
from clients.doors import client_or_404, record_or_404, refuse
from clients.errors import Conflict, DomainError, InvalidInput
from clients.forms import answering, telling
from clients.jurisdiction import jurisdiction
from clients.models import Client, Practice
from clients.views.guard import READ_OR_WRITE, needs
from clients.views.links import closed, done, public
from clients.views.pages import form_page
from sessions.models import Session

UNANSWERED = "open"  # the second button: keep it as it is
SELF_HARM = "self_harm"


# --- at the desk ---


@require_http_methods(READ_OR_WRITE)
@needs(Verb.GIVE_MEASURE)
def give(request: HttpRequest, uid: UUID, measure: str) -> HttpResponse:
    """Ask the questions, or enter a score from paper. With `?session=`, for that session."""
    client = client_or_404(request, uid, viewing=request.method == "GET")
    instrument = packs.usable(timezone.now()).get(measure)
    if instrument is None:
        raise refuse(request, what="measures.Instrument", uid=measure)
    form = MeasureForm(
        request.POST if request.method == "POST" else None,
        instrument=instrument,
        language=translation.get_language() or "en",
        staff=True,
    )
    left: list[Question] = []
    if request.method == "POST" and form.is_valid():
        left = _left_open(request, form)
        if not left:
            result = _submit(form, client, request)
            if result is not None:
                return _after(request, client, result)
    return render(
        request,
        "measures/give.html",
        _page(request, client, form, left),
        status=422 if form.errors or left else 200,
    )


def _page(request: HttpRequest, client: Client, form: MeasureForm, left: list[Question]) -> dict[str, Any]:
    instrument = form.instrument
    return {
        "client": client,
        "form": form,
        "left": left,
        "name": name_of(instrument),
        "limits": limits_of(instrument),
        "may_enter": may_enter(request.user, instrument),
        "in_english": form.language != (translation.get_language() or "en").split("-")[0],
    }


def _left_open(request: HttpRequest, form: MeasureForm) -> list[Question]:
    """The open questions; none once the person said that it is to be so."""
    return [] if form.instrument.is_entry or UNANSWERED in request.POST else form.open_questions()


def _submit(form: MeasureForm, client: Client, request: HttpRequest, **how: Any) -> MeasureResult | None:
    """The act; what it declines is said beside the question."""
    how = how or {"by": request.user, "session_id": _session(request, client), "taken_at": form.taken_at}
    try:
        return acts.submit_measure(
            client_id=client.pk,
            measure=form.instrument.key,
            given=form.given(),
            language=form.language,
            now=timezone.now(),
            **how,
        )
    except Conflict:
        if how.get("request_id"):
            raise
        form.add_error(None, _("Something changed meanwhile. Reload the page."))
    except DomainError as error:
        declined(form, error)
    return None


def _session(request: HttpRequest, client: Client) -> int | None:
    try:
        uid = UUID(request.GET.get("session", ""))
    except ValueError:
        return None
    return Session.objects.of(client).filter(uid=uid).values_list("pk", flat=True).first()


def _after(request: HttpRequest, client: Client, result: MeasureResult) -> HttpResponse:
    instrument = packs.known(result.measure)
    messages.success(request, _("%(measure)s kept.") % {"measure": instrument.title if instrument else ""})
    return redirect("desk:measure", uid=result.uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.GIVE_MEASURE)
def send(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask the client's phone for some measures, by one link."""
    client = client_or_404(request, uid)
    form = SendForm(
        request.POST if request.method == "POST" else None,
        usable=packs.usable(timezone.now()),
        initial={"measures": request.GET.getlist("measure")},
    )
    if request.method == "POST" and form.is_valid():
        with answering(form):
            acts.send_measures(
                client_id=client.pk,
                measures=form.cleaned_data["measures"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("%(name)s gets a text with a link.") % {"name": client.first_name})
            return redirect("desk:measures", uid=client.uid)
    return form_page(
        request,
        client,
        form,
        title=_("Ask by phone"),
        save=_("Send the link"),
        page="measures/send.html",
    )


@require_POST
@needs(Verb.SEND_MESSAGE)
def withdraw(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take the link of a request back."""
    found = record_or_404(request, MeasureRequest.objects.select_related("client"), uid)
    with telling(request):
        links.revoke(link_id=found.link_id, by=request.user, now=timezone.now())
        messages.success(request, _("The link is closed."))
    return redirect("desk:measures", uid=found.client.survivor.uid)


@require_http_methods(READ_OR_WRITE)
@needs(Verb.GIVE_MEASURE)
def void(request: HttpRequest, uid: UUID) -> HttpResponse:
    """This result was a mistake."""
    result = record_or_404(request, MeasureResult.objects.select_related("client"), uid)
    client = result.client.survivor
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with answering(form):
            acts.void_measure(result_id=result.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Marked as a mistake."))
            return redirect("desk:measures", uid=client.uid)
    return form_page(request, client, form, title=_("Mark as a mistake"), save=_("Mark as a mistake"))


# --- on the client's phone ---


@public
def phone(request: HttpRequest, token: str) -> HttpResponse:
    """The next measure that the link brings, and thanks after the last."""
    link = links.opened(token, now=timezone.now())
    asked = _request_of(link)
    instrument = _next(asked) if asked else None
    if asked is None or instrument is None:
        return _told_again(request, _request_of(links.used(token)), token) or closed(request, token)
    with translation.override(asked.language):
        form = MeasureForm(
            request.POST if request.method == "POST" else None, instrument=instrument, language=asked.language
        )
        left: list[Question] = []
        if request.method == "POST" and request.POST.get("measure") != instrument.key:
            return _go_on(request, asked, token)  # sent twice on a slow line
        if request.method == "POST" and form.is_valid():
            left = _left_open(request, form)
            answer = None if left else _answered(request, form, asked, token)
            if answer is not None:
                return answer
        return render(
            request,
            "measures/phone.html",
            _phone_page(form, asked, left),
            status=422 if form.errors or left else 200,
        )


def _request_of(link: Any) -> MeasureRequest | None:
    """What the link asks for; nothing for no link, or one to something else."""
    return (
        MeasureRequest.objects.select_related("client__merged_into").filter(link=link).first()
        if link
        else None
    )


def _next(asked: MeasureRequest) -> Instrument | None:
    """The first measure without an answer that can still be given."""
    usable = packs.usable(timezone.now())
    return next((usable[key] for key in asked.left() if key in usable), None)


def _answered(
    request: HttpRequest, form: MeasureForm, asked: MeasureRequest, token: str
) -> HttpResponse | None:
    """Keep the answers and go on; None when something was declined."""
    try:
        result = _submit(
            form,
            asked.client.survivor,
            request,
            by=None,
            respondent=Respondent.CLIENT,
            mode=Mode.PHONE,
            request_id=asked.pk,
        )
    except Conflict:
        return _go_on(request, asked, token)
    if result is None:
        return None
    if SELF_HARM in result.scored.alarms:
        return _help(request, asked, token)
    return redirect("followup:link_measure", token=token) if asked.left() else done(request)


def _go_on(request: HttpRequest, asked: MeasureRequest, token: str) -> HttpResponse:
    """The same sheet once more, as it comes from a second tap: only this answer is still seen."""
    return _told_again(request, asked, token) or redirect("followup:link_measure", token=token)


def _told_again(request: HttpRequest, asked: MeasureRequest | None, token: str) -> HttpResponse | None:
    """Where help is, for a sheet that came before and itself tells of self-harm; what is on record is not asked."""
    instrument = packs.usable(timezone.now()).get(request.POST.get("measure", ""))
    if asked is None or instrument is None:
        return None
    form = MeasureForm(request.POST, instrument=instrument, language=asked.language)
    try:
        answers = engine.checked(instrument, form.given().answers or {}) if form.is_valid() else {}
    except InvalidInput:
        return None
    if SELF_HARM not in engine.reckon(instrument, answers).alarms:
        return None
    with translation.override(asked.language):
        return _help(request, asked, token)


def _help(request: HttpRequest, asked: MeasureRequest, token: str) -> HttpResponse:
    """Who answers that death would be better sees at once where somebody listens; the team is told as well."""
    here = jurisdiction(Practice.current().jurisdiction)
    return render(
        request,
        "measures/help.html",
        {
            "more": bool(asked.left()),
            "token": token,
            "crisis_line": here.crisis_line,
            "emergency_number": here.emergency_number,
        },
    )


def _phone_page(form: MeasureForm, asked: MeasureRequest, left: list[Question]) -> dict[str, Any]:
    place = asked.measures.index(form.instrument.key) + 1
    return {
        "form": form,
        "left": left,
        "place": place,
        "of": len(asked.measures),
        "in_english": form.language != asked.language,
    }


urlpatterns = [
    path("clients/<uuid:uid>/measures/send/", send, name="send_measures"),
    path("clients/<uuid:uid>/measures/<slug:measure>/", give, name="give_measure"),
    path("measures/requests/<uuid:uid>/withdraw/", withdraw, name="withdraw_measures"),
    path("measures/<uuid:uid>/void/", void, name="void_measure"),
    path("l/<str:token>/m/", phone, name="link_measure"),
]

"""What is written when a measure is given: lower verbs, called by casework.followup alone.

The composite act `submit_measure` does the rest in the same transaction: an alarm asks for somebody at once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.measures import engine, packs
from casework.measures.definitions import Instrument
from casework.measures.engine import Given
from casework.measures.entering import may_enter
from casework.measures.models import MeasureRequest, MeasureResult, Mode, Respondent, Scoring
from clients import audit, links
from clients.access import Verb, require
from clients.actions import locked
from clients.dates import EARLIEST
from clients.errors import Conflict, InvalidInput, NotAllowed
from clients.models import Client
from sessions.models import Session

__all__ = ["Asked", "Given", "ask", "keep_result", "rescore", "void"]

SEXES = ("", "man", "woman")


@dataclass(frozen=True)
class Asked:
    """What a phone was asked for, and the address to send there. It cannot be told again."""

    request: MeasureRequest
    address: str


def _instrument(measure: str, at: datetime) -> Instrument:
    found = packs.usable(at).get(measure)
    if found is None:
        raise InvalidInput(_("This measure is not in use here."), field="measure")
    return found


@transaction.atomic
def keep_result(
    *,
    client_id: int,
    measure: str,
    given: Given,
    by: Any,
    now: datetime,
    respondent: str = Respondent.CLIENT,
    mode: str = Mode.INTERVIEW,
    language: str = "en",
    taken_at: datetime | None = None,
    request_id: int | None = None,
    session_id: int | None = None,
) -> MeasureResult:
    """Lower verb of followup.submit_measure: keep the answers and reckon them. Incomplete ones have null scores.

    Without `by` the client answers on their phone, through the link of `request_id`; the last answer ends the link.
    Raises InvalidInput for what cannot be, NotAllowed, Conflict where that request has this answer already.
    """
    require(by, Verb.GIVE_MEASURE)
    client = locked(client_id)
    instrument = _instrument(measure, now)
    if by is not None and not may_enter(by, instrument):
        raise NotAllowed(_("Only a nurse or a prescriber may enter this measure."))
    taken_at = taken_at or now
    if taken_at > now:
        raise InvalidInput(_("This day lies in the future."), field="taken_at")
    if taken_at.date() < EARLIEST:
        raise InvalidInput(_("This day lies before anybody's time. Check the year."), field="taken_at")
    request = _of_request(client, request_id, measure, now) if by is None or request_id else None
    kept, reckoning = _reckoned(instrument, given)
    result = MeasureResult.objects.create(
        client=client,
        session=_session(client, session_id),
        request=request,
        measure=instrument.key,
        version=instrument.version,
        language=instrument.speaks(language),
        respondent=Respondent(respondent),
        mode=Mode.ENTRY if instrument.is_entry else Mode(mode),
        taken_at=taken_at,
        recorded_at=now,
        recorded_by=by,
        answers=json.dumps(kept, sort_keys=True),
    )
    _score(result, instrument, reckoning, by=by, now=now)
    audit.record(
        "measure.given", by=by, at=now, client_id=client.pk, target=result, measure=measure, mode=result.mode
    )
    if request is not None and not request.left():
        links.use(link_id=request.link_id, now=now)
    return result


def _reckoned(instrument: Instrument, given: Given) -> tuple[dict[str, Any], engine.Reckoning]:
    """What is kept, and what it comes to."""
    if instrument.is_entry:
        reckoning = engine.entered(instrument, given.scores or {})
        return {"scores": dict(reckoning.scores)}, reckoning
    if given.sex not in SEXES:
        raise InvalidInput(_("Choose one of the answers."), field="sex")
    answers = engine.checked(instrument, given.answers or {})
    if not answers:
        raise InvalidInput(_("Answer at least one question, or leave this page."))
    kept: dict[str, Any] = {"items": answers} | ({"sex": given.sex} if given.sex else {})
    return kept, engine.reckon(instrument, answers, sex=given.sex)


def _score(
    result: MeasureResult, instrument: Instrument, reckoning: engine.Reckoning, *, by: Any, now: datetime
) -> Scoring:
    return Scoring.objects.create(
        result=result,
        rules=instrument.rules,
        scored_at=now,
        scored_by=by,
        scores=dict(reckoning.scores),
        bands=dict(reckoning.bands),
        flags=list(reckoning.flags),
        alarms=list(reckoning.alarms),
    )


def _session(client: Client, session_id: int | None) -> Any:
    if session_id is None:
        return None
    found = Session.objects.of(client).filter(pk=session_id).first()
    if found is None:
        raise InvalidInput(_("This session is another client's."), field="session")
    return found


def _of_request(client: Client, request_id: int | None, measure: str, now: datetime) -> MeasureRequest:
    """The request that is answered, if its link is open and this answer is still due."""
    requests = MeasureRequest.objects.of(client).select_related("link")
    request = requests.select_for_update(of=("self",)).filter(pk=request_id).first()
    if request is None or request.link.opened_at is None or not request.link.is_open(now):
        raise Conflict(_("This page is closed. Ask for a new link."))
    if measure not in request.left():
        raise Conflict(_("This has been answered already."))
    return request


@transaction.atomic
def ask(*, client_id: int, measures: Sequence[str], by: Any, now: datetime) -> Asked:
    """Lower verb of followup.send_measures: make the link that brings some measures to the client's phone.

    A link for measures that was not opened yet is taken back: one text is enough. Raises InvalidInput for a measure
    that is not in use or not made for a phone, Conflict for a client who is not in care.
    """
    require(by, Verb.GIVE_MEASURE)
    client = locked(client_id)
    chosen = list(dict.fromkeys(measures))
    if not chosen:
        raise InvalidInput(_("Choose at least one measure."), field="measures")
    for key in chosen:
        if not _instrument(key, now).phone:
            raise InvalidInput(_("This measure cannot be given by phone."), field="measures")
    for older in MeasureRequest.objects.of(client).waiting(now).filter(link__opened_at=None):
        links.revoke(link_id=older.link_id, by=by, now=now)
    issued = links.issue(client_id=client.pk, purpose=links.Purpose.MEASURE, by=by, now=now)
    request = MeasureRequest.objects.create(
        client=client,
        link=issued.link,
        measures=chosen,
        language="es" if client.language.split("-")[0] == "es" else "en",
        asked_at=now,
        asked_by=by,
    )
    audit.record("measure.asked", by=by, at=now, client_id=client.pk, target=request, measures=chosen)
    return Asked(request, issued.address)


@transaction.atomic
def rescore(*, result_id: int, by: Any, now: datetime) -> Scoring:
    """Reckon a result by the rules of today, beside what it came to before. Raises Conflict when that was done."""
    require(by, Verb.GIVE_MEASURE)
    result = _held(result_id)
    instrument = _instrument(result.measure, now)
    if Scoring.objects.filter(result=result, rules=instrument.rules).exists():
        raise Conflict(_("This was scored by the present rules already."))
    given = Given(
        answers=result.given.get("items"), scores=result.given.get("scores"), sex=result.given.get("sex", "")
    )
    _kept, reckoning = _reckoned(instrument, given)
    scoring = _score(result, instrument, reckoning, by=by, now=now)
    audit.record(
        "measure.rescored", by=by, at=now, client_id=result.client_id, target=result, rules=instrument.rules
    )
    return scoring


@transaction.atomic
def void(*, result_id: int, reason: str, by: Any, now: datetime) -> MeasureResult:
    """Lower verb of followup.void_measure: this result was a mistake. It stays on record and counts no more.

    Raises InvalidInput without a reason, Conflict when it was voided already.
    """
    require(by, Verb.GIVE_MEASURE)
    result = _held(result_id)
    if not reason.strip():
        raise InvalidInput(_("Say what was wrong with it."), field="reason")
    if not result.is_standing:
        raise Conflict(_("This was marked as a mistake already."))
    result.voided_at, result.voided_by, result.void_reason = now, by, reason.strip()
    result.save(update_fields=["voided_at", "voided_by", "void_reason"])
    audit.record("measure.voided", by=by, at=now, client_id=result.client_id, target=result)
    return result


def _held(result_id: int) -> MeasureResult:
    """The result, held; its client first, as everywhere."""
    locked(MeasureResult.objects.values_list("client_id", flat=True).get(pk=result_id))
    return MeasureResult.objects.select_for_update(of=("self",)).get(pk=result_id)

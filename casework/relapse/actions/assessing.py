"""Assessments: kept as a draft, finalised once, marked as a mistake if they were one (clinical.md §1.3–1.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.relapse import current
from casework.relapse.models import AssessedSign, StageAssessment, StageTransition
from casework.relapse.moving import Learned, Moved, settle
from casework.relapse.signs import BY_CODE, CATALOGUE_VERSION, Halt, Protective, RedFlag, Trigger
from casework.relapse.stage import ALGORITHM_VERSION, INDEXED, Answer, Suggestion, suggest
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.errors import Conflict, InvalidInput
from clients.models import Client
from clients.stage import Stage

State = StageAssessment.State
NOTE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Everything that an assessment asks, as answered so far. What is missing was not asked."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    halt: Mapping[str, bool | None] = field(default_factory=dict)
    triggers: Iterable[str] = ()
    protective: Iterable[str] = ()
    craving: int | None = None
    confidence_abstain: int | None = None
    window_days: int = 7
    counselor_stage: str = ""
    counselor_confidence: int | None = None
    override_reason: str = ""
    red_flags: Iterable[str] = ()
    plan_change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalised:
    """A final assessment and what it changed."""

    assessment: StageAssessment
    moved: Moved


def suggestion_for(client: Client, sheet: Sheet, *, at: datetime) -> Suggestion:
    """What the sheet suggests, with the use on record in its window. Reads only."""
    return suggest(sheet.answers, sheet.halt, bool(use_days_for(client, sheet, at=at)))


def use_days_for(client: Client, sheet: Sheet, *, at: datetime) -> list[date]:
    """The days with use on record in the window that the sheet looks at."""
    return _use_in(StageAssessment(client=client, assessed_at=at, window_days=sheet.window_days))


def _use_in(assessment: StageAssessment) -> list[date]:
    first, last = assessment.window(assessment.client.zone)
    return current.use_in_window(assessment.client, first=first, last=last)


@transaction.atomic
def save_assessment(
    *,
    client_id: int,
    sheet: Sheet,
    by: Any,
    now: datetime,
    session: Any = None,
    assessed_at: datetime | None = None,
) -> StageAssessment:
    """Keep the sheet as `by`'s draft for this client; there is one, and saving again replaces what it held.

    Raises InvalidInput for values out of range, a time in the future, or another client's session.
    """
    require(by, Verb.ASSESS_STAGE)
    client = locked(client_id)
    assessed_at = assessed_at or now
    _check(sheet, client, session, assessed_at=assessed_at, now=now)
    draft = StageAssessment.objects.filter(client=client, assessor=by, state=State.DRAFT).first()
    assessment = draft or StageAssessment(client=client, assessor=by)
    assessment.session = session or assessment.session
    assessment.assessed_at, assessment.saved_at = assessed_at, now
    assessment.catalogue_version, assessment.algorithm_version = CATALOGUE_VERSION, ALGORITHM_VERSION
    _fill(assessment, sheet)
    assessment.save()
    _keep_signs(assessment, sheet)
    audit.record("relapse.assessment_saved", by=by, at=now, client_id=client.pk, target=assessment)
    return assessment


def _fill(assessment: StageAssessment, sheet: Sheet) -> None:
    for name in Halt.values:
        setattr(assessment, f"halt_{name}", sheet.halt.get(name))
    assessment.triggers, assessment.protective = sorted(set(sheet.triggers)), sorted(set(sheet.protective))
    assessment.red_flags = sorted(set(sheet.red_flags))
    assessment.craving, assessment.confidence_abstain = sheet.craving, sheet.confidence_abstain
    assessment.window_days = sheet.window_days
    assessment.counselor_stage = sheet.counselor_stage
    assessment.counselor_confidence = sheet.counselor_confidence
    assessment.override_reason, assessment.plan_change = (
        sheet.override_reason.strip(),
        sheet.plan_change.strip(),
    )


def _keep_signs(assessment: StageAssessment, sheet: Sheet) -> None:
    """A draft's answers are replaced as a whole; a final assessment's never are."""
    assessment.signs.all().delete()
    kept = [code for code in BY_CODE if code in sheet.answers or sheet.notes.get(code)]
    AssessedSign.objects.bulk_create(
        AssessedSign(
            assessment=assessment,
            sign_code=code,
            severity=sheet.answers[code].severity if code in sheet.answers else None,
            sources=sorted(sheet.answers[code].sources) if code in sheet.answers else [],
            note=sheet.notes.get(code, "").strip(),
        )
        for code in kept
    )


def _check(sheet: Sheet, client: Client, session: Any, *, assessed_at: datetime, now: datetime) -> None:
    if assessed_at > now:
        raise InvalidInput(_("An assessment cannot lie in the future."), field="assessed_at")
    if session is not None and session.client_id not in client.record_ids:
        raise InvalidInput(_("That session belongs to another client."), field="session")
    _check_codes(sheet)
    _check_numbers(sheet)
    if any(len(note) > NOTE_LENGTH for note in sheet.notes.values()):
        raise InvalidInput(_("A note on a sign holds at most 500 characters."), field="notes")


def _check_codes(sheet: Sheet) -> None:
    known: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("answers", {*sheet.answers, *sheet.notes}, BY_CODE),
        ("halt", sheet.halt, Halt.values),
        ("triggers", sheet.triggers, Trigger.values),
        ("protective", sheet.protective, Protective.values),
        ("red_flags", sheet.red_flags, RedFlag.values),
        ("counselor_stage", [sheet.counselor_stage], ["", *Stage.values]),
    )
    for name, given, allowed in known:
        if unknown := set(given) - set(allowed):
            raise InvalidInput(
                _("“%(value)s” is not one of the choices.") % {"value": sorted(unknown)[0]}, field=name
            )


def _check_numbers(sheet: Sheet) -> None:
    ranges = (
        ("craving", sheet.craving, 0, 10),
        ("confidence_abstain", sheet.confidence_abstain, 0, 10),
        ("counselor_confidence", sheet.counselor_confidence, 1, 5),
        ("window_days", sheet.window_days, 1, 90),
    )
    for name, value, least, most in ranges:
        if value is not None and not least <= value <= most:
            message = _("Give a number from %(least)s to %(most)s.") % {"least": least, "most": most}
            raise InvalidInput(message, field=name)


@transaction.atomic
def finalise(*, assessment_id: int, by: Any, now: datetime) -> Finalised:
    """Make a draft the record: fix the suggestion, then move the stage to the counselor's.

    Raises Conflict for somebody else's draft, InvalidTransition when it is final already, InvalidInput when the
    stage is missing or differs from the suggested one without a reason.
    """
    require(by, Verb.ASSESS_STAGE)
    client = locked(StageAssessment.objects.values_list("client", flat=True).get(pk=assessment_id))
    assessment = StageAssessment.objects.select_for_update(of=("self",)).get(pk=assessment_id)
    assessment.client = client
    if by is not None and assessment.assessor_id != by.pk:
        raise Conflict(_("Only the person who assessed can make this final."))
    assessment.move_to(State.FINAL)
    suggestion = suggest(assessment.answers, assessment.halt, bool(_use_in(assessment)))
    _adopt(assessment, suggestion)
    _check_held_stage(assessment)
    before = _last_final(assessment)
    assessment.finalised_at = now
    assessment.save()
    moved = settle(
        client,
        at=now,
        cause=StageTransition.Cause.ASSESSMENT,
        learned=_learned(assessment, before),
        assessment=assessment,
    )
    audit.record(
        "relapse.assessment_finalised",
        by=by,
        at=now,
        client_id=client.pk,
        target=assessment,
        suggested=assessment.suggested_stage,
        held=assessment.counselor_stage,
        escalations=list(moved.escalations),
    )
    return Finalised(assessment=assessment, moved=moved)


def _adopt(assessment: StageAssessment, suggestion: Suggestion) -> None:
    assessment.suggested_stage, assessment.rule_fired = suggestion.stage.value, suggestion.rule.value
    assessment.flags = [flag.value for flag in suggestion.flags]
    assessment.completeness = suggestion.completeness
    assessment.derived_confidence = suggestion.confidence.value
    assessment.algorithm_version = ALGORITHM_VERSION
    for stage in INDEXED:
        setattr(assessment, f"index_{stage.value}", suggestion.indices[stage])


def _check_held_stage(assessment: StageAssessment) -> None:
    if not assessment.counselor_stage:
        raise InvalidInput(_("Choose the stage that you hold: it is the record."), field="counselor_stage")
    if not assessment.is_override:
        assessment.override_reason = ""
    elif not assessment.override_reason:
        raise InvalidInput(_("Your stage differs from the suggested one. Say why."), field="override_reason")


def _last_final(assessment: StageAssessment) -> StageAssessment | None:
    earlier = StageAssessment.objects.final().filter(
        client=assessment.client, assessed_at__lte=assessment.assessed_at
    )
    return earlier.exclude(counselor_stage=Stage.INDETERMINATE).first()


def _learned(assessment: StageAssessment, before: StageAssessment | None) -> Learned:
    stage = Stage(assessment.counselor_stage)
    if before is None or stage not in INDEXED or before.counselor_stage != stage:
        return Learned(red_flag=bool(assessment.red_flags))
    return Learned(
        index_before=before.indices[stage],
        index_now=assessment.indices[stage],
        red_flag=bool(assessment.red_flags),
    )


@transaction.atomic
def mark_assessment_error(*, assessment_id: int, reason: str, by: Any, now: datetime) -> Finalised:
    """Mark an assessment as a mistake and reckon the stage anew. Raises InvalidTransition, InvalidInput."""
    require(by, Verb.ASSESS_STAGE)
    if not reason.strip():
        raise InvalidInput(_("Say what was wrong with it."), field="reason")
    client = locked(StageAssessment.objects.values_list("client", flat=True).get(pk=assessment_id))
    assessment = StageAssessment.objects.select_for_update(of=("self",)).get(pk=assessment_id)
    assessment.move_to(State.ENTERED_IN_ERROR)
    assessment.error_reason = reason.strip()
    assessment.save(update_fields=["state", "error_reason"])
    moved = settle(client, at=now, cause=StageTransition.Cause.CORRECTION, assessment=assessment)
    audit.record("relapse.assessment_in_error", by=by, at=now, client_id=client.pk, target=assessment)
    return Finalised(assessment=assessment, moved=moved)

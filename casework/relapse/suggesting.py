"""What the assessment page says live: the suggestion, why, and what changed. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casework.relapse import current, wording
from casework.relapse.actions.assessing import Sheet, suggestion_for, use_days_for
from casework.relapse.comparing import Changes, changes
from casework.relapse.models import StageAssessment
from casework.relapse.stage import INDEXED, Rule, Suggestion
from clients.models import Client
from clients.stage import Stage


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A stage's index now and at the last assessment; 0–100, or None."""

    stage: Stage
    now: int | None
    then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the live part of the page shows."""

    suggestion: Suggestion
    why: list[str]
    flags: list[str]
    confidence: str
    asked: int
    indices: list[IndexRow]
    last: StageAssessment | None
    changes: Changes | None
    current: Stage | None
    differs: bool
    use_days: list[date]

    @property
    def counts_in_reason(self) -> bool:
        """Whether the reason itself already says how many signs were asked."""
        return self.suggestion.rule in (Rule.TOO_LITTLE_ASKED, Rule.NOTHING_NOTABLE)


def last_assessment(client: Client, *, at: datetime) -> StageAssessment | None:
    """The newest final assessment, with its answers."""
    final = StageAssessment.objects.final().filter(client__in=client.record_ids, assessed_at__lte=at)
    return final.select_related("assessor").prefetch_related("signs").first()


def shown(client: Client, sheet: Sheet, *, at: datetime, last: StageAssessment | None) -> Shown:
    """The suggestion for the sheet as it stands, compared with `last`."""
    suggestion = suggestion_for(client, sheet, at=at)
    held = sheet.counselor_stage
    return Shown(
        suggestion=suggestion,
        why=wording.why(suggestion, sheet.answers, sheet.halt),
        flags=wording.flags(suggestion),
        confidence=wording.confidence(suggestion),
        asked=wording.asked(suggestion),
        indices=[IndexRow(stage, suggestion.indices[stage], _then(last, stage)) for stage in INDEXED],
        last=last,
        changes=_changes(sheet, last),
        current=current.current_stage(client, at=at),
        differs=bool(held) and suggestion.stage not in (Stage.INDETERMINATE, held),
        use_days=use_days_for(client, sheet, at=at),
    )


def _then(last: StageAssessment | None, stage: Stage) -> int | None:
    return last.indices[stage] if last else None


def _changes(sheet: Sheet, last: StageAssessment | None) -> Changes | None:
    if last is None or not sheet.answers:
        return None
    then: dict[str, Any] = {one.sign_code: one.severity for one in last.signs.all()}
    return changes(then, {code: answer.severity for code, answer in sheet.answers.items()})

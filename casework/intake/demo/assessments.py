"""Months of stage assessments, written in bulk with the suggestion that the rules give for them."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from casework.intake.demo import arcs
from casework.intake.demo.registration import Case
from casework.intake.demo.timeline import Meeting
from casework.intake.demo.trail import Trail
from casework.intake.demo.words import OVERRIDES
from casework.relapse.models import AssessedSign, StageAssessment, StageTransition
from casework.relapse.stage import INDEXED, Answer, Suggestion, suggest
from casework.relapse.transitions import Assessed, escalations, is_sustained
from clients.stage import Stage
from sessions.models import Session

FINALISED = "relapse.assessment_finalised"
CLOSING = timedelta(minutes=3)  # from the last answer to the final assessment
SELF, SEEN = "self_report", "counselor_observed"


@dataclass
class Assessments:
    """Collects the final assessments of everybody, and saves them at once."""

    rng: random.Random
    rows: list[StageAssessment] = field(default_factory=list)
    answers: list[list[AssessedSign]] = field(default_factory=list)
    moves: list[StageTransition] = field(default_factory=list)

    def made(self, case: Case, held: dict[Meeting, Session], *, told: tuple[date, Stage] | None) -> None:
        """One assessment in each session that was to have one, and the moves of the stage between them.

        `told` is the report of the course: it holds the stage from its day until the next assessment.
        """
        before: Stage | None = None
        ranked: list[Assessed] = []
        for meeting, session in held.items():
            if told and told[0] <= meeting.on:
                before, told = max(before or Stage.NONE, told[1], key=lambda stage: stage.rank or 0), None
            if meeting.assessed:
                row = self._assess(case, meeting, session)
                ranked.append(Assessed(row.assessed_at, Stage(row.counselor_stage), len(self.rows)))
                self._move(row, before, ranked)
                before = Stage(row.counselor_stage)

    def _assess(self, case: Case, meeting: Meeting, session: Session) -> StageAssessment:
        week = arcs.week(meeting.stage, case.course.leaning, self.rng, used=meeting.used)
        sources = {
            code: frozenset({SELF, SEEN} if self.rng.random() < 0.4 else {SELF}) for code in week.severities
        }
        answers = {code: Answer(severity, sources[code]) for code, severity in week.severities.items()}
        suggestion = suggest(answers, week.halt, meeting.used > 0)
        at = (session.ended_at or session.ends_at) - timedelta(minutes=6)
        row = StageAssessment(
            client=case.client,
            session=session,
            assessor=case.counselor,
            assessed_at=at,
            saved_at=at,
            finalised_at=at + CLOSING,
            state=StageAssessment.State.FINAL,
            triggers=sorted(week.triggers),
            protective=sorted(week.protective),
            craving=week.craving,
            confidence_abstain=week.confidence,
            **{f"halt_{name}": answer for name, answer in week.halt.items()},
        )
        self._hold(row, suggestion)
        self.rows.append(row)
        self.answers.append(
            [
                AssessedSign(
                    assessment=row,
                    sign_code=code,
                    severity=one.severity,
                    sources=sorted(one.sources) if one.severity else [],
                )
                for code, one in answers.items()
            ]
        )
        return row

    def _hold(self, row: StageAssessment, suggestion: Suggestion) -> None:
        """Fix the suggestion; now and then the counselor sees it one step higher, and says why."""
        row.suggested_stage, row.rule_fired = suggestion.stage.value, suggestion.rule.value
        row.flags = [flag.value for flag in suggestion.flags]
        row.completeness, row.derived_confidence = suggestion.completeness, suggestion.confidence.value
        for stage in INDEXED:
            setattr(row, f"index_{stage.value}", suggestion.indices[stage])
        row.counselor_stage, row.counselor_confidence = suggestion.stage.value, self.rng.choice((3, 4, 4, 5))
        if suggestion.stage == Stage.NONE and self.rng.random() < 0.06:
            row.counselor_stage, row.override_reason = Stage.EMOTIONAL.value, self.rng.choice(OVERRIDES)

    def _move(self, row: StageAssessment, before: Stage | None, ranked: list[Assessed]) -> None:
        now = Stage(row.counselor_stage)
        reasons = escalations(before=before, now=now)
        if before != now:
            self.moves.append(
                StageTransition(
                    client=row.client,
                    from_stage=before.value if before else "",
                    to_stage=now.value,
                    at=ranked[-1].at + CLOSING,
                    cause=StageTransition.Cause.ASSESSMENT,
                    escalations=[reason.value for reason in reasons],
                    sustained=is_sustained(ranked),
                    assessment=row,
                )
            )

    def save(self, trail: Trail) -> None:
        """Write the rows and what the audit trail would hold of them. The sessions must have been saved."""
        StageAssessment.objects.bulk_create(self.rows)
        AssessedSign.objects.bulk_create([sign for signs in self.answers for sign in signs], batch_size=2000)
        StageTransition.objects.bulk_create(self.moves)
        for row in self.rows:
            trail.add(
                FINALISED,
                row,
                by=row.assessor,
                at=row.assessed_at + CLOSING,
                suggested=row.suggested_stage,
                held=row.counselor_stage,
            )

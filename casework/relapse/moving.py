"""Writing a move of the stage: the summary, the transition row, and what to tell the caller (clinical.md §1.5)."""

from dataclasses import dataclass
from datetime import datetime

from casework.relapse import current
from casework.relapse.models import RelapseReport, StageAssessment, StageTransition
from casework.relapse.transitions import Escalation, escalations, is_deescalation, is_sustained
from clients.models import Client
from clients.stage import Stage

PLAN_RUNS = frozenset({"active", "paused", "messages_off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The stage before and after an act, and why that is an escalation, if it is."""

    before: Stage | None
    now: Stage | None
    escalations: tuple[Escalation, ...] = ()
    deescalated: bool = False
    sustained: bool = False

    @property
    def escalated(self) -> bool:
        return bool(self.escalations)

    @property
    def rose(self) -> bool:
        return Escalation.STAGE_ROSE in self.escalations


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the act taught beyond the stage itself."""

    index_before: int | None = None
    index_now: int | None = None
    new_use: bool = False  # use that nobody had told of; during a plan it is an escalation
    red_flag: bool = False
    reclassified: bool = False


def settle(
    client: Client,
    *,
    at: datetime,
    cause: StageTransition.Cause,
    learned: Learned | None = None,
    assessment: StageAssessment | None = None,
    report: RelapseReport | None = None,
) -> Moved:
    """Reckon the stage anew, write the summary, and keep a transition when it moved or something escalated.

    The caller holds the client's row. A correction escalates nothing: it only puts the record right.
    """
    renewed = current.renew_summary(client, at=at)
    moved = Moved(before=_stage(renewed.stage_before_this), now=_stage(renewed.summary.stage))
    if cause != StageTransition.Cause.CORRECTION:
        moved = _judge(moved, renewed, learned or Learned())
    if moved.before != moved.now or moved.escalations:
        _keep(client, moved, at=at, cause=cause, assessment=assessment, report=report)
    return moved


def _stage(value: str | None) -> Stage | None:
    return Stage(value) if value else None


def _judge(moved: Moved, renewed: current.Renewed, learned: Learned) -> Moved:
    return Moved(
        before=moved.before,
        now=moved.now,
        escalations=escalations(
            before=moved.before,
            now=moved.now,
            index_before=learned.index_before,
            index_now=learned.index_now,
            use_during_plan=learned.new_use and renewed.summary.plan_state in PLAN_RUNS,
            red_flag=learned.red_flag,
            reclassified=learned.reclassified,
        ),
        deescalated=is_deescalation(moved.before, moved.now),
        sustained=is_sustained(renewed.assessed),
    )


def _keep(
    client: Client,
    moved: Moved,
    *,
    at: datetime,
    cause: StageTransition.Cause,
    assessment: StageAssessment | None,
    report: RelapseReport | None,
) -> None:
    StageTransition.objects.create(
        client=client,
        from_stage=moved.before or "",
        to_stage=moved.now or "",
        at=at,
        cause=cause,
        escalations=[one.value for one in moved.escalations],
        sustained=moved.sustained,
        assessment=assessment,
        report=report,
    )

"""Relapse reports: kept once, confirmed or closed, never lost (clinical.md §1.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.relapse.actions.days import drop_days, marked_days
from casework.relapse.models import RelapseReport, ReportRepeat, StageTransition, UseEpisode
from casework.relapse.models.use import Verification
from casework.relapse.moving import Learned, Moved, settle
from casework.relapse.reporting import (
    REPORTABLE,
    STANDING,
    Following,
    Precision,
    ReportSource,
    ReportState,
    needs_confirmation,
)
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.dates import EARLIEST
from clients.errors import InvalidInput
from clients.models import Client
from clients.stage import Stage

Cause = StageTransition.Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecorded:
    """The report that now stands for what was told, and what telling it changed."""

    report: RelapseReport
    created: bool
    confirmed_now: bool = False
    moved: Moved | None = None

    @property
    def following(self) -> Following:
        """What to set in motion: nothing when the same was told before."""
        return self.report.following if self.created or self.confirmed_now else Following.NOTHING


@transaction.atomic
def record_report(
    *, client_id: int, by: Any, now: datetime, idempotency_key: str = "", **told: Any
) -> ReportRecorded:
    """Record that a relapse was reported, and raise the stage if this source may. `told`: see `take_report`.

    Told twice (same key, or same episode and day), it is attached to the report that is there. Raises InvalidInput
    for a time in the future, an occurrence after the report, or a stage or source that cannot be reported.
    """
    require(by, Verb.REPORT_RELAPSE)
    client = locked(client_id)
    if known := with_key(client, idempotency_key):
        return ReportRecorded(report=known, created=False)
    return take_report(client, by=by, now=now, idempotency_key=idempotency_key, **told)


def take_report(
    client: Client,
    *,
    stage: str,
    source: str,
    by: Any,
    now: datetime,
    reported_at: datetime | None = None,
    occurred_on: date | None = None,
    occurred_precision: str = "",
    narrative: str = "",
    episode: UseEpisode | None = None,
    is_new_episode: bool = False,
    use_days: Iterable[date] = (),
    reclassified: bool = False,
    handled_in_contact: bool = False,
    stopped_on: date | None = None,
    idempotency_key: str = "",
) -> ReportRecorded:
    """What `record_report` does, for a caller who holds the client's row, has the right, and has looked for the key.

    `is_new_episode`: the episode was opened by this very report. `stopped_on`: when a benzodiazepine, a barbiturate
    or alcohol was stopped or ran out (clinical.md §3.2 S-2).
    """
    report = RelapseReport(
        client=client,
        stage=stage,
        source=source,
        by=by,
        recorded_at=now,
        reported_at=reported_at or now,
        occurred_on=occurred_on,
        occurred_precision=occurred_precision or (Precision.DAY if occurred_on else Precision.UNKNOWN),
        narrative=narrative.strip(),
        episode=episode,
        use_days=sorted(set(use_days)),
        handled_in_contact=handled_in_contact,
        stopped_on=stopped_on,
        idempotency_key=idempotency_key,
    )
    _check(report, now=now)
    if not is_new_episode and (known := _same_event(report)):
        return _attach(known, report, by=by, now=now)
    new_use = is_new_episode or (episode is not None and not episode.reports.exists())
    report.save()
    audit.record(
        "relapse.reported",
        by=by,
        at=now,
        client_id=client.pk,
        target=report,
        stage=report.stage,
        source=report.source,
    )
    learned = Learned(new_use=new_use, reclassified=reclassified)
    return ReportRecorded(report=report, created=True, moved=_settle(report, learned, at=now))


def _settle(report: RelapseReport, learned: Learned, *, at: datetime) -> Moved:
    """A report that may not set the stage teaches nothing yet either."""
    counts = report.following is Following.PLAN
    return settle(
        report.client, at=at, cause=Cause.REPORT, learned=learned if counts else None, report=report
    )


def _check(report: RelapseReport, *, now: datetime) -> None:
    if report.stage not in REPORTABLE:
        raise InvalidInput(_("Choose the stage that was reported."), field="stage")
    if report.source not in ReportSource.values:
        raise InvalidInput(_("Choose who or what told us."), field="source")
    if report.reported_at > now:
        raise InvalidInput(_("A report cannot lie in the future."), field="reported_at")
    if report.episode is not None and report.stage != Stage.PHYSICAL:
        raise InvalidInput(_("Any use is the physical stage, even one time."), field="stage")
    if report.episode is not None and report.episode.client_id not in report.client.record_ids:
        raise InvalidInput(_("That use belongs to another client."), field="episode")
    _check_day(report)


def _check_day(report: RelapseReport) -> None:
    if report.stopped_on and not EARLIEST <= report.stopped_on <= _local_day(report):
        raise InvalidInput(
            _("Give the day on which it was stopped, up to that of the report."), field="stopped_on"
        )
    if (report.occurred_on is None) != (report.occurred_precision == Precision.UNKNOWN):
        raise InvalidInput(_("Give the day and how exactly it is known, or neither."), field="occurred_on")
    if report.occurred_on and report.occurred_on > _local_day(report):
        raise InvalidInput(_("It cannot have happened after it was reported."), field="occurred_on")
    if report.occurred_on and report.occurred_on < EARLIEST:
        raise InvalidInput(_("This day lies before anybody's time. Check the year."), field="occurred_on")


def _local_day(report: RelapseReport) -> date:
    return timezone.localdate(report.reported_at, report.client.zone)


def _day(report: RelapseReport) -> date:
    return report.occurred_on or _local_day(report)


def with_key(client: Client, key: str) -> RelapseReport | None:
    """The report that was told, or told again, with this key."""
    if not key:
        return None
    told = Q(idempotency_key=key) | Exists(
        ReportRepeat.objects.filter(report=OuterRef("pk"), idempotency_key=key)
    )
    return RelapseReport.objects.filter(told, client=client).order_by("pk").first()


def _same_event(report: RelapseReport) -> RelapseReport | None:
    """A standing report of the same episode and the same day (clinical.md §1.7)."""
    if report.episode is None:
        return None
    standing = RelapseReport.objects.standing().filter(client=report.client, episode=report.episode)
    for known in standing.order_by("reported_at", "pk"):
        known.client = report.client
        if _day(known) == _day(report):
            return known
    return None


def _attach(known: RelapseReport, told: RelapseReport, *, by: Any, now: datetime) -> ReportRecorded:
    """Keep what was told again; the client's own word confirms what others said before."""
    ReportRepeat.objects.create(
        report=known,
        source=told.source,
        reported_at=told.reported_at,
        by=by,
        narrative=told.narrative,
        idempotency_key=told.idempotency_key,
    )
    known.use_days = sorted({*known.use_days, *told.use_days})
    known.save(update_fields=["use_days"])
    audit.record(
        "relapse.report_repeated", by=by, at=now, client_id=known.client_id, target=known, source=told.source
    )
    confirms = known.needs_confirmation and told.following is Following.PLAN
    moved = _confirm(known, by=by, now=now) if confirms else None
    return ReportRecorded(report=known, created=False, confirmed_now=confirms, moved=moved)


def _locked_report(report_id: int) -> RelapseReport:
    client = locked(RelapseReport.objects.values_list("client", flat=True).get(pk=report_id))
    report = RelapseReport.objects.select_for_update(of=("self",)).get(pk=report_id)
    report.client = client
    return report


@transaction.atomic
def corroborate(*, report_id: int, by: Any, now: datetime) -> ReportRecorded:
    """Confirm a report after talking with the client; from now on it may set the stage. Raises InvalidTransition."""
    require(by, Verb.DECIDE_REPORT)
    report = _locked_report(report_id)
    started = report.following is Following.PLAN
    moved = _confirm(report, by=by, now=now)
    return ReportRecorded(report=report, created=False, confirmed_now=not started, moved=moved)


def _confirm(report: RelapseReport, *, by: Any, now: datetime) -> Moved:
    first = needs_confirmation(report.source)
    report.move_to(ReportState.CORROBORATED)
    report.confirmed_at, report.confirmed_by = now, by
    report.save(update_fields=["state", "confirmed_at", "confirmed_by"])
    if report.episode is not None:
        report.episode.verification = Verification.CORROBORATED
        report.episode.save(update_fields=["verification"])
    audit.record("relapse.report_confirmed", by=by, at=now, client_id=report.client_id, target=report)
    new_use = first and report.episode is not None
    return _settle(report, Learned(new_use=new_use), at=now)


@transaction.atomic
def mark_unsubstantiated(*, report_id: int, reason: str, by: Any, now: datetime) -> ReportRecorded:
    """Close a report that was not borne out. Raises InvalidTransition, InvalidInput without a reason."""
    return _close(report_id, ReportState.UNSUBSTANTIATED, reason=reason, by=by, now=now)


@transaction.atomic
def retract(*, report_id: int, reason: str, by: Any, now: datetime) -> ReportRecorded:
    """Take a report back; it leaves every count. Raises InvalidTransition, InvalidInput without a reason."""
    return _close(report_id, ReportState.RETRACTED, reason=reason, by=by, now=now)


@transaction.atomic
def mark_report_error(*, report_id: int, reason: str, by: Any, now: datetime) -> ReportRecorded:
    """Mark a report as a mistake; it leaves every count. Raises InvalidTransition, InvalidInput without a reason."""
    return _close(report_id, ReportState.ENTERED_IN_ERROR, reason=reason, by=by, now=now)


def _close(report_id: int, state: ReportState, *, reason: str, by: Any, now: datetime) -> ReportRecorded:
    require(by, Verb.DECIDE_REPORT)
    if not reason.strip():
        raise InvalidInput(_("Say why, in a few words."), field="reason")
    report = _locked_report(report_id)
    report.move_to(state)
    report.closed_at = report.closed_at or now
    report.closed_by, report.closed_reason = by, reason.strip()
    report.save(update_fields=["state", "closed_at", "closed_by", "closed_reason"])
    _release_episode(report)
    audit.record(f"relapse.report_{state}", by=by, at=now, client_id=report.client_id, target=report)
    moved = settle(report.client, at=now, cause=Cause.CORRECTION, report=report)
    return ReportRecorded(report=report, created=False, moved=moved)


def _release_episode(report: RelapseReport) -> None:
    """An episode that nobody else speaks of any more goes the way of the report; else only the report's own days do."""
    episode = report.episode
    if episode is None:
        return
    others, marked = (
        list(episode.reports.filter(state__in=STANDING).order_by("pk")),
        set(marked_days(episode)),
    )
    if others:
        _take_days_back(report, episode, others, marked)
        return
    if marked:
        drop_days(episode, [day.on for day in episode.days.all() if day.on not in marked])
        return
    unproven = report.state == ReportState.UNSUBSTANTIATED
    for gone in [episode, *_told_beside(report)]:
        gone.verification = Verification.UNSUBSTANTIATED if unproven else Verification.VOID
        gone.save(update_fields=["verification"])


def _told_beside(report: RelapseReport) -> list[UseEpisode]:
    """Earlier episodes that the same report told of: it is filed under the latest of them."""
    beside = UseEpisode.objects.standing().filter(
        client=report.client, reports=None, recorded_at=report.recorded_at, days__on__in=report.use_days
    )
    return list(beside.distinct().order_by("pk"))


def _take_days_back(
    report: RelapseReport, episode: UseEpisode, others: list[RelapseReport], marked: set[date]
) -> None:
    """Days that this report alone told of leave the episode. Where another does not say its days, all stay."""
    if not all(other.use_days for other in others):
        return
    own = set(report.use_days) - {day for other in others for day in other.use_days} - marked
    if not episode.days.filter(on__in=own).exists() or not episode.days.exclude(on__in=own).exists():
        return
    goes_on = episode.last_use_on is None and max(report.use_days) not in own
    episode.days.filter(on__in=own).delete()
    left = list(episode.days.order_by("on").values_list("on", flat=True))
    episode.first_use_on, episode.last_use_on = left[0], None if goes_on else left[-1]
    episode.save(update_fields=["first_use_on", "last_use_on"])

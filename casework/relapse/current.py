"""Where a client stands now and stood before, from what is on record (clinical.md §1.5, §1.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Max
from django.utils import timezone

from casework.relapse import episodes, reporting
from casework.relapse.models import RelapseReport, StageAssessment, UseDay, UseEpisode
from casework.relapse.transitions import Assessed, Reported, Step, steps
from clients.models import Client, ClientSummary, EpisodeOfCare
from clients.stage import Stage


def thresholds() -> episodes.Thresholds:
    """The practice's thresholds for use episodes: RELAPSE_THRESHOLDS in settings, over the defaults."""
    return episodes.Thresholds(**settings.RELAPSE_THRESHOLDS)


def assessed(client: Client, *, at: datetime) -> list[Assessed]:
    """The final assessments up to `at`."""
    rows = StageAssessment.objects.final().filter(client__in=client.record_ids, assessed_at__lte=at)
    found = rows.values_list("assessed_at", "counselor_stage", "pk")
    return [Assessed(when, Stage(stage), pk) for when, stage, pk in found]


def reported(client: Client, *, at: datetime) -> list[Reported]:
    """The reports that may raise the stage, each from the moment it may, up to `at`."""
    rows = RelapseReport.objects.standing().filter(client__in=client.record_ids, reported_at__lte=at)
    found = rows.order_by("pk").values_list("pk", "stage", "source", "state", "reported_at", "confirmed_at")
    counting = [
        (reporting.counts_from(source, state, reported_at=told, confirmed_at=confirmed), Stage(stage), pk)
        for pk, stage, source, state, told, confirmed in found
    ]
    return [Reported(since, stage, pk) for since, stage, pk in counting if since is not None and since <= at]


def way(client: Client, *, at: datetime) -> list[Step]:
    """Every step of the stage up to `at`, oldest first."""
    return steps(assessed(client, at=at), reported(client, at=at))


def current_stage(client: Client, *, at: datetime) -> Stage | None:
    """The stage that holds at `at`; None while nothing is known."""
    found = way(client, at=at)
    return found[-1].stage if found else None


def use_in_window(client: Client, *, first: date, last: date) -> list[date]:
    """Days with use that the client told of or that was confirmed, from `first` to `last`, both counted."""
    return list(
        _days(UseEpisode.objects.counting().filter(client__in=client.record_ids), on__range=(first, last))
    )


def known_use_days(client: Client) -> list[date]:
    """Every day with use on record, without what still awaits a talk with the client."""
    return list(_known_use(UseEpisode.objects.filter(client__in=client.record_ids)))


def _known_use(found: Any) -> Any:
    return _days(found.believed())


def _days(found: Any, **when: Any) -> Any:
    days = UseDay.objects.filter(episode__in=found, **when)
    return days.values_list("on", flat=True).distinct().order_by("on")


def in_care_since(client: Client) -> date:
    """The first admission; the day of registration when none is on record."""
    first = EpisodeOfCare.objects.filter(client__in=client.record_ids).order_by("admitted_on").first()
    return first.admitted_on if first else timezone.localdate(client.registered_at, client.zone)


def longest_run(client: Client, *, at: datetime) -> int | None:
    """The most days in a row in care known to be without use; None while nobody has asked. It never shrinks."""
    found = StageAssessment.objects.final().filter(client__in=client.record_ids, assessed_at__lte=at)
    return _longest_run(client, found, since=in_care_since(client))


def _longest_run(client: Client, found: Iterable[StageAssessment], *, since: date) -> int | None:
    used = known_use_days(client)
    looks = [_look(one, client, used) for one in found if one.counselor_stage != Stage.INDETERMINATE]
    return episodes.longest_known_run(used, looks, since=since, thresholds=thresholds())


def _look(assessment: StageAssessment, client: Client, used: list[date]) -> episodes.Look:
    first, last = assessment.window(client.zone)
    saw_use = assessment.counselor_stage == Stage.PHYSICAL
    return episodes.Look(first, last, saw_use and not any(first <= day <= last for day in used))


@dataclass(frozen=True, slots=True, kw_only=True)
class UseMark:
    """An episode as a chart draws it: its days, its class and whether it goes on."""

    episode: UseEpisode
    days: tuple[date, ...]
    klass: episodes.EpisodeClass
    ongoing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the stage chart of a client shows, oldest first."""

    steps: list[Step]
    assessments: list[StageAssessment]
    reports: list[RelapseReport]
    use: list[UseMark]
    in_care_since: date
    longest_run: int | None


def history(client: Client, *, at: datetime) -> History:
    """The stage over time with the assessments, reports and use behind it, in a fixed number of queries."""
    found = StageAssessment.objects.final().filter(client__in=client.record_ids, assessed_at__lte=at)
    assessments = list(found.select_related("assessor").reverse())
    since = in_care_since(client)
    reports = RelapseReport.objects.standing().filter(client__in=client.record_ids, reported_at__lte=at)
    use = (
        UseEpisode.objects.standing()
        .filter(client__in=client.record_ids)
        .select_related("substance")
        .prefetch_related("days")
    )
    return History(
        steps=way(client, at=at),
        assessments=assessments,
        reports=list(reports.select_related("by").order_by("reported_at", "pk")),
        use=[_mark(one, timezone.localdate(at, client.zone)) for one in use.order_by("first_use_on", "pk")],
        in_care_since=since,
        longest_run=_longest_run(client, assessments, since=since),
    )


def _mark(episode: UseEpisode, on: date) -> UseMark:
    limits = thresholds()
    return UseMark(
        episode=episode,
        days=tuple(day.on for day in episode.days.all()),
        klass=episode.classification(limits),
        ongoing=episode.is_ongoing(on, limits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A summary as it is now, the stage that it held before, and the assessments behind it."""

    summary: ClientSummary
    stage_before_this: str
    assessed: list[Assessed]


def refresh_summary(client: Client, *, at: datetime) -> ClientSummary:
    """Write the stage columns of the client's summary anew from the records. The caller holds the client's row."""
    return renew_summary(client, at=at).summary


def renew_summary(client: Client, *, at: datetime) -> Renewed:
    """The same, telling what was read on the way: three reads and one write."""
    summary, days = _summary_and_days(client)
    before, seen = summary.stage, assessed(client, at=at)
    found = steps(seen, reported(client, at=at))
    summary.stage = found[-1].stage.value if found else ""
    summary.stage_since, summary.stage_before = _since(found)
    summary.stage_from_report = bool(found) and isinstance(found[-1].because, Reported)
    summary.last_assessed_at = max((one.at for one in seen), default=None)
    summary.last_use_on = days[-1] if days else None
    summary.save(
        update_fields=[
            "stage",
            "stage_since",
            "stage_before",
            "stage_from_report",
            "last_assessed_at",
            "last_use_on",
        ]
    )
    return Renewed(summary=summary, stage_before_this=before, assessed=seen)


def _summary_and_days(client: Client) -> tuple[ClientSummary, list[date]]:
    used = _known_use(UseEpisode.objects.filter(client__in=client.record_ids))
    summary = ClientSummary.objects.annotate(days=ArraySubquery(used)).filter(client=client).first()
    if summary is None:
        return ClientSummary.objects.create(client=client), known_use_days(client)
    return summary, summary.days


def _since(found: list[Step]) -> tuple[datetime | None, str]:
    """From when the present stage has held without a break, and which one held before it."""
    if not found:
        return None, ""
    since, before = found[-1].at, ""
    for step in reversed(found):
        if step.stage != found[-1].stage:
            before = step.stage.value
            break
        since = step.at
    return since, before


def last_use_by_substance(client: Client) -> dict[int, date]:
    """The latest day on which each substance was used, by its key, from what a stage may rest on (clinical.md §1.4)."""
    counting = UseEpisode.objects.counting().filter(client__in=client.record_ids, substance__isnull=False)
    days = counting.values_list("substance").annotate(last=Max("days__on")).order_by("substance")
    return dict(days)

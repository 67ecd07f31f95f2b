"""Where a client stands now and stood before, from what is on record (clinical.md §1.5, §1.6)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from casework.relapse import episodes, reporting
from casework.relapse.models import RelapseReport, StageAssessment, UseDay, UseEpisode
from casework.relapse.models.use import FIRM
from casework.relapse.transitions import Assessed, Reported, Step, steps
from clients.models import Client, ClientSummary, EpisodeOfCare
from clients.stage import Stage
from clients.together import Asker, alone


def thresholds() -> episodes.Thresholds:
    """The practice's thresholds for use episodes: RELAPSE_THRESHOLDS in settings, over the defaults."""
    return episodes.Thresholds(**settings.RELAPSE_THRESHOLDS)


@dataclass(frozen=True, slots=True)
class Behind:
    """What a client's stage rests on: final assessments, reports from when they count, and the last day of use."""

    assessed: list[Assessed]
    reported: list[Reported]
    last_use_on: date | None


# One statement in SQL: put together by the ORM the three reads took longer than all that a report writes.
READ = """
SELECT 'assessed' AS what, id, counselor_stage AS stage, assessed_at AS at, NULL AS source, NULL AS state,
       NULL::timestamptz AS confirmed_at, NULL::date AS used_on
  FROM relapse_stageassessment
 WHERE client_id = ANY(%(ids)s) AND state = 'final' AND assessed_at <= %(at)s
 UNION ALL
SELECT 'reported', id, stage, reported_at, source, state, confirmed_at, NULL
  FROM relapse_relapsereport
 WHERE client_id = ANY(%(ids)s) AND state = ANY(%(standing)s) AND reported_at <= %(at)s
 UNION ALL
SELECT 'used', NULL, NULL, NULL, NULL, NULL, NULL, max(use."on")
  FROM relapse_useday AS use JOIN relapse_useepisode AS episode ON episode.id = use.episode_id
 WHERE episode.client_id = ANY(%(ids)s)
   AND (episode.verification = ANY(%(firm)s)
        OR episode.verification = 'reported' AND episode.source <> ALL(%(to_confirm)s))
 ORDER BY what, at DESC, id DESC
"""


def behind(client: Client, *, at: datetime) -> Behind:
    """The final assessments up to `at`, newest first; the reports that may raise the stage, each from the moment it
    may; and the last day with use on record, without what still awaits a talk with the client."""
    found = Behind([], [], None)
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "ids": client.record_ids,
                "at": at,
                "standing": [str(state) for state in reporting.STANDING],
                "firm": [str(state) for state in FIRM],
                "to_confirm": [str(source) for source in reporting.TO_CONFIRM],
            },
        )
        for what, pk, stage, when, source, state, confirmed, used_on in cursor.fetchall():
            if what == "assessed":
                found.assessed.append(Assessed(when, Stage(stage), pk))
            elif what == "used":
                found = replace(found, last_use_on=used_on)
            elif since := _counts(source, state, when, confirmed, at):
                found.reported.append(Reported(since, Stage(stage), pk))
    return found


def _counts(
    source: str, state: str, told: datetime, confirmed: datetime | None, at: datetime
) -> datetime | None:
    since = reporting.counts_from(source, state, reported_at=told, confirmed_at=confirmed)
    return since if since is not None and since <= at else None


def way(client: Client, *, at: datetime) -> list[Step]:
    """Every step of the stage up to `at`, oldest first."""
    found = behind(client, at=at)
    return steps(found.assessed, found.reported)


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
    return list(_known_use(client))


def _known_use(client: Client) -> Any:
    return _days(UseEpisode.objects.believed().filter(client__in=client.record_ids))


def _days(found: Any, **when: Any) -> Any:
    days = UseDay.objects.filter(episode__in=found, **when)
    return days.values_list("on", flat=True).distinct().order_by("on")


def in_care_since(client: Client) -> date:
    """The first admission; the day of registration when none is on record."""
    return _first_day(client, _admissions(client))


def _admissions(client: Client) -> Any:
    return EpisodeOfCare.objects.filter(client__in=client.record_ids).order_by("admitted_on", "pk")[:1]


def _first_day(client: Client, admitted: Iterable[EpisodeOfCare]) -> date:
    first = next(iter(admitted), None)
    return first.admitted_on if first else timezone.localdate(client.registered_at, client.zone)


def longest_run(client: Client, *, at: datetime) -> int | None:
    """The most days in a row in care known to be without use; None while nobody has asked. It never shrinks."""
    found = StageAssessment.objects.final().filter(client__in=client.record_ids, assessed_at__lte=at)
    return _longest_run(client, found, known_use_days(client), since=in_care_since(client))


def _longest_run(
    client: Client, found: Iterable[StageAssessment], used: list[date], *, since: date
) -> int | None:
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
    return alone(history_asked(client, at=at))


def history_asked(client: Client, *, at: datetime) -> Asker[History]:
    """The same, for a page that asks for more."""
    theirs = client.record_ids
    final = StageAssessment.objects.final().filter(client__in=theirs, assessed_at__lte=at)
    assessments = final.select_related("assessor").reverse()
    reports = RelapseReport.objects.standing().filter(client__in=theirs, reported_at__lte=at)
    reports = reports.select_related("by").order_by("reported_at", "pk")
    use = UseEpisode.objects.standing().filter(client__in=theirs).order_by("first_use_on", "pk")
    use = use.select_related("substance").prefetch_related("days")
    admitted, used = _admissions(client), _known_use(client)
    yield [assessments, reports, use, admitted, used]
    since = _first_day(client, admitted)
    return History(
        steps=way(client, at=at),
        assessments=list(assessments),
        reports=list(reports),
        use=[_mark(one, timezone.localdate(at, client.zone)) for one in use],
        in_care_since=since,
        longest_run=_longest_run(client, assessments, list(used), since=since),
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
    """Write the stage columns of the client's summary anew from the records. The caller holds the client's row, read
    when it was locked."""
    return renew_summary(client, at=at).summary


def renew_summary(client: Client, *, at: datetime) -> Renewed:
    """The same, telling what was read on the way: one read and one write."""
    summary, known = _summary(client), behind(client, at=at)
    before = summary.stage
    found = steps(known.assessed, known.reported)
    summary.stage = found[-1].stage.value if found else ""
    summary.stage_since, summary.stage_before = _since(found)
    summary.stage_from_report = bool(found) and isinstance(found[-1].because, Reported)
    summary.last_assessed_at = max((one.at for one in known.assessed), default=None)
    summary.last_use_on = known.last_use_on
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
    return Renewed(summary=summary, stage_before_this=before, assessed=known.assessed)


def _summary(client: Client) -> ClientSummary:
    """The one that was read when the client's row was locked."""
    if not hasattr(client, "summary"):
        return ClientSummary.objects.create(client=client)
    return client.summary


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
    return alone(last_use_asked(client))


def last_use_asked(client: Client) -> Asker[dict[int, date]]:
    """The same, for a page that asks for more."""
    counting = UseEpisode.objects.counting().filter(client__in=client.record_ids, substance__isnull=False)
    days = counting.values_list("substance").annotate(last=Max("days__on")).order_by("substance")
    yield [days]
    return dict(days)

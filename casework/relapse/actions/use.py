"""Recording use, day by day; the days decide which episodes there are (clinical.md §1.6)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.relapse import current, episodes
from casework.relapse.models import AlsoUsed, StageTransition, UseDay, UseEpisode
from casework.relapse.models.use import UseType, Verification
from casework.relapse.moving import Learned, settle
from casework.relapse.reporting import ReportSource
from clients import audit
from clients.access import Verb, require
from clients.actions import locked
from clients.dates import EARLIEST
from clients.errors import InvalidInput
from clients.models import Client, ClientSubstance

DETAILS = ("route", "amount_text", "with_whom", "place")


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRecorded:
    """The episodes that the days belong to, oldest first, and what the days changed."""

    episodes: tuple[UseEpisode, ...]
    created: bool
    reclassified: bool
    is_new: bool = False  # the latest episode has no day but these

    @property
    def latest(self) -> UseEpisode:
        return self.episodes[-1]


@transaction.atomic
def record_use(*, client_id: int, by: Any, now: datetime, **told: Any) -> UseRecorded:
    """Record the days on which something was used; they join an episode less than 14 days away or open a new one.

    `told`: see `take_use`. Raises InvalidInput for medicine taken as prescribed (that is never an episode), without a
    day, or for a day in the future.
    """
    require(by, Verb.REPORT_RELAPSE)
    client = locked(client_id)
    recorded = take_use(client, by=by, now=now, **told)
    current.refresh_summary(client, at=now)
    return recorded


def take_use(
    client: Client,
    *,
    use_type: str,
    days: Iterable[date],
    source: str,
    by: Any,
    now: datetime,
    substance: Any = None,
    also_used: Collection[Any] = (),
    verification: str = "",
    loss_of_control: bool = False,
    still_using: bool = False,
    **details: Any,
) -> UseRecorded:
    """What `record_use` does, for a caller who holds the client's row, has the right, and renews the summary.

    `details`: route, amount_text, with_whom, place.
    """
    wanted = sorted(set(days))
    _check(client, use_type, wanted, source, details, now=now)
    common = {
        "use_type": use_type,
        "source": source,
        "substance": substance,
        "verification": verification or _verification(source),
        "loss_of_control": loss_of_control,
        **details,
    }
    found, created, reclassified, is_new = [], False, False, False
    for group in episodes.split(wanted, current.thresholds()):
        ends = None if still_using and group[-1] == wanted[-1] else group[-1]
        episode, is_new, is_reclassified = _place(client, group, ends, common, by=by, now=now)
        _add_substances(episode, also_used)
        found.append(episode)
        created, reclassified = created or is_new, reclassified or is_reclassified
    return UseRecorded(episodes=tuple(found), created=created, reclassified=reclassified, is_new=is_new)


def _check(
    client: Client, use_type: str, days: list[date], source: str, details: dict[str, Any], *, now: datetime
) -> None:
    if use_type == UseType.AS_PRESCRIBED:
        raise InvalidInput(
            _("Medicine taken as prescribed is not a return to use. There is nothing to report."),
            field="use_type",
        )
    if use_type not in UseType.values or source not in ReportSource.values:
        raise InvalidInput(_("Choose what kind of use it was and how we know."), field="use_type")
    if unknown := set(details) - set(DETAILS):
        raise TypeError(f"record_use() got an unexpected detail: {', '.join(sorted(unknown))}")
    if details.get("route", "unknown") not in ClientSubstance.Route.values:
        raise InvalidInput(_("Choose one of the routes."), field="route")
    if not days:
        raise InvalidInput(_("Name at least one day with use. An estimate will do."), field="days")
    if days[-1] > timezone.localdate(now, client.zone):
        raise InvalidInput(_("A day with use cannot lie in the future."), field="days")
    if days[0] < EARLIEST:
        raise InvalidInput(_("This day lies before anybody's time. Check the year."), field="days")


def _verification(source: str) -> Verification:
    return Verification.PRESUMPTIVE if source == ReportSource.TOXICOLOGY else Verification.REPORTED


def _place(
    client: Client,
    days: tuple[date, ...],
    ends: date | None,
    common: dict[str, Any],
    *,
    by: Any,
    now: datetime,
) -> tuple[UseEpisode, bool, bool]:
    """Put the days where they belong: the episode, whether it is new, and whether a lapse became a relapse."""
    told = UseEpisode(
        client=client, first_use_on=days[0], last_use_on=ends, recorded_at=now, recorded_by=by, **common
    )
    near = [one for one in _neighbours(client, days, common["substance"]) if _may_join(one, told, days)]
    if not near:
        told.save()
        UseDay.objects.bulk_create(UseDay(episode=told, on=day) for day in days)
        audit.record("relapse.use_recorded", by=by, at=now, client_id=client.pk, target=told, days=len(days))
        return told, True, False
    episode, limits = near[0], current.thresholds()
    before = episode.classification(limits)
    _join(episode, near[1:], told, days)
    after = _reread(episode).classification(limits)
    audit.record("relapse.use_added", by=by, at=now, client_id=client.pk, target=episode, days=len(days))
    return episode, False, _worsened(before, after)


def _worsened(before: episodes.EpisodeClass, after: episodes.EpisodeClass) -> bool:
    return (before, after) == (episodes.EpisodeClass.LAPSE, episodes.EpisodeClass.RELAPSE)


def _neighbours(client: Client, days: tuple[date, ...], substance: Any) -> list[UseEpisode]:
    """Standing episodes of the same substance with a day less than the gap away, oldest first."""
    gap = current.thresholds().new_episode_gap
    standing = (
        UseEpisode.objects.standing().filter(client=client, substance=substance).prefetch_related("days")
    )
    return [
        one
        for one in standing.order_by("first_use_on", "pk")
        if any(abs((known.on - day).days) < gap for known in one.days.all() for day in days)
    ]


def _may_join(known: UseEpisode, told: UseEpisode, days: tuple[date, ...]) -> bool:
    """What is not yet confirmed adds no day to an episode that a stage may rest on."""
    return told.counts or not known.counts or {day.on for day in known.days.all()}.issuperset(days)


def _join(episode: UseEpisode, others: list[UseEpisode], told: UseEpisode, days: tuple[date, ...]) -> None:
    """Add the days, and those of episodes that the days now bridge; what the client confirms is corroborated."""
    kept = {day.on for day in episode.days.all()}
    bridged = {day.on for other in others for day in other.days.all()}
    UseDay.objects.bulk_create(UseDay(episode=episode, on=day) for day in sorted({*days, *bridged} - kept))
    if told.counts and not episode.counts:
        episode.verification = Verification.CORROBORATED
    every = kept | bridged | set(days)
    episode.first_use_on = min(every)
    episode.last_use_on = None if told.last_use_on is None and max(every) == days[-1] else max(every)
    episode.loss_of_control = (
        episode.loss_of_control or told.loss_of_control or any(o.loss_of_control for o in others)
    )
    episode.save(update_fields=["verification", "first_use_on", "last_use_on", "loss_of_control"])
    for other in others:
        other.reports.update(episode=episode)
        other.verification = Verification.VOID
        other.save(update_fields=["verification"])


def _reread(episode: UseEpisode) -> UseEpisode:
    return UseEpisode.objects.prefetch_related("days").get(pk=episode.pk)


def _add_substances(episode: UseEpisode, also_used: Collection[Any]) -> None:
    others = [one for one in also_used if one.pk != episode.substance_id]
    if others:
        rows = [AlsoUsed(episode=episode, substance=one) for one in others]
        AlsoUsed.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def override_class(*, episode_id: int, klass: str, reason: str, by: Any, now: datetime) -> UseRecorded:
    """Call an episode a lapse or a relapse against what its days say; an empty class takes the word back.

    A lapse that becomes a relapse is an escalation. Raises InvalidInput for another word or without a reason.
    """
    require(by, Verb.ASSESS_STAGE)
    client = locked(UseEpisode.objects.values_list("client", flat=True).get(pk=episode_id))
    if klass and klass not in list(episodes.EpisodeClass):
        raise InvalidInput(_("An episode is a lapse or a relapse."), field="class_override")
    if klass and not reason.strip():
        raise InvalidInput(_("Say why you see it differently."), field="class_reason")
    episode, limits = (
        UseEpisode.objects.select_for_update(of=("self",)).get(pk=episode_id),
        current.thresholds(),
    )
    before = episode.classification(limits)
    episode.class_override, episode.class_reason = klass, reason.strip() if klass else ""
    episode.save(update_fields=["class_override", "class_reason"])
    audit.record("relapse.use_classified", by=by, at=now, client_id=client.pk, target=episode, klass=klass)
    reclassified = _worsened(before, episode.classification(limits))
    settle(client, at=now, cause=StageTransition.Cause.USE, learned=Learned(reclassified=reclassified))
    return UseRecorded(episodes=(episode,), created=False, reclassified=reclassified)

"""The use calendar: what is said of single days, kept beside what others say of them (clinical.md §2.14).

Lower verbs: casework.followup calls them and asks for what must follow.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from casework.relapse.actions.use import UseRecorded, take_use
from casework.relapse.models import DayMark, RelapseReport, StageTransition, UseDay, UseEpisode
from casework.relapse.models.use import UseType, Verification
from casework.relapse.moving import Learned, Moved, settle
from casework.relapse.reporting import STANDING, TO_CONFIRM, ReportSource
from clients import audit
from clients.dates import EARLIEST
from clients.errors import InvalidInput
from clients.models import Client, Substance

State, Certainty = DayMark.State, DayMark.Certainty
MOST_DAYS = 100  # in one go
AMOUNT_LENGTH = 120
# A result says nothing about a day, and an import tells of use in its own way.
SOURCES = tuple(
    source for source in ReportSource if source not in (ReportSource.TOXICOLOGY, ReportSource.IMPORT)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The words as they were kept, the use that they taught, and how the stage's reckoning moved."""

    marks: tuple[DayMark, ...]
    recorded: UseRecorded | None
    moved: Moved
    unreported: bool = False  # use was told of that no standing report speaks of


def take_marks(
    client: Client,
    *,
    days: Iterable[date],
    used: bool,
    source: str,
    by: Any,
    now: datetime,
    session: Any = None,
    substance: Substance | None = None,
    use_type: str = "",
    amount_text: str = "",
    heavy: bool = False,
    certainty: str = Certainty.SURE,
) -> Marked:
    """Keep what `source` says of each day, for a caller who holds the client's row and has the right.

    A later word of the same source replaces its earlier one, which stays readable; other sources' words stay beside
    it. Use becomes part of an episode unless the client has still to be asked. Raises InvalidInput.
    """
    wanted = sorted(set(days))
    told: dict[str, Any] = {"source": source, "certainty": certainty, "session": session}
    _check(client, wanted, told, amount_text, now=now)
    if used:
        told |= {
            "substance": substance,
            "use_type": _use_type(client, use_type, substance),
            "amount_text": amount_text.strip(),
            "heavy": heavy,
        }
    known = _days_on_record(client, told.get("substance"))
    _replace(client, wanted, used=used, told=told, by=by, now=now)
    believed = used and source not in TO_CONFIRM
    recorded = _record(client, wanted, told, by=by, now=now) if believed else None
    marks = DayMark.objects.bulk_create(
        DayMark(
            client=client,
            on=day,
            used=used,
            recorded_at=now,
            recorded_by=by,
            brought_day=believed and day not in known,
            **told,
        )
        for day in wanted
    )
    audit.record(
        "relapse.days_marked",
        by=by,
        at=now,
        client_id=client.pk,
        target=client,
        days=len(marks),
        used=used,
        source=source,
    )
    unreported = used and not _is_reported(client, wanted, recorded)
    learned = Learned(
        new_use=recorded is not None and recorded.created and unreported,
        reclassified=recorded is not None and recorded.reclassified,
    )
    moved = settle(client, at=now, cause=StageTransition.Cause.USE, learned=learned)
    return Marked(marks=tuple(marks), recorded=recorded, moved=moved, unreported=unreported)


def _check(
    client: Client, days: list[date], told: dict[str, Any], amount_text: str, *, now: datetime
) -> None:
    if not days:
        raise InvalidInput(_("Choose at least one day."), field="days")
    if len(days) > MOST_DAYS:
        raise InvalidInput(_("Mark at most 100 days at a time."), field="days")
    if days[-1] > timezone.localdate(now, client.zone):
        raise InvalidInput(_("A day that is still to come cannot be marked."), field="days")
    if days[0] < EARLIEST:
        raise InvalidInput(_("This day lies before anybody's time. Check the year."), field="days")
    if told["source"] == ReportSource.TOXICOLOGY:
        message = _("A test result says nothing about single days. Report it instead.")
        raise InvalidInput(message, field="source")
    if told["source"] not in SOURCES:
        raise InvalidInput(_("Choose who told us."), field="source")
    if told["certainty"] not in Certainty.values:
        raise InvalidInput(_("Say how sure the day is."), field="certainty")
    if len(amount_text) > AMOUNT_LENGTH:
        raise InvalidInput(_("Say how much in at most 120 characters."), field="amount_text")
    if told["session"] is not None and told["session"].client_id not in client.record_ids:
        raise InvalidInput(_("That session belongs to another client."), field="session")


def _use_type(client: Client, use_type: str, substance: Substance | None) -> str:
    """The kind of use as said, or as it was last time with this substance."""
    if use_type:
        if use_type not in UseType.values:
            raise InvalidInput(_("Choose what kind of use it was."), field="use_type")
        return _not_as_prescribed(use_type)
    if substance is not None and substance.klass == Substance.Klass.ALCOHOL:
        return UseType.ALCOHOL
    known = UseEpisode.objects.of(client).standing().filter(substance=substance).first()
    if known is None:
        raise InvalidInput(_("Say what kind of use it was."), field="use_type")
    return str(known.use_type)


def _not_as_prescribed(use_type: str) -> str:
    if use_type == UseType.AS_PRESCRIBED:
        message = _("Medicine taken as prescribed is not use. Such a day is a day without use.")
        raise InvalidInput(message, field="use_type")
    return use_type


def _days_on_record(client: Client, substance: Substance | None) -> set[date]:
    episodes = UseEpisode.objects.of(client).standing().filter(substance=substance)
    return set(UseDay.objects.filter(episode__in=episodes).order_by("on").values_list("on", flat=True))


def _record(client: Client, days: list[date], told: dict[str, Any], *, by: Any, now: datetime) -> UseRecorded:
    """What goes on, as far as known, goes on: a day of it that is filled in later does not end it."""
    going_on = UseEpisode.objects.of(client).standing().filter(last_use_on=None)
    before = list(going_on.order_by("pk").values_list("pk", flat=True))
    facts = {name: told[name] for name in ("source", "substance", "use_type", "amount_text")}
    recorded = take_use(client, days=days, by=by, now=now, **facts)
    UseEpisode.objects.standing().filter(pk__in=before).update(last_use_on=None)
    return recorded


def _is_reported(client: Client, days: Collection[date], recorded: UseRecorded | None) -> bool:
    """Whether a standing report speaks of this use: of its episodes, or of every one of the days."""
    reports = RelapseReport.objects.of(client).standing()
    if recorded is None:
        told = {day for use_days in reports.values_list("use_days", flat=True) for day in use_days}
        return told.issuperset(days)
    return all(reports.filter(episode=episode).exists() for episode in recorded.episodes)


# --- replacing and taking back --------------------------------------------------------------------------------------


def _replace(
    client: Client, days: list[date], *, used: bool, told: dict[str, Any], by: Any, now: datetime
) -> None:
    """The same source thinks otherwise now, or says it anew: its earlier word on the day gives way."""
    earlier = DayMark.objects.of(client).standing().filter(on__in=days, source=told["source"])
    for mark in earlier.select_for_update(of=("self",)).order_by("pk"):
        said_anew = used and mark.used and mark.substance_id == _key(told["substance"])
        if said_anew or not (used and mark.used and mark.substance_id):
            _end(mark, State.REPLACED, reason="", by=by, now=now)
            if mark.used and not said_anew:
                _release(client, mark)


def _key(substance: Substance | None) -> int | None:
    return substance.pk if substance is not None else None


def _end(mark: DayMark, state: DayMark.State, *, reason: str, by: Any, now: datetime) -> None:
    mark.move_to(state)
    mark.ended_at, mark.ended_by, mark.ended_reason = now, by, reason
    mark.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])


def _release(client: Client, mark: DayMark) -> None:
    """The day leaves its episode when the calendar brought it there and nobody else tells of it."""
    same = DayMark.objects.of(client).filter(on=mark.on, used=True, substance=mark.substance_id)
    told_elsewhere = same.standing().exclude(source__in=TO_CONFIRM).exists()
    if told_elsewhere or not same.filter(brought_day=True).exists():
        return
    episodes = UseEpisode.objects.of(client).standing().filter(substance=mark.substance_id, days__on=mark.on)
    for episode in episodes.order_by("pk"):
        reports = episode.reports.filter(state__in=STANDING).order_by("pk")
        if not any(not one.use_days or mark.on in one.use_days for one in reports):
            drop_days(episode, [mark.on])


def drop_days(episode: UseEpisode, days: Collection[date]) -> None:
    """Take days out of an episode; without any day left it is void."""
    episode.days.filter(on__in=days).delete()
    left = list(episode.days.order_by("on").values_list("on", flat=True))
    if not left:
        episode.verification = Verification.VOID
        episode.save(update_fields=["verification"])
        return
    episode.first_use_on = left[0]
    episode.last_use_on = left[-1] if episode.last_use_on is not None else None
    episode.save(update_fields=["first_use_on", "last_use_on"])


def marked_days(episode: UseEpisode) -> list[date]:
    """Days of an episode that the calendar tells of too, whatever becomes of a report."""
    marks = DayMark.objects.of(episode.client).standing().filter(used=True, substance=episode.substance_id)
    told = marks.exclude(source__in=TO_CONFIRM).filter(on__in=episode.days.values("on"))
    return sorted(set(told.order_by("on").values_list("on", flat=True)))


def take_mark_back(client: Client, mark: DayMark, *, reason: str, by: Any, now: datetime) -> Moved:
    """Take one word back as a mistake; it stays readable. Raises InvalidInput without a reason, InvalidTransition."""
    if not reason.strip():
        raise InvalidInput(_("Say why, in a few words."), field="reason")
    _end(mark, State.WITHDRAWN, reason=reason.strip(), by=by, now=now)
    if mark.used:
        _release(client, mark)
    audit.record("relapse.day_mark_withdrawn", by=by, at=now, client_id=client.pk, target=mark)
    return settle(client, at=now, cause=StageTransition.Cause.CORRECTION)

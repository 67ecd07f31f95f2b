"""What changed since we were last in touch with the client."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.desk.templatetags.look import stage_change
from casework.followup.models import InboundMessage, Message, ToDo
from casework.relapse.models import RelapseReport, StageTransition
from clients.models import Client
from clients.together import Asker, alone
from sessions.models import Session


@dataclass(frozen=True)
class Change:
    """One change, in a sentence."""

    text: str
    at: datetime | None = None
    tone: str = "plain"


def last_contact(client: Client) -> datetime | None:
    """The later of the last session held and the last live talk; None when there was neither."""
    times = (client.summary.last_contact_at, client.summary.last_session_at)
    return max((at for at in times if at is not None), default=None)


def changes(client: Client, *, since: datetime, now: datetime) -> list[Change]:
    """What a counselor should know before the next talk; empty when nothing happened."""
    return alone(asked(client, since=since, now=now))


def asked(client: Client, *, since: datetime, now: datetime) -> Asker[list[Change]]:
    """The same, for a page that asks for more."""
    moves = StageTransition.objects.of(client).filter(at__gt=since).order_by("at", "pk")
    reports = RelapseReport.objects.of(client).standing().filter(recorded_at__gt=since)
    missed = Session.objects.of(client).filter(starts_at__gt=since, state=Session.State.NO_SHOW)
    missed = missed.order_by("starts_at")
    written = InboundMessage.objects.of(client).filter(received_at__gt=since).order_by("received_at")
    times = written.values_list("received_at", flat=True)
    dead = Message.objects.of(client).filter(status=Message.Status.DEAD, closed_at__gt=since)
    unsent = dead.values_list("pk", flat=True)
    late = ToDo.objects.of(client).overdue(now).values_list("pk", flat=True)
    yield [moves, reports, missed, times, unsent, late]
    return [
        *_stage(list(moves)),
        *_reports(reports),
        *(Change(_("Missed session"), one.starts_at, "attention") for one in missed),
        *_written(client, list(times)),
        *_undelivered(len(unsent)),
        *_overdue(len(late)),
    ]


def _stage(moves: list[StageTransition]) -> Iterator[Change]:
    if not moves:
        return
    change = stage_change(moves[0].from_stage, moves[-1].to_stage)
    if change:
        stage = moves[-1].get_to_stage_display()
        yield Change(
            _("Stage: %(stage)s, %(change)s") % {"stage": stage.lower(), "change": change}, moves[-1].at
        )


def _reports(reports: Iterable[RelapseReport]) -> Iterator[Change]:
    for one in reports:
        said = _("Relapse reported (%(stage)s)") % {"stage": one.get_stage_display().lower()}
        yield Change(said, one.reported_at, "attention")


def _written(client: Client, times: list[datetime]) -> Iterator[Change]:
    if times:
        count = len(times)
        words = ngettext("%(name)s wrote %(count)s message", "%(name)s wrote %(count)s messages", count)
        yield Change(words % {"name": client.first_name, "count": count}, times[-1])


def _undelivered(dead: int) -> Iterator[Change]:
    if dead:
        words = ngettext(
            "%(count)s message could not be delivered", "%(count)s messages could not be delivered", dead
        )
        yield Change(words % {"count": dead}, tone="attention")


def _overdue(late: int) -> Iterator[Change]:
    if late:
        words = ngettext("%(count)s to-do is overdue", "%(count)s to-dos are overdue", late)
        yield Change(words % {"count": late}, tone="attention")

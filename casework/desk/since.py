"""What changed since we were last in touch with the client."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.desk.templatetags.look import stage_change
from casework.followup.models import InboundMessage, Message, ToDo
from casework.relapse.models import RelapseReport, StageTransition
from clients.models import Client
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
    return [
        *_stage(client, since),
        *_reports(client, since),
        *_missed(client, since),
        *_written(client, since),
        *_undelivered(client, since),
        *_overdue(client, now),
    ]


def _stage(client: Client, since: datetime) -> Iterator[Change]:
    moves = list(StageTransition.objects.of(client).filter(at__gt=since).order_by("at", "pk"))
    if not moves:
        return
    change = stage_change(moves[0].from_stage, moves[-1].to_stage)
    if change:
        stage = moves[-1].get_to_stage_display()
        yield Change(
            _("Stage: %(stage)s, %(change)s") % {"stage": stage.lower(), "change": change}, moves[-1].at
        )


def _reports(client: Client, since: datetime) -> Iterator[Change]:
    for one in RelapseReport.objects.of(client).standing().filter(recorded_at__gt=since):
        said = _("Relapse reported (%(stage)s)") % {"stage": one.get_stage_display().lower()}
        yield Change(said, one.reported_at, "attention")


def _missed(client: Client, since: datetime) -> Iterator[Change]:
    missed = Session.objects.of(client).filter(starts_at__gt=since, state=Session.State.NO_SHOW)
    for one in missed.order_by("starts_at"):
        yield Change(_("Missed session"), one.starts_at, "attention")


def _written(client: Client, since: datetime) -> Iterator[Change]:
    found = InboundMessage.objects.of(client).filter(received_at__gt=since).order_by("received_at")
    times = list(found.values_list("received_at", flat=True))
    if times:
        count = len(times)
        words = ngettext("%(name)s wrote %(count)s message", "%(name)s wrote %(count)s messages", count)
        yield Change(words % {"name": client.first_name, "count": count}, times[-1])


def _undelivered(client: Client, since: datetime) -> Iterator[Change]:
    dead = Message.objects.of(client).filter(status=Message.Status.DEAD, closed_at__gt=since).count()
    if dead:
        words = ngettext(
            "%(count)s message could not be delivered", "%(count)s messages could not be delivered", dead
        )
        yield Change(words % {"count": dead}, tone="attention")


def _overdue(client: Client, now: datetime) -> Iterator[Change]:
    late = ToDo.objects.of(client).overdue(now).count()
    if late:
        words = ngettext("%(count)s to-do is overdue", "%(count)s to-dos are overdue", late)
        yield Change(words % {"count": late}, tone="attention")

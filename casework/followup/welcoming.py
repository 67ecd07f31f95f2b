"""The first text to a number that a client has newly let us text: who we are, what comes, how to stop it (M-5, M-6).

It is written by the sweep, for the morning after, and steps aside for everything else: the caps count it, and what a
plan has to say matters more. Running this again changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from casework.followup import schedule
from casework.followup.hours import timing_of
from casework.followup.messages.policy import AUTOMATED, zone_of
from casework.followup.models import Message, Priority
from casework.followup.schedule import WEEK, Moment
from clients.actions import locked
from clients.models import Client, ContactPoint, Permission, Practice

NEW = timedelta(hours=72)  # an older permission was given to the practice long before it used this
DAYS_AHEAD = 14  # later than that the other texts have said who we are
BY_KEYWORD = "keyword"  # START is answered at once, by a text of its own


def greet(now: datetime) -> int:
    """Write the welcome for every new permission, and move those that stand in something's way. Returns how many."""
    new = [_write(client_id, now) for client_id in _newly_permitted(now)]
    moved = [_step_aside(client_id, now) for client_id in _waiting()]
    return sum(new) + sum(moved)


def _newly_permitted(now: datetime) -> list[int]:
    welcomed = Message.objects.filter(
        client=OuterRef("client"), kind=Message.Kind.WELCOME, due_at__gte=OuterRef("granted_at")
    )
    rows = Permission.objects.in_force(now).filter(
        ~Exists(welcomed),
        channel=Permission.Channel.TEXT,
        granted_at__gt=now - NEW,
        client__state=Client.State.ACTIVE,
    )
    return list(
        rows.exclude(version=BY_KEYWORD).order_by("client").values_list("client", flat=True).distinct()
    )


@transaction.atomic
def _write(client_id: int, now: datetime) -> bool:
    client = locked(client_id)
    points = (
        ContactPoint.objects.of(client)
        .current()
        .filter(kind=ContactPoint.Kind.MOBILE)
        .order_by("position", "pk")
    )
    point = next((point for point in points if point.is_usable), None)
    if point is None or _welcomed(point):
        return False
    slot = _free(client, now, others=_automated(client, now))
    first = slot or _mornings(client, now)[0]
    _message, created = Message.objects.get_or_create(
        dedupe_key=_key(point.uid),
        defaults={
            "client": client,
            "kind": Message.Kind.WELCOME,
            "template_key": "welcome",
            "channel_rule": "sms",
            "local_date": first.on,
            "local_time": first.at,
            "tz": zone_of(client, Practice.current()).key,
            "due_at": first.instant,
            "priority": Priority.USUAL,
            **({} if slot else _left_out(now)),
        },
    )
    return created


def _key(uid: Any) -> str:
    return f"welcome:{uid}"


def _welcomed(point: ContactPoint) -> bool:
    """Whether this number has had its welcome, as whoever's and however often it was entered."""
    same = ContactPoint.objects.filter(kind=point.kind, normalized=point.normalized)
    keys = [_key(uid) for uid in same.order_by("pk").values_list("uid", flat=True)]
    return Message.objects.filter(dedupe_key__in=keys).exists()


def _waiting() -> list[int]:
    rows = Message.objects.waiting().filter(kind=Message.Kind.WELCOME)
    return list(rows.order_by("client").values_list("client", flat=True).distinct())


@transaction.atomic
def _step_aside(client_id: int, now: datetime) -> bool:
    """Move a welcome from a day that has been taken since, or leave it out when there is no other soon."""
    client = locked(client_id)
    rows = Message.objects.waiting().filter(client=client, kind=Message.Kind.WELCOME, due_at__gt=now)
    welcome = rows.select_for_update(of=("self",)).order_by("pk").first()
    if welcome is None:
        return False
    others = [one for one in _automated(client, now) if one != (welcome.pk, welcome.due_at)]
    zone = zone_of(client, Practice.current())
    if schedule.fits(welcome.due_at, [at for _pk, at in others], zone):
        return False
    slot = _free(client, now, others=others)
    changes = _left_out(now)
    if slot is not None:
        changes = {"local_date": slot.on, "local_time": slot.at, "due_at": slot.instant}
    return bool(rows.filter(pk=welcome.pk).update(**changes))


def _left_out(now: datetime) -> dict[str, Any]:
    return {"status": Message.Status.SKIPPED, "reason_code": "welcome_yields", "closed_at": now}


def _automated(client: Client, now: datetime) -> list[tuple[int, datetime]]:
    """When automated texts left in the last week, and when those that wait are due."""
    rows = Message.objects.filter(client=client, kind__in=AUTOMATED)
    left = rows.filter(sent_at__gt=now - WEEK).order_by("pk").values_list("pk", "sent_at")
    ahead = rows.unsettled().filter(sent_at=None).order_by("pk").annotate(at=F("due_at"))
    return [*left, *ahead.values_list("pk", "at")]


def _mornings(client: Client, now: datetime) -> list[Moment]:
    """The openings of the coming days on the client's clock, tomorrow's first."""
    practice = Practice.current()
    zone, timing = zone_of(client, practice), timing_of(practice)
    today = now.astimezone(zone).date()
    return [schedule.on_day(today + timedelta(days=n), timing.opens, zone) for n in range(1, DAYS_AHEAD + 1)]


def _free(client: Client, now: datetime, *, others: Sequence[tuple[int, datetime]]) -> Moment | None:
    """The first morning that nothing else needs; None when there is none soon."""
    zone = zone_of(client, Practice.current())
    taken = [at for _pk, at in others]
    return next((one for one in _mornings(client, now) if schedule.fits(one.instant, taken, zone)), None)

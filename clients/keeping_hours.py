"""Setting the hours, the closed days and the on-call roster."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clients import audit
from clients.access import Role, Verb, require
from clients.errors import Conflict, InvalidInput
from clients.models import Closure, OnCall, Practice, StaffedHours

MAY_ANSWER = frozenset({Role.COUNSELOR, Role.SUPERVISOR})


@transaction.atomic
def set_hours(*, week: Mapping[int, tuple[time, time]], by: Any, now: datetime) -> list[StaffedHours]:
    """The hours of the week, whole: a day that is not named is closed. Raises InvalidInput for a day that ends first.

    A practice that is never staffed has no hours to speak of: at least one day is open.
    """
    require(by, Verb.KEEP_WATCH)
    if not week:
        raise InvalidInput(_("Give at least one day its hours."))
    for day, (opens, closes) in week.items():
        if closes <= opens:
            raise InvalidInput(_("The day must end later than it begins."), field=f"closes_{day}")
    StaffedHours.objects.select_for_update().exclude(weekday__in=week).delete()
    rows = [
        StaffedHours.objects.update_or_create(weekday=day, defaults={"opens": opens, "closes": closes})[0]
        for day, (opens, closes) in sorted(week.items())
    ]
    audit.record(
        "hours.set",
        by=by,
        at=now,
        week={str(row.weekday): [f"{row.opens:%H:%M}", f"{row.closes:%H:%M}"] for row in rows},
    )
    return rows


@transaction.atomic
def add_closure(*, on: date, what: str, by: Any, now: datetime) -> Closure:
    """Nobody works on that day. Raises InvalidInput for a day that is over, Conflict for one that is there."""
    require(by, Verb.KEEP_WATCH)
    if on < timezone.localdate(now, Practice.current().zone):
        raise InvalidInput(_("This day is over. Give a day to come."), field="on")
    closure, created = Closure.objects.get_or_create(on=on, defaults={"what": what.strip()})
    if not created:
        raise Conflict(_("This day is closed already."), field="on")
    audit.record("closure.added", by=by, at=now, target=closure, on=on.isoformat())
    return closure


@transaction.atomic
def remove_closure(*, closure_id: int, by: Any, now: datetime) -> None:
    """The day is worked after all. Removing what is gone changes nothing."""
    require(by, Verb.KEEP_WATCH)
    closure = Closure.objects.select_for_update().filter(pk=closure_id).first()
    if closure is not None:
        audit.record("closure.removed", by=by, at=now, target=closure, on=closure.on.isoformat())
        closure.delete()


@transaction.atomic
def add_duty(*, user: Any, from_at: datetime, to_at: datetime, by: Any, now: datetime) -> OnCall:
    """Put somebody on call. Raises InvalidInput for a duty that is over, ends first, or for who sees no clients."""
    require(by, Verb.KEEP_WATCH)
    if user.role not in MAY_ANSWER or not user.is_active:
        raise InvalidInput(_("Only counselors and supervisors who work here can be on call."), field="user")
    if to_at <= from_at:
        raise InvalidInput(_("The duty must end later than it begins."), field="to_at")
    if to_at <= now:
        raise InvalidInput(_("This duty is over. Give one to come."), field="to_at")
    if OnCall.objects.filter(user=user, from_at__lt=to_at, to_at__gt=from_at).exists():
        raise Conflict(_("This person is on call then already."), field="from_at")
    duty = OnCall.objects.create(user=user, from_at=from_at, to_at=to_at, added_by=by)
    audit.record("on_call.added", by=by, at=now, target=duty, user=user.pk)
    return duty


@transaction.atomic
def end_duty(*, duty_id: int, by: Any, now: datetime) -> None:
    """Take somebody off call: a duty that has begun ends now, one to come is gone. Twice changes nothing."""
    require(by, Verb.KEEP_WATCH)
    duty = OnCall.objects.select_for_update(of=("self",)).filter(pk=duty_id, to_at__gt=now).first()
    if duty is None:
        return
    audit.record("on_call.ended", by=by, at=now, target=duty, user=duty.user_id)
    if duty.from_at >= now:
        duty.delete()
    else:
        duty.to_at = now
        duty.save(update_fields=["to_at"])


@transaction.atomic
def set_crisis_reply(*, on: bool, by: Any, now: datetime) -> Practice:
    """Whether a crisis word is answered at once with the crisis lines. Raises InvalidInput before set-up."""
    require(by, Verb.KEEP_WATCH)
    practice = Practice.objects.select_for_update().order_by("pk").first()
    if practice is None:
        raise InvalidInput(_("Set up the practice first."))
    practice.crisis_auto_reply = on
    practice.save(update_fields=["crisis_auto_reply"])
    audit.record("practice.crisis_reply", by=by, at=now, target=practice, on=on)
    return practice

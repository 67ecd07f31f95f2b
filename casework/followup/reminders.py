"""Reminders of visits: one to a session at most, the day before, in the client's own hours (clinical.md §4.2, §5.5).

`keep` compares what a client should be reminded of with what is written, and mends the difference: whoever plans, moves
or calls off a session ends with it, and the sweep runs it for whatever changed by another door. It may be run twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from casework.followup import schedule
from casework.followup.hours import timing_of
from casework.followup.messages.policy import KINDS_FOR, PERMISSION_FOR
from casework.followup.models import Message, NamedVisit
from casework.followup.room import make_room, taken
from casework.followup.schedule import Moment
from clients.actions import locked
from clients.models import Client, ContactPoint, Permission, Practice
from sessions.models import Session

OF_USE = timedelta(hours=1)  # later than that before the visit it comes too late
TIME_TO_READ = timedelta(hours=2)  # what goes on the day itself leaves so much before the visit
DAY = timedelta(days=1)
IN_THE_AIR = (Message.Status.CLAIMED, Message.Status.UNKNOWN)
Names = frozenset[tuple[int, datetime]]


@dataclass
class Reminder:
    """One that may still leave, and what it names."""

    message: Message
    names: Names

    @property
    def sessions(self) -> set[int]:
        return {pk for pk, _at in self.names}


@dataclass
class Book:
    """All that bears on the reminders of one client, whose row the caller holds."""

    client: Client
    now: datetime
    zone: ZoneInfo
    timing: schedule.Timing
    days: dict[date, list[Session]] = field(default_factory=dict)
    live: list[Reminder] = field(default_factory=list)
    others: dict[int, datetime] = field(default_factory=dict)  # automated texts that yield to no reminder
    new: list[tuple[Message, Sequence[Session]]] = field(default_factory=list)
    changed: bool = False

    @classmethod
    def of(cls, client: Client, now: datetime) -> "Book":
        book = cls(client, now, client.zone, timing_of(Practice.current()))
        book.live = _live(client)
        planned = Session.objects.of(client).filter(state=Session.State.SCHEDULED, starts_at__gt=now)
        sessions = list(planned.order_by("starts_at", "pk"))
        told = _told(sessions)
        for session in sessions:
            if told.get(session.pk) != session.starts_at:
                day = session.starts_at.astimezone(book.zone).date()
                book.days.setdefault(day, []).append(session)
        return book


@transaction.atomic
def keep(client_id: int, *, now: datetime) -> bool:
    """Let the client's reminders say what is planned. Returns whether anything had to be changed."""
    client = locked(client_id)
    book = Book.of(client, now)
    if not book.days and not book.live:
        return make_room(client, now=now)
    book.others = taken(client, now)
    _leave_what_is_in_the_air(book)
    matched = _match(book)
    may = _may_be_reminded(client, now)
    for day, sessions in sorted(book.days.items()):
        reminder = matched.get(day)
        if reminder is not None:
            _follow(book, reminder, day, sessions)
        elif may:
            _write(book, day, sessions)
    _save_new(book)
    moved = make_room(client, now=now)
    return book.changed or moved


# --- what is there ---
def _live(client: Client) -> list[Reminder]:
    """Those that may still leave, held until the transaction ends, earliest first."""
    rows = Message.objects.filter(
        client__in=client.record_ids, kind=Message.Kind.REMINDER, session__isnull=False
    ).unsettled()
    rows = rows.exclude(recalled=Message.Recall.CANCEL).defer("body")
    messages = list(rows.order_by("pk").select_for_update(of=("self",)))
    named: dict[int, set[tuple[int, datetime]]] = defaultdict(set)
    for visit in NamedVisit.objects.filter(message__in=[message.pk for message in messages]).order_by("pk"):
        named[visit.message_id].add((visit.session_id, visit.starts_at))
    found = [Reminder(message, frozenset(named[message.pk])) for message in messages]
    return sorted(found, key=lambda one: (one.message.due_at, one.message.pk))


def _told(sessions: Sequence[Session]) -> Mapping[int, datetime]:
    """The time of each that the client was told last."""
    gone = NamedVisit.objects.filter(
        session__in=[session.pk for session in sessions], message__sent_at__isnull=False
    )
    return dict(gone.order_by("message__sent_at", "pk").values_list("session", "starts_at"))


def _may_be_reminded(client: Client, now: datetime) -> bool:
    """In care, with a permission for some way and a number or an address to go with it."""
    if client.state != Client.State.ACTIVE:
        return False
    given = Permission.objects.of(client).in_force(now).filter(channel__in=PERMISSION_FOR.values())
    agreed = set(given.order_by("pk").values_list("channel", flat=True))
    kinds = [KINDS_FOR[way] for way, channel in PERMISSION_FOR.items() if channel in agreed]
    points = ContactPoint.objects.of(client).current().filter(kind__in=kinds) if kinds else ()
    return any(point.is_usable for point in points)


def _leave_what_is_in_the_air(book: Book) -> None:
    """What a sender holds is not rewritten: it goes as it is while all that it names stands, else it is called back."""
    planned = {(one.pk, one.starts_at): day for day, some in book.days.items() for one in some}
    for reminder in [one for one in book.live if one.message.status in IN_THE_AIR]:
        book.live.remove(reminder)
        if reminder.names <= planned.keys():
            _tell_of(book, reminder.sessions)
        else:
            _withdraw(book, reminder)


def _tell_of(book: Book, sessions: Iterable[int]) -> None:
    """Of these the client is being told: nothing more is planned for them."""
    told = set(sessions)
    for day in list(book.days):
        book.days[day] = [one for one in book.days[day] if one.pk not in told]
        if not book.days[day]:
            del book.days[day]


def _match(book: Book) -> dict[date, Reminder]:
    """Which reminder belongs to which day. What belongs to none, or to a day that has one, is withdrawn."""
    day_of = {one.pk: day for day, some in book.days.items() for one in some}
    matched: dict[date, Reminder] = {}
    for reminder in book.live:
        days = sorted({day_of[pk] for pk in reminder.sessions if pk in day_of})
        free = [day for day in days if day not in matched]
        if free:
            matched[free[0]] = reminder
        else:
            _withdraw(book, reminder, reason="reminded_together" if days else "visit_off")
    return matched


# --- mending ---
def _withdraw(book: Book, reminder: Reminder, *, reason: str = "visit_off") -> None:
    Message.objects.filter(pk=reminder.message.pk).withdraw(reason=reason, at=book.now)
    book.others.pop(reminder.message.pk, None)
    book.changed = True


def _follow(book: Book, reminder: Reminder, day: date, sessions: Sequence[Session]) -> None:
    """Let a reminder name what is planned now, and put it on another day where the visit is on another."""
    message, names = reminder.message, _names(sessions)
    same_day = {at.astimezone(book.zone).date() for _pk, at in reminder.names} == {day}
    if reminder.names == names and message.tz == book.zone.key:
        return
    book.changed = True
    if not same_day or message.tz != book.zone.key:
        slot = _slot(book, day, sessions, but_for=message.pk)
        moved = slot is not None and Message.objects.filter(pk=message.pk).put_on(
            slot.on, slot.at, slot.instant, tz=book.zone.key
        )
        if slot is None or not moved:
            _withdraw(book, reminder)
            return
        book.others[message.pk] = slot.instant
    Message.objects.filter(pk=message.pk).update(
        session=sessions[0].pk, client=book.client.pk, useful_until=_of_use_until(sessions)
    )
    NamedVisit.objects.filter(message=message.pk).delete()
    _name((message, sessions))


def _write(book: Book, day: date, sessions: Sequence[Session]) -> None:
    """Write the reminder of a day, if there is a moment for it."""
    slot = _slot(book, day, sessions)
    if slot is None:
        return
    message = Message(
        client=book.client,
        session=sessions[0],
        kind=Message.Kind.REMINDER,
        template_key="appt",
        local_date=slot.on,
        local_time=slot.at,
        tz=book.zone.key,
        due_at=slot.instant,
        useful_until=_of_use_until(sessions),
    )
    book.new.append((message, sessions))
    book.others[-len(book.new)] = slot.instant


def _save_new(book: Book) -> None:
    """Each under a key of its own: a visit that has moved is reminded of anew, so the keys count."""
    if not book.new:
        return
    book.changed = True
    before = Message.objects.filter(client__in=book.client.record_ids, kind=Message.Kind.REMINDER).order_by(
        "pk"
    )
    used = Counter(key.rpartition(":")[0] for key in before.values_list("dedupe_key", flat=True))
    for message, sessions in book.new:
        key = f"reminder:{sessions[0].uid}"
        used[key] += 1
        message.dedupe_key = f"{key}:{used[key]}"
    Message.objects.bulk_create(message for message, _sessions in book.new)
    _name(*book.new)


def _name(*reminders: tuple[Message, Sequence[Session]]) -> None:
    NamedVisit.objects.bulk_create(
        NamedVisit(message=message, session=one, starts_at=one.starts_at)
        for message, sessions in reminders
        for one in sessions
    )


def _names(sessions: Sequence[Session]) -> Names:
    return frozenset((one.pk, one.starts_at) for one in sessions)


def _of_use_until(sessions: Sequence[Session]) -> datetime:
    return sessions[0].starts_at - OF_USE


# --- when ---
def _slot(book: Book, day: date, sessions: Sequence[Session], *, but_for: int | None = None) -> Moment | None:
    """The day before; where the caps leave no room there the morning of the visit, else two days before; else never.

    A visit that was agreed on when that day had come, or later, needs no reminder.
    """
    usual = schedule.on_day(day - DAY, book.timing.send_at, book.zone)
    agreed_on = max(one.scheduled_at for one in sessions).astimezone(book.zone).date()
    if usual.instant <= book.now or agreed_on >= usual.on:
        return None
    others = [at for pk, at in book.others.items() if pk != but_for]
    for candidate in _candidates(book, day, usual, sessions[0].starts_at):
        if candidate.on > agreed_on and schedule.fits(candidate.instant, others, book.zone):
            return candidate
    return None


def _candidates(book: Book, day: date, usual: Moment, starts_at: datetime) -> Iterable[Moment]:
    yield _within_hours(usual, book)
    morning = schedule.on_day(day, book.timing.opens, book.zone)
    if morning.instant + TIME_TO_READ <= starts_at:
        yield morning
    earlier = schedule.on_day(day - 2 * DAY, book.timing.send_at, book.zone)
    if earlier.instant > book.now:
        yield _within_hours(earlier, book)


def _within_hours(meant: Moment, book: Book) -> Moment:
    opening = schedule.next_open(meant.instant, book.zone, book.timing)
    return meant if opening == meant.instant else schedule.moment(opening, book.zone)


# --- the sweep ---
AHEAD = timedelta(days=3)


def keep_all(now: datetime) -> int:
    """Mend what changed by another door, or was left half done. Returns for how many clients something changed."""
    clients = {*_without(now), *_of_what_is_off(now), *_elsewhere(now), *_in_the_way(now)}
    return sum(keep(client_id, now=now) for client_id in sorted(clients))


def _without(now: datetime) -> Iterable[int]:
    """Clients with a visit within three days, agreed on in time, that no reminder names as it stands."""
    soon = Session.objects.filter(
        state=Session.State.SCHEDULED,
        starts_at__gt=now + TIME_TO_READ,
        starts_at__lte=now + AHEAD,
        scheduled_at__lt=F("starts_at") - DAY,
        client__state=Client.State.ACTIVE,
    )
    named = NamedVisit.objects.filter(session__in=soon.values("pk"), starts_at=F("session__starts_at"))
    named = named.exclude(message__status=Message.Status.CANCELLED)
    agreed = Permission.objects.in_force(now).filter(channel__in=PERMISSION_FOR.values())
    rows = soon.exclude(pk__in=named.values("session")).filter(client__in=agreed.values("client"))
    return rows.order_by("client").values_list("client", flat=True).distinct()


def _waiting(now: datetime) -> Any:
    from_now = Message.objects.waiting().filter(kind=Message.Kind.REMINDER, session__isnull=False)
    return from_now.filter(due_at__lte=now + AHEAD)


def _of_what_is_off(now: datetime) -> Iterable[int]:
    """Clients with a reminder of what was called off or moved."""
    stands = NamedVisit.objects.filter(
        session__state=Session.State.SCHEDULED, session__starts_at=F("starts_at")
    )
    off = NamedVisit.objects.filter(message__in=_waiting(now).values("pk")).exclude(
        pk__in=stands.values("pk")
    )
    return off.order_by("message__client").values_list("message__client", flat=True).distinct()


def _elsewhere(now: datetime) -> Iterable[int]:
    """Clients who live in another zone by now than their reminder was written for."""
    rows = _waiting(now).order_by("client").values_list("client", "client__time_zone", "tz").distinct()
    usual = Practice.current().zone.key
    return [pk for pk, zone, tz in rows if (zone or usual) != tz]


def _in_the_way(now: datetime) -> Iterable[int]:
    """Clients of whom a text of a plan now waits for the day that a reminder has."""
    reminders = _waiting(now).values_list("client", "due_at", "tz")
    days = {(pk, due.astimezone(ZoneInfo(tz)).date()) for pk, due, tz in reminders.order_by("pk")}
    plans = Message.objects.waiting().filter(
        kind=Message.Kind.PLAN, client__in={pk for pk, _day in days}, due_at__lte=now + AHEAD
    )
    rows = plans.order_by("client", "pk").values_list("client", "due_at", "tz")
    return {pk for pk, due, tz in rows if (pk, due.astimezone(ZoneInfo(tz)).date()) in days}

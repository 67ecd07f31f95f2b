"""Telling people of an emergency that nobody has acknowledged yet (clinical.md §3.4, §5.3).

At once, then every quarter of an hour, until somebody says "I have it". The sweep makes the rows from what is open, so
whatever opened an emergency need not know of this; it sends outside any transaction, at least once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.followup.models import ACKNOWLEDGE_WITHIN, InboundMessage, StaffAlert, ToDo
from casework.followup.people import answers_for, supervisor_on_duty
from clients import hours
from clients.access import Role
from clients.actions import add_cover
from clients.models import Client

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # a sender that dies in the middle: another one sends after this
RETRY_FIRST, RETRY_LAST = timedelta(seconds=15), timedelta(minutes=5)
ON_CALL_SEES_FOR = timedelta(hours=12)
UNKNOWN_FOR = timedelta(days=1)  # a crisis text from an unknown number is somebody's to look at for so long
AT_ONCE, NEXT_IN_LINE = 0, 1
MOST = 500  # alerts in one go, the newest first


def sweep(now: datetime) -> int:
    """Make the alerts that are due, and send those that wait. Returns how many e-mails went out. May run anywhere."""
    waiting = ToDo.objects.nobody_has().annotate(last=Max("alerts__due_at")).select_related("client")
    for todo in waiting.order_by("-due_at", "pk"):
        if todo.last is None or todo.last + ACKNOWLEDGE_WITHIN <= now:
            alert(todo, now)
    _alert_of_unknown(now)
    return send_waiting(now)


def alert(todo: ToDo, now: datetime) -> None:
    """The alerts of the round that an emergency is in.

    Asking again makes none twice; a round that was slept through is not made up for.
    """
    began = todo.due_at - ACKNOWLEDGE_WITHIN
    number = (now - began) // ACKNOWLEDGE_WITHIN
    due_at = began + number * ACKNOWLEDGE_WITHIN
    if number < 0 or todo.alerts.filter(due_at=due_at).exists():
        return
    people = whom_to_tell(todo.client, number, now)
    for person in people:
        _let_see(todo.client, person, now)
    _write(people, due_at, number, now, todo=todo)


def whom_to_tell(client: Client, number: int, now: datetime) -> list[Any]:
    """At once: who answers for the client and the supervisor on call, or, while nobody is here, whoever is on call.

    After a quarter of an hour the next in line; from then on all of them. Never nobody.
    """
    counselor, boss = answers_for(client, now), supervisor_on_duty(client, now)
    duty = hours.on_call(now)
    if number == AT_ONCE and hours.is_staffed(now):
        asked = [counselor, *([one for one in duty if one.role == Role.SUPERVISOR] or [boss])]
    elif number == AT_ONCE:
        asked = duty
    elif number == NEXT_IN_LINE:
        asked = [boss, *duty]
    else:
        asked = [counselor, boss, *duty]
    return _here(asked) or _here([counselor, boss]) or supervisors()


def _here(people: Iterable[Any]) -> list[Any]:
    """Each once, and only those who still work here."""
    return list({person.pk: person for person in people if person is not None and person.is_active}.values())


def supervisors() -> list[Any]:
    """Everybody who supervises anybody: when there is nobody else to ask."""
    return list(get_user_model().objects.filter(role=Role.SUPERVISOR, is_active=True).order_by("pk"))


def _let_see(client: Client, person: Any, now: datetime) -> None:
    """Whoever is called must be able to open the record; who could not, covers for a while, and the trail says so."""
    if not Client.objects.visible_to(person, at=now).filter(pk=client.pk).exists():
        add_cover(client_id=client.pk, counselor=person, until=now + ON_CALL_SEES_FOR, by=None, now=now)


def _write(people: Sequence[Any], due_at: datetime, number: int, now: datetime, **about: Any) -> None:
    StaffAlert.objects.bulk_create(
        [StaffAlert(to=person, round=number, due_at=due_at, try_at=now, **about) for person in people],
        ignore_conflicts=True,
    )


def _alert_of_unknown(now: datetime) -> None:
    """A crisis text from a number on nobody's record: who looks such texts through is told until one has read it."""
    waiting = InboundMessage.objects.filter(
        client=None, crisis=True, read_at=None, received_at__gt=now - UNKNOWN_FOR, received_at__lte=now
    )
    for inbound in waiting.order_by("pk")[:MOST]:
        number = (now - inbound.received_at) // ACKNOWLEDGE_WITHIN
        due_at = inbound.received_at + number * ACKNOWLEDGE_WITHIN
        if not inbound.alerts.filter(due_at=due_at).exists():
            duty = [one for one in hours.on_call(now) if one.role == Role.SUPERVISOR]
            people = duty if duty and number == AT_ONCE else supervisors()
            _write(people, due_at, number, now, inbound=inbound)


# --- sending --------------------------------------------------------------------------------------------------------
def send_waiting(now: datetime) -> int:
    """Send what waits, one e-mail a person. Returns how many went out."""
    sent = 0
    while mine := _claimed(now):
        by_person: dict[Any, list[StaffAlert]] = defaultdict(list)
        for one in mine:
            by_person[one.to].append(one)
        sent += sum(_send(person, alerts, now) for person, alerts in by_person.items())
    return sent


@transaction.atomic
def _claimed(now: datetime) -> list[StaffAlert]:
    """The alerts that this process sends now. What has been acknowledged or closed meanwhile is dropped."""
    _overtaken().drop(now)
    waiting = StaffAlert.objects.waiting().filter(try_at__lte=now).select_related("to")
    mine = list(waiting.select_for_update(of=("self",), skip_locked=True).order_by("-due_at", "pk")[:MOST])
    for one in mine:
        one.attempts += 1
        one.try_at = now + LEASE
    StaffAlert.objects.bulk_update(mine, ["attempts", "try_at"])
    return mine


def _overtaken() -> Any:
    closed = Q(todo__isnull=False) & (~Q(todo__state="open") | Q(todo__acknowledged_at__isnull=False))
    gone = Q(to__is_active=False)
    seen = Q(inbound__isnull=False) & (Q(inbound__read_at__isnull=False) | Q(inbound__client__isnull=False))
    stale = StaffAlert.objects.waiting().filter(closed | seen | gone).order_by("pk")
    return StaffAlert.objects.filter(pk__in=list(stale.values_list("pk", flat=True)))


def _send(person: Any, alerts: Sequence[StaffAlert], now: datetime) -> int:
    ids = [one.pk for one in alerts]
    try:
        letter(person, len({(one.todo_id, one.inbound_id) for one in alerts})).send()
    except OSError as error:  # what SMTP raises, too
        tries = max(one.attempts for one in alerts)
        again = now + min(RETRY_FIRST * 2 ** min(tries, 8), RETRY_LAST)
        StaffAlert.objects.filter(pk__in=ids).update(try_at=again, error=type(error).__name__[:40])
        log.error("staff_alert_not_sent", user=person.pk, tries=tries, error=type(error).__name__)
        return 0
    StaffAlert.objects.filter(pk__in=ids, sent_at=None).update(sent_at=now, error="")
    log.info("staff_alert_sent", user=person.pk, alerts=len(ids))
    return 1


def letter(person: Any, number: int) -> EmailMessage:
    """A number and a link: nothing of a client may stand in a mailbox."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        count = ngettext(
            "%(n)s urgent item waits for somebody to take it.",
            "%(n)s urgent items wait for somebody to take them.",
            number,
        ) % {"n": number}
        words = [
            count,
            _("Open your page and press “I have it”, so that nobody else is called:"),
            settings.PUBLIC_URL + reverse("desk:today"),
            _("You will be told again every 15 minutes until somebody has it."),
        ]
        return EmailMessage(
            subject=_("Please look now"),
            body="\n\n".join(words) + "\n",
            to=[person.email],
            headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        )

"""A database that was restored, or promoted from a replica, has forgotten what was sent last: ask before sending.

The database notes where it lives. When it finds itself elsewhere, whatever waits and is already due may have left in
the time that was lost, so it goes through the look-up first (docs/adr/0002).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.fernet import InvalidToken
from django.db import DatabaseError, connection, transaction

from casework.followup import channels
from casework.followup.delivery.settling import clock
from casework.followup.messages import policy
from casework.followup.messages.policy import KINDS_FOR, Decision, Verdict
from casework.followup.messages.render import RenderRefused, render
from casework.followup.models import Attempt, Heartbeat, Message
from clients.models import ContactPoint

log = structlog.get_logger(__name__)

DATABASE = "database"  # the name under which Heartbeat keeps where the database has lived
LOCK = 0x686F6D65
CHANGED = [
    *("status", "reason_code", "reason_params", "due_at", "fence", "attempts_made", "attempt_id", "body"),
    "possible_duplicate",
]
UNREADABLE = (InvalidToken, KeyError, ValueError, TypeError, AttributeError)

# The cluster, its timeline (a promotion or a recovery begins a new one) and the table (a restored dump makes it anew).
WHERE = """
SELECT (SELECT system_identifier FROM pg_control_system())
       || '-' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '-' || 'followup_message'::regclass::oid
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How the message would have gone: whom the provider is asked about."""

    channel: str
    address: str


def ask_first_if_moved() -> int:
    """Once after every move: put what is due into look-up. Return how many messages; nearly always 0."""
    here = _where()
    if here is None or Heartbeat.objects.filter(name=DATABASE, run=here).exists():
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        lived_elsewhere = Heartbeat.objects.filter(name=DATABASE).exclude(run=here).exists()
        _row, is_new = Heartbeat.objects.get_or_create(name=DATABASE, run=here, defaults={"beat_at": clock()})
        if not (is_new and lived_elsewhere):
            return 0
        asked = ask_first()
    log.error("database_moved", looked_up_first=asked)
    return asked


def _where() -> str | None:
    """None where the server does not tell; then only `manage.py after_restore` helps."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WHERE)
            here: str = cursor.fetchone()[0]
            return here
    except DatabaseError as error:
        if connection.connection is None or connection.connection.closed:
            raise
        log.warning("database_does_not_tell_where_it_lives", error=type(error).__name__)
        return None


@transaction.atomic
def ask_first() -> int:
    """Put every message that waits and is due into look-up, as if its answer had been unclear. Return how many."""
    now = clock()
    due = Message.objects.waiting().filter(due_at__lte=now).order_by("pk")
    pks = list(due.select_for_update(of=("self",)).values_list("pk", flat=True))
    for start in range(0, len(pks), 500):
        some = pks[start : start + 500]
        try:
            _doubt(some, now)
        except UNREADABLE:
            for pk in some:
                _doubt_alone(pk, now)
    return len(pks)


def _doubt_alone(pk: int, now: datetime) -> None:
    """What cannot even be read now was not sent either; the claim knows what to do with it."""
    try:
        _doubt([pk], now)
    except UNREADABLE as error:
        log.error("message_not_clearable", message=pk, error=type(error).__name__)


def _doubt(pks: Sequence[int], now: datetime) -> None:
    related = Message.objects.select_related("client", "plan", "in_reply_to")
    messages = list(related.filter(pk__in=pks).order_by("pk"))
    verdicts = policy.may_send_many(messages, now)
    attempts = []
    for message in messages:
        way = _way(message, verdicts[message.pk])
        if way is not None and _words(message, way):
            attempts.append(_attempt(message, way, now))
    Attempt.objects.bulk_create(attempts)
    Message.objects.bulk_update(
        [attempt.message for attempt in attempts],
        CHANGED,
    )


def _way(message: Message, verdict: Verdict) -> Way | None:
    """As policy would send it now; where policy would not send it now, its first usable number."""
    if verdict.decision is Decision.SEND:
        return Way(verdict.channel, verdict.address)
    points = ContactPoint.objects.current().filter(client=message.client_id, kind=KINDS_FOR["sms"])
    usable = next((point for point in points.order_by("position", "pk") if point.is_usable), None)
    return Way("sms", usable.normalized) if usable else None


def _words(message: Message, way: Way) -> bool:
    """Fill in the words to compare with. What cannot be rendered has not been sent either."""
    if message.template_key:
        message.body = ""
    try:
        message.body = render(message, channel=way.channel).body
    except RenderRefused:
        return False
    return True


def _attempt(message: Message, way: Way, now: datetime) -> Attempt:
    """The attempt that may have been made and was forgotten."""
    channel = channels.route(way.channel)
    meant = message.due_at
    message.fence += 1
    message.attempts_made += 1
    message.status, message.due_at = Message.Status.UNKNOWN, now
    message.reason_code, message.reason_params = "checking_provider", {}
    if not channel.can_look_up:  # then nobody can prove it, and a second one would be worse than a call
        message.possible_duplicate = True
    attempt = Attempt(
        message=message,
        n=message.attempts_made,
        fence=message.fence,
        channel=way.channel,
        provider=channel.provider,
        recipient=way.address,
        started_at=meant,
        called_at=meant,
        outcome=Attempt.Outcome.UNKNOWN,
        settled_at=now,
        error_code="restored",
    )
    message.attempt_id = attempt.pk
    return attempt

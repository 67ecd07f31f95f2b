"""What was lost, doubled or wrong: the provider's ledger against what had to happen, then the database against both."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from django.db.models import Count, F, Q

from casework.followup.models import Attempt, Message, ToDo
from clients.models.audit import AuditEvent
from tests.faults.world import World

Status = Message.Status
SHOWN = 5


@dataclass
class Counted:
    """The numbers of one run. `doubled` are messages beyond the first; `flagged` those of them that we own up to."""

    wanted: int = 0
    sent: int = 0
    lost: int = 0
    doubled: int = 0
    flagged: int = 0
    wrong: int = 0
    untrue: int = 0
    leaks: int = 0
    ambiguous: int = 0
    unresolved: int = 0
    p50: float = 0.0
    p99: float = 0.0
    says: list[str] = field(default_factory=list)

    def say(self, what: str, rows: Iterable[Any]) -> int:
        """Keep a few examples; return how many there were."""
        found = list(rows)
        if found:
            self.says.append(f"{what}: {len(found)}, e.g. {found[:SHOWN]}")
        return len(found)


def sent_to_ours(world: World, ledger: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The provider's rows that concern this world, and no other fault's on the same stack."""
    return [row for row in ledger if row["phone"].startswith(world.phones) or world.token in row["body"]]


def key_of(row: Mapping[str, Any], expected: Mapping[tuple[str, str], int]) -> tuple[str, str]:
    """What an accepted text was: words we know, or any automated text to that phone."""
    exact = (row["phone"], row["body"].strip())
    return exact if exact in expected else (row["phone"], "")


def compare(world: World, ledger: list[dict[str, Any]]) -> Counted:
    """Provider truth alone: it judges the product and the naive ways alike."""
    counted = Counted(wanted=len(world.wanted))
    expected = world.expected()
    rows = sent_to_ours(world, ledger)
    accepted = Counter(key_of(row, expected) for row in rows)
    counted.sent = len(rows)
    counted.lost = counted.say(
        "not accepted", [key for key, number in expected.items() for _ in range(number - accepted[key])]
    )
    counted.doubled = counted.say(
        "doubled", [key for key, number in expected.items() for _ in range(accepted[key] - number)]
    )
    strangers = [(key, world.forbidden.get(key[0], "not theirs")) for key in accepted if key not in expected]
    counted.wrong = counted.say("wrong", strangers)
    counted.p50, counted.p99 = lateness(world, rows)
    return counted


def lateness(world: World, rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Seconds from due to accepted: median and 99th percentile."""
    due = defaultdict(list)
    for one in world.wanted:
        due[one.phone, one.body].append(one.due_at)
    late = []
    for row in rows:
        known = due.get(key_of(row, due), [])
        if known:
            late.append((datetime.fromisoformat(row["created_at"]) - min(known)).total_seconds())
    late.sort()
    return (late[len(late) // 2], late[int(len(late) * 0.99)]) if late else (0.0, 0.0)


def check_database(counted: Counted, world: World, ledger: list[dict[str, Any]]) -> None:
    """I1 and I4: dead ones have their to-do, statuses and attempts say what the provider says, the audit is whole."""
    rows = sent_to_ours(world, ledger)
    accepted = {row["sid"] if row["kind"] == "sms" else row["callback"] for row in rows}
    ours = Message.objects.filter(client__in=[client.pk for client in world.clients])
    attempts = Attempt.objects.filter(message__in=ours)
    proven = dict(attempts.exclude(provider_id="").values_list("provider_id", "message_id"))
    excused = dead_with_todo(ours)
    expected = world.expected()
    got = Counter(key_of(row, expected) for row in rows)
    lost = [one for one in world.wanted if got[one.phone, one.body] == 0 and one.message_id not in excused]
    counted.lost = len(lost)
    statuses = dict(ours.values_list("pk", "status"))
    lies = {
        "unknown to us": accepted - set(proven),
        "unknown to the provider": set(proven) - accepted,
        "accepted, but we say": [
            statuses[pk]
            for sid, pk in proven.items()
            if sid in accepted and statuses[pk] not in (Status.SENT, Status.DELIVERED)
        ],
        "we say sent, nothing accepted": [
            pk
            for pk, status in statuses.items()
            if status in (Status.SENT, Status.DELIVERED) and pk not in proven.values()
        ],
        "half done": half_states(ours),
        "dead without a to-do": set(ours.filter(status=Status.DEAD).values_list("pk", flat=True)) - excused,
        "to-do without its audit row": unaudited(ours),
    }
    counted.untrue = sum(counted.say(what, found) for what, found in lies.items())
    doubled = [pk for pk, number in Counter(proven.values()).items() if number > 1]
    counted.flagged = sum(
        Counter(proven.values())[pk] - 1
        for pk in ours.filter(pk__in=doubled, possible_duplicate=True).values_list("pk", flat=True)
    )
    doubts = attempts.filter(Q(outcome__in=["unknown", "absent"]) | Q(settled_at__gt=F("started_at") + SLOW))
    counted.ambiguous = doubts.count()
    counted.unresolved = attempts.filter(outcome="unknown").exclude(message__status=Status.SENT).count()


SLOW = timedelta(seconds=3)  # a settling later than the wait for the look-up came through it


def dead_with_todo(ours: Any) -> set[int]:
    """Messages given up, or closed by policy, whose counselor was told."""
    return set(ToDo.objects.filter(message__in=ours).values_list("message_id", flat=True))


def half_states(ours: Any) -> list[Any]:
    """What no crash may leave once all is quiet."""
    now = Message.objects.filter(pk__in=ours)
    leased = now.filter(Q(status=Status.CLAIMED) | ~Q(lease_owner="") & ~Q(status=Status.CLAIMED))
    open_attempts = Attempt.objects.filter(message__in=ours, outcome="started")
    # A provider that knows the key answers a second call with the message it has: one number, sent once.
    two = (
        Attempt.objects.filter(message__in=ours, outcome="accepted")
        .values("message")
        .annotate(n=Count("provider_id", distinct=True))
    )
    unowned = two.filter(n__gt=1, message__possible_duplicate=False)
    return [
        *leased.values_list("pk", "status"),
        *open_attempts.values_list("message_id", "outcome"),
        *unowned.values_list("message_id", "n"),
    ]


def unaudited(ours: Any) -> list[int]:
    todos = {str(pk) for pk in ToDo.objects.filter(message__in=ours).values_list("pk", flat=True)}
    told = AuditEvent.objects.filter(verb="todo.opened", target_id__in=todos).values_list(
        "target_id", flat=True
    )
    return sorted(todos - set(told))


# --- I5: nothing about people outside the database ------------------------------------------------------------------


def leaks(world: World, *, logs: Path, broker: str, heard: bytes, metrics: str) -> list[str]:
    """Where names or numbers of this world stand: log files, keys of the broker, what passed through it, metrics."""
    canary = re.compile(f"{world.token}|{re.escape(world.phones)}".encode())
    found = [
        f"{log.name}: {len(hits)}"
        for log in logs.rglob("*.log")
        if (hits := canary.findall(log.read_bytes()))
    ]
    found += ["what passed through the broker"] if canary.search(heard) else []
    found += ["metrics"] if canary.search(metrics.encode()) else []
    return found + [
        f"broker key {name!r}" for name, value in broker_keys(broker) if canary.search(name + value)
    ]


def broker_keys(url: str) -> list[tuple[bytes, bytes]]:
    """Every key and its value; nothing when the broker is away."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as line:
            return [(name, line.dump(name) or b"") for name in line.scan_iter(count=1000)]
    except redis.RedisError:
        return []

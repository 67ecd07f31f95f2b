"""Faults 17 to 19: what the provider tells us comes ten times, in the wrong order, or from somebody else."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from django.db import connection
from twilio.request_validator import RequestValidator

from casework.followup.models import InboundMessage, Message, ProviderEvent
from clients.models import Permission
from clients.models.audit import AuditEvent
from tests.faults.catalogue import fault
from tests.faults.checker import sent_to_ours
from tests.faults.scene import Scene
from tests.faults.stack import SECRET

ACCOUNT = "AC" + "0" * 32
TIMES = 10


def post(url: str, fields: dict[str, str], *, token: str = SECRET, signed_url: str = "", **more: Any) -> int:
    """Call the office as the provider would; the HTTP status."""
    signature = RequestValidator(token).compute_signature(signed_url or url, fields)
    headers = {"X-Twilio-Signature": signature, **more.pop("headers", {})}
    return requests.post(url, data=more.pop("data", fields), headers=headers, timeout=30).status_code


def told(row: dict[str, Any], word: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "MessageSid": row["sid"], "SmsSid": row["sid"], "MessageStatus": word}


def written(phone: str, text: str, sid: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "MessageSid": sid, "From": phone, "To": "+15550100199", "Body": text}


def ours(scene: Scene) -> list[dict[str, Any]]:
    return sent_to_ours(scene.world, scene.stack.ledger())


@fault(17, "webhook ten times, at the same moment", quick=True, processes=("web",))
def told_ten_times(scene: Scene) -> None:
    scene.write(spread=2)
    scene.finish(linger=0)
    rows = ours(scene)[:40]
    scene.strike()
    with ThreadPoolExecutor(TIMES) as pool:
        calls = [(row["callback"], told(row, "delivered")) for row in rows for _ in range(TIMES)]
        answers = list(pool.map(lambda call: post(*call), calls))
        stopping = scene.world.clients[:10]
        stops = [
            (
                f"{scene.stack.web_url}/hooks/sandbox/inbound/",
                written(client.phone, "STOP", f"SMstop{client.pk}"),
            )
            for client in stopping
            for _ in range(TIMES)
        ]
        answers += list(pool.map(lambda call: post(*call), stops))
    scene.check(f"all {len(answers)} calls were answered well", set(answers) <= {200, 204})
    events = ProviderEvent.objects.filter(provider_id__in=[row["sid"] for row in rows])
    scene.check(f"{len(rows)} state changes, {events.count()} events", events.count() == len(rows))
    delivered = Message.objects.filter(
        attempts__provider_id__in=[row["sid"] for row in rows], status="delivered"
    )
    scene.check("each is delivered", delivered.count() == len(rows))
    pks = [client.pk for client in stopping]
    stopped = InboundMessage.objects.filter(client__in=pks).count(), audited(pks, "withdrawn")
    scene.check(f"ten STOPs: {stopped[0]} kept, {stopped[1]} audit rows", stopped == (len(pks), len(pks)))
    taken = Permission.objects.filter(client__in=pks, withdrawn_at__isnull=False).count()
    scene.check("each permission withdrawn once", taken == len(pks))
    scene.until(
        lambda: not Message.objects.filter(client__in=pks, kind="stop_reply").exclude(status="sent").exists(),
        within=30,
        what="the answers to STOP leave",
    )
    replies = Counter(row["phone"] for row in ours(scene)) - Counter(one.phone for one in scene.world.wanted)
    scene.check(f"one answer to each STOP ({replies.total()})", replies == Counter(c.phone for c in stopping))
    scene.check("status still says what the provider says", scene.world.wanted and untrue(scene) == 0)


def audited(pks: list[int], word: str) -> int:
    return AuditEvent.objects.filter(client_id__in=pks, verb__contains=word).count()


def untrue(scene: Scene) -> int:
    """Messages that are neither sent nor delivered in our books."""
    pks = [one.message_id for one in scene.world.wanted]
    return Message.objects.filter(pk__in=pks).exclude(status__in=["sent", "delivered"]).count()


@fault(18, "webhooks out of order, and before the answer", quick=True, processes=("web",))
def told_out_of_order(scene: Scene) -> None:
    """Delivered, then sent, then queued; for some all of it while the call that made the message still hangs."""
    scene.stack.arrange(telling="reversed", pace="0.05", mix="hang_after:0.05:1.2", seed=scene.world.seed)
    scene.strike()
    scene.write(spread=2)
    scene.finish(linger=0)
    waited = scene.until(
        lambda: delivered(scene) == len(scene.world.wanted), within=90, what="all say delivered"
    )
    scene.note(f"all delivered {waited:.1f} s after all were sent")
    scene.wait(2)
    scene.check("none fell back from delivered", delivered(scene) == len(scene.world.wanted))
    scene.stack.arrange(telling="none")
    scene.count()


def delivered(scene: Scene) -> int:
    pks = [one.message_id for one in scene.world.wanted]
    return Message.objects.filter(pk__in=pks, status="delivered").count()


TABLES = (
    *("followup_message", "followup_attempt", "followup_providerevent", "followup_inboundmessage"),
    *("followup_todo", "clients_permission", "clients_auditevent", "clients_contactpoint"),
)


def fingerprint() -> dict[str, str]:
    """Every row version of the tables that a callback could touch."""
    prints = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY ctid)) FROM {table}"
            )
            prints[table] = cursor.fetchone()[0]
    return prints


@fault(19, "forged, replayed and truncated webhooks", quick=True, processes=("web",))
def forged(scene: Scene) -> None:
    scene.write(spread=2)
    scene.finish(linger=1)
    first, second = ours(scene)[:2]
    inbound = f"{scene.stack.web_url}/hooks/sandbox/inbound/"
    stop = written(scene.world.clients[0].phone, "STOP", "SMforged")
    scene.check("a true one is taken", post(first["callback"], told(first, "delivered")) in (200, 204))
    scene.strike()
    before = fingerprint()
    refused = {
        "another secret": post(second["callback"], told(second, "delivered"), token="guessed"),
        "no signature": requests.post(
            second["callback"], data=told(second, "delivered"), timeout=30
        ).status_code,
        "signed for another address": post(
            second["callback"], told(first, "delivered"), signed_url=first["callback"]
        ),
        "a word changed": post(second["callback"], told(second, "sent"), data=told(second, "failed")),
        "cut short": post(inbound, stop, data=dict(itertools.islice(stop.items(), 3))),
        "a forged STOP": post(inbound, stop, token="guessed"),
        "replayed under another message": post(
            second["callback"], told(first, "delivered"), signed_url=first["callback"]
        ),
        "empty": post(inbound, stop, data={}),
    }
    scene.check(f"all refused with 403 ({refused})", set(refused.values()) == {403})
    replayed = post(first["callback"], told(first, "delivered"))
    scene.check(f"a replay of a true one changes nothing ({replayed})", replayed in (200, 204))
    long = requests.post(inbound, data={"Body": "x" * 40_000}, timeout=30).status_code
    scene.check(f"too long is not read ({long})", long in (403, 413))
    after = fingerprint()
    changed = [table for table in TABLES if before[table] != after[table]]
    scene.check(f"zero writes ({changed})", not changed)
    scene.count()

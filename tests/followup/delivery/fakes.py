"""A provider in this process: what it accepted is the truth that tests compare with."""

import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from casework.followup.channels import DeliveryError, Outgoing, Trace


class FakeSms:
    """Accepts everything unless told otherwise; `script` is used up, one entry a call."""

    provider: ClassVar[str] = "fake"
    can_look_up: ClassVar[bool] = True
    crowded: ClassVar[frozenset[str]] = frozenset({"30001"})
    per_second: float | None = None
    sender = "+15550100100"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.accepted: list[tuple[str, Outgoing, datetime]] = []
        self.script: deque[DeliveryError | Callable[[Outgoing], None] | None] = deque()
        self.after: deque[DeliveryError] = deque()  # raised having accepted
        self.unreachable_for_questions = False
        self.asked = 0
        self.is_hard_later = False

    def send(self, outgoing: Outgoing) -> str:
        step = self.script.popleft() if self.script else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step(outgoing)
        sid = f"SM{uuid.uuid4().hex}"
        self.accepted.append((sid, outgoing, datetime.now(UTC)))
        if self.after:
            raise self.after.popleft()
        return sid

    def find(self, outgoing: Outgoing) -> list[Trace]:
        self.asked += 1
        if self.unreachable_for_questions:
            raise DeliveryError("lookup_failed", ambiguous=True)
        return [
            Trace(sid, "sent", at)
            for sid, sent, at in self.accepted
            if sent.recipient == outgoing.recipient
            and sent.body == outgoing.body
            and at >= outgoing.started_at
        ]

    def later_failure(self, code: str) -> DeliveryError:
        return DeliveryError(code, permanent=self.is_hard_later)

    @property
    def bodies(self) -> list[str]:
        return [sent.body for _sid, sent, _at in self.accepted]


class FakeMail(FakeSms):
    """The same, but nobody can ask it afterwards."""

    provider: ClassVar[str] = "fakemail"
    can_look_up: ClassVar[bool] = False

    def find(self, outgoing: Outgoing) -> list[Trace]:
        raise AssertionError("this provider cannot be asked")

"""A channel that takes everything at once and sends nothing: what is left to measure is ours."""

import itertools
from typing import ClassVar

from casework.followup.channels import DeliveryError, Outgoing, Trace

numbers = itertools.count(1)


class Nowhere:
    """Accepts every message in no time."""

    provider: ClassVar[str] = "nowhere"
    can_look_up: ClassVar[bool] = True
    per_second: ClassVar[float | None] = None
    crowded: ClassVar[frozenset[str]] = frozenset()
    sender: ClassVar[str] = "nobody"

    def send(self, outgoing: Outgoing) -> str:
        return f"N{next(numbers)}"

    def find(self, outgoing: Outgoing) -> list[Trace]:
        return []

    def later_failure(self, code: str) -> DeliveryError:
        return DeliveryError(code, permanent=True)

"""What delivery and a channel agree on: one verb to send, one to ask afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt as a channel sees it: no model, so that sending threads never touch the database."""

    attempt_id: UUID
    recipient: str
    subject: str
    body: str
    started_at: datetime
    useful_for: timedelta | None = None
    idempotency_key: str = ""  # one per message, for providers that know such a thing


@dataclass(frozen=True, slots=True)
class Trace:
    """A message the provider remembers, which may be the one we ask about."""

    provider_id: str
    status: str
    created_at: datetime


class About(StrEnum):
    """What a refusal is about, where somebody has to act on it."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    OPT_OUT = "opt_out"


class DeliveryError(Exception):
    """The provider did not say yes.

    Ambiguous: it may have accepted, so nobody may try again before asking. Permanent: it said no for good.
    Neither: it certainly has not accepted, and later may do.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        about: About = About.MESSAGE,
        provider_away: bool | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.about = about
        # Whether it says something about the provider and not about this one message; unless told, all but a clear no.
        self.provider_away = not permanent if provider_away is None else provider_away


class Channel(Protocol):
    """A way to a person, through one provider."""

    provider: ClassVar[str]
    can_look_up: ClassVar[bool]  # whether `find` can prove that a message never arrived
    # Codes of later failures that tell of too many messages, and not of the person.
    crowded: ClassVar[frozenset[str]]

    @property
    def per_second(self) -> float | None:
        """How many a second this sender may hand over, unless the installation says otherwise; None: no limit."""
        ...

    @property
    def sender(self) -> str:
        """Whom messages come from: a number or an address of ours."""
        ...

    def send(self, outgoing: Outgoing) -> str:
        """Hand the message over and return the provider's id. Raises DeliveryError, and nothing else."""
        ...

    def find(self, outgoing: Outgoing) -> list[Trace]:
        """What the provider has that may be this message, oldest first. DeliveryError: it cannot be asked."""
        ...

    def later_failure(self, code: str) -> DeliveryError:
        """How to take a failure that the provider reports after it had accepted."""
        ...

"""What follows from an outcome: pure decisions, no database and no clock."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from django.conf import settings

from casework.followup.channels import About, DeliveryError
from casework.followup.models import Attempt, Message

Status = Message.Status
Outcome = Attempt.Outcome


class Tried(Protocol):
    """What is known of a message under lease."""

    attempts_made: int


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of the attempt and of its message. `delay` counts from the moment of settling, in seconds."""

    outcome: str
    status: str
    reason: str
    delay: float | None = None
    provider_id: str = ""
    code: str = ""
    about: About = About.MESSAGE
    provider_away: bool = False  # a failure of the provider's own, whatever the message was
    counts: bool = True  # towards the most attempts that a message gets
    asked: float = 0.0  # seconds that the provider wants to be left alone
    params: dict[str, Any] = field(default_factory=dict)


def backoff(attempts: int, *, retry_after: float | None = None) -> float:
    """Seconds to wait after the n-th failure: full jitter under a doubling, capped bound, never before Retry-After."""
    bound = min(settings.FOLLOWUP_BACKOFF_CAP, settings.FOLLOWUP_BACKOFF * 2 ** max(0, attempts - 1))
    waited = random.uniform(0, bound)
    return waited + (retry_after or 0.0)


def after_acceptance(provider_id: str) -> Next:
    """The provider has it."""
    return Next(Outcome.ACCEPTED, Status.SENT, "sent", provider_id=provider_id)


def after_error(error: DeliveryError, *, attempts: int, is_try: bool = False) -> Next:
    """Unclear: look it up later. Refused for good, or too often: give up. Else: wait and try again.

    `is_try`: it was sent to find out whether the provider is back. That it is not is no fault of the message, and its
    attempts do not run out by it.
    """
    forgiven = is_try and error.provider_away
    following = _after_error(error, attempts=1 if forgiven else attempts)
    return replace(
        following,
        provider_away=error.provider_away,
        asked=error.retry_after or 0.0,
        counts=not forgiven,
    )


def _after_error(error: DeliveryError, *, attempts: int) -> Next:
    if error.ambiguous:
        return Next(
            Outcome.UNKNOWN,
            Status.UNKNOWN,
            "checking_provider",
            delay=settings.FOLLOWUP_LOOKUP_DELAY,
            code=error.code,
        )
    if error.permanent:
        reason = {
            About.RECIPIENT: "unreachable_number",
            About.OPT_OUT: "provider_blocked",
            About.MESSAGE: "provider_refused",
        }[error.about]
        return Next(
            Outcome.REJECTED,
            Status.DEAD,
            reason,
            code=error.code,
            about=error.about,
            params={"code": error.code},
        )
    return again(Outcome.REJECTED, attempts=attempts, code=error.code, retry_after=error.retry_after)


def again(outcome: str, *, attempts: int, code: str = "", retry_after: float | None = None) -> Next:
    """It certainly did not go out: wait and try again, unless that was the last attempt."""
    if attempts >= settings.FOLLOWUP_ATTEMPTS:
        return Next(outcome, Status.DEAD, "dead_too_many_attempts", code=code, params={"attempts": attempts})
    delay = backoff(attempts, retry_after=retry_after)
    return Next(outcome, Status.FAILED, "retrying", delay=delay, code=code, params={"attempts": attempts})


def withheld() -> Next:
    """Stopped before the call: clear it again at once."""
    return Next(Outcome.WITHHELD, Status.PLANNED, "due", delay=0.0, counts=False)

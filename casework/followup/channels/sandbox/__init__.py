"""The demo's provider: Twilio's protocol, spoken by the same code to a process on this machine."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from casework.followup.channels.base import Outgoing
from casework.followup.channels.sms import Twilio


class Sandbox(Twilio):
    """SMS that reach a page instead of a phone. It refuses to exist in production."""

    provider: ClassVar[str] = "sandbox"

    def __init__(self) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise ImproperlyConfigured(
                "The sandbox provider needs DEMO=1 or DEBUG=1. Set SMS_PROVIDER=twilio."
            )
        super().__init__()

    def send(self, outgoing: Outgoing) -> str:
        """With SANDBOX_KEYS it is a provider that takes one message of a key and answers the others with the first."""
        keys = {"Idempotency-Key": outgoing.idempotency_key} if self.account().get("keys") else {}
        with self.http.carrying(keys):
            return super().send(outgoing)

    @property
    def per_second(self) -> float | None:
        """It has no limit of its own."""
        return None

    @staticmethod
    def account() -> dict[str, str]:
        return settings.SANDBOX

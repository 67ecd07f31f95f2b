"""The demo's provider: Twilio's protocol, spoken by the same code to a process on this machine."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

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

    @property
    def per_second(self) -> float | None:
        """It has no limit of its own."""
        return None

    @staticmethod
    def account() -> dict[str, str]:
        return settings.SANDBOX

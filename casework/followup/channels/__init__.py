"""The ways to a client. Policy says "sms" or "email"; the installation says which provider stands behind each."""

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from casework.followup.channels.base import About, Channel, DeliveryError, Outgoing, Trace

__all__ = ["About", "Channel", "DeliveryError", "Outgoing", "Trace", "by_provider", "kinds", "route"]


@lru_cache(maxsize=16)
def _made(path: str) -> Channel:
    made: Channel = import_string(path)()
    return made


def route(kind: str) -> Channel:
    """The channel behind "sms" or "email". Raises KeyError for any other word."""
    return _made(settings.FOLLOWUP_CHANNELS[kind])


def kinds() -> list[str]:
    """The words that `route` knows."""
    return list(settings.FOLLOWUP_CHANNELS)


def by_provider(provider: str) -> Channel | None:
    """The channel that speaks for this provider, or None when the installation no longer uses it."""
    for path in settings.FOLLOWUP_CHANNELS.values():
        if _made(path).provider == provider:
            return _made(path)
    return None

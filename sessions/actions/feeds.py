"""The secret address of one's own calendar: given, and taken back."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from clients import audit
from clients.access import Verb, can, require
from sessions.models import CalendarFeed

FEED_GIVEN, FEED_REVOKED = "calendar_feed.given", "calendar_feed.revoked"


@transaction.atomic
def give_feed(*, by: Any, now: datetime) -> str:
    """A new secret for one's own calendar, told this once. The one before it leads nowhere from now on."""
    require(by, Verb.HOLD_SESSION)
    _revoke(by, now)
    secret = token_urlsafe(32)
    feed = CalendarFeed.objects.create(user=by, secret_hash=_hash(secret), made_at=now)
    audit.record(FEED_GIVEN, by=by, at=now, target=feed)
    return secret


@transaction.atomic
def revoke_feed(*, by: Any, now: datetime) -> bool:
    """Nobody reads one's calendar any more. Says whether there was an address."""
    require(by, Verb.HOLD_SESSION)
    return _revoke(by, now)


def _revoke(user: Any, now: datetime) -> bool:
    get_user_model().objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    feed = CalendarFeed.objects.select_for_update(of=("self",)).filter(user=user, revoked_at=None).first()
    if feed is None:
        return False
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    audit.record(FEED_REVOKED, by=user, at=now, target=feed)
    return True


def owner_of(secret: str) -> Any:
    """Whose calendar a secret opens: nobody's when it was taken back, or when they no longer hold sessions here."""
    feeds = CalendarFeed.objects.filter(secret_hash=_hash(secret), revoked_at=None).select_related("user")
    feed = feeds.first()
    return feed.user if feed is not None and can(feed.user, Verb.HOLD_SESSION) else None


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
